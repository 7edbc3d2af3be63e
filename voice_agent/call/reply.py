"""What a call holds in hand: the reply being given, a change read back, a run begun on a guess."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from voice_agent.call.events import ReplyCompleted, ReplyFailed, TextArrived, ToolRequested, ToolReturned
from voice_agent.call.playout import Utterance
from voice_agent.call.transcript import ToolUsed

Held = TextArrived | ToolRequested | ReplyCompleted | ReplyFailed


class Awaiting(StrEnum):
    """What the server itself has to finish within a reply."""

    WRITE = "write"
    SECRET = "secret"
    EMERGENCY = "emergency"


@dataclass(slots=True)
class Reply:
    """What is said in one turn. It is open until its one `last` was sent."""

    turn: int
    utterance: Utterance | None = None
    """Set with the first text frame: from then on the reply must be closed."""
    closed: bool = False
    generating: bool = False
    step: int = 0
    tools_pending: dict[str, ToolUsed] = field(default_factory=dict)
    tool_calls: int = 0
    outcomes: list[ToolReturned] = field(default_factory=list)
    awaiting: Awaiting | None = None
    fillers: int = 0
    of_model: bool = False
    """Some of its words are a model's."""
    server_asked: bool = False
    """It ends in a question of the server: a read-back, a proof, a list."""
    model_spoke: bool = False
    """The present run of the model has said something."""
    leave: tuple[str, str] | None = None
    """The model asked to hand off or to end; done once this run of it is over and nothing else is out."""

    @property
    def busy(self) -> bool:
        return self.generating or bool(self.tools_pending) or self.awaiting is not None


@dataclass(slots=True)
class Proposal:
    """A change read back to the caller and not yet agreed to."""

    name: str
    read_back: str
    utterance: Utterance | None = None
    asked: int = 1

    @property
    def heard_out(self) -> bool:
        """Nobody cut the read-back before its question was out: only then can a yes mean it."""
        return self.utterance is not None and (not self.utterance.cut or self.question_heard)

    @property
    def question_heard(self) -> bool:
        """The question was surely played; what follows it only says which words and keys answer it."""
        if self.utterance is None:
            return False
        text = self.utterance.text
        return 0 <= text.find("?", max(0, text.rfind(self.read_back))) < self.utterance.heard


@dataclass(slots=True)
class Speculation:
    """A run begun on a partial prompt: it may think and its words are held; it calls no tool until it is confirmed."""

    turn: int
    heard: str
    lang: str
    """The language it was asked to answer in; the reading of the whole sentence may say another."""
    held: list[Held] = field(default_factory=list)
