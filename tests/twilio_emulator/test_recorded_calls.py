"""The emulator beside the recorded calls: the same things done at the same moments give the same frames and forms."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from voice_agent.demo.twilio.call import EmulatedCall

from . import recordings
from .application import BASE, LINE, Application, Page, Talk, relay_twiml, response, shorten
from .recordings import NAMES, OPERATOR_NAMES, Step, outline
from .stage import Stage
from .virtual_time import run

pytestmark = [pytest.mark.recorded, recordings.needed]

RELAY_HOST = "phone.example.net"


class Replay:
    """One recorded call, done again with the emulator in Twilio's place."""

    def __init__(self, name: str) -> None:
        self.lines = recordings.read(name)
        self.sessions = recordings.sessions(self.lines)
        self.actions = recordings.forms(self.lines, "/action")
        # The TwiML is played as it was, with our stage's host for the recorder's.
        pages: dict[str, list[Page]] = {
            path: [page.replace(RELAY_HOST, "app.example.com").replace("/relay/fixture", "/relay") for page in found]
            for path, found in (
                ("voice", recordings.answers(self.lines, "/voice")),
                ("action", recordings.answers(self.lines, "/action")),
            )
        }
        self.application = Application(voice=pages["voice"], action=pages["action"])
        self.stage = Stage(self.application)

    async def play(self) -> EmulatedCall:
        call = await self.stage.call()
        for number, session in enumerate(self.sessions):
            hung_up = self.actions[number][1]["SessionStatus"] == "completed"
            talk = await self.application.talk(number)
            async with asyncio.TaskGroup() as tasks:
                answered: Counter[str] = Counter()
                for step in recordings.steps(session, hung_up):
                    tasks.create_task(self._do(step, call, talk, answered))
        await call.ended()
        return call

    async def _do(self, step: Step, call: EmulatedCall, talk: Talk, answered: Counter[str]) -> None:
        if step.triggered:
            await self._answer(step, talk, answered)
            return
        kind, number = step.anchor
        await _nth(talk, kind, number)
        # The recogniser needs a moment for the first word, and the recorder saw the words, not the mouth.
        early = call.timing.first_word * 1000 if step.act == "say" else 0
        await self.stage.clock.sleep(max(0.0, step.after_ms - early) / 1000)
        match step.act:
            case "press":
                call.person.press_one(step.value)
            case "say":
                await call.say(step.value)
            case "hang up":
                call.hang_up()
            case "drop":
                call.drop_socket()
            case "raw":
                await talk.socket.send_text(step.value)
            case "text":
                await _speak(talk, step.value)
            case _:
                await talk.send(**step.value)

    async def _answer(self, step: Step, talk: Talk, answered: Counter[str]) -> None:
        """Our side's answers follow the inputs, in order, whenever those come."""
        number = answered["inputs"]
        answered["inputs"] += 1
        inputs = 0
        at = 0
        while True:
            _, frame = await talk.until(lambda frame: True, at)
            at += 1
            if frame["type"] == "dtmf" or (frame["type"] == "prompt" and frame["last"]):
                if inputs == self._place(number, talk):
                    await _speak(talk, step.value)
                    return
                inputs += 1

    def _place(self, number: int, talk: Talk) -> int:
        """Which input the answer of that number followed in the recording: not every key had one."""
        session = self.sessions[self.application.talks.index(talk)]
        places, inputs, waiting = [], -1, False
        for line in session.lines:
            frame = line.get("frame", {})
            if line["dir"] == "in" and (frame["type"] == "dtmf" or frame.get("last")):
                inputs, waiting = inputs + 1, True
                last_ms = line["ms"]
            elif line["dir"] == "out" and "text" in line and waiting and line["ms"] - last_ms <= 5:
                places.append(inputs)
                waiting = False
        return places[number]


async def _nth(talk: Talk, kind: str, number: int) -> None:
    at = 0
    while True:
        _, frame = await talk.until(lambda frame: True, at)
        at += 1
        if shorten(frame) == kind:
            if number == 0:
                return
            number -= 1


async def _speak(talk: Talk, value: Mapping[str, Any]) -> None:
    more = {"preemptible": True} if value["preemptible"] else {}
    await talk.say(value["text"], **more)


def allowed_ms(kind: str, previous: str) -> int:
    """How far a step may be from the recorded one, by what it is; ranges in the README of the recordings."""
    if previous in ("dtmf 9", "dtmf #") or previous.startswith("interrupt") or kind.startswith(("interrupt", "error")):
        return 5
    if previous == "caller begins" and kind.startswith("tokensPlayed"):
        return 5
    if kind == "agentSpeaking off":
        return 5
    if previous == "setup":
        return 500
    if kind == "agentSpeaking on":
        return 200
    if kind.startswith("tokensPlayed"):
        return 400
    if kind.startswith("prompt") or kind.startswith("clientSpeaking"):
        return 900
    return 450


