"""Drives one call: brings events to the machine and carries out what it orders. It holds no rule of conversation.

One consumer: every event goes through `_post`, which is synchronous, so two of them never meet inside the machine.
Nothing in `_perform` waits: it puts frames into the outbox, starts tasks, sets timers. One writer empties the outbox;
words that queue up while a send is under way leave together, the first one never waits for another.

Tasks of a turn (the model's run, reading tools) die with it. A confirmed write and an emergency record do not: they
belong to `Wards`, which outlive socket and session.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol, assert_never
from zoneinfo import ZoneInfo

import orjson

from voice_agent.agent.context import Speak, ToolContext, conversation
from voice_agent.agent.model import Model, ReplyRequest, Situation, ToolWanted, Words
from voice_agent.agent.outcomes import Settled
from voice_agent.agent.policy import State
from voice_agent.agent.prompt import MARK
from voice_agent.agent.toolbox import Toolbox
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
from voice_agent.call.confidence import WISH
from voice_agent.call.danger import lets_go
from voice_agent.call.events import (
    Announced,
    CallEnded,
    CallerFinished,
    CallerInterrupted,
    CallerSpeaking,
    CallerSpoke,
    CallStarted,
    DigitPressed,
    EmergencyRecorded,
    Gist,
    Happening,
    ReplyCompleted,
    ReplyFailed,
    SecretChecked,
    TextArrived,
    Timer,
    TimerFired,
    TokensPlayed,
    ToolRequested,
    ToolReturned,
    Urgency,
    WriteSettled,
)
from voice_agent.call.machine import Call
from voice_agent.call.transcript import AgentSaid, CallerSaid
from voice_agent.errors import ModelError, WireError
from voice_agent.grants import Grant
from voice_agent.identity import RESUME_SECONDS, Identity
from voice_agent.journal import CallRecord, Journal
from voice_agent.language import Reading, detect_language, read, read_urgency
from voice_agent.language import Urgency as Triage
from voice_agent.language.affirming import affirms
from voice_agent.language.agreement import evidence_for, serves
from voice_agent.language.distress import distress
from voice_agent.language.oddities import odd_words
from voice_agent.language.person import asks_for_person
from voice_agent.language.reading import LIFE_HAZARDS
from voice_agent.language.refusing_texts import refuses_texts
from voice_agent.language.spoken import EarFilter
from voice_agent.language.vetting import Fault, Vetting
from voice_agent.lines import Line
from voice_agent.recalling import Ending, Past, Recalling
from voice_agent.salesforce.field_service import FieldService
from voice_agent.twilio import relay

SEND_SECONDS = 5.0
READ_AFTER_SECONDS = 0.001
"""From a final prompt to its reading by rule; the model's request leaves in between."""
CLOSE_SECONDS = 5.0
"""Twilio closes about 90 ms after `end`; if it does not, we do."""
SETUP_SECONDS = 5.0
TAKE_UP_SECONDS = 1.2
"""How long a recalled call waits for the end of what was confirmed in it, before it says that it does not know yet."""
PROVE_AGAIN_SECONDS = 3.0
"""The same for who is on the line: meanwhile the caller hears that the line was cut, and what they wanted."""
IDENTIFY_SECONDS = 1.2
"""How long a reply waits for the caller to be looked up; the filler covers it, and the reply goes on without."""
MOST_FRAME_BYTES = 64 * 1024
MOST_FRAMES_A_SECOND = 200
MOST_BAD_FRAMES = 10
MOST_VISITS_NOTED = 3
INSTEAD: dict[Fault, str] = {
    "claim": "gateway.not_done",
    "secret": "gateway.no_secrets",
    "leak": "error.empty",
    "danger": "again.leave",
}
"""What is said in place of words of the model that are kept back."""
STATES = frozenset({"scheduled", "booked", "set", "confirmed"})
"""Words that tell how a visit stands as well as that somebody made it so."""
UNPROVEN = ('{"note":', '{"status":"failed"', '{"status":"asked"')
"""How results begin that say what would be done, or was not."""
OWN_WORDS = ("message", "note", "problem", "reason", "question")
"""Arguments of tools that carry words on as they were said."""
NO_WISH = frozenset({"yes", "no", "number", "repeat", "none"})
NO_DANGER_READ = Triage("routine")
BROKEN_TOOL = '{"status":"failed","why":"This cannot be done right now. Offer a message or a person."}'

