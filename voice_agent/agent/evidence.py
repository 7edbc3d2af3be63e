"""What a change may rest on: the caller's own words and keys in this call, and the records read in it. Nothing else.

A yes stands for the question it answers and a key for the option it chooses, as far as the caller heard them: so the
words of the agent count only once the caller has taken them up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, assert_never

from voice_agent.agent.policy import Source
from voice_agent.language.agreement import Disagrees, compare
from voice_agent.language.grounding import alike, grounded
from voice_agent.language.numbers import Lang
from voice_agent.language.slots import extract

STATUSES = frozenset({"en_route", "on_site", "in_progress", "paused", "completed", "cannot_complete"})
BY_STATE = frozenset({"current", "this", "this job", "next"})
"""Names of a job that the server itself resolves from the technician's day."""
NEWEST = 12
"""Sentences looked through, the newest first; what was said longer ago has to be said again."""
LATELY = 3
"""Sentences back from the newest whose other reading makes a value doubtful."""
CROSS_CHECKED = frozenset({"status", "minutes", "quantity", "parts", "needed_by", "job", "callback_number"})
"""Arguments that a reading by rules knows well enough to contradict a model."""
_KEYS = re.compile(r"\(pressed ([0-9*#]+)\)")
_KEY_NAMES = ("zero|cero", "one|uno", "two|dos", "three|tres", "four|cuatro", "five|cinco", "six|seis", "seven|siete",
              "eight|ocho", "nine|nueve")  # fmt: skip
_AGREES = re.compile(
    r"\W*(?:yes|yeah|yep|yup|correct|right|sure|ok|okay|exactly|that'?s (?:it|right)|uh huh|sí|si|claro|correcto|exacto"
    r"|así es|asi es|dale|bueno|está bien|esta bien|de acuerdo)\b",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"^[\W]*(?:so|is|are|was|were|did|has|have|do you want me to|shall i|should i|and|está|esta|quedó|es"
    r"|quiere que)\b\s*",
    re.IGNORECASE,
)
"""What makes a question of a sentence that a yes then says."""
MOST_AGREEING_WORDS = 6


