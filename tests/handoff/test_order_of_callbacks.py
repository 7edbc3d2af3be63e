"""Twilio's callbacks come twice, late and in any order: one person has a caller, and no outcome is ever rewritten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager
from itertools import permutations
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.edges.doorstep import CALL, CUSTOMER_LINE, Doorstep
from voice_agent.demo.twilio.sids import new_sid
from voice_agent.handoff.outcomes import Attempt, Outcome, State, Step, Via, Waiting, Wish
from voice_agent.handoff.waiting_room import transfers, waiting_callers

CALLER = "+13125550142"
FINAL = ("completed", "busy", "no-answer", "failed", "canceled")


@asynccontextmanager
async def door() -> AsyncIterator[Doorstep]:
    opened = Doorstep()
    try:
        yield opened
    finally:
        await opened.services.dispatch.close()
        opened.services.store.close()


def played(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(scenario())


async def waits(door: Doorstep, **more: Any) -> Waiting:
    """A caller whose agent has let go of them."""
    coming = Waiting(CALL, 1, "customer", "dispatch", CALLER, reason="caller_asked", **more)
    return await door.services.dispatch.enter(coming)


async def tried(door: Doorstep, waiting: Waiting, by: str = "ann") -> Attempt:
    attempt = await door.services.dispatch.begin(waiting, by=by, phone="+13125550180", via=Via.REST)
    assert attempt is not None
    return attempt


async def asks(door: Doorstep, path: str, form: Mapping[str, str], **query: str) -> list[str]:
    """The verbs of the answer to a signed webhook."""
    words = "&".join(f"{name}={value}" for name, value in query.items())
    answer = await door.twilio(path, form, query=words)
    return answer.verbs if answer.body else []


LEG_EVENTS = st.lists(
    st.one_of(
        st.sampled_from(["ringing", "in-progress", *FINAL]).map(lambda status: ("status", status)),
        st.sampled_from(["1", "2", "3", ""]).map(lambda key: ("key", key)),
        st.sampled_from(["human", "machine_start", ""]).map(lambda who: ("leg", who)),
        st.just(("room", "conference-start")),
        st.just(("wait", "")),
        st.sampled_from(["join", "room-wait", "alone", "talked"]).map(lambda path: ("caller's leg", path)),
        st.just(("caller", "completed")),
    ),
    max_size=9,
)


@pytest.fixture(scope="module")
def one() -> Iterator[Doorstep]:
    opened = Doorstep()
    yield opened
    opened.services.store.close()


@settings(max_examples=40, deadline=None)
@example([("key", "1"), ("caller", "completed"), ("caller's leg", "join"), ("room", "conference-start")])
@example([("key", "1"), ("caller's leg", "join"), ("status", "completed"), ("caller's leg", "alone")])
@given(events=LEG_EVENTS)
def test_whatever_comes_in_whatever_order_outcomes_stay_and_one_leg_has_the_caller(
    one: Doorstep, events: list[tuple[str, str]]
) -> None:
    """Two legs ring for one caller and each gets every event: at most one is accepted, and what is over stays over."""

    async def scenario() -> None:
        dispatch, call_sid = one.services.dispatch, new_sid("CA")
        waiting = await dispatch.enter(Waiting(call_sid, 1, "customer", "dispatch", CALLER))
        keys = [(await tried(one, waiting, by)).key for by in ("ann", "bob")]
        settled: dict[str, Outcome | None] = {}
        for kind, what in [event for event in events for _ in range(2)]:
            for key in keys:
                await _happens(one, key, kind, what)
            for key in keys:
                found = await dispatch.find(key)
                assert found is not None
                attempt = found[1]
                if key in settled:
                    assert not attempt.open and attempt.outcome == settled[key], (key, kind, what)
                elif not attempt.open:
                    settled[key] = attempt.outcome
        now = await dispatch.load(call_sid)
        assert now is not None
        assert len([each for each in now.attempts if each.was_accepted]) <= 1
        if now.state in (State.ACCEPTED, State.CONNECTED):
            assert now.accepted_key in keys and now.wish is Wish.NONE
        if now.state is State.OVER:
            assert not [each for each in now.attempts if each.open]
        await dispatch.close()

    played(scenario)


async def _happens(here: Doorstep, key: str, kind: str, what: str) -> None:
    leg, call_sid = {"CallSid": f"CA-of-{key}", "From": CUSTOMER_LINE}, key.split(".")[0]
    match kind:
        case "status":
            await asks(here, "/twilio/transfer/status", leg | {"CallStatus": what}, key=key)
        case "key":
            await asks(here, "/twilio/transfer/key", leg | {"Digits": what}, key=key, via="rest")
        case "leg":
            assert await asks(here, "/twilio/transfer/leg", leg | {"AnsweredBy": what}, key=key, via="rest")
        case "room":
            await asks(here, "/twilio/transfer/room", {"StatusCallbackEvent": what}, key=key)
        case "caller's leg":
            assert await asks(here, f"/twilio/transfer/{what}", {"CallSid": call_sid, "To": CUSTOMER_LINE}, key=key)
        case "wait":
            assert await asks(here, "/twilio/queue/wait", {"CallSid": call_sid, "QueuePosition": "1"})
        case _:
            await asks(here, "/twilio/call-status", {"CallSid": call_sid, "CallStatus": what})


@pytest.mark.parametrize("order", list(permutations(["ringing", "in-progress", "busy", "ringing"]))[::4])
def test_a_late_ringing_does_not_wake_a_try_that_is_over(order: tuple[str, ...]) -> None:
    async def scenario() -> None:
        async with door() as here:
            attempt = await tried(here, await waits(here))
            for status in order:
                await _happens(here, attempt.key, "status", status)
            found = await here.services.dispatch.find(attempt.key)
            assert found is not None and found[1].step is Step.OVER and found[1].outcome is Outcome.BUSY

    played(scenario)


def test_the_second_to_press_one_is_told_that_somebody_was_faster() -> None:
    async def scenario() -> None:
        async with door() as here:
            waiting = await waits(here)
            first, second = [await tried(here, waiting, by) for by in ("ann", "bob")]
            key = "/twilio/transfer/key"
            assert await asks(here, key, {"Digits": "1"}, key=first.key, via="rest") == ["Say", "Dial"]
            assert await asks(here, key, {"Digits": "1"}, key=second.key, via="rest") == ["Say", "Hangup"]
            again = await asks(here, key, {"Digits": "1"}, key=first.key, via="rest")
            assert again == ["Say", "Dial"], "a webhook that is sent again gets the same answer"

    played(scenario)


async def pressed_one(here: Doorstep) -> Attempt:
    """Somebody took the caller; nobody has gone anywhere yet."""
    attempt = await tried(here, await waits(here))
    leg = {"CallSid": "CA-leg", "Digits": "1"}
    assert await asks(here, "/twilio/transfer/key", leg, key=attempt.key, via="rest") == ["Say", "Dial"]
    return attempt


async def dies(here: Doorstep, attempt: Attempt) -> None:
    leg = {"CallSid": "CA-leg", "CallStatus": "completed"}
    await asks(here, "/twilio/transfer/status", leg, key=attempt.key)


@pytest.mark.parametrize("sent_first", [False, True])
def test_a_caller_whose_person_dies_at_the_join_is_never_left_alone_in_the_room(sent_first: bool) -> None:
    """Whichever comes first, the caller's way to the room or the end of the person's leg."""

    async def scenario() -> None:
        async with door() as here:
            attempt = await pressed_one(here)
            caller = {"CallSid": CALL, "To": CUSTOMER_LINE}
            if sent_first:
                assert await asks(here, "/twilio/transfer/join", caller, key=attempt.key) == ["Dial"]
                await dies(here, attempt)
                told = await here.twilio("/twilio/transfer/room-wait", caller, query=f"key={attempt.key}")
                assert b"press star" in told.body, "what REST cannot do, a key can"
            else:
                await dies(here, attempt)
            further = "alone" if sent_first else "join"
            then = await here.twilio(f"/twilio/transfer/{further}", caller, query=f"key={attempt.key}")
            assert b"<Enqueue" in then.body or b"<Number" in then.body, "on to the next one"
            now = await here.services.dispatch.load(CALL)
            assert now is not None and (now.state, now.accepted_key, now.talks) == (State.WAITING, "", 0)
            assert now.attempts[0].outcome is Outcome.FAILED, "who accepted and never came has not answered"

    played(scenario)


@pytest.mark.parametrize("way", ["talked", "alone"])
@pytest.mark.parametrize("met", [True, False])
def test_who_leaves_the_room_gets_the_agent_if_they_have_talked_and_else_the_next_person(met: bool, way: str) -> None:
    async def scenario() -> None:
        async with door() as here:
            attempt = await pressed_one(here)
            caller = {"CallSid": CALL, "To": CUSTOMER_LINE}
            assert await asks(here, "/twilio/transfer/join", caller, key=attempt.key) == ["Dial"]
            if met:
                await asks(here, "/twilio/transfer/room", {"StatusCallbackEvent": "conference-start"}, key=attempt.key)
            await dies(here, attempt)
            left = await asks(here, f"/twilio/transfer/{way}", caller, key=attempt.key)
            assert ("Connect" in left) is met and left

    played(scenario)


@pytest.mark.parametrize("told_first", ["leg", "dial"])
@pytest.mark.parametrize(("bridged", "outcome"), [("true", Outcome.ANSWERED), ("false", Outcome.FAILED)])
def test_the_callers_own_dial_says_whether_the_two_have_talked(bridged: str, outcome: Outcome, told_first: str) -> None:
    """Somebody pressed 1 on a leg that the caller's `<Dial>` rang; its end is told on both legs, in any order."""

    async def scenario() -> None:
        async with door() as here:
            dispatch = here.services.dispatch
            attempt = await dispatch.begin(await waits(here), by="dispatch", phone="+13125550180", via=Via.DIAL)
            assert attempt is not None
            leg = {"CallSid": "CA-leg", "From": CUSTOMER_LINE}
            await asks(here, "/twilio/transfer/key", leg | {"Digits": "1"}, key=attempt.key, via="dial")
            if told_first == "leg":
                await dies(here, attempt)
            ended = {"CallSid": CALL, "To": CUSTOMER_LINE, "DialCallStatus": "completed", "DialBridged": bridged}
            then = await asks(here, "/twilio/transfer/dialled", ended, key=attempt.key)
            if told_first == "dial":
                await dies(here, attempt)
            assert ("Connect" in then) is (bridged == "true"), "back to the agent, or on to the next person"
            found = await dispatch.find(attempt.key)
            assert found is not None and found[1].outcome is outcome

    played(scenario)