log = logging.getLogger(__name__)


class Socket(Protocol):
    """One ConversationRelay connection, already accepted. `receive` gives None once it is closed."""

    async def receive(self) -> str | bytes | None: ...
    async def send(self, text: str) -> None: ...
    async def close(self, code: int = 1000) -> None: ...


class Emergencies(Protocol):
    async def record(self, *, hazard: str, words: str, grant: Grant, call_sid: str, speak: Speak) -> tuple[str, str]:
        """Case, WorkOrder and page. Gives (sentence for the caller, note for the model), both true; never raises."""
        ...


class Wards:
    """Work that must reach its end whatever becomes of the call that asked for it."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def wait(self, seconds: float) -> bool:
        """Before the process goes: True if everything has ended."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        return not self._tasks


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all calls of the process share."""

    model: Model
    journal: Journal
    wards: Wards
    emergencies: Emergencies
    field: FieldService
    now: Callable[[Line], Any]
    """Wall-clock time in the line's zone, aware."""
    wall: Callable[[], float]
    recalling: Recalling | None = None
    """Takes up calls of a process that died."""
    draining: Callable[[], bool] = lambda: False
    """Whether this process takes no new calls any more and waits for these to end."""
    refuse_texts: Callable[[str], Awaitable[None]] | None = None
    """No more texts to this number, from now on. Raises VoiceAgentError when that cannot be kept."""


