"""One ConversationRelay session: the websocket, what is said over it, and how it ends (sheet section 2)."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, assert_never

from .. import happenings as happened
from ..clock import Clock
from ..happenings import Journal
from ..timing import Timing
from ..wire import ConnectSocket, Socket, SocketGone, UpgradeRefused
from . import frames
from .ear import Ear, Habits
from .faults import FaultyLine, RelayFault
from .frames import BadFrame, End, Language, Play, Reconfigure, SendDigits, ServerFrame, Text
from .handshake import CallFacts, HandshakeFailed, setup_frame, upgrade_headers
from .mouth import Audio, Mouth
from .settings import RelaySettings

CLOSING = "Closing websocket session"
MAX_BAD_FRAMES = 10


class FarEnd(Protocol):
    """The call that the session is on."""

    def relay_is_open(self, session: "RelaySession") -> None:
        """The call is answered, and the person's speech and keys go to `session` from now on."""

    def agent_said(self, text: str) -> None: ...
    def agent_sent_tones(self, digits: str) -> None: ...


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """How the session ended; `status` is the SessionStatus of the action form (sheet section 1.3)."""

    status: str
    seconds: float
    action_after: float
    """Seconds from the close to the action request."""
    handoff_data: str | None = None
    error: tuple[str, str] | None = None
    diverted: bool = False
    """The call was sent elsewhere over REST: no action is asked (unconfirmed, sheet section 11 item 8)."""


@dataclass(frozen=True, slots=True)
class _Close:
    code: int
    reason: str


