"""Whether a sentence says that a change was made: "I've booked it", "your visit is cancelled", "Done.", "ya quedó".

A participle alone claims nothing ("the team set to come", "made this morning"): what stands right before it decides,
and that is looked at only once such a word has come. So an ordinary word costs one look into a set.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from voice_agent.language.utterance import without_accents

# English: words of a change that anything may have had done to it, and those that say so only of what we handle.
_CHANGED = """
booked rebooked scheduled rescheduled moved pushed swapped cancelled canceled changed updated corrected confirmed saved
noted recorded logged reported registered submitted filed entered sent texted emailed ordered requested reserved
transferred completed closed marked added dispatched placed processed forwarded passed notified informed alerted
arranged refunded credited waived deleted removed created opened finished handled resolved fixed done
""".split()
_LOOSE = "set put made left".split()
"""Everyday words: of ours only with a thing they are done to."""
_ENDINGS = {"off": "called", "care": "taken", "through": "went", "go": "good to", "in": "locked", "know": "let"}
"""The last word of a formula, and what stands somewhere before it."""
_STEMS_ES = """
agendad reagendad programad reprogramad reservad movid cambiad cancelad anulad actualizad confirmad guardad anotad
registrad reportad enviad mandad pedid solicitad transferid completad cerrad marcad agregad avisad hech list arreglad
cread abiert puest
""".split()
_OURS_ES = frozenset(
    "agendee reservee movi cambiee cancelee anulee actualicee confirmee guardee anotee registree reportee enviee "
    "mandee pedi solicitee marquee agreguee avisee hice".split()
)
"""Spanish for "I did": what a tool found out supports no act of ours, only a commit does."""

TRIGGERS: Mapping[str, frozenset[str]] = {
    "en": frozenset([*_CHANGED, *_LOOSE, *_ENDINGS, "now", "complete", "successful", "successfully"]),
    "es": frozenset([f"{stem}{end}" for stem in _STEMS_ES for end in ("o", "a", "os", "as")]) | _OURS_ES | {"quedo"},
}
"""Flat words that may complete a claim."""

_THING = (
    r"(?:visits?|appointments?|jobs?|(?:work )?orders?|bookings?|slots?|requests?|messages?|notes?|texts?|parts?"
    r"|changes?|status|refunds?|fees?|tickets?|cases?|reports?|times?|window|date|address|update|gallons?|pounds?|units?"
    r"|everything|all(?: of)?(?: it| that)?|both|it|this|that)"
)
_EASY = (
    r"(?:(?:now|all|already|just|also|both|officially|successfully|then|being|been|completely|fully|so|gone ahead and"
    r"|went ahead and|go ahead and|gotten|got|safely|indeed) )*"
)
_BE = r"(?:is|are|was|were|be|been|has been|have been|had been|has|have|got|gets|its|thats|youre|were|theyre|s|re)"
_BY_US_EN = re.compile(rf"\b(?:ive|weve|(?:i|we)(?: have| had| did|d)?) {_EASY}$")
_BY_US_TOO = re.compile(rf"\b(?:ive|weve|(?:i|we) (?:have|just|also|already)) (?:\w+ ){{1,8}}and {_EASY}$")
_SUFFERED = re.compile(rf"\b{_BE} {_EASY}$")
_THING_SUFFERED = re.compile(rf"\b{_THING} (?:\w+ ){{0,4}}?(?:is|are|was|were|has been|have been) {_EASY}$")
_OURS_SUFFERED = re.compile(rf"\b(?:its|thats|youre|(?:you|we) are) {_EASY}$|{_THING_SUFFERED.pattern}")
_ALL = re.compile(
    r"(?:^|\b(?:consider (?:it|that|this)|(?:and|its|thats|youre|were|were now|youre now) all) )(?:all )?$"
)
_OPENING = re.compile(
    r"^(?:(?:ok|okay|great|sure|alright|perfect|good|right|there|and|so|yes|well|certainly|of course|absolutely|all"
    r"|both|consider (?:it|that|this)|news|excellent|wonderful|no problem) )*$"
)
_HEADLINE = re.compile(rf"^(?:(?:ok|okay|great|perfect|good|so|and|alright|the|your|\w+) ){{0,3}}{_THING} (?:\w+ )?$")
"""Telegram style: "job 4512 completed", "two gallons logged"."""
_AFTER_OPENING = re.compile(
    r"^(?:it|that|this|you|your|the|them|both|as|for|to|on|at|in|and|with|now|everything|all|monday|tuesday|wednesday"
    r"|thursday|friday|saturday|sunday|tomorrow|today)\b"
)
_NOW_IS = re.compile(
    r"\b(?:visit|appointment|job|(?:work )?order|booking|slot|status|ticket|case|arrival|window|time)s?"
    r"(?: is| are|s)? $"
)
_THING_DONE = re.compile(r"^(?:it|that|this|them|you|your|him|her|the|a|an|in|everything|both|another)\b")
_OFF_AGAIN = re.compile(
    r"\b(?:if|once|when|while|until|till|before|after|unless|because|since|whether|will|would|ill|well|youll|itll|can"
    r"|could|should|shall|may|might|must|to be|to get|to have|going to|want|wants|need|needs|like|wish|let me|lets"
    r"|please|about to|trying|heard|understood|you said|you mean)\b"
)
_BEFORE_ES = re.compile(
    r"(?:\b(?:(?:ha|han|he|hemos)(?: sido)?|esta|estan|queda|quedan|quedo|quedaron|fue|fueron|todo|todos|ya)"
    r"(?: (?:ya|todo|bien|muy|tambien|sido|con))* |^(?:(?:ok|bueno|bien|perfecto|claro|muy|ya|y|si|pues|excelente) )*)$"
)
_OFF_AGAIN_ES = re.compile(
    r"\b(?:si (?!ya)|cuando|hasta|antes|despues|sera|seria|puedo|podria|quiere|quisiera|necesita|voy a|va a|vamos a"
    r"|para|debe|deberia|por favor|en cuanto|una vez|porque|mientras|entendi|escuchee?|dijo|dice)\b"
)
_NOT = {
    "en": re.compile(
        r"\b(?:not|never|nothing|nobody|no|cannot|cant|couldnt|isnt|arent|wasnt|hasnt|havent|didnt|dont|wont|yet)\b"
    ),
    "es": re.compile(r"\b(?:no|nunca|nada|nadie|tampoco|todavia|aun)\b"),
}
_AND = re.compile(
    r"\b(?:and (?=(?:i|ive|we|weve|its?|thats?|youre?|your|the|everything|no|nobody) )"
    r"|y (?=(?:he|hemos|su|ya|la|le|lo|todo|no) ))"
)
"""Behind these a statement of its own begins, which a denial on the other side does not touch."""
_FRIENDLY_NO = re.compile(
    r"\b(?:no problem|no worries|no doubt|no question|sin duda|not a problem|not only|no hay problema"
    r"|ningun problema)\b"
)
_BY_US = {
    "en": re.compile(r"\b(?:i|ive|we|weve)\b"),
    "es": re.compile(r"\b(?:he|hemos)\b"),
}
_OF_DOORS = frozenset("closed opened cerrado cerrada abierto abierta".split())
"""Said of offices and doors, too: of ours only where we or a thing we handle stand before."""
_READY_ES = frozenset("listo lista listos listas".split())
_SOMEBODY_ES = re.compile(r"\b(?:tecnico|tecnica|usted|alguien|equipo|estoy|estamos)\b")
_HEADLINE_ES = re.compile(
    r"^(?:\w+ ){0,3}?(?:cita|visita|trabajo|orden|caso|solicitud|todo|galones|piezas?)s? (?:\w+ )?$"
)
_OURS_ES_THING = re.compile(r"\b(?:cita|visita|trabajo|orden|caso|solicitud)s?\b")
_CLAUSES = re.compile(r"[,;—–…]|\b(?:but|so|pero)\b")
_ACCENTED_E = re.compile(r"é\b")
_NO_LETTER = re.compile(r"[^a-z0-9 ]")
_WORD = re.compile(r"[a-z0-9]+")


def flat(text: str) -> str:
    """Lower case, no marks, no accents but that of a final e: words between single blanks, a blank at the end."""
    lowered = text.lower()
    if not lowered.isascii():
        lowered = without_accents(_ACCENTED_E.sub("ee", lowered))
    return " ".join(_NO_LETTER.sub(" ", lowered.replace("'", "")).split()) + " "


def claims(sentence: str, lang: str) -> Iterator[tuple[str, bool]]:
    """Every word by which the sentence calls a change made, and whether by us ("I've moved it") or in itself.

    The sentence may end right behind such a word: it is then one that may still become a claim. Questions, wishes,
    conditions, futures and denials are none.
    """
    if sentence.rstrip().endswith("?"):
        return
    for clause in _CLAUSES.split(sentence):
        for words in _AND.split(_FRIENDLY_NO.sub(" ", flat(clause))):
            if _NOT[lang].search(words):
                continue
            for found in _WORD.finditer(words):
                word = found.group()
                if word not in TRIGGERS[lang]:
                    continue
                before, after = words[: found.start()], words[found.end() :].strip()
                if lang == "es":
                    said, by_us = _said_in_spanish(before, word)
                else:
                    said, by_us = _said_in_english(before, word, after)
                if said:
                    yield word, by_us


def _said_in_english(before: str, word: str, after: str) -> tuple[bool, bool]:
    if _OFF_AGAIN.search(before):
        return False, False
    by_us = bool(_BY_US_EN.search(before) or _BY_US_TOO.search(before))
    if (begun := _ENDINGS.get(word)) is not None:
        return _formula(before, begun), bool(_BY_US["en"].search(before))
    match word:
        case "now":
            return bool(_NOW_IS.search(before)), False
        case "complete" | "successful" | "successfully":
            return bool(_OURS_SUFFERED.search(before)), False
        case "set" | "done" if _ALL.search(before) and (not after or _AFTER_OPENING.match(after)):
            return word == "done" or bool(before), False
        case "set" | "put" | "made" | "left":
            if by_us:
                return not after or bool(_THING_DONE.match(after)), True
            return word in ("set", "made", "put") and bool(_OURS_SUFFERED.search(before)), False
        case "closed" | "opened":
            return by_us or bool(_THING_SUFFERED.search(before)), by_us
        case _:
            begins = _OPENING.match(before) or _HEADLINE.match(before)
            opening = begins and (not after or _AFTER_OPENING.match(after))
            return by_us or bool(opening) or bool(_SUFFERED.search(before)), by_us


def _formula(before: str, begun: str) -> bool:
    """Whether "called (it) off", "taken care (of)", "went through", "good to go", "locked in", "let (them) know"."""
    if begun == "let":
        return re.search(r"\b(?:ive|weve|(?:i|we)(?: have| just| also)?) let (?:\w+ ){1,4}$", before) is not None
    if begun in ("went", "good to", "locked", "taken"):
        return before.endswith(f"{begun} ") and (begun != "locked" or bool(_OURS_SUFFERED.search(before[:-7])))
    return re.search(rf"\b{begun} (?:\w+ ){{0,3}}$", before) is not None


def _said_in_spanish(before: str, word: str) -> tuple[bool, bool]:
    if _OFF_AGAIN_ES.search(before):
        return False, False
    if word in _OURS_ES:
        return True, True
    by_us = bool(_BY_US["es"].search(before))
    if word in _OF_DOORS and not (by_us or _OURS_ES_THING.search(before)):
        return False, False
    if word in _READY_ES and _SOMEBODY_ES.search(before):
        return False, False
    return bool(_BEFORE_ES.search(before) or _HEADLINE_ES.match(before)), by_us
