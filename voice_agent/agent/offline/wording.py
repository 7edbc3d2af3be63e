"""What intents and slots leave over: lead-ins to strip, places, courtesies and insults, in both languages. Pure."""

from __future__ import annotations

import re
from typing import Any

from voice_agent.language.numbers import Lang, amount
from voice_agent.language.utterance import Utterance

Patterns = tuple[tuple[str, re.Pattern[str]], ...]


def _either(alternatives: str) -> re.Pattern[str]:
    """Whole words out of a list that is separated by semicolons."""
    return re.compile(" (?:" + "|".join(part.strip() for part in alternatives.split(";") if part.strip()) + ") ")


def flat(text: str) -> str:
    return Utterance.of(text).flat


# Courtesies, in the order in which they are looked for. The words are without accents and apostrophes.
CHAT: Patterns = (
    (
        "insult",
        _either(
            r"""(?:you|youre|your) (?:are |so |such |an? |really |fucking |completely )*(?:useless|stupid|idiot|dumb|terrible|moron|worthless|incompetent|piece);
    (?:this|that) is (?:bullshit|ridiculous|ridiculo|a joke|crap|useless); shut up;
    fuck(?:ing)?(?: you| off)?;
    (?:god ?damn|damn it|dammit|screw you|go to hell|piece of (?:shit|crap|junk));
    (?:stupid|dumb|useless) (?:machine|robot|bot|computer|thing|system);
    (?:es|eres|son) (?:un |una |unos |muy )*(?:inutil|inutiles|idiota|estupido|estupida|tonto|tonta|basura|incompetente);
    (?:maquina|robot) (?:inutil|estupida|estupido|de mierda); mierda; carajo; vete al (?:diablo|infierno);
    callate; no sirves?(?: para nada)?"""
        ),
    ),
    (
        "robot",
        _either(
            r"""(?:are you|is this|am i talking to|am i speaking (?:to|with)) (?:an? )?(?:real |actual |live )?(?:robot|bot|machine|computer|human|person|ai|recording)(?: person)?;
    (?:eres|es usted|estoy hablando con|hablo con) (?:un |una )?(?:robot|maquina|persona(?: real)?|humano|grabacion|computadora)"""
        ),
    ),
    (
        "can_do",
        _either(
            r"""what (?:all )?can (?:you|i) (?:do|say|ask)(?: here)?; what (?:are|re) (?:my|the) options;
    how does this work; what do you do; what can you help(?: me)? with; help; i need (?:some )?help; menu;
    options; que (?:puede|puedes|sabe|sabes) hacer; (?:en )?que me (?:puede|puedes) ayudar;
    que (?:puedo|se puede) (?:hacer|decir|pedir); como funciona(?: esto)?; ayuda; opciones"""
        ),
    ),
    (
        "how_are_you",
        _either(
            r"""how are you(?: doing)?(?: today)?; hows it going; whats up; como (?:esta|estas|le va|te va); que tal"""
        ),
    ),
    (
        "wait",
        _either(
            r"""(?:hold|hang) on(?: a (?:second|minute|sec|moment))?;
    (?:one|a|just a|give me a|wait a) (?:second|sec|minute|moment)(?: please)?;
    let me (?:check|see|look|think); (?:un|deme un|espere un|dame un) (?:momento|segundo|minuto|ratito);
    espere; dejeme (?:ver|pensar|revisar); wait"""
        ),
    ),
    (
        "hours",
        _either(
            r"""(?:what are|whats) your (?:hours|opening hours|business hours);
    (?:when|what time) (?:do|are) you (?:guys )?(?:open|close|closed); are you open;
    (?:a )?que hora(?:s)? (?:abren|cierran); (?:cual es )?(?:el |su )?horario(?: de atencion)?;
    cuando abren"""
        ),
    ),
    (
        "bye",
        _either(
            r"""(?:good ?)?bye(?: bye)?; see you(?: later)?; have a (?:good|nice|great) (?:day|one|night|evening);
    thats (?:all|it|everything)(?: (?:i need|for now|thanks|thank you))*;
    (?:im|we are|were) (?:all set|done here|good); nothing (?:else|more); no more;
    (?:adios|hasta luego|chao|hasta pronto|que tenga buen dia); (?:eso|esto) (?:es|era|seria) todo;
    nada mas; ya no; ya esta"""
        ),
    ),
    (
        "thanks",
        _either(
            r"""thank(?:s| you)(?: (?:so |very )?much)?; appreciate it; (?:muchas |mil )?gracias; se lo agradezco;
    great; perfect; perfecto; excelente"""
        ),
    ),
    (
        "hello",
        _either(
            r"""hello; hi; hey(?: there)?; good (?:morning|afternoon|evening); hola; buenos dias;
    buenas(?: tardes| noches)?; bueno"""
        ),
    ),
)

