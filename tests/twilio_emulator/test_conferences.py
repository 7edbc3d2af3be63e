"""Conferences: joining, starting, ending, who hears whom, and the REST side of a warm transfer (sheet section 5.3)."""

from collections.abc import Iterator
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from voice_agent.demo.twilio.exchange import DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN
from voice_agent.demo.twilio.happenings import ClausePlayed, ConferenceJoined, ConferenceLeft, Happening

from .application import BASE, Application, response
from .official_client import client
from .processes import emulator, wait_until
from .stage import Stage
from .virtual_time import run


def dial(attributes: str = "", action: str = "") -> str:
    return response(f"<Dial{action}><Conference {attributes}>room</Conference></Dial>")


def heard(entries: list[Happening]) -> list[str]:
    return [entry.text for entry in entries if isinstance(entry, ClausePlayed) and entry.source == "person"]


async def in_the_room(*calls: Any) -> None:
    for call in calls:
        await call.journal.until(lambda entry: isinstance(entry, ConferenceJoined))


def test_a_warm_transfer_waits_for_the_dispatcher_and_ends_with_the_caller() -> None:
    """Sheet section 5.3: `startConferenceOnEnter` false, wait document, `endConferenceOnExit`, events in sequence."""

    async def scenario() -> None:
        caller_twiml = dial(
            'startConferenceOnEnter="false" endConferenceOnExit="true" waitUrl="/wait" '
            'statusCallback="/room" statusCallbackEvent="start end join leave"',
            ' action="/after"',
        )
        application = Application(
            voice=caller_twiml,
            wait=response("<Say>One moment please.</Say>"),
            outbound=dial(action=' action="/after"'),
        )
        stage = Stage(application)
        caller = await stage.call()
        await stage.clock.sleep(10)
        assert len(application.forms("/wait")) >= 3
        dispatcher = await stage.outgoing("+15550100003")
        await in_the_room(caller, dispatcher)
        waits = len(application.forms("/wait"))
        await dispatcher.say("Hello, dispatch here.")
        await caller.say("My boiler leaks.")
        await stage.clock.sleep(10)
        assert len(application.forms("/wait")) == waits
        assert heard(caller.journal.entries) == ["Hello, dispatch here."]
        assert heard(dispatcher.journal.entries) == ["My boiler leaks."]
        caller.hang_up()
        await caller.ended()
        await dispatcher.ended()
        events = [form["StatusCallbackEvent"] for form in application.forms("/room")]
        assert sorted(events) == [
            "conference-end",
            "conference-start",
            "participant-join",
            "participant-join",
            "participant-leave",
            "participant-leave",
        ]
        end = next(form for form in application.forms("/room") if form["StatusCallbackEvent"] == "conference-end")
        assert end["CallSidEndingConference"] == caller.sid
        dispatched = next(form for form in application.forms("/after") if form["CallSid"] == dispatcher.sid)
        assert dispatched["DialCallStatus"] == "answered"
        assert "DialCallSid" not in dispatched and "DialCallDuration" not in dispatched

    run(scenario())


def test_the_muted_and_the_held_are_not_heard_and_a_coach_only_by_one() -> None:
    """Sheet section 5.3: `Muted`, `Hold`, `Coaching` + `CallSidToCoach`."""

    async def scenario() -> None:
        application = Application(voice=dial(), outbound=dial())
        stage = Stage(application)
        caller = await stage.call()
        worker = await stage.outgoing("+15550100003")
        coach = await stage.outgoing("+15550100004")
        await in_the_room(caller, worker, coach)
        [room] = stage.exchange.conferences.all()
        members = {each.call.sid: each for each in room.participants}
        members[coach.sid].coaching, members[coach.sid].call_sid_to_coach = True, worker.sid
        await coach.say("Offer Tuesday.")
        members[caller.sid].hold = True
        await worker.say("Only the coach hears this.")
        members[caller.sid].hold = False
        members[worker.sid].muted = True
        await worker.say("Nobody hears this.")
        assert heard(caller.journal.entries) == []
        assert heard(worker.journal.entries) == ["Offer Tuesday."]
        assert heard(coach.journal.entries) == ["Only the coach hears this."]

    run(scenario())


def test_a_full_conference_takes_nobody_else() -> None:
    async def scenario() -> None:
        application = Application(voice=dial('maxParticipants="1"'), outbound=dial('maxParticipants="1"'))
        stage = Stage(application)
        caller = await stage.call()
        await in_the_room(caller)
        late = await stage.outgoing("+15550100003")
        await late.ended()
        assert not any(isinstance(entry, ConferenceJoined) for entry in late.journal.entries)

    run(scenario())


def test_a_redirect_takes_a_participant_out_of_the_room() -> None:
    async def scenario() -> None:
        from voice_agent.demo.twilio.flow import Fetch

        application = Application(voice=dial(), back=response("<Hangup/>"))
        stage = Stage(application)
        caller = await stage.call()
        await in_the_room(caller)
        caller.redirect(Fetch(f"{BASE}/back", kind="redirect"))
        await caller.ended()
        assert any(isinstance(entry, ConferenceLeft) for entry in caller.journal.entries)
        assert stage.exchange.conferences.all()[0].status == "completed"

    run(scenario())


@pytest.fixture(scope="module")
def twilio() -> Iterator[Client]:
    with emulator() as address, client(address, DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN) as account:
        account.incoming_phone_numbers.create(phone_number="+15550100001")
        yield account


@pytest.mark.process
def test_rest_adds_changes_and_removes_participants(twilio: Client) -> None:
    """Sheet section 5.3, last paragraph, with the official client."""
    added = twilio.conferences("consult").participants.create(
        from_="+15550100001", to="+15550100003", label="dispatcher", end_conference_on_exit=True
    )
    assert added.status == "queued" and added.label == "dispatcher"
    [room] = twilio.conferences.list(friendly_name="consult")
    participants = twilio.conferences(room.sid or "").participants
    wait_until(lambda: len(participants.list()) == 1)
    twilio.conferences("consult").participants.create(from_="+15550100001", to="+15550100004", label="caller")
    wait_until(lambda: twilio.conferences(room.sid or "").fetch().status == "in-progress")
    held = twilio.conferences(room.sid or "").participants("caller").update(hold=True)
    assert held.hold and not held.muted
    assert twilio.conferences(room.sid or "").participants("caller").update(hold=False, muted=True).muted
    assert twilio.conferences(room.sid or "").participants("caller").delete()
    wait_until(lambda: len(participants.list()) == 1)
    assert twilio.conferences(room.sid or "").update(status="completed").status == "completed"
    wait_until(lambda: participants.list() == [])
    with pytest.raises(TwilioRestException) as lacking:
        twilio.conferences("other").participants.create(from_="+15550100001", to="+15550100003", record=True)
    assert lacking.value.status == 501
