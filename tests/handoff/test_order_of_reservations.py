"""TaskRouter says things twice, late and in any order, and so do the callbacks of the worker's leg among them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from itertools import permutations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.edges.doorstep import CUSTOMER_LINE, Doorstep
from voice_agent.demo.twilio.sids import new_sid
from voice_agent.handoff.outcomes import Attempt, Outcome, State, Waiting, Wish

CALLER, WORKER = "+13125550142", "+13125550180"
RESERVATION = ("accepted", "timeout", "rejected", "canceled", "rescinded")


@pytest.fixture(scope="module")
def routed() -> Iterator[Doorstep]:
    opened = Doorstep(TWILIO_WORKFLOW_SID="WW" + "1" * 32)
    yield opened
    opened.services.store.close()


async def reserved(here: Doorstep, call_sid: str, phone: str = WORKER) -> dict[str, str]:
    """A worker was found for a waiting caller; what the assignment is answered."""
    await here.services.dispatch.enter(Waiting(call_sid, 1, "customer", "dispatch", CALLER))
    form = {
        "TaskAttributes": json.dumps({"type": "dispatch", "call": call_sid}),
        "WorkerAttributes": json.dumps({"contact_uri": phone}),
        "WorkerName": "ann",
        "WorkspaceSid": "WS1",
        "TaskSid": "WT1",
        "ReservationSid": f"WR{call_sid}",
    }
    answer = await here.twilio("/twilio/task/assign", form)
    again = await here.twilio("/twilio/task/assign", form)
    assert answer.body == again.body, "asked twice it is the same try"
    instruction: dict[str, str] = json.loads(answer.body)
    return instruction


async def happens(here: Doorstep, call_sid: str, kind: str, what: str) -> None:
    key, leg = f"{call_sid}.1.1", {"CallSid": "CA-leg", "From": CUSTOMER_LINE}
    match kind:
        case "reservation" | "task":
            about = {"TaskAttributes": json.dumps({"call": call_sid}), "ReservationSid": f"WR{call_sid}"}
            answer = await here.twilio("/twilio/task/event", {"EventType": f"{kind}.{what}", **about})
            assert answer.status == 204
        case "key":
            await here.twilio("/twilio/transfer/key", leg | {"Digits": what}, query=f"key={key}&via=task")
        case "leg":
            await here.twilio("/twilio/transfer/status", leg | {"CallStatus": what}, query=f"key={key}")
        case "wait":
            await here.twilio("/twilio/queue/wait", {"CallSid": call_sid, "QueuePosition": "1"})
        case _:
            left = {"CallSid": call_sid, "QueueSid": "QU1", "QueueTime": "7", "QueueResult": what}
            assert (await here.twilio("/twilio/queue/left", left)).verbs


async def tried(here: Doorstep, call_sid: str) -> tuple[Waiting, Attempt]:
    found = await here.services.dispatch.find(f"{call_sid}.1.1")
    assert found is not None
    return found


EVENTS = st.lists(
    st.one_of(
        st.sampled_from(RESERVATION).map(lambda what: ("reservation", what)),
        st.just(("task", "canceled")),
        st.sampled_from(["1", "2"]).map(lambda key: ("key", key)),
        st.sampled_from(["ringing", "in-progress", "completed", "busy", "no-answer"]).map(lambda what: ("leg", what)),
        st.sampled_from(["bridged", "leave"]).map(lambda what: ("left", what)),
        st.just(("wait", "")),
    ),
    max_size=8,
)


@settings(max_examples=40, deadline=None)
@given(events=EVENTS)
@example([("key", "1"), ("reservation", "accepted"), ("left", "bridged"), ("leg", "completed")])
@example([("key", "1"), ("leg", "completed"), ("reservation", "accepted"), ("wait", ""), ("left", "leave")])
def test_whatever_taskrouter_says_in_whatever_order_outcomes_stay(
    routed: Doorstep, events: list[tuple[str, str]]
) -> None:
    async def scenario() -> None:
        call_sid = new_sid("CA")
        assert (await reserved(routed, call_sid))["instruction"] == "call"
        settled: Outcome | None = None
        over = False
        for kind, what in [event for event in events for _ in range(2)]:
            await happens(routed, call_sid, kind, what)
            waiting, attempt = await tried(routed, call_sid)
            if over:
                assert not attempt.open and attempt.outcome == settled, (kind, what)
            over, settled = not attempt.open, attempt.outcome
            if waiting.state in (State.ACCEPTED, State.CONNECTED):
                assert waiting.accepted_key == attempt.key and waiting.wish is Wish.NONE
            if waiting.state is State.OVER:
                assert not attempt.open
        await routed.services.dispatch.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("order", list(permutations(["timeout", "rejected", "canceled"])))
def test_what_is_said_of_a_reservation_after_the_two_have_met_changes_nothing(
    routed: Doorstep, order: tuple[str, ...]
) -> None:
    async def scenario() -> None:
        call_sid = new_sid("CA")
        await reserved(routed, call_sid)
        await happens(routed, call_sid, "key", "1")
        await happens(routed, call_sid, "reservation", "accepted")
        for what in order:
            await happens(routed, call_sid, "reservation", what)
        await happens(routed, call_sid, "task", "canceled")
        waiting, attempt = await tried(routed, call_sid)
        assert waiting.state is State.CONNECTED and attempt.open and attempt.outcome is Outcome.ANSWERED
        await routed.services.dispatch.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("phone", ["+19005550123", "sip:x@example.net", "", "client:ann"])
def test_a_worker_whose_phone_may_not_be_dialled_is_sent_back(routed: Doorstep, phone: str) -> None:
    async def scenario() -> None:
        call_sid = new_sid("CA")
        assert await reserved(routed, call_sid, phone) == {"instruction": "reject"}
        assert await routed.services.dispatch.find(f"{call_sid}.1.1") is None
        await routed.services.dispatch.close()

    asyncio.run(scenario())