LONGEST_CHAT = 9
"""Words of a sentence that may be nothing but a courtesy."""


def chat(text: str) -> str | None:
    """Which courtesy a short sentence is, None for anything else."""
    said = flat(text)
    if len(said.split()) > LONGEST_CHAT:
        return "insult" if CHAT[0][1].search(said) else None
    return next((name for name, pattern in CHAT if pattern.search(said)), None)


NOTHING_MORE = _either(
    r"""no; nope; nah; no thanks?; no gracias; thats (?:all|it|everything); nothing(?: else)?; nada(?: mas)?;
    eso es todo; (?:good ?)?bye; im (?:good|done|fine|all set); adios; hasta luego; no that ?s? (?:all|it);
    all (?:good|set)"""
)
LATER = _either(
    r"""(?:any(?:thing)?|something|sometime|a) ?later; later; none of (?:those|them|these); neither;
    other times?; different (?:times?|day); something else; another (?:day|time); more (?:times|options);
    mas tarde; (?:otro|otros|otra|otras) (?:dia|dias|hora|horas|horario|horarios|opcion|opciones); ninguno;
    ninguna; none; despues"""
)
FIRST = _either(
    r"""(?:the )?(?:earliest|soonest|first available); (?:any|either)(?: (?:of them|one|time|is fine|works))*;
    whatever; as soon as possible; asap; (?:la|el) (?:mas pronto|mas temprano|mas temprana|antes posible);
    lo antes posible; cualquiera; doesnt matter; me da igual; you (?:choose|pick)"""
)
LAST = _either(r"""(?:the )?last(?: one)?; (?:la|el) ultim[ao]""")
SAME_NUMBER = _either(
    r"""(?:this|same|that|my)(?: (?:same|one|number|phone|line))+; this; same; yes; yeah; yep; sure;
    the (?:number|one|phone) (?:im|i am|that im)(?: \w+)*; (?:este|el) mismo(?: numero)?;
    (?:este|a este)(?: numero| telefono)?; si; claro; (?:desde )?(?:el|este) que (?:le )?llamo"""
)
WHOLE_DAY = _either(
    r"""(?:my|the|whole|entire|full|rest of the|rest of my) (?:day|schedule|route|list); today; tomorrow;
    schedule; agenda; all (?:of )?(?:my|the) (?:jobs|stops|calls);
    how many (?:jobs|stops|calls|more)(?: \w+)*; (?:mi|el|todo el) dia; hoy; manana;
    (?:todos )?mis trabajos; cuantos trabajos; ruta"""
)
WANTS_PART = _either(
    r"""(?:i|we|ill|we ll|ill)? ?(?:need|order|request|want|require)(?: \w+)*;
    (?:can|could) (?:you|i|we) (?:please )?(?:get|order|request|send|have|bring)(?: \w+)*;
    (?:send|bring|get) me(?: \w+)*;
    (?:necesito|ocupo|pedir|pida|pideme|pidame|quiero|ordenar|mandame|mandeme|requiero|hace falta|me falta|me faltan)(?: \w+)*"""
)
ASKS_WHERE = _either(
    r"""do (?:i|we) (?:still |even )?(?:have|got); (?:have|has) (?:i|we|he|anyone|anybody); how many; how much;
    is there; are there; where; who has; whos got; any left; in stock;
    (?:tengo|tenemos|hay|queda|quedan|cuanto|cuantos|cuanta|cuantas|donde|quien tiene)"""
)
ARRIVAL_NOTE = _either(
    r"""(?:gate|door|access|entry|garage) code(?: \w+)*;
    (?:my |the |we have a |there is a |theres a |beware of the |big )*dogs?; park(?:ing)?;
    ring the (?:bell|doorbell); knock; back door; side (?:door|gate);
    (?:leave|add|make|put) (?:a |an )?(?:\w+ )?note; tell the technician(?: \w+)*;
    (?:codigo|clave) (?:de|del) (?:la )?(?:puerta|porton|reja|entrada|acceso); perros?; estacion\w*;
    toque el timbre; puerta (?:trasera|de atras); (?:dejar|deje|agregue|ponga|anote) (?:una |un )?nota;
    digale al tecnico"""
)
REPORTS = _either(
    r"""report(?:ing)?(?: \w+){0,2} (?:job|work order|status|order|call); (?:update|close|close out|log|enter)(?: \w+){0,2} (?:job|work order|status|order);
    (?:reportar|actualizar|cerrar|informar|registrar)(?: \w+){0,2} (?:trabajo|orden|estado|servicio)"""
)
ORDERS = _either(r"order; request; need; necesito; pedir; pida; ordenar; pedido; ocupo; solicitar")
ASKS_ABOUT = _either(
    r"""jobs?; next; stops?; address; customers?; clients?; where; whats?; which; when; who; details?; info\w*; notes?; (?:work )?orders?; tickets?; calls?;
    schedule; days?; today; tomorrow; route; appointments?; visits?; list; am i; do i; site; trabajos?; proximo; proxima; siguiente; direccion; clientes?;
    donde; cual; cuales; que; cuando; quien; detalles?; informacion; notas?; orden; ordenes; agenda; dia; hoy; manana; ruta; citas?; visitas?; toca; tengo"""
)
AND_NEXT = _either(
    r"""whats (?:my |the )?next(?: \w+)*; what is (?:my |the )?next(?: \w+)*; whats after (?:that|this);
    where (?:to|do i go|am i going) (?:next|now); where to; who(?:s| is) next; cual es (?:mi |el )?(?:proximo|siguiente)(?: \w+)*;
    que sigue; que me toca(?: ahora| despues)?; adonde voy(?: ahora)?"""
)
ASKS_VISITS = _either(
    r"""do (?:i|we) (?:still )?have (?:any|an|a)(?: \w+)? (?:appointments?|visits?|service)(?: \w+)*;
    (?:what|which|how many) (?:appointments|visits)(?: \w+)*; (?:tengo|tenemos) (?:alguna|una)(?: \w+)? (?:cita|visita)(?: \w+)*;
    (?:que|cuales|cuantas) (?:citas|visitas)(?: \w+)*"""
)
ADDS = _either(r"""and; also; plus; another; tambien; ademas; y; otro; otra""")

