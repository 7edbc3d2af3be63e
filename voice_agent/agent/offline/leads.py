"""What is left of a sentence without its lead-in: the note in "add a note that ...", the day in "no, I said ..."."""

from __future__ import annotations

import re
from typing import Any

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
    r"^\W*(?:number\s+|n[uú]mero\s+)?(?:(?:\d+|zero|oh|one|two|three|four|five|six|seven|eight|nine|ten|eleven|"
    r"twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|"
    r"thousand|double|triple|cero|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|trece|catorce|quince|veinte|"
    r"treinta|cuarenta|cincuenta|sesenta|setenta|ochenta|noventa|cien|mil|y|and)\b\W*)+",
    re.I,
)
_GREETED = r"^\W*(?:(?:hi|hello|hey|hola|yes|yeah|s[ií]|um|uh|well|okay|ok|buenas|buenos d[ií]as|good \w+)\W+)*"
_LEAD_MESSAGE = re.compile(
    _GREETED + r"(?:(?:i(?:'d| would)? (?:like|want|need) to|can i|could i|may i|please|"
    r"quiero|quisiera|me gustar[ií]a|puedo|por favor)\s+)*"
    r"(?:leave|take|give|pass on|deja(?:r|rle)?|tomar|dar)\s+(?:you\s+|me\s+)?(?:a|an|the|un)?\s*"
    r"(?:message|mensaje|note|recado)"
    r"(?:\s+(?:for|to|para)\s+(?:the\s+|el\s+|la\s+|your\s+|su\s+)?[\w]+(?:\s+(?:team|department|desk|equipo))?)?"
    r"(?:\s+(?:that|saying|about|que|sobre|diciendo))?\W*",
    re.I,
)
_LEAD_TELL = re.compile(
    r"^\W*(?:(?:please|and|also|can you|could you|would you|ok(?:ay)?|so|just|um|uh|yes|yeah|"
    r"y|tambi[eé]n|puede|por favor|s[ií]|bueno|pues|oiga|mire|este|eh)\W+)*"
    r"(?:tell|let|ask|d[ií]ga(?:le|les)?|d[ií]les?|av[ií]se(?:le|les)?|avisen)\s+"
    r"(?:them|him|her|the \w+|al? \w+)?\s*(?:know\s+)?(?:that|que)?\s*",
    re.I,
)
_CALL_BACK = re.compile(
    r"(?:and )?(?:please )?(?:can|could) (?:someone|somebody|you) (?:please )?call me(?: back)?|"
    r"(?:please )?call me(?: back)?|i (?:want|need) (?:a|someone to) call ?(?:me )?(?:back)?|"
    r"(?:que )?me (?:llamen|llame|devuelvan la llamada)|ll[aá]me(?:n)?me",
    re.I,
)
_LEAD_PROBLEM = re.compile(
    _GREETED + r"(?:i (?:have|got|want to report|need to report) (?:a|another)(?: new)? (?:problem|issue)|"
    r"there(?:'s| is) (?:a|another)(?: new)? (?:problem|issue)|"
    r"tengo un(?: nuevo)? problema|hay un problema)\b(?: (?:with|con))?\W*",
    re.I,
)
_LEAD_PART = re.compile(r"^\W*(?:(?:i need|it's|its|that's|the|a|an|some|one|es|un|una|el|la|necesito)\s+)+", re.I)
_ASKED_PART = re.compile(
    r"\b(?:where(?:'s| is| are| can i (?:find|get))|who(?:'s got| has)|how many|do (?:i|we) have|"
    r"is there|are there|stock on|"
    r"d[oó]nde (?:hay|est[aá]n?|encuentro|consigo)|qui[eé]n tiene|cu[aá]nt[oa]s?|(?:^|¿)(?:tengo|hay|quedan?))\s+"
    r"(?:(?:any|an?|the|some|more|nearest|closest|another|un[ao]?s?|el|la|l[oa]s|m[aá]s)\s+)*"
    r"(?P<part>[\w'-]+(?: [\w'-]+){0,3}?)\s*"
    r"(?:\b(?:are|is|do|on|in|at|left|around|near|nearby|here|anywhere|tengo|hay|quedan?|en|por|cerca|m[aá]s)\b.*)?[?.!]*$",
    re.I,
)
_UNIT = re.compile(
    r"^(?:pies?|galon(?:es)?|gal[oó]n|litros?|metros?|feet|foot|gallons?|litres?|liters?) (?:de|of) ", re.I
)
_NO_REASON = re.compile(r"(?:to|que|de) \w+$|fav", re.I)
_ONLY_A_MESSAGE = re.compile(
    r"^\W*(?:(?:s[ií]|yes|ok(?:ay)?|um|uh|eh|bueno|pues)\W+)*(?:(?:take|leave|tome|deje|dejo|toma|deja)\s+)?"
    r"(?:(?:a|an|the|un|el)\s+)?(?:message|mensajes?|recado)\W*(?:please|por favor|then|entonces)?\W*$",
    re.I,
)
FEWEST_WORDS = 3