@dataclass(slots=True)
class Evidence:
    """One call's, as it stands at one tool call. `said` and `asked` go together: what the agent said before it."""

    said: Sequence[str]
    asked: Sequence[str]
    lang: str
    now: datetime
    names: frozenset[str] = frozenset()
    """Values of records that tools have read in this call, lower case."""
    stock: frozenset[str] = frozenset()
    """Sentences of the server's own that a message may consist of, lower case."""
    _sentences: list[str] = field(default_factory=list)

    def missing(self, takes: Mapping[str, Source], given: Mapping[str, Any]) -> Iterator[str]:
        """The arguments among `given` that nothing supports."""
        for name, value in given.items():
            source = takes.get(name)
            if source is None or not self.holds(source, value):
                yield name

    def holds(self, source: Source, value: Any) -> bool:
        match source:
            case Source.HANDLE | Source.CHOICE:
                return True
            case Source.NAME:
                return self._named(str(value))
            case Source.SAID:
                return self._status(value) if value in STATUSES else self._supported(value)
            case Source.WORDS:
                return not str(value).strip() or str(value).lower() in self.stock or self._all_words(str(value))
            case Source.PARTS:
                return all(
                    self._named(str(line["part"])) and self._quantity(line["quantity"], str(line["part"]))
                    for line in value
                )
            case _:
                assert_never(source)

    def contradicted(self, tool: str, given: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
        """(argument, what the model passed, what the rules read) where the two readings of the caller differ.

        The newest sentence is read first. What it bears out stands, whatever was said before it: people correct
        themselves.
        """
        checked = {name: value for name, value in given.items() if name in CROSS_CHECKED and _worth(name, value)}
        spoken = [one for one in self.said[-LATELY:] if not _KEYS.fullmatch(one.strip())]
        if not checked or not spoken:
            return
        newest = [self.said[-1], *_taken_up(self.said[-1], self.asked[-1])]
        named = set()
        if spoken[-1] == self.said[-1]:
            for name, wanted, read in self._read_otherwise(tool, checked, spoken[-1:]):
                named.add(name)
                yield name, wanted, read
        rest = {name: value for name, value in checked.items() if name not in named}
        unsaid = {name: value for name, value in rest.items() if not self._supported(_bare(value), newest)}
        if unsaid and "status" not in unsaid:
            yield from self._read_otherwise(tool, unsaid, spoken)

    def _read_otherwise(
        self, tool: str, checked: Mapping[str, Any], sentences: Sequence[str]
    ) -> Iterator[tuple[str, Any, Any]]:
        for name, verdict in compare(sentences, tool, checked, lang=self.lang, now=self.now).items():
            match verdict:
                case Disagrees(read) if _worth(name, read):
                    yield name, checked[name], read
                case _:
                    pass

    @property
    def sentences(self) -> list[str]:
        """The newest first: what was said, and what was said yes to or chosen."""
        if not self._sentences:
            for said, asked in list(zip(self.said, self.asked, strict=True))[: -NEWEST - 1 : -1]:
                self._sentences += [said, *_taken_up(said, asked)]
        return self._sentences

    @property
    def _tongues(self) -> tuple[Lang, ...]:
        return ("es", "en") if self.lang == "es" else ("en", "es")

    def _supported(self, value: Any, sentences: Sequence[str] | None = None) -> bool:
        looked = self.sentences if sentences is None else sentences
        return any(grounded(value, [one], lang=lang, now=self.now) for lang in self._tongues for one in looked)

    def _status(self, value: Any) -> bool:
        return any(
            extract(one, lang=lang, intent=intent, now=self.now).get("status") == value
            for lang in self._tongues
            for one in self.sentences
            for intent in ("report_status", None)
        )

    def _quantity(self, value: Any, part: str) -> bool:
        if self._supported(value):
            return True
        return value == 1 and self._named(part)  # a part that is named without a number is one

    def _named(self, value: str) -> bool:
        name = value.strip().lower()
        if name in BY_STATE or name in self.names or re.fullmatch(r"(?:job|visit|slot) \d{1,3}|\d{1,2}", name):
            return True
        return self._all_words(value) or self._supported(value) or self._read_as(value)

    def _read_as(self, value: str) -> bool:
        """The rules read this very name out of a sentence, perhaps in another form of the word."""
        return any(
            alike(name, value)
            for lang in self._tongues
            for one in self.sentences
            for name in _names(extract(one, lang=lang, intent="parts_used", now=self.now))
        )

    def _all_words(self, value: str) -> bool:
        return grounded(value, self.sentences, lang=self.lang, now=self.now)


def _names(slots: Mapping[str, Any]) -> Iterator[str]:
    yield from (str(part["part"]) for part in slots.get("parts", ()))
    yield from (str(slots[name]) for name in ("part", "part_number", "customer_name", "location") if name in slots)


def _bare(value: Any) -> Any:
    return [line["quantity"] for line in value] if isinstance(value, list) else value


def _worth(name: str, value: Any) -> bool:
    """Handles and words that the server resolves are not compared with numbers that were said."""
    return name != "job" or len(re.sub(r"\D", "", str(value))) >= 3


def _taken_up(said: str, asked: str) -> Iterator[str]:
    """The agent's words that an answer makes the caller's own."""
    if pressed := _KEYS.fullmatch(said.strip()):
        yield from _option(pressed[1], asked)
        yield pressed[1]
    elif len(said.split()) <= MOST_AGREEING_WORDS and _AGREES.match(said):
        questions = re.findall(r"[^.?!]*[.!]?[^.?!]*\?", asked)
        yield from questions[-1:]
        yield from (_QUESTION.sub("", question).rstrip("? ") for question in questions[-1:])


def _option(keys: str, asked: str) -> Iterator[str]:
    """What "press two for on site" offers under the key that was pressed."""
    name = _KEY_NAMES[int(keys)] if keys.isdigit() and len(keys) == 1 else re.escape(keys)
    offered = rf"\b(?:{re.escape(keys)}|{name})\b[,:]?\s+(?:for|to|para)?\s*([^,.;?]+)"
    yield from re.findall(offered, asked, re.IGNORECASE)


def order_said(said: Sequence[str], lang: str) -> str:
    """The work order number that the caller named last, as digits; empty when they named none."""
    spoken: Lang = "es" if lang == "es" else "en"
    for sentence in reversed(said):
        number = extract(sentence, lang=spoken, intent="eta").get("work_order")
        if isinstance(number, str) and number.isdigit():
            return number
    return ""


def plain(value: Any) -> Any:
    """An argument as JSON would carry it: days and times as text, models as objects."""
    if hasattr(value, "model_dump"):
        return value.model_dump()
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