_LEAD_NOTE = re.compile(
    r"^\W*(?:please\s+|can you\s+|could you\s+|i(?:'d| would) like to\s+|i want to\s+|por favor\s+|puede\s+|quiero\s+)*"
    r"(?:add|leave|put|make|write|take|note|agreg(?:a|ue|ar)|dej(?:a|e|ar)|pon(?:er|ga)?|anot(?:a|e|ar)|haz|haga)\b"
    r"(?:\s+(?:a|an|the|una?|la|this|esta))?(?:\s+(?:arrival|quick|short))?(?:\s+(?:note|nota|comment|comentario))?"
    r"(?:\s+(?:to|on|for|in|en|para|al?|del?)\s+(?:the\s+|el\s+|this\s+|este\s+|my\s+|mi\s+|la\s+)?"
    r"(?:(?:job|work order|order|trabajo|orden|visita|visit|technician|t[eé]cnico)\b)?)?",
    re.I,
)
_LEAD_THAT = re.compile(r"^\W*(?:that|saying|says|to say|que|diciendo|with)\b\W*", re.I)
_NUMBER_WORD = re.compile(
    r"^\W*(?:number\s+|n[uú]mero\s+)?(?:(?:\d+|zero|oh|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|"
    r"fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|"
    r"thousand|double|triple|cero|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|trece|catorce|quince|veinte|"
    r"treinta|cuarenta|cincuenta|sesenta|setenta|ochenta|noventa|cien|mil|y|and)\b\W*)+",
    re.I,
)
_LEAD_MESSAGE = re.compile(
    r"^\W*(?:(?:hi|hello|hey|hola|yes|yeah|s[ií]|um|uh|well|okay|ok|buenas|buenos d[ií]as|good (?:morning|evening))\W+)*"
    r"(?:(?:i(?:'d| would)? (?:like|want|need) to|can i|could i|may i|please|quiero|quisiera|me gustar[ií]a|puedo|por favor)\s+)*"
    r"(?:leave|take|give|pass on|deja(?:r|rle)?|tomar|dar)\s+(?:you\s+|me\s+)?(?:a|an|the|un)?\s*(?:message|mensaje|note|recado)"
    r"(?:\s+(?:for|to|para)\s+(?:the\s+|el\s+|la\s+|your\s+|su\s+)?[\w]+(?:\s+(?:team|department|desk|equipo))?)?"
    r"(?:\s+(?:that|saying|about|que|sobre|diciendo))?\W*",
    re.I,
)
_LEAD_TELL = re.compile(
    r"^\W*(?:please\s+)?(?:tell|let|ask|diga(?:le|les)?|av[ií]se(?:le|les)?)\s+(?:them|him|her|the \w+|al? \w+)?\s*(?:know\s+)?(?:that|que)?\s*",
    re.I,
)
_CALL_BACK = re.compile(
    r"(?:and )?(?:please )?(?:can|could) (?:someone|somebody|you) (?:please )?call me(?: back)?|(?:please )?call me(?: back)?|"
    r"(?:i (?:want|need) (?:a|someone to) call ?(?:me )?(?:back)?)|(?:que )?me (?:llamen|llame|devuelvan la llamada)|ll[aá]me(?:n)?me",
    re.I,
)
_LEAD_PROBLEM = re.compile(
    r"^\W*(?:(?:hi|hello|hey|hola|yes|yeah|um|uh|well|okay|buenas)\W+)*(?:i (?:have|got|want to report|need to report) (?:a|another)(?: new)? (?:problem|issue)|"
    r"there(?:'s| is) (?:a|another)(?: new)? (?:problem|issue)|tengo un(?: nuevo)? problema|hay un problema)\b(?: (?:with|con))?\W*",
    re.I,
)
_LEAD_PART = re.compile(r"^\W*(?:(?:i need|it's|its|that's|the|a|an|some|one|es|un|una|el|la|necesito)\s+)+", re.I)
_VAN_OF = re.compile(
    r"(?:from|off|out of|de|del?)\s+(?:la\s+(?:camioneta|van)\s+de\s+)?(\w+?)(?:'s|s')?\s*(?:truck|van|camioneta|$)",
    re.I,
)
_VAN_DE = re.compile(r"camioneta\s+de\s+(\w+)", re.I)
_NO_NAME = frozenset(
    "my the his her their a another other mi su la el un una otro otra otra camioneta van truck".split()
)
FEWEST_WORDS = 3


