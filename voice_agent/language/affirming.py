"""Is this a plain yes to what was just read back? Two must say so: the trained reading and the words themselves.

A change is committed on this answer, so it is the strictest reading there is: a yes that brings anything new (a day, a
number, a part, another wish) is no plain yes, and neither is a choice ("the first one") that only sounds agreeable, or
one with words in it that nobody says: the line may have swallowed a no.
"""

from __future__ import annotations

import re
import unicodedata

from voice_agent.language.oddities import odd_words
from voice_agent.language.reading import Reading

_YES = re.compile(
    r"\b(?:yes|yeah|yea|yep|yup|ya|aye|sure|ok|okay|okey|correct|right|exactly|absolutely|definitely|affirmative|"
    r"go ahead|go for it|do it|do that|please do|book it|save it|confirm|confirmed|sounds good|thats good|thats fine|"
    r"fine|perfect|works for me|agreed|uh huh|mm hmm|you got it|of course|"
    r"si|sip|claro|correcto|exacto|eso es|asi es|dale|adelante|hagalo|hazlo|guardelo|confirmo|confirmado|confirme|"
    r"esta bien|de acuerdo|por supuesto|perfecto|va|vale|desde luego|andale)\b"
)
_NO = re.compile(
    r"\b(?:no|nope|nah|not|dont|wrong|incorrect|never|cancel|stop|wait|hold on|negative|isnt|wasnt|nel|nunca|"
    r"incorrecto|equivocado|espere|espera|cancele|cancela|todavia no|tampoco)\b"
)
_ONLY_YES = re.compile(
    rf"(?:(?:{_YES.pattern}|\b(?:please|thanks|thank you|thats|that|that is|it is|its|all|um|uh|er|well|so|oh|"
    r"por favor|gracias|muchas gracias|que si|muy bien|bien|eh|este|pues|bueno|mismo)\b) ?)+"
)
"""Nothing but words of agreement, courtesy and hesitation: whatever else the trained reading suspects."""
_ANOTHER = re.compile(
    r"\b(?:one|two|three|first|second|third|last|other|primer[oa]?|segund[oa]|tercer[oa]?|ultim[oa]|otr[oa])\b"
)
_SAID_WITH_A_YES = frozenset({"yes", "confirm", "none"})
_SERVED_AFTER = frozenset({"eta", "next_job", "job_details", "parts_inquiry"})
"""Wishes that change nothing: they are served after the change that the yes agreed to."""


def affirms(reading: Reading) -> bool | None:
    """True for a plain yes, False for a no, None for anything else. `reading` needs its slots."""
    words = _plain(reading.text)
    yes, no = _YES.search(words) is not None, _NO.search(words) is not None
    intents = {reading.intent, reading.also or "none"}
    if yes and not no and _ONLY_YES.fullmatch(words):
        return True
    if "no" in intents or (no and not yes):
        return False
    brings_more = bool(set(reading.slots) - {"topic"}) or _ANOTHER.search(words) is not None
    agrees = bool(intents & {"yes", "confirm"}) and not intents - _SAID_WITH_A_YES - _SERVED_AFTER
    garbled = odd_words(reading.text) > 0.0  # a "no" may be in it: "yeah so nowrong"
    return True if yes and not no and agrees and not brings_more and not garbled else None


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFD", text.lower().replace("'", "").replace("’", ""))
    return " ".join("".join(c if c.isalnum() else " " for c in folded if not unicodedata.combining(c)).split())
