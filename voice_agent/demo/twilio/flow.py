"""How control moves through a call's TwiML: on to another document, out to a dead line, away to another program."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .twiml import Document


@dataclass(frozen=True, slots=True)
class Fetch:
    """A document to ask the application for; `extra` are form fields beyond those of the call."""

    url: str
    method: str = "POST"
    kind: str = "voice"
    extra: Mapping[str, str] = field(default_factory=dict)


Next = Fetch | Document
"""What a verb may answer to leave its document; None means: on to the verb below."""


class Interruption(Exception):
    """Something outside the TwiML takes the call over."""


class HungUp(Interruption):
    """The line is dead. `status` is the call's last CallStatus, None for completed or no-answer as fits."""

    def __init__(self, reason: str, status: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


class Diverted(Interruption):
    """REST sent the call elsewhere; `result` is the QueueResult if it was waiting in a queue."""

    def __init__(self, to: Next, result: str = "redirected") -> None:
        super().__init__("redirected over REST")
        self.to = to
        self.result = result


class LeftQueue(Exception):
    """`<Leave>` in a wait document."""
