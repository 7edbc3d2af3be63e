"""Drives one call: brings events to the machine and carries out what it orders. It holds no rule of conversation.

One consumer: every event goes through `post`, which is synchronous, so two of them never meet inside the machine.
Nothing in `_perform` waits: it puts frames into the outbox, starts tasks, sets timers.

Tasks of a turn (`answering`) die with it. A confirmed write and an emergency record (`outliving`) do not: they belong
to `Wards`, which outlive socket and session.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, assert_never

from voice_agent.agent.toolbox import Toolbox
from voice_agent.answering import Answering
from voice_agent.call.actions import (
    Action,
    CallTool,
    CancelReply,
    CancelTimer,
    CheckSecret,
    DropProposal,
    EndCall,
    HandOff,
    NoteConfidence,
    Play,
    RecordEmergency,
    RunProposal,
    Say,
    SendDigits,
    SetTimer,
    StartReply,
    SwitchLanguage,
)
from voice_agent.call.events import (
    CallEnded,
    CallerInterrupted,
    CallerSpeaking,
    CallerSpoke,
    CallStarted,
    DigitPressed,
    EmergencyRecorded,
    Happening,
    ReplyFailed,
    SecretChecked,
    Timer,
    TimerFired,
    TokensPlayed,
    ToolReturned,
    WriteSettled,
)
from voice_agent.call.machine import Call
from voice_agent.call.transcript import AgentSaid
from voice_agent.errors import WireError
from voice_agent.hearing import Hearing
from voice_agent.identity import RESUME_SECONDS, Identity
from voice_agent.introductions import Introductions
from voice_agent.journal import CallRecord
from voice_agent.lines import Line
from voice_agent.outbox import Outbox
from voice_agent.outliving import Outliving
from voice_agent.recalling import Past
from voice_agent.surroundings import Socket, Surroundings
from voice_agent.twilio import relay

SETUP_SECONDS = 5.0
MOST_FRAME_BYTES = 64 * 1024
MOST_FRAMES_A_SECOND = 200
MOST_BAD_FRAMES = 10
BROKEN_TOOL = '{"status":"failed","why":"This cannot be done right now. Offer a message or a person."}'

log = logging.getLogger(__name__)


class Session:
    """One call. `run` is called once per socket; the call machine goes on from one to the next.

    `tools` are the schemas of the line's tools as JSON; `admitted` tells whether the pilot takes this caller.
    """

    def __init__(
        self,
        call_sid: str,
        line: Line,
        identity: Identity,
        toolbox: Toolbox,
        around: Surroundings,
        tools: bytes,
        admitted: Callable[[], bool] = lambda: True,
    ) -> None:
        self.call_sid = call_sid
        self.line = line
        self.identity = identity
        self.toolbox = toolbox
        self.around = around
        self.admitted = admitted
        self.call = Call(line.script)
        self.record: CallRecord = around.journal.open(call_sid, line.name, wall=around.wall())
        self.outbox = Outbox(self._stuck)
        self.hearing = Hearing(self)
        self.answering = Answering(self, tools)
        self.introductions = Introductions(self)
        self.outliving = Outliving(self)
        self.handed_off: str | None = None
        """Reason, once a person is to take over."""
        self.sockets = 0
        self._back = ""
        self._loop = asyncio.get_running_loop()
        self._timers: dict[Timer, asyncio.TimerHandle] = {}
        self._runs: dict[int, list[asyncio.Task[None]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._left = 0.0
        """When the last socket was gone."""
        self._reader: asyncio.Task[None] | None = None
        self._bad_frames = 0
        self._past: Past | None = None

    # -- one socket ------------------------------------------------------------------------------------------------

    async def run(self, socket: Socket, setup: relay.Setup) -> None:
        """Serve one socket from its `setup` to its close."""
        self.sockets += 1
        self.outbox.attach(socket)
        resumed = self.sockets > 1
        self.note(
            "call_resumed" if resumed else "call_started",
            caller=self.identity.grant.number,
            attestation=self.identity.attestation,
            line=self.line.name,
            greeting="" if resumed else self.line.greeting,
            prompt=self.line.prompt.version,
        )
        log.info(
            "call resumed" if resumed else "call started", extra={"session": setup.session_id, "line": self.line.name}
        )
        if not resumed:
            self.start(self.introductions.look_up)
        elif self._loop.time() - self._left > RESUME_SECONDS and self.identity.lapse():
            self.note("lapsed")
        (back, self._back), (past, self._past) = (self._back, ""), (self._past, None)
        if past is not None:
            self.answering.proving = self.start(self.introductions.again, past)
            await self.outliving.take_up(past)
        else:
            greeting = "" if resumed else self.line.greeting
            self.post(CallStarted(resumed, greeting, back, at=self._loop.time()))
        try:
            async with asyncio.TaskGroup() as both:
                writer = both.create_task(self.outbox.write())
                self._reader = both.create_task(self._read(socket))
                self._reader.add_done_callback(lambda _: writer.cancel())
        except* OSError as failed:
            log.warning("socket lost", extra={"why": type(failed.exceptions[0]).__name__})
        finally:
            self.outbox.attached, self._left = False, self._loop.time()

    def take_back(self, phrase: str) -> None:
        """The caller comes back from where they were handed to; the next socket begins with these words."""
        self._back, self.handed_off, self.sockets = phrase, None, 1

    def takes_up(self, past: Past) -> None:
        """Another process held this call before and died: the first socket of this one goes on from there."""
        self.sockets = past.sockets
        self._past = past
        self.call.recall(
            [(one.who, one.turn, one.text) for one in past.said], lang=past.lang, hazards=past.hazards, turn=past.turn
        )

    def give_up_socket(self) -> None:
        """Twilio has lost or left the socket; where the network broke in silence our end still waits on it."""
        if self.outbox.attached and self._reader is not None:
            self._reader.cancel()

    def _stuck(self) -> None:
        if self._reader is not None:
            log.warning("the other side does not read; socket given up")
            self.give_up_socket()

    def detached(self) -> None:
        """The socket is gone and nobody knows yet whether the call is: stop what only speaks, keep what was said."""
        self.hearing.read_final()
        for turn in list(self._runs):
            self._cancel_turn(turn)
        for handle in self._timers.values():
            handle.cancel()
        self._timers.clear()

    def over(self, reason: str) -> None:
        """The carrier says that the call has ended."""
        self.post(CallEnded(reason, at=self._loop.time()))
        self.detached()
        for task in self._tasks:
            task.cancel()
        self.give_up_socket()
        if not self.record.ended:
            self.record.ended = True
            self.note("call_ended", reason=reason)
            log.info("call ended", extra={"reason": reason, "turns": self.call.turn})

    async def _read(self, socket: Socket) -> None:
        second, frames = 0.0, 0
        while (data := await socket.receive()) is not None:
            now = self._loop.time()
            if len(data) > MOST_FRAME_BYTES:
                await socket.close(1009)
                return
            if now - second >= 1.0:
                second, frames = now, 0
            frames += 1
            if frames > MOST_FRAMES_A_SECOND:
                continue
            try:
                frame = relay.decode(data, at=now)
            except WireError as error:
                self._bad_frames += 1
                log.warning("bad frame", extra={"why": str(error), "count": self._bad_frames})
                if self._bad_frames >= MOST_BAD_FRAMES:
                    await socket.close(1008)
                    return
                continue
            self._take(frame)

    # -- events in -------------------------------------------------------------------------------------------------

    def post(self, event: Happening, *, wake: bool = True) -> None:
        """Bring the machine an event and carry out what it orders; without `wake` whoever posts sends the words."""
        for action in self.call.receive(event):
            self._perform(action)
        if wake:
            self.outbox.wake()

    def _take(self, frame: relay.Frame) -> None:
        self.hearing.read_final()
        match frame:
            case CallerSpoke(final=True):
                self.hearing.final(frame)
            case CallerSpoke():
                self.hearing.partial(frame)
            case relay.Setup():
                log.warning("second setup ignored")
            case relay.ErrorReported(code=code):
                log.warning("twilio refused a message", extra={"code": code})
                self.note("refused", code=code)
            case relay.Ignored(kind=kind):
                log.info("frame ignored", extra={"kind": kind})
            case relay.Measured() | relay.ConfigUpdated():
                pass
            case _:
                self.post(frame)
                self._see(frame)

    def _see(self, event: Happening) -> None:
        """For those who watch: what was played, what was cut, which key was pressed (never the digits of a secret)."""
        match event:
            case TokensPlayed(text=text):
                self.note("played", text=text)
            case CallerInterrupted(heard=heard):
                self.note("interrupted", turn=self.call.turn, heard=heard)
                log.info("barge-in", extra={"turn": self.call.turn})
            case DigitPressed(digit=digit):
                self.note("key", digit="•" if self.call.keypad.secret else digit)
            case CallerSpeaking(on=on):
                self.around.journal.glimpse(self.record, "caller_speaking", event.at, on=on)
            case _:
                pass

    def announce(self, event: Happening) -> None:
        """Something from outside the call: a drain, a dispatcher, a status callback."""
        self.post(event)

    def refuses_texts(self) -> None:
        """The caller wants no more texts."""
        self.start(self.outliving.refuse_texts)

    # -- orders out ------------------------------------------------------------------------------------------------

    def _perform(self, action: Action) -> None:
        match action:
            case Say():
                self._say(action)
            case SetTimer(timer=timer, seconds=seconds, turn=turn):
                self._cancel_timer(timer)
                self._timers[timer] = self._loop.call_later(seconds, self._fire, timer, turn)
            case CancelTimer(timer=timer):
                self._cancel_timer(timer)
            case StartReply():
                no_reply = ReplyFailed(action.turn, "a bug of ours")
                self.start(self.answering.reply, action, turn=action.turn, failed=no_reply)
            case CancelReply(turn=turn):
                self._cancel_turn(turn)
            case CallTool():
                broken = ToolReturned(action.turn, action.tool_call_id, BROKEN_TOOL)
                self.start(self.answering.tool, action, turn=action.turn, failed=broken)
            case RunProposal(proposal=proposal):
                unknown = WriteSettled(proposal, self.phrase("write.unknown"), "The outcome of the change is unknown.")
                self.ward(self.outliving.settle, proposal, failed=unknown)
            case DropProposal(proposal=proposal):
                self.toolbox.drop(proposal)
                self.note("proposal_dropped", proposal=proposal)
            case CheckSecret():
                self.start(self.introductions.check, action, failed=SecretChecked(False, self.phrase("error.general")))
            case RecordEmergency():
                self.note("emergency", hazard=action.hazard)
                log.warning("emergency", extra={"turn": action.turn, "hazard": action.hazard})
                queued = EmergencyRecorded(action.hazard, self.phrase("emergency.queued"))
                self.ward(self.outliving.emergency, action, failed=queued)
            case NoteConfidence(turn=turn, confidence=judged):
                self.note(
                    "confidence",
                    turn=turn,
                    probability=round(judged.probability, 3),
                    outlook=round(judged.outlook, 3),
                    reasons=list(judged.reasons),
                    decision=judged.decision.value,
                )
            case SwitchLanguage(lang=lang):
                self.note("language", lang=lang)
                if frame := self.line.language_frame(lang):
                    self.outbox.put(frame)
            case Play(source=source, loop=loop):
                self.outbox.put(relay.play(source, loop=loop))
            case SendDigits(digits=digits):
                self.outbox.put(relay.send_digits(digits))
            case HandOff(reason=reason):
                self.handed_off = reason
                self._leave(relay.end({"reasonCode": "live-agent", "reason": reason, "call": self.call_sid}), reason)
            case EndCall(reason=reason):
                self._leave(relay.end(), reason)
            case _:
                assert_never(action)

    def _say(self, say: Say) -> None:
        self.outbox.put(say)
        if say.text and self.hearing.turn_heard is not None:
            heard_at, self.hearing.turn_heard = self.hearing.turn_heard, None
            self.note("first_words", turn=say.turn, ms=round((self._loop.time() - heard_at) * 1000, 1))
        if say.last:
            self.note("agent", turn=say.turn, text=self._said(say.turn))
        else:
            self.around.journal.glimpse(self.record, "token", self._loop.time(), turn=say.turn, text=say.text)

    def _said(self, turn: int) -> str:
        entries = self.call.transcript.entries
        return " ".join(e.utterance.text for e in entries if isinstance(e, AgentSaid) and e.turn == turn)

    def _leave(self, frame: str, reason: str) -> None:
        kind = "hand_off" if self.handed_off else "end"
        self.note(kind, reason=reason)
        log.info("leaving", extra={"how": kind, "reason": reason})
        self.outbox.leaving = True
        self.outbox.put(frame)
        self.detached()

    def _fire(self, timer: Timer, turn: int) -> None:
        self._timers.pop(timer, None)
        self.post(TimerFired(timer, turn, at=self._loop.time()))

    def _cancel_timer(self, timer: Timer) -> None:
        if (handle := self._timers.pop(timer, None)) is not None:
            handle.cancel()

    # -- tasks -----------------------------------------------------------------------------------------------------

    def start(
        self,
        work: Callable[..., Awaitable[None]],
        *arguments: Any,
        turn: int | None = None,
        failed: Happening | None = None,
    ) -> asyncio.Task[None]:
        """A task of the call, or of a turn of it; it ends with that. If it breaks, the call hears `failed`."""
        task = self._loop.create_task(self._edge(work, *arguments, failed=failed))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if turn is not None:
            for old in [t for t in self._runs if t < turn - 1]:
                del self._runs[old]
            self._runs.setdefault(turn, []).append(task)
        return task

    def ward(self, work: Callable[..., Awaitable[None]], *arguments: Any, failed: Happening | None = None) -> None:
        """A task that reaches its end whatever becomes of the call."""
        self.around.wards.start(self._edge(work, *arguments, failed=failed))

    def _cancel_turn(self, turn: int) -> None:
        for task in self._runs.pop(turn, ()):
            task.cancel()

    async def _edge(
        self, work: Callable[..., Awaitable[None]], *arguments: Any, failed: Happening | None = None
    ) -> None:
        """The one place where any error ends: logged once, and the call hears `failed` instead of nothing."""
        try:
            await work(*arguments)
        except Exception as error:
            log.exception("a task of the call failed", extra={"error": type(error).__name__})
            if failed is not None:
                self.post(replace(failed, at=self._loop.time()))

    # -- for those who work for it ---------------------------------------------------------------------------------

    def now(self) -> float:
        """Monotonic seconds, as events carry them."""
        return self._loop.time()

    def phrase(self, key: str) -> str:
        """A sentence of the line, in the language of the call."""
        return self.line.speaker(self.call.lang)(key)

    def note(self, kind: str, **values: Any) -> None:
        """An entry of the journal."""
        self.around.journal.write(self.record, kind, self._loop.time(), **values)
