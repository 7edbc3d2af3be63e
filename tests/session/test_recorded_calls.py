"""The thirteen bridge-leg recordings of real calls, replayed against the server on virtual time.

The recordings lie beside the project, not in it. Each is played through the signed socket endpoint with our ticket in
`setup`; a scripted model says what the recorder said. Two things must come out: the frames we send keep the machine's
promises, and the history holds exactly what Twilio reported as played.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import MutableMapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import orjson
import pytest

from tests.session.stage import LINES, NOW, Desk, NobodyKnown, run
from voice_agent.agent.model import Breathe, Emit, ReplyRequest, Usage, Words, at_ease
from voice_agent.agent.toolbox import Toolbox
from voice_agent.call.events import Announced, Ask, Keypad
from voice_agent.call.script import Rules
from voice_agent.call.transcript import AgentSaid
from voice_agent.calls import Calls, Ticket, Tickets
from voice_agent.identity import Identity
from voice_agent.journal import Journal
from voice_agent.salesforce.field_service import FieldService
from voice_agent.salesforce.plans import Committed
from voice_agent.session import Session
from voice_agent.settings import parse
from voice_agent.sockets import RelayEndpoint
from voice_agent.surroundings import Surroundings, Wards
from voice_agent.twilio import signature

RECORDED = Path(__file__).parents[3] / "shared" / "recorded"
FILES = sorted(RECORDED.glob("*.jsonl"))
TOKEN = "an-auth-token-of-no-account"
SETTINGS = parse({"PUBLIC_URL": "https://phone.example.net", "TWILIO_AUTH_TOKEN": TOKEN}, demo=True)
GREETING = "This is the spike. Say something, or press a key."
WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split()

pytestmark = [
    pytest.mark.recorded,
    pytest.mark.skipif(not FILES, reason="the recordings lie beside the project's checkout and are not there"),
]


def in_words(text: str) -> str:
    """Numbers as our own filter for the ear writes them, in what is sent and in what is reported alike."""
    return re.sub(r"\d+", lambda m: WORDS[int(m[0])] if int(m[0]) < len(WORDS) else m[0], text)


@dataclass
class Recorder:
    """The recording as a timetable: what Twilio sent and when, and what the recorder said."""

    name: str
    lines: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def read(cls, file: Path) -> Recorder:
        return cls(file.stem, [json.loads(line) for line in file.read_text().splitlines()])

    def sockets(self) -> list[list[dict[str, Any]]]:
        """The frames of each socket, in and out, in their order."""
        numbers = sorted({line["session"] for line in self.lines if line["dir"] in ("in", "out")})
        return [[ln for ln in self.lines if ln["dir"] in ("in", "out") and ln["session"] == n] for n in numbers]

    @property
    def played(self) -> list[str]:
        """What Twilio reported as played, echoed keypad tones apart."""
        frames = [ln["frame"] for ln in self.lines if ln["dir"] == "in" and ln["frame"]["type"] == "info"]
        values = [f["value"] for f in frames if f["name"] == "tokensPlayed"]
        return [in_words(value) for value in values if not re.fullmatch(r"[\d#*]+", value)]


@dataclass
class Says:
    """A model that says what it is told to say next."""

    name: str = "recorder"
    next: list[str] = field(default_factory=list)

    async def reply(self, request: ReplyRequest, emit: Emit, breathe: Breathe = at_ease) -> Usage:
        for piece in re.findall(r"\s*\S+", self.next.pop(0) if self.next else ""):
            emit(Words(piece))
        return Usage(self.name)


class Wire:
    """Both ends of an ASGI websocket, in memory."""

    def __init__(self) -> None:
        self.to_server: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
        self.sent: list[tuple[float, dict[str, Any]]] = []
        self.opened = False

    async def receive(self) -> MutableMapping[str, Any]:
        return await self.to_server.get()

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "websocket.accept":
            self.opened = True
        elif message["type"] == "websocket.send":
            self.sent.append((asyncio.get_running_loop().time(), json.loads(message["text"])))

    def frame(self, frame: dict[str, Any]) -> None:
        self.to_server.put_nowait({"type": "websocket.receive", "text": json.dumps(frame)})


def rules() -> Rules:
    """As patient and as talkative as the recorder: 75 seconds of silence, twelve long sentences in one reply."""
    return Rules(silence=(600.0,), spoken_characters=5000, keypad_pause=0, filler_after=600.0, person_key="")


async def replay(recorder: Recorder) -> tuple[Session, list[Wire]]:
    loop = asyncio.get_running_loop()
    model, wires = Says(), list[Wire]()
    pin = Ask(Keypad.NUMBER, 8) if recorder.name == "dial-string-pin" else None
    greeting = "" if recorder.name == "dial-string-pin" else GREETING
    script = replace(LINES.lines[0].script, rules=rules(), opening_ask=pin)
    line = replace(LINES.lines[0], script=script, greeting=greeting)
    field_service = cast(FieldService, NobodyKnown())
    around = Surroundings(model, Journal(), Wards(), Desk(), field_service, lambda _: NOW, lambda: 0.0)
    calls, tickets = Calls(loop.time), Tickets("secret", loop.time)

    async def never(*_: Any) -> Committed:
        raise AssertionError("nothing is written in these calls")

    def open_session(ticket: Ticket) -> Session:
        identity = Identity(field_service, number="", attestation=ticket.attestation, line=line.role)
        toolbox = Toolbox({}, line=line.role, call_sid=ticket.call_sid, writer=never, clock=loop.time)
        return Session(ticket.call_sid, line, identity, toolbox, around, orjson.dumps([]))

    endpoint = RelayEndpoint(SETTINGS, calls, tickets, open_session)
    session: Session | None = None
    for frames in recorder.sockets():
        wire = Wire()
        wires.append(wire)
        signed = signature.sign(TOKEN, "wss://phone.example.net/twilio/relay")
        scope = {"type": "websocket", "path": "/twilio/relay", "headers": [(b"x-twilio-signature", signed.encode())]}
        wire.to_server.put_nowait({"type": "websocket.connect"})
        served = loop.create_task(endpoint(scope, wire.receive, wire.send))
        began = loop.time() - frames[0]["ms"] / 1000
        for number, entry in enumerate(frames):
            await asyncio.sleep(max(0.0, began + entry["ms"] / 1000 - loop.time()))
            if entry["dir"] == "in":
                frame = entry["frame"]
                if frame["type"] == "setup":
                    ticket = tickets.issue(call_sid=frame["callSid"], line="customer", caller="", attestation="")
                    frame = frame | {"customParameters": {"ticket": ticket}}
                for name in ("value", "utteranceUntilInterrupt"):
                    if name in frame:
                        frame = frame | {name: in_words(frame[name])}
                answer = frames[number + 1] if number + 1 < len(frames) else {}
                if answer.get("dir") == "out" and "text" in answer:
                    model.next.append(in_words(answer["text"]))
                wire.frame(frame)
                await asyncio.sleep(0.0015)  # our reading comes a millisecond after the words
                session = session or calls.get(frames[0]["frame"]["callSid"])
            elif "text" in entry and in_words(entry["text"]) in model.next:
                model.next.clear()  # the frame before it did not ask the model
                speak_unasked(session, wire, model, in_words(entry["text"]))
            elif "text" in entry and not any(in_words(entry["text"]) in text_of(w) for w in wires):
                speak_unasked(session, wire, model, in_words(entry["text"]))
            await asyncio.sleep(0)
        wire.to_server.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await served
    assert session is not None
    session.over("recorded")
    return session, wires


def speak_unasked(session: Session | None, wire: Wire, model: Says, text: str) -> None:
    """The recorder spoke by its own timer. Where it pre-empted itself, the words answer a word of the caller."""
    assert session is not None
    if session.call.playout.unheard(asyncio.get_running_loop().time()):
        model.next.append(text)
        wire.frame({"type": "prompt", "voicePrompt": "(the recorder's timer)", "lang": "en", "last": True})
    else:
        session.announce(Announced(text, at=asyncio.get_running_loop().time()))


def text_of(wire: Wire) -> str:
    return "".join(frame.get("token", "") for _, frame in wire.sent)


def squashed(*texts: str) -> str:
    return "".join("".join(text.split()) for text in texts)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_history_holds_exactly_what_was_played(file: Path) -> None:
    recorder = Recorder.read(file)
    session, _ = run(replay(recorder))
    heard = [e.utterance.heard_text for e in session.call.transcript.entries if isinstance(e, AgentSaid)]
    played = recorder.played
    if recorder.name == "end-then-reconnect":
        played = played[:-2] + played[-1:]  # the recorder greeted twice; this server does not
    resumed = LINES.phrases["en"]["resumed"]
    assert squashed(*[text for text in heard if text not in resumed]) == squashed(*played)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_frames_sent_keep_the_promises_of_the_call(file: Path) -> None:
    recorder = Recorder.read(file)
    session, wires = run(replay(recorder))
    for wire in wires:
        assert wire.opened
        open_reply = False
        for _, frame in wire.sent:
            if frame["type"] == "text":
                open_reply = not frame["last"]
        assert not open_reply, "a reply was left open"
    said = [in_words(ln["text"]) for ln in recorder.lines if ln["dir"] == "out" and "text" in ln]
    for text in said:
        assert squashed(text) in squashed(*[text_of(wire) for wire in wires])
    lasts = sum(frame.get("last", False) for wire in wires for _, frame in wire.sent)
    resumed = len(wires) - 1
    assert lasts == len(said) + resumed


def test_there_are_thirteen_of_them() -> None:
    assert len(FILES) == 13
