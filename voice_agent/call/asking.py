"""What the agent asks, recognised in its own words: the same thing is asked twice, then for keys, then a person comes.

A language model words each question anew, so that a question is known by what it asks for. Words of the server (read-
backs, lists to choose from, requests for a PIN) have limits of their own and are not counted here.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MOST_ASKED = 3
"""Twice in words, then once for the keypad; the next time is a person's."""
DIGITS = frozenset({"job", "number", "quantity", "minutes", "which"})
"""What can be given on a keypad."""
AGAIN = "again"
"""Only that it was not understood: counted towards whatever was asked before."""

_SLOTS: tuple[tuple[str, str], ...] = (
    ("none", r"anything else|something else|else (?:can|may) i|algo mas|otra cosa|how can i help|what can i do for you|"
             r"en que (?:le|te) puedo ayudar|is that right|es correcto|say yes or"),
    ("job", r"(?:which|what) (?:\w+ ){0,2}(?:job|work order|order)|(?:job|work order|order) number|cual (?:\w+ ){0,2}"
            r"(?:trabajo|orden)|que (?:trabajo|orden)|numero (?:de|del) (?:\w+ )?(?:trabajo|orden)"),
    ("number", r"(?:phone|callback|call back|best) number|number (?:can|should|to) (?:we|i|call|reach)|employee number|"
               r"numero de (?:telefono|empleado)|a que numero"),
    ("quantity", r"how many|how much|what quantity|cuant[oa]s|que cantidad"),
    ("minutes", r"how (?:late|long)|how many minutes|cuantos minutos|cuanto (?:tiempo|retraso|tarda)"),
    ("date", r"(?:which|what) (?:day|date|time)|when (?:would|should|do|can|works)|que (?:dia|fecha|hora)|cuando "
             r"(?:quiere|puede|le|prefiere)|morning or afternoon|manana o tarde"),
    ("part", r"(?:which|what) (?:\w+ )?(?:part|item|piece)|name of the part|que (?:pieza|repuesto|parte)|cual (?:pieza|"
             r"repuesto|parte)"),
    ("status", r"(?:what|which) (?:is the |s the )?status|how did it go|is (?:it|the job) (?:done|finished)|cual es el "
               r"estado|que estado|como quedo"),
    ("which", r"which (?:one|visit|appointment|of)|cual (?:de|visita|cita|prefiere|quiere)"),
    ("reason", r"(?:what|whats) (?:is )?(?:the )?(?:reason|problem|matter|wrong|going on)|why (?:can|could|is|was|not)|"
               r"por que|cual es el (?:motivo|problema)|que (?:pasa|problema)"),
    ("message", r"what (?:should|shall|would you like) (?:i|me) (?:\w+ )?(?:note|say|tell|pass|write)|"
                r"what(?:s| is) the message|que (?:mensaje|nota|le digo|anoto)"),
    ("address", r"(?:what|which) (?:is the |is your )?(?:address|street)|cual es (?:la|su) direccion|que direccion"),
    ("name", r"(?:your|the) name|who am i speaking|su nombre|con quien hablo"),
    (AGAIN, r"(?:say|repeat) (?:that|it) (?:again|once more)|could you repeat|didnt (?:catch|get|understand|hear)|"
            r"pardon|one more time|rephrase|puede repetir|repita|no (?:le )?(?:entendi|escuche|oi)|otra vez|de nuevo"),
)  # fmt: skip
_PATTERNS = tuple((slot, re.compile(rf"\b(?:{words})\b")) for slot, words in _SLOTS)
_MARKS = {code: None if chr(code) == "'" else " " for code in range(128) if not chr(code).isalnum()}
_KEYS = re.compile(r"\b(?:press|keypad|keys|key in|enter it on|marque|presione|teclado|oprima|pulse)\b")


@dataclass(slots=True)
class Asking:
    """The question of this call that is still open, and how often it was put."""

    slot: str = ""
    times: int = 0

    def said(self, text: str) -> int:
        """The agent has said this in one reply: how often its question was put by now, 0 when it asks nothing."""
        slot = question(text)
        if not slot:
            return 0
        if slot == AGAIN and self.slot:
            slot = self.slot
        self.times = self.times + 1 if slot == self.slot else 1
        self.slot = slot
        return self.times

    def answered(self) -> None:
        """Something went forward: whatever is asked next is a question of its own."""
        self.slot, self.times = "", 0

    @property
    def by_keys(self) -> bool:
        return self.slot in DIGITS


def question(text: str) -> str:
    """What the last question of a reply asks for; empty when it asks for nothing that could be asked too often."""
    plain = _plain(text)
    found = [(match.end(), slot) for slot, pattern in _PATTERNS for match in pattern.finditer(plain)]
    if not found:
        return ""
    slots = {slot for _, slot in found}
    if slots == {AGAIN}:
        return AGAIN
    last = max((end, slot) for end, slot in found if slot != AGAIN)[1]
    return "" if last == "none" else last


def mentions_keys(text: str) -> bool:
    return _KEYS.search(_plain(text)) is not None


def _plain(text: str) -> str:
    if text.isascii():
        return " ".join(text.lower().translate(_MARKS).split())
    folded = unicodedata.normalize("NFD", text.lower().replace("'", "").replace("’", ""))
    return " ".join("".join(c if c.isalnum() else " " for c in folded if not unicodedata.combining(c)).split())
