"""How a relay session begins and ends, and what the application is told of it (sheet sections 1.3, 1.4, 2.1, 2.5)."""

import pytest
from twilio.request_validator import RequestValidator

from voice_agent.demo.twilio.happenings import AlertRaised, SocketRefused
from voice_agent.demo.twilio.relay.faults import RelayFault

from .application import RELAY, TOKEN, Application, Talk, answering, relay_twiml, response
from .stage import Stage
from .virtual_time import run


def test_the_upgrade_is_signed_over_the_url_as_written() -> None:
    """Sheet sections 2.1 and 2.2: headers as observed, wss form only."""

    async def scenario() -> None:
        application = Application(voice=relay_twiml())
        stage = Stage(application)
        await stage.call()
        await application.talk()
        [headers] = stage.network.upgrades
        assert headers["user-agent"] == "Jetty/11.0.24" and headers["accept-encoding"] == "gzip"
        signature = headers["x-twilio-signature"]
        assert headers["x-amzn-bedrock-agentcore-runtime-custom-twilio-signature"] == signature
        validator = RequestValidator(TOKEN)
        assert validator.validate(RELAY, {}, signature)
        assert not validator.validate(RELAY.replace("wss", "https"), {}, signature)

    run(scenario())


@pytest.mark.parametrize("fault", [RelayFault.WRONG_SIGNATURE, RelayFault.MISSING_SIGNATURE, RelayFault.TRAILING_SLASH])
def test_the_signature_can_be_made_wrong(fault: RelayFault) -> None:
    """Sheet section 9: a switch for a wrong signature, a missing one, a trailing slash."""

    async def scenario() -> None:
        application = Application(voice=relay_twiml())
        stage = Stage(application)
        await stage.call(relay_faults=frozenset({fault}))
        await application.talk()
        [headers] = stage.network.upgrades
        assert not RequestValidator(TOKEN).validate(RELAY, {}, headers.get("x-twilio-signature", ""))

    run(scenario())


def test_a_refused_upgrade_loses_the_call_without_an_action() -> None:
    """Sheet section 1.4: 64102, no action call; only the alert tells."""

    async def scenario() -> None:
        application = Application(voice=relay_twiml())
        application.refuse = True
        stage = Stage(application)
        call = await stage.call()
        end = await call.ended()
        assert end.status == "failed" and not application.forms("/action")
        assert [entry.code for entry in call.journal.entries if isinstance(entry, AlertRaised)] == [64102]
        assert [entry.status for entry in call.journal.entries if isinstance(entry, SocketRefused)] == [403]

    run(scenario())


def test_a_url_that_is_not_wss_is_refused() -> None:
    """Sheet section 1.1: `url` must begin `wss://`; plain `ws://` is taken to this machine only."""

    async def scenario() -> None:
        application = Application(voice=relay_twiml(url="ws://app.example.com/relay"))
        stage = Stage(application)
        call = await stage.call()
        await call.ended()
        assert [entry.code for entry in call.journal.entries if isinstance(entry, AlertRaised)] == [64101]
        assert not application.talks

    run(scenario())


def test_setup_comes_within_the_recorded_time_of_the_webhook() -> None:
    """README of the recordings: 0.41-1.54 s, right after the socket is open, the call still ringing."""

    async def scenario() -> None:
        application = Application(voice=relay_twiml())
        stage = Stage(application)
        call = await stage.call()
        talk = await application.talk()
        at, setup = await talk.until(lambda frame: True)
        assert 410 <= at - application.times("/voice")[0] <= 1540
        assert setup["type"] == "setup" and setup["callStatus"] == "RINGING"
        assert call.status == "in-progress"

    run(scenario())