_NO = re.compile(
    r"^\W*(?:(?:no|nope|nah|not that|wait|actually|sorry|i mean|i said|i meant|make (?:it|that)|it was|it's|rather|instead|"
    r"espere|perd[oó]n|dije|quise decir|digo|mejor|que sea|era|eran|fue|fueron|sino)\b\W*)+",
    re.I,
)


def behind_no(text: str) -> str:
    """What is left of "no, I said Thursday" once it is known to be a correction; all of a sentence without a no."""
    return _NO.sub("", text, count=1).strip()


def note_in(text: str) -> str | None:
    """The note in "add a note to job 4512 that the filter is cracked"; None when only the wish for one was said."""
    rest = _LEAD_NOTE.sub("", text, count=1)
    if rest != text:
        rest = _NUMBER_WORD.sub("", rest, count=1)
        rest = _LEAD_THAT.sub("", rest, count=1)
    else:
        rest = _LEAD_TELL.sub("", rest, count=1)
    rest = rest.strip(" ,.:;")
    return rest if len(rest.split()) >= 2 else None


def message_in(text: str) -> str | None:
    """What is to be passed on, without "I'd like to leave a message"; None when nothing else was said."""
    rest = _LEAD_TELL.sub("", _LEAD_MESSAGE.sub("", text, count=1), count=1).strip(" ,.:;")
    left = _CALL_BACK.sub("", rest).strip(" ,.:;")
    return rest if len(left.split()) >= FEWEST_WORDS else None


