"""Small talk, thanks, insults and goodbyes, in both languages: what people say beside the matter. Pure."""

from __future__ import annotations

import re

from voice_agent.agent.offline.wording import flat, whole_words

Patterns = tuple[tuple[str, re.Pattern[str]], ...]

# Courtesies, in the order in which they are looked for. The words are without accents and apostrophes.
CHAT: Patterns = (
    (
        "insult",
        whole_words(
            r"""
    (?:you|youre|your) (?:are |so |such |an? |really |fucking |completely )*(?:useless|stupid|idiot|dumb|
    terrible|moron|worthless|incompetent|piece); (?:this|that) is (?:bullshit|ridiculous|ridiculo|a joke|crap|
    useless); shut up; fuck(?:ing)?(?: you| off)?; (?:god ?damn|damn it|dammit|screw you|go to hell|
    piece of (?:shit|crap|junk)); (?:stupid|dumb|useless) (?:machine|robot|bot|computer|thing|system); (?:es|
    eres|son) (?:un |una |unos |muy )*(?:inutil|inutiles|idiota|estupido|estupida|tonto|tonta|basura|
    incompetente); (?:maquina|robot) (?:inutil|estupida|estupido|de mierda); mierda; carajo; vete al (?:diablo|
    infierno); callate; no sirves?(?: para nada)?
    """
        ),
    ),
    (
        "robot",
        whole_words(
            r"""
    (?:are you|is this|am i talking to|am i speaking (?:to|with)) (?:an? )?(?:real |actual |live )?(?:robot|bot|
    machine|computer|human|person|ai|recording)(?: person)?; (?:eres|es usted|estoy hablando con|
    hablo con) (?:un |una )?(?:robot|maquina|persona(?: real)?|humano|grabacion|computadora)
    """
        ),
    ),
    (
        "off_topic",
        whole_words(
            r"""
    (?:can|could|will|would) you (?:please )?sing(?: \w+)*; sing (?:me|us|for|a)(?: \w+)*;
    tell me a (?:joke|story|riddle);
    (?:hows|whats|what is|how is) the weather(?: \w+)*; is it (?:going to|gonna) (?:rain|snow)(?: \w+)*;
    who won(?: \w+)*; (?:order|get) me a (?:pizza|taxi|cab); whats your (?:name|favorite \w+);
    (?:me )?(?:canta|cante|cantame|canteme)(?: \w+)*; (?:cuentame|cuenteme|digame|dime) un (?:chiste|cuento);
    (?:como|que tal) esta el (?:clima|tiempo)(?: \w+)*; va a (?:llover|nevar)(?: \w+)*; quien gano(?: \w+)*;
    (?:pideme|pidame) una pizza; como te llamas; cual es tu nombre
    """
        ),
    ),
    (
        "can_do",
        whole_words(
            r"""
    what (?:all )?can (?:you|i) (?:do|say|ask)(?: here)?; what (?:are|re) (?:my|the) options;
    how does this work; what do you do; what can you help(?: me)? with; help; i need (?:some )?help; menu;
    options; que (?:puede|puedes|sabe|sabes) hacer; (?:en )?que me (?:puede|puedes) ayudar; que (?:puedo|
    se puede) (?:hacer|decir|pedir); como funciona(?: esto)?; ayuda; opciones
    """
        ),
    ),
    (
        "how_are_you",
        whole_words(
            r"""
    how are you(?: doing)?(?: today)?; hows it going; whats up; como (?:esta|estas|le va|te va); que tal
    """
        ),
    ),
    (
        "wait",
        whole_words(
            r"""
    (?:hold|hang) on(?: a (?:second|minute|sec|moment))?; (?:one|a|just a|give me a|wait a) (?:second|sec|
    minute|moment)(?: please)?; let me (?:check|see|look|think); (?:un|deme un|espere un|dame un) (?:momento|
    segundo|minuto|ratito); espere; dejeme (?:ver|pensar|revisar); wait
    """
        ),
    ),
    (
        "hours",
        whole_words(
            r"""
    (?:what are|whats) your (?:hours|opening hours|business hours); (?:when|what time) (?:do|
    are) you (?:guys )?(?:open|close|closed); are you open; (?:a )?que hora(?:s)? (?:abren|cierran);
    (?:cual es )?(?:el |su )?horario(?: de atencion)?; cuando abren
    """
        ),
    ),
    (
        "bye",
        whole_words(
            r"""
    (?:good ?)?bye(?: bye)?; see you(?: later)?; have a (?:good|nice|great) (?:day|one|night|evening);
    thats (?:all|it|everything)(?: (?:i need|for now|thanks|thank you))*; (?:im|we are|were) (?:all set|
    done here|good); nothing (?:else|more); no more; (?:adios|hasta luego|chao|hasta pronto|que tenga buen dia);
    (?:eso|esto) (?:es|era|seria) todo; nada mas; ya no; ya esta
    """
        ),
    ),
    (
        "thanks",
        whole_words(
            r"""
    thank(?:s| you)(?: (?:so |very )?much)?; appreciate it; (?:muchas |mil )?gracias; se lo agradezco; great;
    perfect; perfecto; excelente
    """
        ),
    ),
    (
        "fine",
        whole_words(
            r"""
            ok(?:ay)?; alright; all right; never ?mind; forget (?:it|about it); vale; de acuerdo; no importa;
            olvidel?o; dejelo
            """
        ),
    ),
    (
        "hello",
        whole_words(
            r"""
    hello; hi; hey(?: there)?; good (?:morning|afternoon|evening); hola; buenos dias; buenas(?: tardes|
    noches)?; bueno
    """
        ),
    ),
)

LONGEST = 9
"""Words of a sentence that may be nothing but a courtesy."""


def courtesy(text: str) -> str | None:
    """Which courtesy a short sentence is, None for anything else."""
    said = flat(text)
    if len(said.split()) > LONGEST:
        return "insult" if CHAT[0][1].search(said) else None
    return next((name for name, pattern in CHAT if pattern.search(said)), None)


LEAVES = re.compile(
    r"^ (?:(?:no|nope|nah|nada|mas|nothing|else|more|thats|that|is|it|all|everything|thanks?|thank|you|very|much|good|"
    r"im|set|fine|(?:good)?bye|for|now|today|eso|esto|este|es|todo|por|ahora|hoy|muchas?|mil|gracias|adios|hasta|luego|"
    r"um|uh|so|well|ok|okay|eh|pues|bueno|asi|esta|bien|muy) )+$"
)
"""Nothing but words of leave-taking, whatever a reading makes of them."""
NOTHING_MORE = whole_words(
    r"""
    no; nope; nah; no thanks?; no gracias; thats (?:all|it|everything); nothing(?: else)?; nada(?: mas)?;
    eso es todo; (?:good ?)?bye; im (?:good|done|fine|all set); adios; hasta luego; no that ?s? (?:all|it);
    all (?:good|set)
    """
)