def test_who_leaves_for_the_agent_gets_the_agent_however_often_twilio_asks() -> None:
    async def scenario() -> None:
        async with door() as here:
            await waits(here)
            queue = {"CallSid": CALL, "QueueSid": "QU1", "QueueTime": "7"}
            assert await asks(here, "/twilio/queue/key", queue | {"Digits": "2"}) == ["Say", "Leave"]
            for _ in range(2):
                assert await asks(here, "/twilio/queue/left", queue | {"QueueResult": "leave"}) == ["Connect"]
            now = await here.services.dispatch.load(CALL)
            assert now is not None and (now.state, now.outcome) == (State.OVER, "returned")

    played(scenario)


def test_a_call_back_is_promised_once_and_said_only_when_it_is_kept_in_the_store() -> None:
    async def scenario() -> None:
        async with door() as here:
            await waits(here)
            queue = {"CallSid": CALL, "QueueSid": "QU1", "QueueTime": "7"}
            assert await asks(here, "/twilio/queue/key", queue | {"Digits": "1"}) == ["Say", "Leave"]
            for time in ("7", "7", "8"):
                left = queue | {"QueueResult": "leave", "QueueTime": time}
                assert await asks(here, "/twilio/queue/left", left) == ["Say", "Hangup"]
            assert [each.number for each in await here.services.dispatch.call_backs()] == [CALLER]
            jobs = [row for row in here.services.jobs.waiting() if row.name == "call_back"]  # type: ignore[attr-defined]
            assert len(jobs) == 1

    played(scenario)


