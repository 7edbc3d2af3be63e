"""TwiML run on a live call: each verb, each mistake, each way to another document (sheet sections 1, 4.2, 5.2, 5.3)."""

import pytest
from starlette.responses import Response

from voice_agent.demo.twilio.happenings import AlertRaised, Bridged, CallEnded, ClausePlayed, Happening, QueueLeft
from voice_agent.demo.twilio.phones import PhoneHabits
from voice_agent.demo.twilio.relay.session import RelaySession
from voice_agent.demo.twilio.twiml import NOT_BUILT

from .application import BASE, Application, relay_twiml, response
from .stage import Stage
from .virtual_time import run


def alerts(entries: list[Happening]) -> list[int]:
    return [entry.code for entry in entries if isinstance(entry, AlertRaised)]


def heard(entries: list[Happening]) -> list[str]:
    return [entry.text for entry in entries if isinstance(entry, ClausePlayed)]


def test_verbs_run_in_order_and_take_their_time() -> None:
    """Recording end-then-say-hangup: the words are over before the call is."""

    async def scenario() -> None:
        application = Application(voice=response("<Say>One two three.</Say><Pause length='2'/><Say>Four.</Say>"))
        stage = Stage(application)
        call = await stage.call()
        end = await call.ended()
        assert heard(call.journal.entries) == ["One two three.", "Four."]
        assert end.status == "completed" and end.seconds in (4, 5)

    run(scenario())


def test_attributes_may_stand_in_any_order_and_unknown_ones_do_not_matter() -> None:
    """Sheet section 1: the helper library sorts them, others do not."""

    async def scenario() -> None:
        application = Application(voice=relay_twiml(zebra="1", aardvark="2"))
        stage = Stage(application)
        await stage.call()
        await application.talk()

    run(scenario())


@pytest.mark.parametrize(
    ("page", "code"),
    [
        (Response("<Response><Say>", media_type="text/xml"), 12100),
        (Response("<Answer/>", media_type="text/xml"), 12100),
        (Response('<!DOCTYPE r [<!ENTITY x "y">]><Response>&x;</Response>', media_type="text/xml"), 12100),
        (Response("<Response/>", media_type="text/html"), 12300),
        (Response("{}", media_type="application/json"), 12300),
        (Response(status_code=500), 11200),
        (Response(status_code=404), 11200),
        (Response(b" " * 70_000, media_type="text/xml"), 11750),
    ],
)
def test_an_unusable_document_goes_to_the_fallback_with_its_error(page: Response, code: int) -> None:
    """Sheet section 4.2: `ErrorCode` and `ErrorUrl`; the fallback's TwiML runs instead."""

    async def scenario() -> None:
        application = Application(voice=page, fallback=response("<Say>Please hold.</Say>"))
        stage = Stage(application, {"voice_fallback_url": f"{BASE}/fallback"})
        call = await stage.call()
        await call.ended()
        [form] = application.forms("/fallback")
        assert form["ErrorCode"] == str(code) and form["ErrorUrl"] == f"{BASE}/voice"
        assert form["CallSid"] == call.sid and heard(call.journal.entries) == ["Please hold."]
        assert alerts(call.journal.entries) == [code]

    run(scenario())


def test_without_a_fallback_the_caller_hears_an_error_and_the_call_ends() -> None:
    """Sheet section 4.2."""

    async def scenario() -> None:
        application = Application(voice=Response(status_code=503))
        stage = Stage(application)
        call = await stage.call()
        await call.ended()
        [words] = heard(call.journal.entries)
        assert "application error" in words

    run(scenario())


ONLY_INSIDE = {"Task", "Stream", "Client", "Sip", "Sim"}
BUILT_IN_PART = {"Start", "Stop", "Record"}