@pytest.mark.parametrize("code", [1000, 1001, 1011])
def test_a_socket_the_server_closes_is_a_failed_session_on_a_live_call(code: int) -> None:
    """Sheet section 1.3: closed by us with any code: failed, 64105, call in-progress."""

    async def scenario() -> None:
        async def script(talk: Talk) -> None:
            await talk.socket.close(code)

        application = Application(script, voice=relay_twiml(), action=response("<Hangup/>"))
        stage = Stage(application)
        call = await stage.call()
        await call.ended()
        [action] = application.forms("/action")
        assert (action["SessionStatus"], action["CallStatus"]) == ("failed", "in-progress")
        assert (action["ErrorCode"], action["ErrorMessage"]) == ("64105", "Websocket ended")
        assert "HandoffData" not in action

    run(scenario())


def test_after_a_broken_socket_the_action_decides_and_may_resume() -> None:
    """Sheet section 1.4, recordings socket-drop and end-then-reconnect: new session, IN_PROGRESS, greeting again."""

    async def scenario() -> None:
        application = Application(
            answering({}), voice=relay_twiml(), action=[relay_twiml(welcomeGreeting="Welcome back."), response()]
        )
        stage = Stage(application)
        call = await stage.call()
        first = await application.talk(0)
        await call.quiet()
        call.drop_socket()
        dropped = application.ms()
        second = await application.talk(1)
        await call.quiet()
        assert first.closed is not None and first.closed[1] == 1006
        assert 1100 <= application.times("/action")[0] - dropped <= 1300
        one, two = first.frames[0][1], second.frames[0][1]
        assert one["callSid"] == two["callSid"] and one["sessionId"] != two["sessionId"]
        assert two["callStatus"] == "IN_PROGRESS"
        assert "tokensPlayed Welcome back." in second.kinds()
        assert len(application.forms("/voice")) == 1

    run(scenario())


def test_without_an_action_the_next_verb_runs_and_then_the_call_ends() -> None:
    """Sheet section 1.3, last line."""

    async def scenario() -> None:
        async def script(talk: Talk) -> None:
            await talk.send(type="end")

        twiml = relay_twiml(action=None).replace("</Connect>", "</Connect><Redirect>/next</Redirect>")
        application = Application(script, voice=twiml, next=response())
        stage = Stage(application)
        call = await stage.call()
        end = await call.ended()
        assert len(application.forms("/next")) == 1 and end.status == "completed"

    run(scenario())


def test_ten_bad_frames_in_a_row_close_the_socket() -> None:
    """Recording malformed-frames: an error frame each after 90 ms, close 1007 65 ms later, action failed."""

    async def scenario() -> None:
        application = Application(voice=relay_twiml(), action=response("<Hangup/>"))
        stage = Stage(application)
        call = await stage.call()
        talk = await application.talk()
        await call.quiet()
        sent, mark = application.ms(), len(talk.frames)
        for number in range(1, 11):
            await talk.socket.send_text(f"this is not json #{number}")
        await call.ended()
        errors = [(ms - sent, frame["description"]) for ms, frame in talk.frames[mark:]]
        assert errors == [
            (90, f"Invalid message received, code: 64107, this is not json #{number}") for number in range(1, 11)
        ]
        assert talk.closed is not None
        assert (talk.closed[0] - sent, *talk.closed[1:]) == (155, 1007, "Too many consecutive malformed messages.")
        [action] = application.forms("/action")
        assert (action["SessionStatus"], action["ErrorCode"]) == ("failed", "64105")

    run(scenario())


BAD_FRAMES = [
    '{"type":"interrupt"}',
    '{"type":"text"}',
    '{"type":"text","token":null,"last":true}',
    '{"type":"text","token":"x","last":"yes"}',
    '{"type":"play"}',
    '{"type":"sendDigits","digits":"12a"}',
    '{"type":"language"}',
    '{"type":"end","handoffData":{"reason":"not a string"}}',
    '["text"]',
]