class Session:
    """One call. `run` is called once per socket; the call machine goes on from one to the next."""

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
        self.call = Call(line.script)
        self.record: CallRecord = around.journal.open(call_sid, line.name, wall=around.wall())
        self.handed_off: str | None = None
        """Reason, once a person is to take over."""
        self.sockets = 0
        self._back = ""
        self._tools = tools
        self._admitted = admitted
        self._loop = asyncio.get_running_loop()
        self._outbox: deque[Say | str] = deque()
        self._wake = asyncio.Event()
        self._timers: dict[Timer, asyncio.TimerHandle] = {}
        self._runs: dict[int, list[asyncio.Task[None]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._socket: Socket
        self._attached = False
        self._left = 0.0
        """When the last socket was gone."""
        self._reader: asyncio.Task[None] | None = None
        self._sending_since: float | None = None
        self._send_watch: asyncio.TimerHandle | None = None
        self._leaving = False
        self._turn_heard: float | None = None
        """When the caller finished, until the first words of the answer are out."""
        self._final: CallerSpoke | None = None
        self._wishes: tuple[str, ...] = ()
        """What the caller's last words that held a wish were read to want."""
        self._reading: asyncio.TimerHandle | None = None
        self._bad_frames = 0
        self._model = ""
        self._rung = (0, 0)
        """A turn, and which model of the ladder answered in it last."""
        self._past: Past | None = None
        self._proving: asyncio.Task[None] | None = None
        """Finds out again who is on the line, in a call that another process held before."""

    # -- one socket ------------------------------------------------------------------------------------------------

    async def run(self, socket: Socket, setup: relay.Setup) -> None:
        """Serve one socket from its `setup` to its close."""
        self.sockets += 1
        self._socket, self._attached, self._leaving = socket, True, False
        self._outbox.clear()
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
            self._start(self._identify)
        elif self._loop.time() - self._left > RESUME_SECONDS and self.identity.lapse():
            self.note("lapsed")
        (back, self._back), (past, self._past) = (self._back, ""), (self._past, None)
        if past is not None:
            await self._take_up(past)
        else:
            greeting = "" if resumed else self.line.greeting
            self._post(CallStarted(resumed, greeting, back, at=self._loop.time()))
        try:
            async with asyncio.TaskGroup() as both:
                writer = both.create_task(self._write())
                self._reader = both.create_task(self._read(socket))
                self._reader.add_done_callback(lambda _: writer.cancel())
        except* OSError as failed:
            log.warning("socket lost", extra={"why": type(failed.exceptions[0]).__name__})
        finally:
            self._attached, self._left = False, self._loop.time()

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

    async def _take_up(self, past: Past) -> None:
        """Say what became of what was confirmed, once, then go on with what the caller wanted."""
        self._proving = asyncio.ensure_future(self._edge(self._identify_again, past))
        self._tasks.add(self._proving)
        self._proving.add_done_callback(self._tasks.discard)
        if past.endings:
            await asyncio.wait({ending.outcome for ending in past.endings}, timeout=TAKE_UP_SECONDS)
        told = []
        for ending in past.endings:
            status = ending.outcome.result() if ending.outcome.done() else "unknown"
            told.append(self._told(ending, status))
            if status == "unknown":
                self.around.wards.start(self._edge(self._tell_later, ending))
        wanted = past.intent if self.line.script.has(f"resumed.wanted.{past.intent}") else ""
        wish = "" if told else past.wish
        self._post(CallStarted(True, told=tuple(told), wanted=wanted, wish=wish, at=self._loop.time()))

    def _told(self, ending: Ending, status: str) -> str:
        """The end of a change in a sentence; noted, so that it is told once."""
        token = ending.intent.key.rpartition(":")[2]
        if ending.is_emergency:
            self.note("emergency_recorded", hazard=token, note=status)
            return self._phrase("emergency.recorded" if status == "applied" else "emergency.queued")
        self.note("write", proposal=ending.intent.key.partition(":")[2], status=status, note=f"settled later: {status}")
        phrase = {"applied": "resumed.applied", "unknown": "write.queued"}.get(status, "write.not_done")
        return self._phrase(phrase)

    async def _tell_later(self, ending: Ending) -> None:
        assert self.around.recalling is not None
        status = await self.around.recalling.ends_later(ending)
        if status != "unknown":
            say, note = self._told(ending, status), f"A change asked for before the cut: {status}."
            self._post(WriteSettled(ending.intent.key, say, note, at=self._loop.time()))

    async def _identify_again(self, past: Past) -> None:
        await self._identify()
        if past.kept is not None:
            await self.identity.restore(past.kept, self.around.wall())
            self._note_identity()

    def give_up_socket(self) -> None:
        """Twilio has lost or left the socket; where the network broke in silence our end still waits on it."""
        if self._attached and self._reader is not None:
            self._reader.cancel()

    def detached(self) -> None:
        """The socket is gone and nobody knows yet whether the call is: stop what only speaks, keep what was said."""
        self._read_final()
        for turn in list(self._runs):
            self._cancel_turn(turn)
        for handle in self._timers.values():
            handle.cancel()
        self._timers.clear()

    def over(self, reason: str) -> None:
        """The carrier says that the call has ended."""
        self._post(CallEnded(reason, at=self._loop.time()))
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

    def _take(self, frame: relay.Frame) -> None:
        self._read_final()
        match frame:
            case CallerSpoke(final=True):
                self._final = frame
                self._post(CallerFinished(frame.text, at=frame.at))
                self._reading = self._loop.call_later(READ_AFTER_SECONDS, self._read_final)
            case CallerSpoke():
                self._partial(frame)
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
                self._post(frame)
                self._see(frame)

    async def _write(self) -> None:
        """Sends what was put into the outbox outside a model's run; a run sends its own words between two chunks."""
        while True:
            self._wake.clear()
            await self.flush()
            if self._leaving:
                await asyncio.sleep(CLOSE_SECONDS)
                await self._socket.close()
                return
            await self._wake.wait()

    async def flush(self) -> None:
        """Send what waits in the outbox; whoever finds a send under way leaves the rest to it."""
        if self._sending_since is not None or not self._attached:
            return
        self._sending_since = self._loop.time()
        if self._send_watch is None:
            self._send_watch = self._loop.call_later(SEND_SECONDS, self._watch_sending)
        try:
            while self._outbox:
                await self._socket.send(self._gathered())
        finally:
            self._sending_since = None

    def _watch_sending(self) -> None:
        """The other side takes nothing for five seconds: the socket is given up, the call is not."""
        self._send_watch = None
        if self._sending_since is None or not self._attached:
            return
        left = self._sending_since + SEND_SECONDS - self._loop.time()
        if left > 0:
            self._send_watch = self._loop.call_later(left, self._watch_sending)
        elif self._reader is not None:
            log.warning("the other side does not read; socket given up")
            self.give_up_socket()

    def _gathered(self) -> str:
        """The next frame; words of one reply that have queued up behind each other become one."""
        first = self._outbox.popleft()
        if isinstance(first, str):
            return first
        token, last = first.text, first.last
        while self._outbox and not last:
            after = self._outbox[0]
            if isinstance(after, str) or after.turn != first.turn or after.interruptible is not first.interruptible:
                break
            if after.last and len(self._outbox) == 1 and not after.text and self._attached:
                break  # the closing frame is its own: an empty last ends the cycle whatever came before
            self._outbox.popleft()
            token, last = token + after.text, after.last
        return relay.text(token, last=last, interruptible=first.interruptible, preemptible=first.preemptible)

    # -- events in -------------------------------------------------------------------------------------------------

    def _post(self, event: Happening, *, wake: bool = True) -> None:
        for action in self.call.receive(event):
            self._perform(action)
        if wake and self._outbox:
            self._wake.set()

    def _partial(self, spoke: CallerSpoke) -> None:
        if len(spoke.text.split()) > 3:
            urgency = read_urgency(spoke.text, lang=self.call.lang)
            spoke = replace(spoke, gist=Gist(self.call.lang, Urgency(urgency.level), urgency.hazard))
        self.around.journal.glimpse(self.record, "partial", spoke.at, text=spoke.text)
        self._post(spoke)

    def _read_final(self) -> None:
        """Read the caller's words by rule; the machine decides on the reading before anything is spoken.

        The model's request has left by then, if these words may be for it: reading costs as much as sending.
        """
        spoke, self._final = self._final, None
        if spoke is None:
            return
        if self._reading is not None:
            self._reading.cancel()
        reading = self._understood(spoke.text)
        gist = Gist(
            lang=reading.lang,
            urgency=Urgency(reading.urgency.level),
            hazard=reading.urgency.hazard,
            affirms=affirms(reading),
            wants_human=reading.wants_human or asks_for_person(spoke.text),
            wants_repeat=reading.intent == "repeat",
            only_digits=reading.intent == "number",
            sure=reading.confidence,
            odd=odd_words(spoke.text),
            upset=distress(spoke.text) is not None,
        )
        if refuses_texts(spoke.text):
            self._start(self._refuse_texts)
        before = self.call.turn
        self._turn_heard = spoke.at
        if reading.intent not in NO_WISH:
            self._wishes = (reading.intent, reading.also) if reading.also else (reading.intent,)
        self._post(replace(spoke, gist=gist))
        if self.call.turn != before:
            self.note(
                "caller",
                turn=self.call.turn,
                text=self.call.transcript.last_caller(),
                intent=reading.intent,
                confidence=round(reading.confidence, 3),
                urgency=reading.urgency.level,
                hazard=reading.urgency.hazard,
                lang=reading.lang,
            )
            log.info("turn", extra={"turn": self.call.turn, "intent": reading.intent, "urgency": reading.urgency.level})

    def _understood(self, text: str) -> Reading:
        """What rules make of the words; a reader that fails leaves them to the model, not the caller to silence."""
        lang = self.call.lang
        try:
            return read(
                text,
                lang=detect_language(text, lang),
                role=self.identity.grant.role if self.identity.grant.level else self.line.role,
                now=self.around.now(self.line),
                expecting=self.call.expecting,
                with_slots=self.call.proposal is not None,
            )
        except Exception as error:
            log.exception("a prompt could not be read by rule", extra={"error": type(error).__name__})
            return Reading(text, "es" if lang == "es" else "en", NO_DANGER_READ, "none", 0.0)

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

    def now(self) -> float:
        """Monotonic seconds, as events carry them."""
        return self._loop.time()

    def announce(self, event: Happening) -> None:
        """Something from outside the call: a drain, a dispatcher, a status callback."""
        self._post(event)

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
                self._start(self._reply, action, turn=action.turn, failed=ReplyFailed(action.turn, "a bug of ours"))
            case CancelReply(turn=turn):
                self._cancel_turn(turn)
            case CallTool():
                broken = ToolReturned(action.turn, action.tool_call_id, BROKEN_TOOL)
                self._start(self._tool, action, turn=action.turn, failed=broken)
            case RunProposal(proposal=proposal):
                unknown = WriteSettled(proposal, self._phrase("write.unknown"), "The outcome of the change is unknown.")
                self.around.wards.start(self._edge(self._settle, proposal, failed=unknown))
            case DropProposal(proposal=proposal):
                self.toolbox.drop(proposal)
                self.note("proposal_dropped", proposal=proposal)
            case CheckSecret():
                self._start(self._check, action, failed=SecretChecked(False, self._phrase("error.general")))
            case RecordEmergency():
                self.note("emergency", hazard=action.hazard)
                log.warning("emergency", extra={"turn": action.turn, "hazard": action.hazard})
                queued = EmergencyRecorded(action.hazard, self._phrase("emergency.queued"))
                self.around.wards.start(self._edge(self._emergency, action, failed=queued))
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
                    self._send(frame)
            case Play(source=source, loop=loop):
                self._send(relay.play(source, loop=loop))
            case SendDigits(digits=digits):
                self._send(relay.send_digits(digits))
            case HandOff(reason=reason):
                self.handed_off = reason
                self._leave(relay.end({"reasonCode": "live-agent", "reason": reason, "call": self.call_sid}), reason)
            case EndCall(reason=reason):
                self._leave(relay.end(), reason)
            case _:
                assert_never(action)

    def _say(self, say: Say) -> None:
        self._outbox.append(say)
        if say.text and self._turn_heard is not None:
            heard_at, self._turn_heard = self._turn_heard, None
            self.note("first_words", turn=say.turn, ms=round((self._loop.time() - heard_at) * 1000, 1))
        if say.last:
            self.note("agent", turn=say.turn, text=self._said(say.turn))
        else:
            self.around.journal.glimpse(self.record, "token", self._loop.time(), turn=say.turn, text=say.text)

    def _said(self, turn: int) -> str:
        entries = self.call.transcript.entries
        return " ".join(e.utterance.text for e in entries if isinstance(e, AgentSaid) and e.turn == turn)

    def _send(self, frame: str) -> None:
        self._outbox.append(frame)

    def _leave(self, frame: str, reason: str) -> None:
        kind = "hand_off" if self.handed_off else "end"
        self.note(kind, reason=reason)
        log.info("leaving", extra={"how": kind, "reason": reason})
        self._leaving = True
        self._send(frame)
        self.detached()

    def _fire(self, timer: Timer, turn: int) -> None:
        self._timers.pop(timer, None)
        self._post(TimerFired(timer, turn, at=self._loop.time()))

    def _cancel_timer(self, timer: Timer) -> None:
        if (handle := self._timers.pop(timer, None)) is not None:
            handle.cancel()

    # -- work of a turn --------------------------------------------------------------------------------------------

    async def _reply(self, order: StartReply) -> None:
        turn, loop = order.turn, self._loop
        ear, vetting = EarFilter(self.call.lang), self._vetting()
        request = await self._request(order)

        def emit(piece: Words | ToolWanted) -> None:
            if isinstance(piece, Words):
                if text := vetting.feed(ear.feed(piece.text)):
                    self._post(TextArrived(turn, text, at=loop.time()), wake=False)
            else:
                self._post(ToolRequested(turn, piece.tool_call_id, piece.name, piece.arguments, at=loop.time()))

        try:
            usage = await self.around.model.reply(request, emit, self.flush)
        except ModelError as error:
            log.warning("no model answered", extra={"turn": turn, "why": str(error)})
            self._post(ReplyFailed(turn, str(error), at=loop.time()))
            return
        self._rung, self._model = (turn, usage.rung), usage.model
        if rest := vetting.feed(ear.flush()) + vetting.flush():
            self._post(TextArrived(turn, rest, at=loop.time()))
        for found in vetting.found:
            self.note("evidence", turn=turn, found=found)
            log.warning("words of the model were kept back", extra={"turn": turn, "found": found.partition(":")[0]})
        self.note(
            "model",
            turn=turn,
            step=order.step,
            model=usage.model,
            first_token_ms=None if usage.first_token_s is None else round(usage.first_token_s * 1000, 1),
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            cached_tokens=usage.cached_tokens,
            attempts=list(usage.attempts),
        )
        self._post(ReplyCompleted(turn, usage.completion_tokens, at=loop.time()))

    def _vetting(self) -> Vetting:
        """What a run of the model may not say, held to what is on record in this call."""
        call, committed = self.call, self.toolbox.committed

        def supports(tools: tuple[str, ...]) -> bool:
            return any(tool in committed for tool in tools) if tools else bool(committed)

        def quoted(word: str) -> bool:
            told = (used.result for used in call.transcript.tool_calls() if used.result is not None)
            found = [result.lower() for result in told if not result.startswith(UNPROVEN)]
            read = word in STATES and any('"arrival_window"' in result for result in found)
            return read or any(word in result for result in found)

        def instead(fault: Fault) -> str:
            return self._phrase(INSTEAD[fault])

        danger = lets_go(call) and call.emergency in LIFE_HAZARDS
        return Vetting(call.lang, supports, quoted, instead, mark=MARK, danger=danger)

    async def _request(self, order: StartReply) -> ReplyRequest:
        if self._proving is not None:
            await asyncio.wait({self._proving}, timeout=PROVE_AGAIN_SECONDS)
            self._proving = None
        if not self.identity.known.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(IDENTIFY_SECONDS):
                    await self.identity.known.wait()
        messages = self.call.transcript.messages()
        if order.heard:
            messages.append({"role": "user", "content": order.heard})
        situation = self.situation()
        return ReplyRequest(
            situation=situation,
            messages=messages,
            tools=self._tools,
            system=self.line.prompt.fill(situation),
            tool_names=self.line.tool_names,
            rung=self._rung[1] if self._rung[0] == order.turn else 0,
        )

    def situation(self) -> Situation:
        grant = self.identity.grant
        return Situation(
            line=self.line.role,
            now=self.around.now(self.line),
            company=self.line.script.values.get("company", ""),
            lang=self.call.lang,
            role=grant.role,
            level=int(grant.level),
            caller=self.identity.first_name,
            open=self.line.is_open(self.around.now(self.line)),
            emergency=self.call.emergency,
            expecting=self.call.expecting,
        )

    async def _tool(self, order: CallTool) -> None:
        started = self._loop.time()
        self.note("tool", turn=order.turn, id=order.tool_call_id, tool=order.name, arguments=order.arguments)
        outcome = await self.toolbox.run(order.name, order.arguments, self.tool_context())
        took = round((self._loop.time() - started) * 1000, 1)
        evidence = self._evidence(order, change=outcome.proposal is not None) | _found(outcome.evidence)
        name = order.name if order.name in self.toolbox else "unknown"  # a model may name it after the caller
        log.info("tool", extra={"turn": order.turn, "tool": name, "ms": took, "proposal": bool(outcome.proposal)})
        for found in outcome.evidence:
            self.note("evidence", turn=order.turn, tool=name, found=found)
        self.note(
            "tool_result",
            turn=order.turn,
            id=order.tool_call_id,
            tool=order.name,
            ms=took,
            content=outcome.content,
            proposal=outcome.proposal,
        )
        if outcome.proposal is not None:
            tool, changes = self.toolbox.proposed(outcome.proposal)
            self.note("proposed", turn=order.turn, proposal=outcome.proposal, tool=tool, changes=changes)
        self._post(
            ToolReturned(
                order.turn,
                order.tool_call_id,
                outcome.content,
                outcome.say,
                outcome.ask,
                outcome.proposal,
                outcome.keep,
                _status(outcome.content),
                evidence,
                _own_words(order.arguments) if outcome.proposal else None,
                self.identity.grant.role == "unknown",
                outcome.reversible,
                at=self._loop.time(),
            )
        )

    def _evidence(self, order: CallTool, *, change: bool) -> dict[str, str]:
        """What an independent reading of the caller's words says to a tool call, and to each argument of a change."""
        whole = serves(order.name, self._wishes)
        wish = {} if whole is None else {WISH: whole}
        if not change:
            return wish
        arguments = orjson.loads(order.arguments)
        said = [e.text for e in self.call.transcript.entries if isinstance(e, CallerSaid) and not e.keys]
        try:
            return wish | evidence_for(said, order.name, arguments, lang=self.call.lang, now=self.around.now(self.line))
        except Exception as error:
            log.exception("no evidence for a change", extra={"error": type(error).__name__})
            return wish

    def tool_context(self) -> ToolContext:
        lang = self.call.lang
        said, asked = conversation(self.call.transcript)
        return ToolContext(
            grant=self.identity.grant,
            field=self.around.field,
            now=self.around.now(self.line),
            lang=lang,
            speak=self.line.speaker(lang),
            said=said,
            call_sid=self.call_sid,
            line=self.line.role,
            prover=self.identity,
            asked=asked,
            turn=self.call.turn,
            state=self._state(),
            model=self._model,
            prompt_version=self.line.prompt.version,
        )

    async def _identify(self) -> None:
        await self.identity.identify()
        self._note_identity()
        self._classic_route()

    def _classic_route(self) -> None:
        """Callers outside the pilot are the business of people, once it is known who they are."""
        if not self._admitted():
            say = self._phrase("gateway.outside_pilot")
            self._post(Announced(say, then_hand_off="outside_pilot", at=self._loop.time()))

    def _note_identity(self) -> None:
        """Who is on the line as far as we know: what a summary and a console may show beside the caller's own words."""
        grant = self.identity.grant
        who = grant.technician or grant.contact
        context = self.identity.context
        visits = context.of(grant.contact)[:MOST_VISITS_NOTED] if context is not None and grant.contact else ()
        territories = [
            *(grant.technician.territory_ids if grant.technician is not None else ()),
            *(
                visit.territory_id
                for visit in (context.appointments if context is not None else ())
                if visit.territory_id
            ),
        ]
        self.note(
            "identified",
            role=grant.role,
            level=int(grant.level),
            technician=grant.technician is not None,
            record_id=who and who.id,
            name=who.name if who is not None else "",
            account=grant.contact.account_name if grant.contact is not None else "",
            visits=[
                {
                    "id": visit.id,
                    "number": visit.number,
                    "status": visit.status,
                    "about": visit.subject or visit.work_type,
                    "when": visit.window_start and f"{visit.window_start.astimezone(ZoneInfo(visit.zone)):%d %b %H:%M}",
                }
                for visit in visits
            ],
            territory=territories[0] if territories else "",
        )

    def _state(self) -> State:
        call = self.call
        if call.ended:
            return State.ENDED
        if call.leaving is not None:
            return State.LEAVING
        if call.turn == 0:
            return State.GREETING
        if call.emergency:
            return State.EMERGENCY
        return State.DRAINING if self.around.draining() else State.TALKING

    async def _check(self, order: CheckSecret) -> None:
        checked = await self.identity.check(order.digits)
        speak = self.line.speaker(self.call.lang)
        say = speak(checked.phrase, name=self.identity.first_name, left=str(checked.left))
        note = f"The caller proved who they are: {self.identity.first_name}." if checked.accepted else ""
        self.note(
            "secret", accepted=checked.accepted, level=int(self.identity.grant.level), proof=self.identity.grant.proof
        )
        if checked.accepted:
            self._note_identity()
            if (kept := self.identity.kept(self.around.wall())) is not None:
                self.note("proven", **{name: value for name, value in asdict(kept).items() if name != "at"})
        self._post(SecretChecked(checked.accepted, say, note, checked.ask, checked.locked, at=self._loop.time()))
        if checked.accepted:
            self._classic_route()

    # -- work that outlives the turn ---------------------------------------------------------------------------------

    async def _settle(self, proposal: str) -> None:
        context = self.tool_context()
        settled: Settled | None = await self.toolbox.settle(proposal, context)
        while settled is not None:
            self.note("write", proposal=proposal, status=settled.status, note=settled.note)
            if settled.instead is not None:
                asked = settled.instead.asked
                self.note("instead", tool=asked.name, arguments=asked.arguments, content=asked.content)
            applied = settled.status == "applied"
            self._post(
                WriteSettled(proposal, settled.say, settled.note, settled.instead, applied, at=self._loop.time())
            )
            if self.record.ended:
                await self.toolbox.text_outcome(proposal, settled, context)
            if settled.waits:
                self._start(self._await_decision, proposal)
            if not settled.again:
                return
            settled = await self.toolbox.follow(proposal, context)

    async def _refuse_texts(self) -> None:
        """Said in any words, to any model: it holds for the phone in hand and for the number on record."""
        grant = self.identity.grant
        on_record = grant.contact.phone_e164 if grant.contact is not None else None
        numbers = {number for number in (grant.number, on_record) if number}
        if self.around.refuse_texts is None or not numbers:
            return
        for number in sorted(numbers):
            await self.around.refuse_texts(number)
        self.note("texts_refused")
        self._post(Announced(self._phrase("text.no_more"), at=self._loop.time()))

    async def _await_decision(self, proposal: str) -> None:
        """A dispatcher decides while the caller is still here: they are told. Otherwise a text does it."""
        settled = await self.toolbox.decided(proposal, self.tool_context())
        if settled is not None:
            self.note("write", proposal=proposal, status=settled.status, note=settled.note)
            self._post(WriteSettled(proposal, settled.say, settled.note, at=self._loop.time()))

    async def _emergency(self, order: RecordEmergency) -> None:
        say, note = await self.around.emergencies.record(
            hazard=order.hazard,
            words=order.words,
            grant=self.identity.grant,
            call_sid=self.call_sid,
            speak=self.line.speaker(self.call.lang),
        )
        self.note("emergency_recorded", hazard=order.hazard, note=note)
        self._post(EmergencyRecorded(order.hazard, say, note, at=self._loop.time()))

    # -- tasks -----------------------------------------------------------------------------------------------------

    def _phrase(self, key: str) -> str:
        return self.line.speaker(self.call.lang)(key)

    def _start(
        self,
        work: Callable[..., Awaitable[None]],
        *arguments: Any,
        turn: int | None = None,
        failed: Happening | None = None,
    ) -> None:
        task = self._loop.create_task(self._edge(work, *arguments, failed=failed))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if turn is not None:
            for old in [t for t in self._runs if t < turn - 1]:
                del self._runs[old]
            self._runs.setdefault(turn, []).append(task)

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
                self._post(replace(failed, at=self._loop.time()))

    def note(self, kind: str, **values: Any) -> None:
        self.around.journal.write(self.record, kind, self._loop.time(), **values)


def _status(content: str) -> str:
    """The word a tool's result begins with for the model; empty where it has none."""
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        return ""
    return str(found.get("status", "")) if isinstance(found, dict) else ""


def _own_words(arguments: str) -> float | None:
    """How odd what a change passes on in the caller's own words looks; None when it passes nothing on."""
    found = orjson.loads(arguments)
    texts = [text for name in OWN_WORDS if isinstance(text := found.get(name), str) and text.strip()]
    return odd_words(" ".join(texts)) if texts else None


def _found(evidence: tuple[str, ...]) -> dict[str, str]:
    """What the gateway found, as a verdict for each argument."""
    return {argument: verdict for verdict, _, argument in (each.partition(":") for each in evidence) if argument}
