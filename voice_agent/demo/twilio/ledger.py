"""The emulator's ledger: every effect on the outside world, in order, for tests that ask what really happened."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, assert_never

from . import happenings as happened
from .happenings import Happening

_KEPT = (
    happened.CallPlaced
    | happened.StatusChanged
    | happened.WebhookAnswered
    | happened.AlertRaised
    | happened.SocketOpened
    | happened.SocketRefused
    | happened.SocketClosed
    | happened.QueueEntered
    | happened.QueueLeft
    | happened.Bridged
    | happened.Unbridged
    | happened.ConferenceJoined
    | happened.ConferenceLeft
    | happened.DigitsPlayed
    | happened.CallEnded
)


class Ledger:
    """Entries are JSON objects with `seq` (from 1), `at` (ISO 8601), `effect` and what the effect is about."""

    def __init__(self, utc: Callable[[], datetime]) -> None:
        self.entries: list[dict[str, Any]] = []
        self._utc = utc

    def enter(self, effect: str, **about: Any) -> None:
        at = self._utc().isoformat(timespec="milliseconds")
        self.entries.append({"seq": len(self.entries) + 1, "at": at, "effect": effect, **about})

    def follow_call(self, happening: Happening) -> None:
        """Keeps what had an effect of all that happens on a call; speech and frames are in the call's own events."""
        if not isinstance(happening, _KEPT):
            return
        about = happening.as_json()
        effect = about.pop("type")
        match happening:
            case happened.WebhookAnswered():
                effect = "webhook"
                about.pop("body")
            case (
                happened.CallPlaced()
                | happened.StatusChanged()
                | happened.AlertRaised()
                | happened.SocketOpened()
                | happened.SocketRefused()
                | happened.SocketClosed()
                | happened.QueueEntered()
                | happened.QueueLeft()
                | happened.Bridged()
                | happened.Unbridged()
                | happened.ConferenceJoined()
                | happened.ConferenceLeft()
                | happened.DigitsPlayed()
                | happened.CallEnded()
            ):
                pass
            case _:
                assert_never(happening)
        self.enter(effect, **about)
