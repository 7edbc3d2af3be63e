"""One `<Connect><Stream>` session: the websocket, its counters, and how it ends (sheet section 3)."""

import asyncio
import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .. import happenings as happened
from ..clock import Clock, Timer
from ..happenings import Journal
from ..relay.faults import RelayFault
from ..relay.handshake import upgrade_headers
from ..wire import ConnectSocket, Socket, SocketGone, UpgradeRefused
from .playback import Playback
from .voice import Voice

USER_AGENT = "Twilio.TmeWs/1.0"
"""Not on the sheet: as seen in public logs (unconfirmed)."""
FRAME_SECONDS = 0.02


class StreamFailed(Exception):
    """The websocket did not come about: 31920, `stream-error`, and on to the next verb."""


@dataclass(frozen=True, slots=True)
class StreamFacts:
    account_sid: str
    auth_token: str
    call_sid: str
    stream_sid: str
    name: str
    url: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Close:
    code: int
    reason: str


class StreamSession:
    """Run it once with `run`; meanwhile `speak`, `press`, `hear`, `hang_up` and `drop` are the caller's side."""

    def __init__(
        self,
        facts: StreamFacts,
        *,
        clock: Clock,
        connect: ConnectSocket,
        journal: Journal,
        faults: frozenset[RelayFault],
        opened: Callable[["StreamSession"], None],
    ) -> None:
        self.facts = facts
        self._clock = clock
        self._connect = connect
        self._journal = journal
        self._faults = faults
        self._opened = opened
        self.voice = Voice()
        self.playback = Playback(clock, self._marked, self._played)
        self._outbox: asyncio.Queue[str | _Close] = asyncio.Queue()
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._socket: Socket | None = None
        self._sequence = 0
        self._chunk = 0
        self._since = 0.0
        self._tick: Timer | None = None
        self._closing = False

    @property
    def busy(self) -> bool:
        """Whether either side's audio is on the line."""
        return self.voice.busy or self.playback.playing

    async def run(self) -> None:
        """Connects, streams until either side ends it, closes. Raises StreamFailed."""
        self._socket = socket = await self._open()
        self._since = self._clock.now()
        self._put({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        self._send("start", start=self._start())
        self._opened(self)
        self._tick = self._clock.call_later(FRAME_SECONDS, self._media)
        try:
            async with asyncio.TaskGroup() as tasks:
                reader = tasks.create_task(self._read(socket))
                writer = tasks.create_task(self._write(socket))
                await self._over
                reader.cancel()
                writer.cancel()
        finally:
            self._stop()

    # The caller's side

    def speak(self, text: str) -> None:
        self.voice.speak(text)

    def hear(self, audio: bytes) -> None:
        """The caller's own audio, μ-law 8 kHz, instead of a stand-in."""
        self.voice.add(audio)

    def press(self, key: str) -> None:
        if not self._closing and key in "0123456789*#ABCD":
            self._send("dtmf", dtmf={"track": "inbound_track", "digit": key})

    def hang_up(self) -> None:
        """The call is over or goes elsewhere: `stop`, then close."""
        if not self._closing:
            facts = self.facts
            self._send("stop", stop={"accountSid": facts.account_sid, "callSid": facts.call_sid})
            self._closing = True
            self._stop()
            self._outbox.put_nowait(_Close(1000, ""))

    def drop(self) -> None:
        if self._socket is not None:
            self._socket.abort()
            self._lost(SocketGone(1006))

    # Sending

    def _start(self) -> dict[str, Any]:
        facts = self.facts
        return {
            "accountSid": facts.account_sid,
            "streamSid": facts.stream_sid,
            "callSid": facts.call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": dict(facts.parameters),
        }

    def _media(self) -> None:
        """One frame of the caller's audio; numbers are text, `chunk` and `timestamp` count from the start."""
        self._chunk += 1
        media = {
            "track": "inbound",
            "chunk": str(self._chunk),
            "timestamp": str(round((self._clock.now() - self._since) * 1000)),
            "payload": base64.b64encode(self.voice.frame()).decode(),
        }
        self._send("media", note=False, media=media)
        due = self._since + (self._chunk + 1) * FRAME_SECONDS
        self._tick = self._clock.call_later(due - self._clock.now(), self._media)

    def _send(self, event: str, *, note: bool = True, **content: Any) -> None:
        self._sequence += 1
        frame = {"event": event, "sequenceNumber": str(self._sequence), "streamSid": self.facts.stream_sid, **content}
        self._put(frame, note=note)

    def _put(self, frame: Mapping[str, Any], *, note: bool = True) -> None:
        if not self._closing:
            if note:
                self._journal.note(happened.FrameSent(frame=frame))
            self._outbox.put_nowait(json.dumps(frame))

    def _marked(self, name: str) -> None:
        self._send("mark", mark={"name": name})

    def _played(self, seconds: float, cut: bool) -> None:
        self._journal.note(happened.AudioPlayed(url="stream", seconds=round(seconds, 3), cut=cut))

    # Receiving

    async def _open(self) -> Socket:
        headers = upgrade_headers(self.facts.url, self.facts.auth_token, self._faults)
        headers["User-Agent"] = USER_AGENT
        headers.pop("X-Amzn-Bedrock-AgentCore-Runtime-Custom-Twilio-Signature", None)
        try:
            socket = await self._connect(self.facts.url, headers)
        except UpgradeRefused as exc:
            self._journal.note(happened.SocketRefused(url=self.facts.url, status=exc.status))
            raise StreamFailed(str(exc)) from exc
        self._journal.note(happened.SocketOpened(session_id=self.facts.stream_sid, url=self.facts.url))
        return socket

    async def _read(self, socket: Socket) -> None:
        while True:
            try:
                raw = await socket.receive()
            except SocketGone as gone:
                self._lost(gone)
                return
            if not self._closing:
                self._receive(raw)

    def _receive(self, raw: str) -> None:
        """`media`, `mark` and `clear`; anything else is alert 31951 and ignored (code unconfirmed)."""
        try:
            frame = json.loads(raw)
            match frame:
                case {"event": "media", "media": {"payload": str(payload)}}:
                    # Wrong bytes are not noticed, they play as noise; what is not base64 is refused.
                    self.playback.play(base64.b64decode(payload, validate=True))
                    return
                case {"event": "mark", "mark": {"name": str(name)}}:
                    self._journal.note(happened.FrameReceived(frame=frame))
                    self.playback.mark(name)
                    return
                case {"event": "clear"}:
                    self._journal.note(happened.FrameReceived(frame=frame))
                    self.playback.clear()
                    return
                case _:
                    pass
        except (ValueError, binascii.Error):
            pass
        self._journal.note(happened.FrameReceived(frame=None, raw=raw[:500]))
        self._journal.note(happened.AlertRaised(code=31951, text="stream: invalid message", url=self.facts.url))

    async def _write(self, socket: Socket) -> None:
        while True:
            match await self._outbox.get():
                case _Close(code, reason):
                    self._note_close(code, reason, "twilio")
                    await socket.close(code, reason)
                    self._settle()
                    return
                case str(text):
                    try:
                        await socket.send(text)
                    except SocketGone as gone:
                        self._lost(gone)
                        return

    def _lost(self, gone: SocketGone) -> None:
        """The application closed the socket: the ordinary way to go on to the next verb."""
        if not self._closing:
            self._closing = True
            self._note_close(gone.code, gone.reason, "server")
            if gone.code == 1006:
                text = "the stream's websocket was closed abnormally"
                self._journal.note(happened.AlertRaised(code=31921, text=text, url=self.facts.url))
        self._stop()
        self._settle()

    def _note_close(self, code: int, reason: str, by: str) -> None:
        session_id = self.facts.stream_sid
        self._journal.note(happened.SocketClosed(session_id=session_id, code=code, reason=reason, by=by))

    def _stop(self) -> None:
        self.playback.stop()
        if self._tick is not None:
            self._tick.cancel()
            self._tick = None

    def _settle(self) -> None:
        if not self._over.done():
            self._over.set_result(None)
