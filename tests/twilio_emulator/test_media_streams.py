"""Bidirectional Media Streams from Twilio's end (sheet section 3)."""

import asyncio
import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from twilio.request_validator import RequestValidator

from voice_agent.demo.twilio.clock import Clock
from voice_agent.demo.twilio.happenings import AlertRaised, AudioPlayed
from voice_agent.demo.twilio.streams.playback import Playback
from voice_agent.demo.twilio.streams.voice import SILENCE, mulaw

from .application import TOKEN, Application, response
from .stage import Stage
from .virtual_time import run

URL = "wss://app.example.com/media"
CONNECT = response(
    f'<Connect action="/after"><Stream url="{URL}" statusCallback="/stream"><Parameter name="job" value="7"/></Stream>'
    "</Connect>"
)


class StreamApplication(Application):
    """An application that takes a media stream; `sent` are the frames from Twilio, media among them."""

    def __init__(self, **pages: Any) -> None:
        super().__init__(voice=CONNECT, **pages)
        self.sent: list[tuple[int, dict[str, Any]]] = []
        self.closed: int | None = None
        self.socket: WebSocket | None = None
        self.news = asyncio.Event()
        inner = self.app
        self.app = Starlette(routes=[WebSocketRoute("/media", self._media), *inner.routes[1:]])

    async def open(self) -> WebSocket:
        while self.socket is None:
            await self.news.wait()
        return self.socket

    async def send(self, **frame: Any) -> None:
        await (await self.open()).send_text(json.dumps(frame))

    async def play(self, audio: bytes, mark: str | None = None) -> None:
        await self.send(event="media", streamSid="MZ", media={"payload": base64.b64encode(audio).decode()})
        if mark is not None:
            await self.send(event="mark", streamSid="MZ", mark={"name": mark})

    def frames(self, event: str) -> list[tuple[int, dict[str, Any]]]:
        return [(ms, frame) for ms, frame in self.sent if frame["event"] == event]

    async def _media(self, socket: WebSocket) -> None:
        await socket.accept()
        self.socket = socket
        self.news.set()
        try:
            while True:
                frame = json.loads(await socket.receive_text())
                self.sent.append((self.ms(), frame))
        except WebSocketDisconnect as gone:
            self.closed = gone.code


