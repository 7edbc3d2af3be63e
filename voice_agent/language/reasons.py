"""Why something did not or will not happen, in the caller's own words: after "because", or what stands in the way."""

from __future__ import annotations

import re
from collections.abc import Container

from voice_agent.language.numbers import Lang
from voice_agent.language.utterance import Utterance

_CAUSE = {
    "en": re.compile(
        r" (?:because of|(?<!calling )because|cause of|cause|cuz|since(?! (?:monday|tuesday|wednesday|thursday|friday"
        r"|saturday|sunday|yesterday|last|this|early|late|about|then|the (?:morning|weekend|storm)|\d|noon"
        r"|around|like|we last))|due to|on account of|the reason is|reason is|reason being|the problem is"
        r"|seeing as|as in) (?P<why>.+)$"
    ),
    "es": re.compile(
        r" (?:(?<!hablo )(?<!llamo )porque|por que|debido a que|debido a|ya que|a causa de|la razon es"
        r"|el motivo es|es que"
        r"|por culpa de|motivo|por) (?P<why>.+)$"
    ),
}
_OBSTACLE = {
    "en": re.compile(
        r" (?:(?:theres|there is|there was|there are|ive got|we got|theyve got|they have|he has|she has"
        r"|they got|ive got|we have|i have) "
        r"(?!to |(?:two|too|2) (?:(?:like|just|really) )*(?:pause|stop|leave|go|come|hold|close)\b)"
        r"(?P<thing>(?:an? |some |no |the )?.+)"
        r"|(?P<state>(?:nobodys?|no ones?|noone|customer|the customer|gates?|the gates?|doors?|the doors?|dog"
        r"|the dog|dogs|power|the power|basement|panel|the panel|waiting (?:on|for)|no access|no power|no key"
        r"|wrong (?:part|unit)|missing|out of|short)\b.*))$"
    ),
    "es": re.compile(
        r" (?:(?:hay|habia|tienen|tiene|tengo) (?!que )(?P<thing>.+)|(?P<state>(?:no (?:me )?(?:abre|abren|contesta"
        r"|contestan)(?: la puerta)?(?: nadie)?|nadie|no hay|el cliente|la puerta"
        r"|el porton|sin|no tengo|esperando|faltan? (?:un|una|el|la|los|las|otro|otra|unos|unas|repuestos?"
        r"|piezas?|material)|el dueno|no esta (?:el|la|en)|el acceso)\b.*))$"
    ),
}
# What makes people late or change their plans, said without "because".
_MISHAP = {
    "en": re.compile(
        r" (?P<why>something came up(?: at work)?|out of town|(?:my \w+(?: is|s)|im|i am) (?:sick"
        r"|in the hospital)|family emergency"
        r"|flat tire|(?:my |the )?(?:truck|car|van) (?:broke down|wont start|died)|(?:an? |the )?(?:accident"
        r"|wreck)(?: on the \w+)?"
        r"|(?:bad |heavy )?traffic|road (?:work|closure|is closed)|(?:the )?last (?:job|call|one) ran (?:over"
        r"|long)|(?:the )?weather)\b"
    ),
    "es": re.compile(
        r" (?P<why>me surgio algo|surgio algo|fuera de la ciudad|estoy enferm[oa]|mi \w+ esta enferm[oa]"
        r"|emergencia familiar"
        r"|(?:se me |se )?poncho (?:una |la )?llanta|se (?:me )?descompuso (?:la camioneta|el camion|el carro)"
        r"|(?:un )?accidente|(?:mucho )?trafico)\b"
    ),
}
_ARTICLE = re.compile(
    r"^(?:(?:that |que )?(?:theres|there is|there was|there are|there's|hay|habia|había) )?(?:(?:an?|the|some"
    r"|un|una|el|la|los|las|unos|unas|of) )?"
)
_REASON_END = re.compile(
    r" (?:so|can (?:you|we|i)|could (?:you|we)|please|por favor|asi que|para que|puede|pueden|podemos"
    r"|on (?:work order|job)|for (?:work order|job)|thanks|thank you|gracias|i guess|you know|alright|okay|sir"
    r"|maam|if you can|and yeah|so yeah|is that okay|sabe|verdad|senorita|si me puede|me oye|que hago"
    r"|and i (?:need|want|will|cant)|cant|couldnt|i couldnt|i can not|y (?:necesito|quiero|no puedo)|no puedo"
    r"|no pude|but (?:i|we)|pero|ok|okay|bye|work order|orden de trabajo)\b.*$"
)


def mishap(heard: Utterance, lang: Lang) -> str | None:
    """What came between, named outright: "flat tire", "traffic", "something came up"."""
    match = _MISHAP[lang].search(heard.flat)
    if match is None:
        return None
    return re.sub(r"^(?:my |the |an? |bad |heavy |un |una |mucho )", "", heard.said(*heard.span(*match.span("why"))))


def reason(
    heard: Utterance, lang: Lang, taken: Container[int] = (), *, obstacle: bool, loose: bool = True
) -> str | None:
    """Why, in the caller's words without the opening article: after "because", or what stands in the way (`obstacle`).

    It ends before words already `taken` (the work order it is about). `loose` takes Spanish "por" for a reason.
    """
    flat = heard.flat.rstrip()
    match = _CAUSE[lang].search(flat)
    span = match.span("why") if match else None
    if match and match[0].startswith(" por ") and not (loose and _por_reason(match["why"])):
        span = None
    if span is None and obstacle:
        found = _OBSTACLE[lang].search(flat)
        if found:
            span = found.span("thing") if found["thing"] else found.span("state")
    if span is None:
        return None
    first, last = heard.span(*span)
    end = _REASON_END.search(heard.flat[heard.offset(first) - 1 : heard.offset(last)])
    if end:
        last = heard.span(heard.offset(first), heard.offset(first) + max(end.start() - 1, 0))[1]
    last = next((i for i in range(first + 1, last) if i in taken), last)
    while last > first + 1 and heard.plain[last - 1] in _LEADS_ON:
        last -= 1
    words = _ARTICLE.sub("", heard.said(first, last))
    return words.strip() or None


_LEADS_ON = frozenset("on for at job number work order and in orden de la el en numero trabajo y".split())


def _por_reason(why: str) -> str | None:
    return (
        None
        if re.match(
            r"(?:las? (?:mananas?|tardes?|noches?)|favor|hoy|ahora|aqui|ahi|el momento|telefono|terminar|acabar"
            r"|otro dia|el (?:lunes|martes|miercoles|jueves|viernes|sabado|domingo)|completar|que )",
            why,
        )
        else why
    )