_NO = re.compile(
    r"^\W*(?:(?:no|nope|nah|not that|wait|actually|sorry|i mean|i said|i meant|make (?:it|that)|it was|it's|rather|"
    r"instead|espere|perd[oó]n|dije|quise decir|digo|mejor|que sea|era|eran|fue|fueron|sino)\b\W*)+",
    re.I,
)


def behind_no(text: str) -> str:
    """What is left of "no, I said Thursday" once it is known to be a correction; all of a sentence without a no."""
    return _NO.sub("", text, count=1).strip()


_INSTEAD = re.compile(
    r"^\W*(?:(?:no|nope|that(?:'s| is)|it(?:'s| is)|not|wrong|right|what i said|please|"
    r"est[aá]|eso|mal|as[ií]|por favor)\b\W*)*"
    r"(?:say|tell (?:him|her|them)|write|put|it should say|diga|d[ií]ga(?:le|les)|pon(?:ga|er)?|que diga|escriba)\s+"
    r"(?:that |que )?(?P<said>.+)$",
    re.I,
)


def says_instead(text: str) -> str | None:
    """The new words of a message in "no, that's wrong, say that I was charged twice"."""
    found = _INSTEAD.match(text)
    said = found.group("said").strip(" ,.:;") if found else ""
    return said if len(said.split()) >= FEWEST_WORDS else None


def note_in(text: str, *, bare: bool) -> str | None:
    """The note in "add a note to job 4512 that the filter is cracked"; None when only the wish for one was said.

    `bare`: words without such a lead may be a note as well.
    """
    rest = _LEAD_NOTE.sub("", text, count=1)
    if rest != text:
        rest = _NUMBER_WORD.sub("", rest, count=1)
        rest = _LEAD_THAT.sub("", rest, count=1)
    else:
        rest = _LEAD_TELL.sub("", rest, count=1)
    if rest == text and not bare:
        return None
    rest = rest.strip(" ,.:;")
    return rest if len(rest.split()) >= 2 else None


def message_in(text: str) -> str | None:
    """What is to be passed on, without "I'd like to leave a message"; None when nothing else was said."""
    if _ONLY_A_MESSAGE.match(text):
        return None
    rest = _LEAD_TELL.sub("", _LEAD_MESSAGE.sub("", text, count=1), count=1).strip(" ,.:;")
    left = _CALL_BACK.sub("", rest).strip(" ,.:;")
    return rest if len(left.split()) >= FEWEST_WORDS else None


def wants_call(text: str) -> bool:
    return _CALL_BACK.search(text) is not None


def problem_in(text: str) -> str | None:
    rest = _LEAD_PROBLEM.sub("", text, count=1).strip(" ,.:;")
    return rest if len(rest.split()) >= 2 else None


