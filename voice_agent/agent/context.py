"""What a tool is given: the caller's grant, the field service, the time, the words of the line. No model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from voice_agent.agent.policy import State
from voice_agent.call.transcript import AgentSaid, CallerSaid, Transcript, heard
from voice_agent.grants import Asked, Grant
from voice_agent.salesforce.field_service import FieldService

Speak = Callable[..., str]
"""`speak("eta.window", window=...)`: a phrase of prompts/phrases.*.toml in the caller's language, its holes filled."""


class Prover(Protocol):
    """The caller's way to a higher level. `lang` is the language a code is texted in."""

    async def ask(self, lang: str, *, order: str = "") -> Asked:
        """What to ask for now that something needs more than the caller has proven; texts a code if that is the way.

        `order` is a work order number that the caller has said in this call.
        """
        ...

    async def claim(self, *, work_order: str = "", name: str = "", lang: str = "en") -> Asked:
        """The caller says who they are: chooses where a code goes, and proves nothing."""
        ...

    async def again(self, lang: str) -> Asked:
        """The code did not come."""
        ...


@dataclass(frozen=True, slots=True)
class ToolContext:
    grant: Grant
    field: FieldService
    now: datetime
    """Aware, in the zone of the line."""
    lang: str
    speak: Speak
    said: tuple[str, ...]
    """The caller's own words in this call, oldest first, with keypad entries as "(pressed 2)"."""
    call_sid: str
    line: str
    prover: Prover | None = None
    """None where nobody can prove more than they have."""
    asked: tuple[str, ...] = ()
    """What the agent had said before each of these, as far as it was heard: what a yes or a key answers."""
    turn: int = 0
    """The caller's turn that this work is for."""
    state: State = State.TALKING
    model: str = ""
    """Who asked for what is being done: the model that answered last."""
    prompt_version: str = ""


def conversation(transcript: Transcript) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """`said` and `asked` of a call so far."""
    said, asked, before = list[str](), list[str](), ""
    for entry in transcript.entries:
        match entry:
            case AgentSaid(utterance=utterance):
                before = heard(utterance)
            case CallerSaid(text=text):
                said.append(text)
                asked.append(before)
                before = ""
            case _:
                pass
    return tuple(said), tuple(asked)
