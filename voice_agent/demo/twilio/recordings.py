"""Recordings of calls: started, paused, stopped, told of and fetched; what is in them is silence (sheet 7.3)."""

import asyncio
import io
import wave
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from . import forms
from . import happenings as happened
from .clock import Clock
from .happenings import Happening, Journal
from .sids import new_sid

MEDIA_SECONDS = 120
"""Longer recordings are cut to this in the fetched file; their `duration` stays true."""


class Recorded(Protocol):
    """A call as its recording sees it."""

    sid: str
    journal: Journal

    def note(self, happening: Happening) -> None: ...


@dataclass(frozen=True, slots=True)
class Callback:
    url: str = ""
    method: str = "POST"
    events: frozenset[str] = frozenset({"completed"})
    """`in-progress`, `completed`, `absent`."""


@dataclass(slots=True, eq=False)
class Recording:
    call_sid: str
    source: str
    """`RecordVerb`, `StartCallRecordingAPI` or `StartCallRecordingTwiML`."""
    started_at: datetime
    channels: int
    track: str
    callback: Callback
    running_since: float | None
    status: str = "in-progress"
    seconds: float = 0.0
    sid: str = field(default_factory=lambda: new_sid("RE"))


Tell = Callable[[str, Mapping[str, str], str], Coroutine[Any, Any, None]]


class Recordings:
    """All recordings of the account; `tell` posts to a callback."""

    def __init__(self, clock: Clock, account_sid: str, media_base: str, tell: Tell) -> None:
        self._clock = clock
        self._account_sid = account_sid
        self._media_base = media_base
        self._tell = tell
        self.by_sid: dict[str, Recording] = {}
        self._errands: set[asyncio.Task[None]] = set()

    def start(
        self, call: Recorded, source: str, callback: Callback, *, channels: int = 1, track: str = "both"
    ) -> Recording:
        """Runs until it is stopped or the call ends."""
        recording = Recording(
            call.sid, source, self._clock.utc(), channels, track, callback, running_since=self._clock.now()
        )
        self.by_sid[recording.sid] = recording

        def stop_with_call(happening: Happening) -> None:
            if isinstance(happening, happened.CallEnded):
                self.stop(recording)

        call.journal.listen(stop_with_call)
        self._report(recording, "in-progress")
        return recording

    def pause(self, recording: Recording) -> None:
        if recording.status == "in-progress":
            self._count(recording)
            recording.status = "paused"

    def resume(self, recording: Recording) -> None:
        if recording.status == "paused":
            recording.running_since = self._clock.now()
            recording.status = "in-progress"

    def stop(self, recording: Recording) -> None:
        if recording.status in ("in-progress", "paused"):
            self._count(recording)
            recording.status = "completed"
            self._report(recording, "completed")

    def current(self, call_sid: str) -> Recording | None:
        """`Twilio.CURRENT`: the one that runs or is paused."""
        running = (
            each
            for each in self.by_sid.values()
            if each.call_sid == call_sid and each.status in ("in-progress", "paused")
        )
        return next(running, None)

    def duration(self, recording: Recording) -> int:
        running = 0.0 if recording.running_since is None else self._clock.now() - recording.running_since
        return round(recording.seconds + running)

    def url(self, recording: Recording) -> str:
        return f"{self._media_base}/2010-04-01/Accounts/{self._account_sid}/Recordings/{recording.sid}"

    async def close(self) -> None:
        for errand in tuple(self._errands):
            errand.cancel()
        if self._errands:
            await asyncio.wait(self._errands)

    def _count(self, recording: Recording) -> None:
        if recording.running_since is not None:
            recording.seconds += self._clock.now() - recording.running_since
            recording.running_since = None

    def _report(self, recording: Recording, status: str) -> None:
        callback = recording.callback
        if not callback.url or status not in callback.events:
            return
        form = {
            "AccountSid": self._account_sid,
            "CallSid": recording.call_sid,
            "RecordingSid": recording.sid,
            "RecordingUrl": self.url(recording),
            "RecordingStatus": status,
            "RecordingChannels": str(recording.channels),
            "RecordingStartTime": forms.rfc2822(recording.started_at),
            "RecordingSource": recording.source,
            "RecordingTrack": recording.track,
        }
        if status == "completed":
            form["RecordingDuration"] = str(self.duration(recording))
        errand = asyncio.create_task(self._tell(callback.url, form, callback.method))
        self._errands.add(errand)
        errand.add_done_callback(self._errands.discard)


def media(seconds: int) -> bytes:
    """A WAV file of that much silence, 8 kHz mono."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16_000 * min(seconds, MEDIA_SECONDS)))
    return file.getvalue()