def test_every_kind_of_bad_frame_is_an_error_and_a_good_one_resets_the_count() -> None:
    """Sheet section 2.5, «Validation»; the reset itself is unconfirmed there."""

    async def scenario() -> None:
        application = Application(voice=relay_twiml())
        stage = Stage(application)
        call = await stage.call()
        talk = await application.talk()
        await call.quiet()
        for _ in range(2):
            for raw in BAD_FRAMES:
                await talk.socket.send_text(raw)
            await talk.send(type="text", token="Fine.", last=True)
        await call.quiet()
        assert talk.closed is None
        errors = [frame["description"] for _, frame in talk.frames if frame["type"] == "error"]
        assert errors == [f"Invalid message received, code: 64107, {raw}" for raw in BAD_FRAMES] * 2

    run(scenario())


def test_a_hang_up_in_mid_reply_reports_nothing_of_the_cut_text() -> None:
    """Recording busy-digits: only the close; no fragment, no interrupt, no agentSpeaking off."""

    async def scenario() -> None:
        application = Application(
            answering({"1": "This is quite a long sentence that nobody will hear to its very end."}),
            voice=relay_twiml(),
        )
        stage = Stage(application)
        call = await stage.call()
        talk = await application.talk()
        await call.quiet()
        await call.press("1")
        await talk.until(lambda frame: frame.get("value") == "on", len(talk.frames))
        mark = len(talk.frames)
        await stage.clock.sleep(1)
        call.hang_up()
        await call.ended()
        assert talk.kinds()[mark:] == []
        assert talk.closed is not None and talk.closed[1] == 1000
        [action] = application.forms("/action")
        assert (action["SessionStatus"], action["CallStatus"]) == ("completed", "completed")

    run(scenario())


def test_what_was_half_said_at_the_hang_up_comes_if_it_is_asked_for() -> None:
    """Sheet section 1.1: `partialPromptOnHangup`."""

    async def scenario() -> None:
        application = Application(voice=relay_twiml(partialPromptOnHangup="true", partialPrompts="false"))
        stage = Stage(application)
        call = await stage.call()
        talk = await application.talk()
        await call.quiet()
        await call.say("I only wanted to ask whether you could")
        await stage.clock.sleep(1)
        call.hang_up()
        await call.ended()
        assert talk.kinds()[-1] == "prompt I only wanted"

    run(scenario())


@pytest.mark.parametrize(
    ("fault", "kinds"),
    [
        (RelayFault.DUPLICATE_FINAL, ["prompt Hello.", "prompt Hello."]),
        (RelayFault.EMPTY_PROMPT, ["prompt ", "prompt Hello."]),
        (RelayFault.UNKNOWN_FRAME, ["telemetry", "prompt Hello."]),
        (RelayFault.SILENCE, []),
    ],
)
def test_the_line_can_be_made_faulty(fault: RelayFault, kinds: list[str]) -> None:
    """Sheet section 9, «Faults»."""

    async def scenario() -> None:
        application = Application(voice=relay_twiml(partialPrompts="false", events=""))
        stage = Stage(application)
        call = await stage.call(relay_faults=frozenset({fault}))
        talk = await application.talk()
        await call.quiet()
        await call.say("Hello.")
        await call.quiet(lasting=200, patience=300)
        assert talk.kinds()[1:] == kinds and talk.closed is None

    run(scenario())


def test_setup_can_come_late_and_frames_in_one_burst() -> None:
    """Sheet section 9, «Faults»; every frame may also carry fields nobody knows."""

    async def scenario() -> None:
        application = Application(voice=relay_twiml())
        stage = Stage(application)
        faults = frozenset({RelayFault.LATE_SETUP, RelayFault.BURST, RelayFault.UNKNOWN_FIELDS})
        call = await stage.call(relay_faults=faults)
        talk = await application.talk()
        opened = application.ms()
        await call.quiet(lasting=10)
        assert talk.frames[0][1]["type"] == "setup" and talk.frames[0][0] - opened == 5000
        assert all("schemaVersion" in frame for _, frame in talk.frames)
        await call.say("One two three four")
        await call.quiet(lasting=10)
        prompts = [ms for ms, frame in talk.frames if frame["type"] == "prompt"]
        assert len(prompts) == 5 and len(set(prompts)) == 1

    run(scenario())