@pytest.mark.parametrize("name", NAMES)
def test_the_same_call_gives_the_same_frames_in_the_same_order_and_time(name: str) -> None:
    """Every bridge-leg recording, whole: README of the recordings; sheet sections 2.3 to 2.6."""

    async def scenario() -> None:
        replay = Replay(name)
        await replay.play()
        assert len(replay.application.talks) == len(replay.sessions)
        for session, talk in zip(replay.sessions, replay.application.talks, strict=True):
            recorded, played = outline(session.frames), outline(list(talk.frames))
            if recorded[1][1].startswith("tokensPlayed"):
                # pin-spoken: the greeting's `agentSpeaking on` never came, which we do not copy.
                del played[1]
            assert [kind for _, kind in played] == [kind for _, kind in recorded]
            for at in range(1, len(recorded)):
                step = recorded[at][0] - recorded[at - 1][0]
                ours = played[at][0] - played[at - 1][0]
                kind, previous = recorded[at][1], recorded[at - 1][1]
                assert abs(ours - step) <= allowed_ms(kind, previous), (previous, kind, step, ours)

    run(scenario())


@pytest.mark.parametrize("name", NAMES)
def test_the_same_call_ends_the_same_way(name: str) -> None:
    """Close code, reason and time; the action's form, key by key; what the number is told (sections 1.3, 2.5, 4.5)."""

    async def scenario() -> None:
        replay = Replay(name)
        call = await replay.play()
        for number, (session, talk) in enumerate(zip(replay.sessions, replay.application.talks, strict=True)):
            assert talk.closed is not None
            close, (action_ms, action) = session.close, replay.actions[number]
            assert talk.closed[1:] == (close["code"], close["reason"])
            form = replay.application.forms("/action")[number]
            assert set(form) == set(action)
            for key in ("SessionStatus", "CallStatus", "HandoffData", "ErrorCode", "ErrorMessage", "Direction"):
                assert form.get(key) == action.get(key)
            assert abs(int(form["SessionDuration"]) - int(action["SessionDuration"])) <= 2
            wait = replay.application.times("/action")[number] - talk.closed[0]
            recorded_wait = action_ms - close["ms"]
            assert 54 <= wait <= 1250 and (abs(wait - recorded_wait) <= 750)
        inbound = [form for _, form in recordings.forms(replay.lines, "/status") if form["Direction"] == "inbound"]
        [status] = replay.application.forms("/status")
        assert status["CallStatus"] == "completed" and status["SequenceNumber"] == "0"
        for form in inbound:
            assert {key: status[key] for key in ("CallStatus", "SequenceNumber", "Direction")} == {
                key: form[key] for key in ("CallStatus", "SequenceNumber", "Direction")
            }
            assert abs(int(status["CallDuration"]) - int(form["CallDuration"])) <= 2
            assert status["Timestamp"].endswith("+0000") and len(status["Timestamp"]) == len(form["Timestamp"])
        assert call.status == "completed"

    run(scenario())


@pytest.mark.parametrize("name", NAMES)
def test_setup_and_the_voice_form_have_the_recorded_shape(name: str) -> None:
    """Sheet sections 2.3 and 4.4. The recorded form has its blank geo fields cut."""

    async def scenario() -> None:
        replay = Replay(name)
        await replay.play()
        for session, talk in zip(replay.sessions, replay.application.talks, strict=True):
            recorded, ours = session.frames[0][1], talk.frames[0][1]
            assert list(recorded) == list(ours)
            for key in (
                "type",
                "parentCallSid",
                "callerName",
                "direction",
                "callType",
                "callStatus",
                "customParameters",
            ):
                assert recorded[key] == ours[key]
        [(_, recorded_form)] = recordings.forms(replay.lines, "/voice")
        [form] = replay.application.forms("/voice")
        assert set(recorded_form) == {key for key, value in form.items() if value}
        headers = next(line["headers"] for line in replay.lines if "headers" in line)
        sent = replay.stage.network.upgrades[0]
        for header in ("user-agent", "accept-encoding", "cache-control", "pragma"):
            assert sent[header] == headers[header]

    run(scenario())