def test_connected_start_and_then_a_frame_of_audio_every_20_ms() -> None:
    """Sheet section 3.2: string counters from `start` on, 160 bytes of μ-law, formats as numbers."""

    async def scenario() -> None:
        application = StreamApplication()
        stage = Stage(application)
        call = await stage.call()
        await application.open()
        await stage.clock.sleep(1)
        first, second, *rest = [frame for _, frame in application.sent]
        assert first == {"event": "connected", "protocol": "Call", "version": "1.0.0"}
        assert second["event"] == "start" and second["sequenceNumber"] == "1"
        start = second["start"]
        assert start["callSid"] == call.sid and start["customParameters"] == {"job": "7"}
        assert start["mediaFormat"] == {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
        assert [frame["sequenceNumber"] for frame in rest] == [str(number) for number in range(2, len(rest) + 2)]
        times = [ms for ms, _ in application.frames("media")]
        assert {later - earlier for earlier, later in zip(times, times[1:], strict=False)} == {20}
        media = rest[2]["media"]
        assert media["chunk"] == "3" and media["timestamp"] == "60" and media["track"] == "inbound"
        assert base64.b64decode(media["payload"]) == SILENCE and len(media["payload"]) == 216
        [headers] = stage.network.upgrades
        assert RequestValidator(TOKEN).validate(URL, {}, headers["x-twilio-signature"])

    run(scenario())


def test_a_mark_comes_back_when_everything_before_it_was_played() -> None:
    """Sheet section 3.3: real time, in order; with an empty buffer at once."""

    async def scenario() -> None:
        application = StreamApplication()
        stage = Stage(application)
        call = await stage.call()
        await application.open()
        began = application.ms()
        await application.play(bytes(8000), "one")
        await application.play(bytes(4000), "two")
        assert not application.frames("mark")
        await stage.clock.sleep(3)
        assert [(ms - began, frame["mark"]["name"]) for ms, frame in application.frames("mark")] == [
            (1000, "one"),
            (1500, "two"),
        ]
        await application.send(event="mark", streamSid="MZ", mark={"name": "idle"})
        await stage.clock.sleep(0.01)
        assert application.frames("mark")[-1][1]["mark"]["name"] == "idle"
        [played] = [entry for entry in call.journal.entries if isinstance(entry, AudioPlayed)]
        assert (played.seconds, played.cut) == (1.5, False)

    run(scenario())


def test_clear_empties_the_buffer_and_returns_every_mark() -> None:
    """Sheet section 3.3: so a mark after a clear proves nothing."""

    async def scenario() -> None:
        application = StreamApplication()
        stage = Stage(application)
        call = await stage.call()
        await application.open()
        await application.play(bytes(16_000), "one")
        await application.play(bytes(16_000), "two")
        await stage.clock.sleep(0.5)
        cleared = application.ms()
        await application.send(event="clear", streamSid="MZ")
        await stage.clock.sleep(3)
        marks = application.frames("mark")
        assert [frame["mark"]["name"] for _, frame in marks] == ["one", "two"]
        assert all(ms - cleared <= 1 for ms, _ in marks)
        [played] = [entry for entry in call.journal.entries if isinstance(entry, AudioPlayed)]
        assert played.cut and played.seconds == pytest.approx(0.5, abs=0.01)

    run(scenario())


def test_keys_and_the_callers_voice_are_heard() -> None:
    """Sheet section 3.2: `dtmf` on the `inbound_track`; audio given by the test goes out frame by frame."""

    async def scenario() -> None:
        application = StreamApplication()
        stage = Stage(application)
        call = await stage.call()
        await application.open()
        await call.press("5")
        await stage.clock.sleep(0.01)
        [(_, key)] = application.frames("dtmf")
        assert key["dtmf"] == {"track": "inbound_track", "digit": "5"}
        await call.say("Hello there my friend")
        await call.quiet()
        loud = [f for _, f in application.frames("media") if base64.b64decode(f["media"]["payload"]) != SILENCE]
        assert len(loud) == 60
        mark = len(application.frames("media"))
        call.play_audio(bytes(range(200)))
        await stage.clock.sleep(0.1)
        heard = [base64.b64decode(frame["media"]["payload"]) for _, frame in application.frames("media")[mark:]]
        assert b"".join(heard[:2]) == bytes(range(200)) + b"\xff" * 120

    run(scenario())


def test_when_the_application_closes_the_call_goes_on_to_the_action() -> None:
    """Sheet section 3.1: the way to stop a bidirectional stream; status callbacks tell of both ends."""

    async def scenario() -> None:
        application = StreamApplication(after=response("<Say>Goodbye.</Say>"))
        stage = Stage(application)
        call = await stage.call()
        await (await application.open()).close(1000)
        await call.ended()
        assert len(application.forms("/after")) == 1
        events = [form["StreamEvent"] for form in application.forms("/stream")]
        assert events == ["stream-started", "stream-stopped"]
        assert application.forms("/stream")[0]["StreamSid"].startswith("MZ")

    run(scenario())


def test_a_hang_up_stops_the_stream() -> None:
    """Sheet section 3.2: `stop`, then the socket closes."""

    async def scenario() -> None:
        application = StreamApplication()
        stage = Stage(application)
        call = await stage.call()
        await application.open()
        await stage.clock.sleep(1)
        call.hang_up()
        await call.ended()
        last = application.sent[-1][1]
        assert last["event"] == "stop" and last["stop"]["callSid"] == call.sid
        assert application.closed == 1000
        [after] = application.forms("/after")
        assert after["CallStatus"] == "completed"

    run(scenario())


def test_a_stream_that_cannot_be_opened_is_reported_and_the_call_goes_on() -> None:
    """Sheet section 3.3: 31920 for the handshake; `stream-error`."""

    async def scenario() -> None:
        page = CONNECT.replace("/media", "/nowhere")
        application = Application(voice=page, after=response("<Hangup/>"))
        stage = Stage(application)
        call = await stage.call()
        await call.ended()
        assert [entry.code for entry in call.journal.entries if isinstance(entry, AlertRaised)] == [31920]
        [form] = application.forms("/stream")
        assert form["StreamEvent"] == "stream-error" and len(application.forms("/after")) == 1

    run(scenario())


def test_what_is_no_stream_message_is_an_alert_and_nothing_more() -> None:
    async def scenario() -> None:
        application = StreamApplication()
        stage = Stage(application)
        call = await stage.call()
        await application.open()
        for frame in ({"event": "media", "media": {"payload": "%%%"}}, {"event": "shout"}, {"type": "text"}):
            await application.send(**frame)
        await stage.clock.sleep(0.1)
        assert [entry.code for entry in call.journal.entries if isinstance(entry, AlertRaised)] == [31951] * 3
        assert application.closed is None

    run(scenario())


@given(st.lists(st.one_of(st.integers(1, 4000), st.sampled_from(["mark", "clear"])), max_size=20))
def test_every_mark_comes_back_exactly_once_and_in_order(steps: list[int | str]) -> None:
    """Sheet section 3.3, whatever is played, marked and cleared in between."""

    async def scenario() -> None:
        marked: list[str] = []
        clock = Clock()
        playback = Playback(clock, marked.append, lambda seconds, cut: None)
        sent = 0
        for step in steps:
            if isinstance(step, int):
                playback.play(bytes(step))
                await clock.sleep(step / 16_000)
            elif step == "mark":
                playback.mark(str(sent))
                sent += 1
            else:
                playback.clear()
        await clock.sleep(100)
        assert marked == [str(number) for number in range(sent)]

    run(scenario())


@pytest.mark.parametrize(("sample", "byte"), [(0, 0xFF), (32_767, 0x80), (-32_768, 0x00), (8, 0xFE), (-8, 0x7E)])
def test_mulaw_is_that_of_g711(sample: int, byte: int) -> None:
    assert mulaw(sample) == byte


def test_a_query_in_the_url_is_refused() -> None:
    """Sheet section 3.1: parameters go into `<Parameter>`."""

    async def scenario() -> None:
        page = CONNECT.replace("/media", "/media?job=7")
        application = Application(voice=page)
        stage = Stage(application)
        call = await stage.call()
        await call.ended()
        assert [entry.code for entry in call.journal.entries if isinstance(entry, AlertRaised)] == [31920]

    run(scenario())
