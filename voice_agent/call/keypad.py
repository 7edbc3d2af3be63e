"""What pressed keys mean: digits collected for the question that was asked, and for no other.

Keys count from the first frame of a call on. A secret (PIN, code) leaves here for the verifier only.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from voice_agent.call.events import Ask, Keypad

MOST_KEYS = 32
SECRETS = frozenset({Keypad.PIN, Keypad.CODE})
OPEN = Ask(Keypad.OPEN)
_KEYS = frozenset("0123456789*#ABCD")


@dataclass(frozen=True, slots=True)
class Collected:
    """A complete entry: `digits` without the terminator, for `kind`."""

    kind: Keypad
    digits: str


@dataclass(slots=True)
class Collector:
    """Collects keys for one question at a time. `*` starts the entry over; where nothing was asked it is an entry."""

    ask: Ask = OPEN
    digits: str = field(default="", repr=False)

    @property
    def secret(self) -> bool:
        return self.ask.kind in SECRETS

    @property
    def waiting(self) -> bool:
        """Keys were pressed and more may come."""
        return bool(self.digits)

    def expect(self, ask: Ask | None) -> None:
        """From now on keys answer `ask`; what was pressed for an earlier question is forgotten."""
        self.ask = ask or OPEN
        self.digits = ""

    def press(self, key: str) -> Collected | None:
        """One key. Gives the entry once it is complete: long enough, or ended by `#`."""
        if key not in _KEYS:
            return None
        if key == "#":
            return self.complete()
        if key == "*":
            asks_for_menu = self.ask.kind is Keypad.OPEN and not self.digits
            self.digits = ""
            return Collected(Keypad.OPEN, key) if asks_for_menu else None
        self.digits = (self.digits + key)[:MOST_KEYS]
        single = self.ask.kind is Keypad.CONFIRM or (self.ask.kind is Keypad.CHOICE and self.ask.length <= 1)
        if single or (self.ask.length and len(self.digits) >= self.ask.length) or len(self.digits) >= MOST_KEYS:
            return self.complete()
        return None

    def complete(self) -> Collected | None:
        """The caller stopped pressing, or pressed `#`. None when there was nothing."""
        digits, self.digits = self.digits, ""
        return Collected(self.ask.kind, digits) if digits else None