@pytest.mark.parametrize("name", OPERATOR_NAMES)
def test_an_operator_on_a_relay_leg_is_heard_as_long_as_recorded(name: str) -> None:
    """Operator leg: what its relay said, from the text to `speaking on` to all characters played."""
    lines = recordings.read(name)
    spoken = [
        (said["said"], begun["ms"] - said["ms"], played["ms"] - begun["ms"], played["event"]["chars"])
        for said, begun, played in _spoken(lines)
    ]
    assert len(spoken) >= 4

    async def scenario() -> None:
        async def script(talk: Talk) -> None:
            for text, *_ in spoken:
                mark = len(talk.frames)
                await talk.say(text)
                await talk.until(lambda frame: frame.get("value") == "off", mark)

        application = Application(script, voice=relay_twiml(welcomeGreeting=""))
        stage = Stage(application)
        call = await stage.call()
        await call.quiet(lasting=5, patience=300)
        talk = await application.talk()
        starts = talk.times("agentSpeaking on")
        ends = talk.times("agentSpeaking off")
        for (text, wait, length, chars), start, end in zip(spoken, starts, ends, strict=True):
            assert chars == len(text)
            assert 230 <= wait <= 550
            assert abs((end - start) - length) <= 400, (text, length, end - start)

    run(scenario())


def _spoken(lines: list[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]]:
    """What the operator said in silence and to its end: the note, `speaking on` and `played`."""
    found = []
    for at, line in enumerate(lines):
        if line["dir"] != "note" or "said" not in line or line["overSpeech"]:
            continue
        own = [each for each in lines[at + 1 :] if each["dir"] in ("in", "note")][:2]
        if [each.get("event", {}).get("kind") for each in own] == ["speaking", "played"] and own[0]["event"]["on"]:
            if own[0]["event"]["who"] == "agent" and own[1]["event"]["chars"] == len(line["said"]):
                found.append((line, own[0], own[1]))
    return found


def test_an_outbound_relay_leg_says_so_in_its_setup() -> None:
    """Operator leg: `direction` is `outbound-api`; dialled digits come before the TwiML (about 5 s for eight)."""
    lines = recordings.read("operator-leg/resume")
    setup = next(line for line in lines if line["dir"] == "in")
    answered = next(line["ms"] for line in lines if line.get("callStatus") == "in-progress")

    async def scenario() -> None:
        application = Application(outbound=relay_twiml(welcomeGreeting=""))
        stage = Stage(application)
        call = await stage.outgoing("+15550100003", send_digits="wwww12345678")
        talk = await application.talk()
        await talk.until(lambda frame: frame["type"] == "setup")
        at, frame = talk.frames[0]
        assert frame["direction"] == setup["event"]["direction"] == "outbound-api"
        began = next(e.ms for e in call.journal.entries if getattr(e, "status", "") == "in-progress")
        assert abs((at - began) - (setup["ms"] - answered)) <= 1000

    run(scenario())


@pytest.mark.parametrize("name", ["idle-digits", "queued-digits"])
def test_tones_of_the_relay_reach_the_other_legs_gather_as_recorded(name: str) -> None:
    """One number calling itself, as recorded: gather form, and the status callbacks of both legs."""
    lines = recordings.read(name)
    [session] = recordings.sessions(lines)
    sent = [line["frame"] for line in session.lines if line["dir"] == "out" and "frame" in line]

    async def scenario() -> None:
        async def script(talk: Talk) -> None:
            await talk.until(lambda frame: frame.get("value") == "off")
            for frame in sent:
                await talk.send(**frame)

        [voice] = recordings.answers(lines, "/voice")
        page = voice.replace(RELAY_HOST, "app.example.com").replace("/relay/fixture", "/relay")
        application = Application(script, voice=page, outbound=response('<Gather timeout="30" action="/gather"/>'))
        stage = Stage(application)
        outbound = await stage.outgoing(
            LINE,
            status_callback=f"{BASE}/status",
            status_events=frozenset({"initiated", "ringing", "answered", "completed"}),
        )
        inbound = next(call for call in stage.exchange.calls.values() if call is not outbound)
        await outbound.ended()
        await inbound.ended()
        [(_, recorded)] = recordings.forms(lines, "/gather")
        [form] = application.forms("/gather")
        assert set(recorded) == {key for key, value in form.items() if value}
        for key in ("Digits", "FinishedOnKey", "Direction", "CallStatus", "msg"):
            assert form[key] == recorded[key]
        recorded_statuses = [form for _, form in recordings.forms(lines, "/status")]
        assert _told(application.forms("/status")) == _told(recorded_statuses)
        last = [each for each in application.forms("/status") if each["CallStatus"] == "completed"]
        assert all("CallDuration" in each for each in last) and len(last) == 2

    run(scenario())


def _told(statuses: list[Mapping[str, str]]) -> Counter[tuple[str, str, str]]:
    return Counter((each["Direction"], each["CallStatus"], each["SequenceNumber"]) for each in statuses)
