"""Which question did the agent ask last? Found by recognising its own phrases in what the caller heard.

The model keeps no memory between runs, so that it can take over in the middle of any call; its own words in the
transcript are its memory. A question of another model is not recognised, and then the caller's words stand alone.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator

from voice_agent.call.script import Phrases
from voice_agent.language.spoken import for_ear

ASKING = ("ask.", "menu.", "lost.", "slots.", "can_do.")
ALSO = (
    "visit.which",
    "job.which",
    "job.none",
    "job.none_current",
    "part.which",
    "part.none",
    "update_job.nothing",
    "reschedule.next_offer",
    "message.no_number",
    "message.bad_number",
    "proof.order.ask",
    "proof.order.several",
    "proof.order.sent",
    "proof.order.again",
    "proof.code.ask",
    "proof.code.again",
    "proof.code.waiting",
    "proof.code.enough",
    "proof.code.short",
    "proof.code.expired",
    "proof.code.unchecked",
    "proof.code.wrong",
    "chat.yes_what",
    "emergency.calm",
    "silence.again",
    "chat.not_here",
    "chat.closed",
    "chat.hours",
)
MOST_KNOWN = 2_000
SHORTEST_PREFIX = 12
"""Letters of a question that was cut off by which it is still known."""

EXPECTING = {
    "proof.order.ask": "work_order",
    "proof.order.several": "work_order",
    "ask.which_job": "work_order",
    "job.none": "work_order",
    "job.none_current": "work_order",
    "ask.status": "status",
    "update_job.nothing": "status",
    "ask.parts": "parts",
    "ask.quantity": "digits",
    "ask.callback": "digits",
    "message.no_number": "digits",
    "message.bad_number": "digits",
    "ask.when": "time",
    "ask.day": "date",
    "slots.offer": "slot_choice",
    "slots.only": "slot_choice",
    "slots.only_instead": "slot_choice",
    "slots.instead": "slot_choice",
    "slots.instead_day": "slot_choice",
    "slots.none": "date",
    "reschedule.next_offer": "slot_choice",
    "ask.choose": "slot_choice",
    "ask.choose_option": "slot_choice",
    "visit.which": "slot_choice",
    "job.which": "slot_choice",
    "part.which": "slot_choice",
    "ask.anything_else": "yes_no",
    "ask.keep_or_move": "yes_no",
}
"""What an answer to the question is likely to be, in the words of `language.read`."""


class Questions:
    """Recognises the questions of the phrase files, in every language they are written in."""

    def __init__(self, phrases: Phrases) -> None:
        self._whole: list[tuple[str, re.Pattern[str]]] = []
        self._openings: list[tuple[str, str]] = []
        self._known: OrderedDict[str, str | None] = OrderedDict()
        for key, text in _asking(phrases):
            self._whole.append((key, _pattern(_asked(text))))
            opening = re.split(r"\{", text)[0]
            if len(opening) >= SHORTEST_PREFIX:
                self._openings.append((key, opening))

    def last_in(self, text: str) -> str | None:
        """Key of the question that ends last in `text`; the same transcript comes back at every turn of a call."""
        if text not in self._known:
            self._known[text] = self._find(text)
            if len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
        return self._known[text]

    def _find(self, text: str) -> str | None:
        found: tuple[int, str] | None = None
        for key, pattern in self._whole:
            for match in pattern.finditer(text):
                if found is None or match.end() > found[0]:
                    found = (match.end(), key)
        if found is None and text.endswith("—"):
            return self._cut(text.rstrip("—"))
        return found[1] if found else None

    def _cut(self, text: str) -> str | None:
        for key, opening in self._openings:
            at = text.rfind(opening[:SHORTEST_PREFIX])
            if at >= 0 and (opening.startswith(text[at:]) or text[at:].startswith(opening)):
                return key
        return None


def _asking(phrases: Phrases) -> Iterator[tuple[str, str]]:
    """Each question as it is written, and as it is spoken if that differs: a transcript holds what was spoken."""
    for lang, table in phrases.items():
        for key, variants in table.items():
            if key.startswith(ASKING) or key in ALSO:
                for text in variants:
                    yield from ((key, form) for form in dict.fromkeys((text, _spoken(text, lang))))


def _spoken(text: str, lang: str) -> str:
    """`text` for the ear, its holes left as they are."""
    return "".join(
        piece if piece.startswith("{") or not piece.strip() else _between_blanks(piece, lang)
        for piece in re.split(r"(\{\w+\})", text)
    )


def _between_blanks(piece: str, lang: str) -> str:
    start, end = len(piece) - len(piece.lstrip()), len(piece.rstrip())
    return piece[:start] + for_ear(piece, lang) + piece[end:]


def _asked(text: str) -> str:
    """The sentence that asks, if the phrase has one: what stands behind it may not have been heard."""
    for sentence in re.findall(r"[^.!?}]*\?", text):
        if len(sentence) >= SHORTEST_PREFIX:
            return str(sentence).strip()
    return text


def _pattern(text: str) -> re.Pattern[str]:
    pieces = re.split(r"\{\w+\}", text)
    return re.compile(".{0,400}?".join(re.escape(piece) for piece in pieces), re.S)