@pytest.mark.parametrize("tag", sorted(set(NOT_BUILT) - ONLY_INSIDE - BUILT_IN_PART))
def test_a_verb_that_is_not_built_ends_the_call_loudly(tag: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What the emulator cannot do is listed in one table, named in the call's events and on stderr."""

    async def scenario() -> None:
        application = Application(voice=response(f"<{tag}/><Say>Never said.</Say>"))
        stage = Stage(application)
        call = await stage.call()
        end = await call.ended()
        assert f"<{tag}> is not built" in end.reason and not heard(call.journal.entries)

    run(scenario())
    assert f"<{tag}> is not built" in capsys.readouterr().err


@pytest.mark.parametrize(
    "inside",
    [
        '<Connect><Stream connectorName="somebody"/></Connect>',
        "<Dial><Client>ann</Client></Dial>",
        '<Start><Stream url="wss://app.example.com/media"/></Start>',
        '<Record transcribe="true"/>',
        '<Dial record="record-from-answer">+15550100003</Dial>',
    ],
)
def test_a_noun_that_is_not_built_ends_the_call_loudly(inside: str) -> None:
    async def scenario() -> None:
        application = Application(voice=response(inside))
        stage = Stage(application)
        call = await stage.call()
        assert "is not built" in (await call.ended()).reason

    run(scenario())


def test_a_tag_that_is_no_verb_is_skipped_with_a_warning() -> None:
    """Sheet section 4.2: 12200 is a schema warning."""

    async def scenario() -> None:
        application = Application(voice=response("<Shout>Hey</Shout><Say>Hello.</Say>"))
        stage = Stage(application)
        call = await stage.call()
        await call.ended()
        assert alerts(call.journal.entries) == [12200] and heard(call.journal.entries) == ["Hello."]

    run(scenario())


def test_gather_posts_the_keys_and_what_finished_them() -> None:
    """Recording idle-digits: `Digits`, `FinishedOnKey`, `msg`."""

    async def scenario() -> None:
        application = Application(
            voice=response('<Gather action="/gather"><Say>Your number, please, then the hash key.</Say></Gather>')
        )
        stage = Stage(application)
        call = await stage.call()
        await stage.clock.sleep(1)
        await call.press("1234#")
        await call.ended()
        [form] = application.forms("/gather")
        assert (form["Digits"], form["FinishedOnKey"], form["msg"]) == ("1234", "#", "Gather End")
        assert heard(call.journal.entries)[0] != "Your number, please, then the hash key."  # cut by the first key

    run(scenario())


def test_gather_stops_at_its_number_of_digits_and_goes_on_when_nothing_comes() -> None:
    """Sheet section 4.4; without input the verb below runs."""

    async def scenario() -> None:
        application = Application(
            voice=response('<Gather numDigits="2" action="/gather"/><Say>Nothing came.</Say>'),
            gather=response('<Gather timeout="3"/><Say>Nothing came.</Say>'),
        )
        stage = Stage(application)
        call = await stage.call()
        await call.press("12")
        await call.ended()
        [form] = application.forms("/gather")
        assert form["Digits"] == "12" and form["FinishedOnKey"] == ""
        assert heard(call.journal.entries) == ["Nothing came."]

    run(scenario())


def test_gather_hears_speech_if_it_is_asked_to() -> None:
    """Sheet section 4.4: `SpeechResult` and `Confidence`."""

    async def scenario() -> None:
        application = Application(voice=response('<Gather input="speech" action="/gather"/>'))
        stage = Stage(application)
        call = await stage.call()
        await call.say("Tomorrow morning")
        await call.ended()
        [form] = application.forms("/gather")
        assert form["SpeechResult"] == "Tomorrow morning" and 0 < float(form["Confidence"]) <= 1
        assert "Digits" not in form

    run(scenario())


@pytest.mark.parametrize(("reason", "status"), [("busy", "busy"), ("rejected", "no-answer")])
def test_a_rejected_call_is_never_answered(reason: str, status: str) -> None:
    async def scenario() -> None:
        application = Application(voice=response(f'<Reject reason="{reason}"/>'))
        stage = Stage(application)
        call = await stage.call()
        assert (await call.ended()).status == status and not call.answered
        [form] = application.forms("/status")
        assert form["CallStatus"] == status

    run(scenario())


ENQUEUE = response('<Enqueue waitUrl="/wait" action="/left">dispatch</Enqueue>')


def test_a_queued_call_hears_its_wait_document_over_and_over() -> None:
    """Sheet section 5.2: the fields of the wait request; `hangup` is told to the action."""

    async def scenario() -> None:
        application = Application(voice=ENQUEUE, wait=response("<Say>Please hold the line.</Say>"))
        stage = Stage(application)
        call = await stage.call()
        await stage.clock.sleep(20)
        call.hang_up()
        await call.ended()
        first, *more = application.forms("/wait")
        assert len(more) > 3
        assert first["QueuePosition"] == "1" and first["CurrentQueueSize"] == "1" and first["QueueTime"] == "0"
        assert first["MaxQueueSize"] == "1000" and int(more[-1]["QueueTime"]) > 10
        [left] = application.forms("/left")
        assert left["QueueResult"] == "hangup" and int(left["QueueTime"]) in (19, 20)
        assert not stage.exchange.queues.named("dispatch").members

    run(scenario())


def test_leave_takes_a_call_out_of_its_queue() -> None:
    """Sheet section 5.2: `<Leave>`; the action's answer goes on."""

    async def scenario() -> None:
        application = Application(
            voice=ENQUEUE,
            wait=response('<Gather numDigits="1" action="/pressed"><Say>Press one to leave.</Say></Gather>'),
            pressed=response("<Leave/>"),
            left=response("<Say>You are back.</Say>"),
        )
        stage = Stage(application)
        call = await stage.call()
        await stage.clock.sleep(5)
        await call.press("1")
        await call.ended()
        [left] = application.forms("/left")
        assert left["QueueResult"] == "leave" and heard(call.journal.entries)[-1] == "You are back."

    run(scenario())


def test_a_full_queue_is_told_at_once() -> None:
    """Sheet section 5.2: `queue-full`."""

    async def scenario() -> None:
        application = Application(voice=ENQUEUE)
        stage = Stage(application)
        stage.exchange.queues.create("dispatch", 1)
        waiting = await stage.call()
        await waiting.journal.until(lambda entry: bool(stage.exchange.queues.named("dispatch").members))
        await (await stage.call()).ended()
        [left] = application.forms("/left")
        assert left["QueueResult"] == "queue-full"

    run(scenario())


def test_a_dispatcher_takes_the_front_of_the_queue_and_both_talk() -> None:
    """Sheet section 5.3: the `url` of `<Queue>` runs on the waiting caller's leg, with `DequeingCallSid`."""

    async def scenario() -> None:
        application = Application(
            voice=ENQUEUE,
            wait=response("<Say>Please hold.</Say>"),
            desk=response(
                "<Say>A caller is waiting.</Say>"
                '<Dial action="/dialled"><Queue url="/connecting">dispatch</Queue></Dial>'
            ),
            connecting=response("<Say>You are being connected.</Say>"),
        )
        stage = Stage(application)
        waiting = await stage.call()
        await stage.clock.sleep(4)
        desk = await stage.outgoing("+15550100003", f"{BASE}/desk")
        await desk.journal.until(lambda entry: isinstance(entry, Bridged))
        await desk.say("Hello, this is dispatch.")
        await waiting.say("Thank you.")
        await stage.clock.sleep(10)
        desk.hang_up()
        await desk.ended()
        await waiting.ended()
        [connecting] = application.forms("/connecting")
        assert connecting["CallSid"] == waiting.sid and connecting["DequeingCallSid"] == desk.sid
        assert "Hello, this is dispatch." in heard(waiting.journal.entries)
        assert "Thank you." in heard(desk.journal.entries)
        assert heard(desk.journal.entries)[0] == "A caller is waiting."
        [left] = application.forms("/left")
        assert left["QueueResult"] == "bridged"
        [dialled] = application.forms("/dialled")
        assert dialled["DialCallSid"] == waiting.sid and dialled["DialBridged"] == "true"
        assert int(dialled["DialCallDuration"]) >= 10

    run(scenario())


def test_when_the_waiting_side_hangs_up_the_dispatcher_goes_on() -> None:
    """Sheet section 5.3: the dial's action is asked and its answer runs."""

    async def scenario() -> None:
        application = Application(
            voice=ENQUEUE,
            desk=response('<Dial action="/dialled"><Queue>dispatch</Queue></Dial>'),
            dialled=response("<Say>The caller has gone.</Say>"),
        )
        stage = Stage(application)
        waiting = await stage.call()
        desk = await stage.outgoing("+15550100003", f"{BASE}/desk")
        await desk.journal.until(lambda entry: isinstance(entry, Bridged))
        waiting.hang_up()
        await desk.ended()
        assert heard(desk.journal.entries) == ["The caller has gone."]

    run(scenario())


@pytest.mark.parametrize(
    ("phone", "status", "bridged"),
    [
        (PhoneHabits("human"), "completed", "true"),
        (PhoneHabits("busy"), "busy", "false"),
        (PhoneHabits("declined"), "busy", "false"),
        (PhoneHabits("no_answer"), "no-answer", "false"),
        (PhoneHabits("human", after=45), "no-answer", "false"),
        (PhoneHabits("failed"), "failed", "false"),
    ],
)
def test_dial_tells_how_the_called_phone_took_it(phone: PhoneHabits, status: str, bridged: str) -> None:
    """Sheet section 5.3: `DialCallStatus`, `DialCallSid`, `DialBridged`; timeout 30 s by default."""

    async def scenario() -> None:
        application = Application(
            voice=response('<Dial action="/dialled"><Number url="/whisper">+15550100003</Number></Dial>'),
            whisper=response("<Say>A customer for you.</Say>"),
        )
        stage = Stage(application)
        stage.exchange.phones["+15550100003"] = phone
        call = await stage.call()
        if bridged == "true":
            await call.journal.until(lambda entry: isinstance(entry, Bridged))
            leg = next(each for each in stage.exchange.calls.values() if each is not call)
            assert leg.options.parent_call_sid == call.sid and leg.options.direction == "outbound-dial"
            assert heard(leg.journal.entries) == ["A customer for you."]
            await stage.clock.sleep(3)
            leg.hang_up()
        await call.ended()
        [form] = application.forms("/dialled")
        assert (form["DialCallStatus"], form["DialBridged"]) == (status, bridged)
        assert ("DialCallDuration" in form) is (bridged == "true")
        assert len(application.forms("/whisper")) == (1 if bridged == "true" else 0)

    run(scenario())


def test_the_time_out_of_a_dial_is_for_ringing_and_a_whisper_may_take_longer() -> None:
    """Sheet section 5.3: the document of `<Number url>` runs before the two talk."""

    async def scenario() -> None:
        application = Application(
            voice=response('<Dial timeout="10" action="/dialled"><Number url="/whisper">+15550100003</Number></Dial>'),
            whisper=response('<Pause length="30"/>'),
        )
        stage = Stage(application)
        call = await stage.call()
        assert await call.journal.until(lambda entry: isinstance(entry, Bridged)) is not None
        call.hang_up()
        await call.ended()

    run(scenario())


def test_a_call_can_be_redirected_out_of_a_relay_session_and_out_of_a_queue() -> None:
    """Sheet section 5.1 last paragraph: the socket sees 1000 (what else is unconfirmed); 5.2: `redirected`."""

    async def scenario() -> None:
        from voice_agent.demo.twilio.flow import Fetch

        application = Application(voice=relay_twiml(), elsewhere=ENQUEUE, back=response("<Say>Back.</Say>"))
        stage = Stage(application)
        call = await stage.call()
        talk = await application.talk()
        await call.quiet()
        call.redirect(Fetch(f"{BASE}/elsewhere", kind="redirect"))
        await call.journal.until(lambda entry: bool(stage.exchange.queues.named("dispatch").members))
        assert talk.closed is not None and talk.closed[1] == 1000 and not application.forms("/action")
        call.redirect(Fetch(f"{BASE}/back", kind="redirect"))
        await call.ended()
        assert [entry.result for entry in call.journal.entries if isinstance(entry, QueueLeft)] == ["redirected"]
        assert heard(call.journal.entries)[-1] == "Back."

    run(scenario())


def test_a_number_of_ours_that_calls_another_of_ours_makes_two_legs() -> None:
    """The recordings were made so: tones sent by the relay reach the other leg's `<Gather>` (idle-digits)."""

    async def scenario() -> None:
        async def script(talk: object) -> None:
            assert isinstance(talk, Talk)
            await talk.send(type="sendDigits", digits="1234#")

        application = Application(script, voice=relay_twiml(), outbound=GATHER)
        stage = Stage(application)
        outbound = await stage.outgoing("+15550100001")
        await outbound.ended()
        [form] = application.forms("/gather")
        assert form["Digits"] == "1234" and form["FinishedOnKey"] == "#" and form["Direction"] == "outbound-api"
        ends = [e for c in stage.exchange.calls.values() for e in c.journal.entries if isinstance(e, CallEnded)]
        assert len(stage.exchange.calls) == 2 and len(ends) >= 1
        assert not isinstance(outbound.relay, RelaySession)

    from .application import Talk

    GATHER = response('<Gather timeout="20" action="/gather"/>')
    run(scenario())
