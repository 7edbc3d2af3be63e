"""The rule-based model: holds the conversation of every line with nothing else running, in the caller's language.

Behind the same protocol as a language model, deterministic, without memory between runs: all it knows is the transcript
and the situation it is given, so that it can take over in the middle of a call. heard.py takes the transcript apart,
dialogue.py says where the conversation stands, replies.py what comes next; the words are those of prompts/phrases.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from voice_agent import language
from voice_agent.agent.model import Breathe, Emit, ReplyRequest, Situation, ToolWanted, Usage, Words, at_ease
from voice_agent.agent.offline.dialogue import Dialogue
from voice_agent.agent.offline.heard import Caller, Moment, moments
from voice_agent.agent.offline.questions import Questions
from voice_agent.agent.offline.replies import Say, Step, Tell, Use, respond
from voice_agent.call.script import Phrases
from voice_agent.language.reading import Reading

NAME = "offline"
MOST_CALLER_WORDS = 16
"""Utterances of the caller that are read; what was said before them has been served or lost its meaning."""
MOST_READINGS = 2_000
FEWEST_TELLING_WORDS = 4
"""Fewer words do not tell a language: "no" is both."""
WORDS_A_PIECE = 3
ROLES = {"customer": "customer", "technician": "technician", "after_hours": "unknown"}
IN_WORDS = ("message.call_me", "when.morning", "when.afternoon", "when.evening")
"""Arguments chosen by key, which stand for words of the phrase files."""


class OfflineModel:
    """`phrases` and `values` are those of the lines (company, emergency number). One object serves all calls."""

    def __init__(self, phrases: Phrases, values: Mapping[str, str]) -> None:
        self._phrases = phrases
        self._values = values
        self._questions = Questions(_filled(phrases, values))
        self._readings: OrderedDict[tuple[str, str, str, str | None, str], Reading] = OrderedDict()

    @property
    def name(self) -> str:
        return NAME

    async def reply(self, request: ReplyRequest, emit: Emit, breathe: Breathe = at_ease) -> Usage:
        """Never raises and never waits. Words that are already on their way are not said again."""
        situation = request.situation
        dialogue = self.follow(request)
        spoken: list[str] = []
        calls = 0
        steps = list(respond(dialogue))
        if request.already_said and not self._goes_on(steps, request.already_said, situation.lang, dialogue.turns):
            _emit_words(" " + self.say("error.broken_off", situation.lang, dialogue.turns) + " ", "", emit)
        for step in steps:
            if isinstance(step, Use):
                if spoken:
                    _emit_words(" ".join(spoken), request.already_said, emit)
                    spoken = []
                if request.tool_names and step.tool not in request.tool_names:
                    spoken.append(self.say("chat.not_here", situation.lang, dialogue.turns))
                    continue
                calls += 1
                tool_call_id = f"call_rule_{len(request.messages)}_{calls}"
                emit(ToolWanted(tool_call_id, step.tool, orjson.dumps(self._worded(step, situation.lang)).decode()))
            else:
                spoken.append(self._text(step, situation.lang, dialogue.turns))
        if spoken:
            _emit_words(" ".join(spoken), request.already_said, emit)
        return Usage(model=NAME)

    def follow(self, request: ReplyRequest) -> Dialogue:
        """Where the conversation of `request` stands."""
        situation = request.situation

        def read(text: str, expecting: str | None) -> Reading:
            return self._read(text, expecting, situation)

        return Dialogue.follow(_recent(list(moments(request.messages))), situation, self._questions, read)

    def say(self, key: str, lang: str, variant: int, holes: Mapping[str, str] | None = None) -> str:
        """A phrase in `lang`, or in the first language that has it."""
        table = self._phrases.get(lang, {})
        variants = table.get(key) or next((t[key] for t in self._phrases.values() if key in t), None)
        if variants is None:
            # A keypad variant that nobody wrote: the plain question does as well.
            return self.say(key.removesuffix("_keys"), lang, variant, holes) if key.endswith("_keys") else ""
        text = variants[variant % len(variants)]
        for name, value in {**self._values, **(holes or {})}.items():
            text = text.replace("{" + name + "}", value)
        return text

    def _goes_on(self, steps: Sequence[Step], said: str, lang: str, variant: int) -> bool:
        """Whether what comes is the rest of the very sentence that broke off."""
        first = next(iter(steps), None)
        return isinstance(first, (Say, Tell)) and self._text(first, lang, variant).startswith(said.strip())

    def _text(self, step: Say | Tell, lang: str, variant: int) -> str:
        return step.text if isinstance(step, Tell) else self.say(step.key, lang, variant, step.holes)

    def _worded(self, step: Use, lang: str) -> dict[str, Any]:
        return {
            name: self.say(value, lang, 0) if isinstance(value, str) and value in IN_WORDS else value
            for name, value in step.arguments.items()
        }

    def _read(self, text: str, expecting: str | None, situation: Situation) -> Reading:
        """A sentence is read once for as long as "in an hour" still means the same."""
        role = situation.role if situation.role != "unknown" else ROLES.get(situation.line, "unknown")
        key = (text, situation.lang, role, expecting, _five_minutes(situation.now))
        found = self._readings.get(key)
        if found is None:
            lang = situation.lang
            if len(text.split()) >= FEWEST_TELLING_WORDS:
                lang = language.detect_language(text, situation.lang)
            found = language.read(text, lang=lang, role=role, now=situation.now, expecting=expecting)
            self._readings[key] = found
            if len(self._readings) > MOST_READINGS:
                self._readings.popitem(last=False)
        return found


def _five_minutes(now: datetime) -> str:
    return now.replace(minute=now.minute // 5 * 5, second=0, microsecond=0).isoformat()


def _recent(found: list[Moment]) -> list[Moment]:
    said = [index for index, moment in enumerate(found) if isinstance(moment, Caller)]
    return found[said[-MOST_CALLER_WORDS] :] if len(said) > MOST_CALLER_WORDS else found


def _filled(phrases: Phrases, values: Mapping[str, str]) -> Phrases:
    """Phrases as the caller hears them, so that they are recognised."""

    def fill(text: str) -> str:
        for name, value in values.items():
            text = text.replace("{" + name + "}", value)
        return text

    return {lang: {key: tuple(map(fill, texts)) for key, texts in table.items()} for lang, table in phrases.items()}


def _emit_words(text: str, already_said: str, emit: Emit) -> None:
    """A few words at a time, as a language model would. What was said of this reply before it broke stays said."""
    said = already_said.strip()
    if said and text.startswith(said):
        text = text[len(said) :]
    pieces = re.findall(r"\s*\S+", text)
    for start in range(0, len(pieces), WORDS_A_PIECE):
        emit(Words("".join(pieces[start : start + WORDS_A_PIECE])))


__all__ = ["OfflineModel", "Step"]