class RelaySession:
    """Run it once with `run`; meanwhile `speak`, `press`, `hang_up`, `divert` and `drop` are the caller's side."""

    def __init__(
        self,
        settings: RelaySettings,
        facts: CallFacts,
        *,
        clock: Clock,
        timing: Timing,
        connect: ConnectSocket,
        journal: Journal,
        habits: Habits,
        faults: frozenset[RelayFault],
        measure_audio: Callable[[str], Awaitable[float | None]],
        far_end: FarEnd,
    ) -> None:
        self.settings = settings
        self.facts = facts
        self._clock = clock
        self._timing = timing
        self._connect = connect
        self._journal = journal
        self._measure_audio = measure_audio
        self._far_end = far_end
        self._tts_language = settings.tts_language
        self._transcription_language = settings.transcription_language
        self.mouth = Mouth(clock, timing, self)
        self.ear = Ear(clock, timing, settings, self.mouth, self, habits)
        self._faults = faults
        self._line = FaultyLine(faults, clock, self._put)
        self._outbox: asyncio.Queue[str | _Close] = asyncio.Queue()
        self._over: asyncio.Future[SessionEnd] = asyncio.get_running_loop().create_future()
        self._socket: Socket | None = None
        self._since = 0.0
        self._bad_in_a_row = 0
        self._greeting_due = False
        self._final_at: float | None = None
        self._ending: SessionEnd | None = None
        self._audio: asyncio.TaskGroup | None = None

    # The session from open to close

    async def run(self) -> SessionEnd:
        """Connects, talks until something ends it, closes. Raises HandshakeFailed."""
        self._socket = socket = await self._open()
        self._since = self._clock.now()
        self._line.begin(setup_frame(self.facts, self.settings.parameters))
        self._far_end.relay_is_open(self)
        if self.settings.welcome_greeting:
            self._greeting_due = True
            self._clock.call_later(self._timing.setup_to_greeting, self._greet)
        try:
            async with asyncio.TaskGroup() as tasks:
                self._audio = tasks
                reader = tasks.create_task(self._read(socket))
                writer = tasks.create_task(self._write(socket))
                end = await self._over
                reader.cancel()
                writer.cancel()
        finally:
            self.mouth.hush()
            self.ear.stop()
        return end

    async def _open(self) -> Socket:
        url = self.settings.url
        try:
            socket = await self._connect(url, upgrade_headers(url, self.facts.auth_token, self._faults))
        except UpgradeRefused as exc:
            self._journal.note(happened.SocketRefused(url=url, status=exc.status))
            raise HandshakeFailed(str(exc)) from exc
        self._journal.note(happened.SocketOpened(session_id=self.facts.session_id, url=url))
        return socket

    def _greet(self) -> None:
        self._greeting_due = False
        if self._ending is None:
            self.mouth.greet(self.settings.welcome_greeting, self.settings.welcome_greeting_interruptible)

    async def _read(self, socket: Socket) -> None:
        while True:
            try:
                raw = await socket.receive()
            except SocketGone as gone:
                self._lost(gone)
                return
            if self._ending is None:
                self._receive(raw)

    async def _write(self, socket: Socket) -> None:
        while True:
            match await self._outbox.get():
                case _Close(code, reason):
                    self._journal.note(
                        happened.SocketClosed(session_id=self.facts.session_id, code=code, reason=reason, by="twilio")
                    )
                    await socket.close(code, reason)
                    self._settle()
                    return
                case str(text):
                    try:
                        await socket.send(text)
                    except SocketGone as gone:
                        self._lost(gone)
                        return

    # The server's frames

    def _receive(self, raw: str) -> None:
        try:
            frame = frames.read_frame(raw)
        except BadFrame:
            self._refuse(raw)
            return
        self._bad_in_a_row = 0
        self._journal.note(happened.FrameReceived(frame=json.loads(raw)))
        self._perform(frame)

    def _perform(self, frame: ServerFrame) -> None:
        match frame:
            case Text():
                self._report_round_trip()
                if frame.lang is not None and not self._usable(frame.lang):
                    return
                self.mouth.speak(
                    frame.token,
                    frame.interruptible or self.settings.interruptible,
                    preemptible=self.settings.preemptible if frame.preemptible is None else frame.preemptible,
                    last=frame.last,
                )
            case Play():
                assert self._audio is not None  # frames are read inside the task group
                rule = frame.interruptible or self.settings.interruptible
                audio = Audio(frame.source, rule, frame.preemptible)
                self.mouth.play(audio)
                self._audio.create_task(self._measure(audio, frame.loop))
            case SendDigits(digits):
                self.mouth.send_digits(digits)
            case Language(tts, transcription):
                if all(self._usable(code) for code in (tts, transcription) if code is not None):
                    self._tts_language = tts or self._tts_language
                    self._transcription_language = transcription or self._transcription_language
            case End(handoff_data):
                end = SessionEnd("ended", 0.0, self._timing.close_to_action, handoff_data)
                self._clock.call_later(self._timing.end_to_close, lambda: self._close(1000, CLOSING, end))
            case Reconfigure():
                # The value's shape is unconfirmed (sheet section 11, item 2): the frame's own type stands for it.
                if self.settings.config_updated:
                    self._line.send(frames.info("configUpdated", str(frame.frame["type"])))
            case _:
                assert_never(frame)

    def _report_round_trip(self) -> None:
        """`roundTripDelayMs` under `debug="debugging"`: from a final prompt to the first words of its reply."""
        if self._final_at is not None and self.settings.debugging:
            delay = round((self._clock.now() - self._final_at) * 1000)
            self._line.send(frames.info("roundTripDelayMs", str(delay)))
        self._final_at = None

    def _usable(self, language: str) -> bool:
        if self.settings.knows(language):
            return True
        self._journal.note(happened.AlertRaised(code=64106, text=f"language {language} is not set up for this session"))
        self._line.send({"type": "error", "description": f"Invalid argument, code: 64106, language {language}"})
        return False

    async def _measure(self, audio: Audio, loops: int) -> None:
        seconds = await self._measure_audio(audio.url)
        if seconds is None:
            self._journal.note(happened.AlertRaised(code=64111, text="audio could not be fetched", url=audio.url))
        self.mouth.measured(audio, None if seconds is None else seconds * loops)

    def _refuse(self, raw: str) -> None:
        self._bad_in_a_row += 1
        self._journal.note(happened.FrameReceived(frame=None, raw=raw[:2000]))
        self._clock.call_later(self._timing.bad_frame_to_error, lambda: self._line.send(frames.error(raw)))
        if self._bad_in_a_row == MAX_BAD_FRAMES:
            end = SessionEnd("failed", 0.0, self._timing.too_many_bad_to_action, error=("64105", "Websocket ended"))
            wait = self._timing.bad_frame_to_error + self._timing.last_error_to_close
            reason = "Too many consecutive malformed messages."
            self._clock.call_later(wait, lambda: self._close(1007, reason, end))

    # The caller's side

    @property
    def busy(self) -> bool:
        """Whether either side is talking or has something to say without another frame."""
        return self.mouth.busy or self.ear.busy or self._greeting_due

    def speak(self, text: str) -> None:
        self.ear.speak(text)

    def press(self, key: str) -> None:
        """One key. While the agent talks it may be reported, may interrupt, both or neither (sheet section 1.1)."""
        if not self.settings.dtmf_detection or key not in "0123456789*#ABCD":
            return
        playing = self.mouth.playing
        if playing is None or self.settings.report_during_agent_speech.dtmf:
            self._line.send(frames.dtmf(key))
        if playing is not None and playing.interruptible.dtmf:
            # Cut now, report in a millisecond: an answer sent on the `dtmf` frame is new speech and is played.
            cut = self.mouth.cut()
            self._clock.call_later(
                self._timing.key_to_interrupt, lambda: self._report_cut("dtmf", cut.heard, cut.after_ms, cut.greeting)
            )

    def hang_up(self) -> None:
        """The caller, or REST `Status=completed`: close 1000, nothing about the cut text (rest-update-completed)."""
        unfinished = self.ear.stop()
        if unfinished and self.settings.partial_prompt_on_hangup:
            self.recognised(unfinished, last=True)
        self._close(1000, CLOSING, SessionEnd("completed", 0.0, self._timing.close_to_action))

    def divert(self) -> None:
        self._close(1000, CLOSING, SessionEnd("ended", 0.0, 0.0, diverted=True))

    def drop(self) -> None:
        """The network between Twilio and the server breaks."""
        if self._socket is not None:
            self._socket.abort()
            self._lost(SocketGone(1006))

    # What the mouth and the ear report

    def agent_speaking(self, on: bool) -> None:
        self._journal.note(happened.AgentSpeaking(on=on))
        if self.settings.speaker_events:
            self._line.send(frames.info("agentSpeaking", "on" if on else "off"))

    def clause_started(self, text: str, greeting: bool) -> None:
        self._journal.note(happened.ClauseStarted(text=text, source="greeting" if greeting else "relay"))

    def clause_played(self, text: str, greeting: bool, *, cut: bool) -> None:
        self._journal.note(happened.ClausePlayed(text=text, cut=cut, source="greeting" if greeting else "relay"))
        if self.settings.tokens_played and text:
            self._line.send(frames.info("tokensPlayed", text))
        self._far_end.agent_said(text)

    def digits_played(self, digits: str) -> None:
        self._journal.note(happened.DigitsPlayed(digits=digits))
        if self.settings.tokens_played:
            self._line.send(frames.info("tokensPlayed", digits))
        self._far_end.agent_sent_tones(digits)

    def audio_played(self, url: str, seconds: float, *, cut: bool) -> None:
        self._journal.note(happened.AudioPlayed(url=url, seconds=round(seconds, 3), cut=cut))

    def client_speaking(self, on: bool) -> None:
        if self.settings.speaker_events:
            self._line.send(frames.info("clientSpeaking", "on" if on else "off"))

    def recognised(self, text: str, *, last: bool) -> None:
        fact = happened.CallerFinal(text=text) if last else happened.CallerPartial(text=text)
        self._journal.note(fact)
        if last:
            self._final_at = self._clock.now()
        if last or self.settings.partial_prompts:
            lang = self.settings.prompt_language(self._transcription_language)
            self._line.send(frames.prompt(text, lang, last=last))

    def interrupted_by_speech(self) -> None:
        cut = self.mouth.cut()
        self._report_cut("speech", cut.heard, cut.after_ms, cut.greeting)

    def _report_cut(self, by: str, heard: str, after_ms: int, greeting: bool) -> None:
        if self._ending is not None:
            return
        self.clause_played(heard, greeting, cut=True)
        self._journal.note(happened.CallerInterrupted(by=by, heard=heard))
        self._line.send(frames.interrupt(heard, after_ms))
        self._clock.call_later(self._timing.agent_off_after_interrupt, self.mouth.fall_silent)

    # Sending and ending

    def _put(self, frame: Mapping[str, Any]) -> None:
        """Puts one frame on the wire, after the faults of the line have had their way with it."""
        if self._ending is None:
            self._journal.note(happened.FrameSent(frame=frame))
            self._outbox.put_nowait(json.dumps(frame, ensure_ascii=False, separators=(",", ":")))

    def _close(self, code: int, reason: str, end: SessionEnd) -> None:
        if self._ending is None:
            self._line.flush()
            self._ending = end
            self.mouth.hush()
            self.ear.stop()
            self._outbox.put_nowait(_Close(code, reason))

    def _lost(self, gone: SocketGone) -> None:
        """The server closed the socket, with whatever code, or it broke: failed, 64105 (sheet section 1.3)."""
        if self._ending is None:
            self._journal.note(
                happened.SocketClosed(session_id=self.facts.session_id, code=gone.code, reason=gone.reason, by="server")
            )
            wait = self._timing.lost_socket_to_action if gone.code == 1006 else self._timing.close_to_action
            self._ending = SessionEnd("failed", 0.0, wait, error=("64105", "Websocket ended"))
            self.mouth.hush()
            self.ear.stop()
        self._settle()

    def _settle(self) -> None:
        if not self._over.done() and self._ending is not None:
            seconds = self._clock.now() - self._since
            end = self._ending
            self._over.set_result(
                SessionEnd(end.status, seconds, end.action_after, end.handoff_data, end.error, end.diverted)
            )