_LEAD_QUESTION = re.compile(
    _GREETED + r"(?:(?:please|can you|could you|would you|i(?:'d| would) like (?:you )?to|i (?:have|got|'ve got)|and|"
    r"por favor|puede|podr[ií]a|quiero que|quisiera que|tengo)\W+)*"
    r"(?:(?:ask|tell)\s+(?:the\s+|our\s+|my\s+)?\w+|let\s+(?:the\s+|our\s+)?\w+\s+know|"
    r"(?:a\s+|another\s+|una\s+)?(?:question|pregunta)\s+(?:for|para)\s+(?:the\s+|our\s+|el\s+|la\s+|los\s+)?\w+|"
    r"(?:pregunt|dig|av[ií]s)\w+\s+(?:al?|a la|a los)\s+\w+)\W*(?:(?:that|que|about|sobre)\b\W*)?",
    re.I,
)
_LEAD_WORK = re.compile(
    _GREETED
    + r"(?:(?:please|can you|could you|i(?:'d| would) like to|i (?:need|want|have) to|and|also|por favor|puede|"
    r"quiero|necesito|hay que|y|tambi[eé]n)\s+)*"
    r"(?:(?:add|enter|put in|book|agreg\w+|a[nñ]ad\w+|pon\w*)\s+(?:(?:some|an?|another|una?|otr[ao]|more|extra|new|"
    r"additional)\s+)*(?:line items?|line|work items?|work|tasks?|l[ií]nea|partida|trabajo|tarea)"
    r"(?:\s+(?:extra|adicional|nuev[ao]))?|"
    r"(?:i|we)?\s*(?:found|discovered|encontr[eé]|descubr[ií]|vi)\s+(?:an?|another|one|otro|un)?\s*(?:other|more|new|"
    r"second|additional|nuevo|segundo)?\s*(?:problem|issue|fault|thing|defect|problema|defecto|fallo|detalle)\b|"
    r"(?:there(?:'s| is)|hay)\s+(?:another|a new|otro|un nuevo)\s+(?:problem|issue|problema|defecto)\b|"
    r"(?:extra|additional|more|new)\s+work|trabajo\s+(?:extra|adicional|nuevo))"
    r"(?:\s+(?:to|on|for|in|a|al|en|para)\s+(?:the\s+|this\s+|la\s+|el\s+|est[ea]\s+)?"
    r"(?:job|work order|order|trabajo|orden)(?:\s+(?:n[uú]mero|number))?)?",
    re.I,
)
_LEAD_TIMES = re.compile(
    _GREETED + r"(?:(?:please|can you|could you|i(?:'d| would) like to|i (?:need|want) to|leave|give you|por favor|"
    r"puede|quiero|quisiera|dejar(?:le)?|darle)\s+)*"
    r"(?:(?:note|put|write|jot|anote|apunte|ponga)\w*(?:\s+(?:down|it))?(?:\s+(?:that|que))?|"
    r"(?:tell|let)\s+(?:the\s+|your\s+)?planners?(?:\s+know)?(?:\s+that)?|"
    r"(?:d[ií]gale?s?|av[ií]sele?s?)\s+a\s+\w+\s+planific\w+(?:\s+que)?|"
    r"(?:my\s+|mis?\s+)?(?:preferred\s+(?:times?|days?|hours?)|preference|horarios?\s+(?:preferidos?|de preferencia)|"
    r"preferencia)\s*(?:is|are|would be|es|son|ser[ií]an?)?)\W*",
    re.I,
)


def question_in(text: str) -> str | None:
    """What dispatch is to be asked or told, without "ask the dispatcher"; None when only the wish for it was said."""
    rest = _LEAD_QUESTION.sub("", text, count=1).strip(" ,.:;")
    return rest if len(rest.split()) >= 2 else None


def work_in(text: str) -> str | None:
    """The work itself in "add a line item to job 4512, replace the thermostat"."""
    rest = _LEAD_WORK.sub("", text, count=1)
    if rest != text:
        rest = _LEAD_THAT.sub("", _NUMBER_WORD.sub("", rest, count=1), count=1)
    rest = rest.strip(" ,.:;")
    return rest if len(rest.split()) >= 2 else None


def times_in(text: str) -> str | None:
    """ "mornings but no Fridays" in "please note that I prefer mornings but no Fridays"."""
    rest = _LEAD_TIMES.sub("", text, count=1).strip(" ,.:;")
    return rest if len(rest.split()) >= 2 else None


def part_asked(text: str) -> str | None:
    """The part in "where's the nearest igniter" and "do I have any igniters left"."""
    found = _ASKED_PART.search(text)
    name = found.group("part").strip(" ,.:;?") if found else ""
    return name if 0 < len(name.split()) <= 4 else None


def from_first(text: str, *phrases: Any) -> str:
    """The text from where the first of these phrases begins; all of it when none is found."""
    places = [text.lower().find(str(phrase).lower()) for phrase in phrases if phrase]
    return text[min((place for place in places if place >= 0), default=0) :]


def without_unit(part: str) -> str:
    """ "pie de cable" is counted in feet and called cable."""
    return _UNIT.sub("", part, count=1) or part


def tells_why(reason: str) -> bool:
    """Is it a reason, or only the tail of "I have to pause it" and "por favor"?"""
    return len(reason.split()) > 1 and _NO_REASON.match(reason) is None


def without_lead(text: str) -> str:
    return _LEAD_PART.sub("", text, count=1).strip(" ,.:;") or text
