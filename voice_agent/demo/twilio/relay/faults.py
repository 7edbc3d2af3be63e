"""Switches that make a relay session misbehave the ways real ones do (sheet section 9, «Faults»)."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from ..clock import Clock


class RelayFault(StrEnum):
    WRONG_SIGNATURE = "wrong_signature"
    MISSING_SIGNATURE = "missing_signature"
    TRAILING_SLASH = "trailing_slash"
    """The upgrade is signed over the URL with a slash that the TwiML did not have."""
    LATE_SETUP = "late_setup"
    """`setup` comes five seconds after the socket is open."""
    BURST = "burst"
    """Frames are held back for three seconds and then arrive all at once."""
    DUPLICATE_FINAL = "duplicate_final"
    EMPTY_PROMPT = "empty_prompt"
    UNKNOWN_FRAME = "unknown_frame"
    UNKNOWN_FIELDS = "unknown_fields"
    SILENCE = "silence"
    """Nothing the caller does arrives: 200 s of an open, silent socket."""


SETUP_DELAY = 5.0
BURST_HOLD = 3.0


class FaultyLine:
    """Stands between a session and its socket, and without faults only passes frames on."""

    def __init__(self, faults: frozenset[RelayFault], clock: Clock, put: Callable[[Mapping[str, Any]], None]) -> None:
        self._faults = faults
        self._clock = clock
        self._put = put
        self._held: list[Mapping[str, Any]] = []
        self._waiting_for_setup = False
        self._burst_pending = False

    def begin(self, setup: Mapping[str, Any]) -> None:
        """Sends `setup`, at once or late; frames that come before it are kept behind it."""
        if RelayFault.LATE_SETUP in self._faults:
            self._waiting_for_setup = True
            self._held.append(self._widened(setup))
            self._clock.call_later(SETUP_DELAY, self._release_setup)
        else:
            self._put(self._widened(setup))

    def send(self, frame: Mapping[str, Any]) -> None:
        for each in self._distorted(frame):
            if self._waiting_for_setup:
                self._held.append(each)
            elif RelayFault.BURST in self._faults:
                self._held.append(each)
                if not self._burst_pending:
                    self._burst_pending = True
                    self._clock.call_later(BURST_HOLD, self._burst)
            else:
                self._put(each)

    def flush(self) -> None:
        """The session is closing: what was held back leaves now."""
        held, self._held = self._held, []
        for frame in held:
            self._put(frame)

    def _distorted(self, frame: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        kind = frame["type"]
        final = kind == "prompt" and frame["last"]
        if RelayFault.SILENCE in self._faults and kind in ("prompt", "dtmf", "interrupt", "info"):
            return []
        sent = [self._widened(frame)]
        if final and RelayFault.EMPTY_PROMPT in self._faults:
            sent.insert(0, self._widened({**frame, "voicePrompt": ""}))
        if final and RelayFault.UNKNOWN_FRAME in self._faults:
            sent.insert(0, {"type": "telemetry", "value": {"jitterMs": 12}})
        if final and RelayFault.DUPLICATE_FINAL in self._faults:
            sent.append(self._widened(frame))
        return sent

    def _widened(self, frame: Mapping[str, Any]) -> Mapping[str, Any]:
        if RelayFault.UNKNOWN_FIELDS not in self._faults:
            return frame
        return {**frame, "schemaVersion": 7, "extra": {"nested": [1, None]}}

    def _release_setup(self) -> None:
        self._waiting_for_setup = False
        self.flush()

    def _burst(self) -> None:
        self._burst_pending = False
        self.flush()