@pytest.mark.parametrize("number", ["+19005550123", "+18765550123", "+442079460000", "", "anonymous"])
def test_a_foreign_or_premium_number_is_never_called_back(number: str) -> None:
    """The caller leaves a message instead, and says the number in it."""

    async def scenario() -> None:
        async with door() as here:
            coming = Waiting(CALL, 1, "customer", "dispatch", number)
            await here.services.dispatch.enter(coming)
            queue = {"CallSid": CALL, "QueueSid": "QU1", "QueueTime": "7"}
            await asks(here, "/twilio/queue/key", queue | {"Digits": "1"})
            assert "Record" in await asks(here, "/twilio/queue/left", queue | {"QueueResult": "leave"})
            assert not await here.services.dispatch.call_backs()
            told = await here.services.dispatch.accept(CALL, "ann", number)
            assert (told.done, told.why) == (False, "not_dialable")

    played(scenario)


@pytest.mark.parametrize(
    ("path", "form", "verb"),
    [
        ("/twilio/queue/wait", {"QueuePosition": "2"}, "Gather"),
        ("/twilio/queue/left", {"QueueResult": "leave"}, "Enqueue"),
        ("/twilio/transfer/join", {}, "Dial"),
        ("/twilio/transfer/dialled", {"DialCallStatus": "busy"}, "Enqueue"),
        ("/twilio/transfer/talked", {}, "Connect"),
    ],
)
def test_a_store_that_fails_costs_nobody_the_call(path: str, form: dict[str, str], verb: str) -> None:
    """The tables are gone, so every question to the store fails."""

    async def scenario() -> None:
        async with door() as here:
            for table in (waiting_callers, transfers):
                here.services.store.now(table.drop)
            answer = await asks(here, path, {"CallSid": CALL, "To": CUSTOMER_LINE, **form}, key=f"{CALL}.1.1")
            assert verb in answer

    played(scenario)