def problem_in(text: str) -> str | None:
    rest = _LEAD_PROBLEM.sub("", text, count=1).strip(" ,.:;")
    return rest if len(rest.split()) >= 2 else None


def without_lead(text: str) -> str:
    return _LEAD_PART.sub("", text, count=1).strip(" ,.:;") or text


def source_in(text: str, location: Any, asked: str | None) -> str | None:
    """Where a part is to come from: "warehouse", a colleague's first name, or "nearest"; None if nothing was said."""
    said = flat(text)
    if location == "warehouse" or re.search(r" (?:warehouse|depot|shop|almacen|bodega) ", said):
        return "warehouse"
    for pattern in (_VAN_DE, _VAN_OF):
        if (match := pattern.search(text)) and match.group(1).lower() not in _NO_NAME:
            return match.group(1)
    if re.search(r" (?:nearest|closest|anywhere|wherever|another|other|cercana|cercano|cualquier\w*|otra|otro) ", said):
        return "nearest"
    if asked == "ask.transfer_source" and (match := re.search(r"(\w+)(?:'s|s')? (?:truck|van)", text, re.I)):
        return match.group(1) if match.group(1).lower() not in _NO_NAME else "nearest"
    return None


def has_number(text: str, lang: str) -> bool:
    words = Utterance.of(text).plain
    spoken: Lang = "es" if lang == "es" else "en"
    return any(amount(words, i, spoken) is not None for i in range(len(words)))


def number_in(text: str, lang: str) -> float | None:
    """The last amount that stands in a short answer."""
    words = Utterance.of(text).plain
    spoken: Lang = "es" if lang == "es" else "en"
    found = [value for i in range(len(words)) if (value := amount(words, i, spoken)) is not None]
    return found[0][0] if found else None


_WEEKDAYS = {
    "monday": ("monday", "lunes"),
    "tuesday": ("tuesday", "martes"),
    "wednesday": ("wednesday", "miercoles"),
    "thursday": ("thursday", "jueves"),
    "friday": ("friday", "viernes"),
    "saturday": ("saturday", "sabado"),
    "sunday": ("sunday", "domingo"),
}


def weekdays_in(text: str) -> list[str]:
    said = flat(text)
    return [day for day, names in _WEEKDAYS.items() if any(re.search(rf" {name}s? ", said) for name in names)]


def open_ended(time_phrase: str) -> bool:
    """ "after three" leaves the end open; "around three" and "at three" do not."""
    return re.search(r" (?:after|later|from|past|despues|desde|partir) ", flat(time_phrase)) is not None
