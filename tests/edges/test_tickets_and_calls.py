"""A ticket admits one socket of one call within a minute; a call is held until it is over, and then forgotten."""

from __future__ import annotations

import base64

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.session.stage import CALL, Scripted, Stage, run, stage
from voice_agent.calls import (
    ACTION_SECONDS,
    ANSWER_SECONDS,
    ARRIVE_SECONDS,
    ORPHAN_SECONDS,
    TICKET_SECONDS,
    Calls,
    Tickets,
)
from voice_agent.errors import WireError

TEXT = st.text(max_size=40).filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text))


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def issued(tickets: Tickets, call_sid: str = CALL) -> str:
    return tickets.issue(call_sid=call_sid, line="customer", caller="+13125550188", attestation="A")


def why_not(tickets: Tickets, text: str, call_sid: str = CALL) -> str:
    with pytest.raises(WireError) as refused:
        tickets.take(text, call_sid)
    return str(refused.value)


@given(call_sid=TEXT, line=TEXT, caller=TEXT, attestation=TEXT)
def test_a_ticket_gives_back_what_the_webhook_knew(call_sid: str, line: str, caller: str, attestation: str) -> None:
    tickets = Tickets("secret", Clock())
    text = tickets.issue(call_sid=call_sid, line=line, caller=caller, attestation=attestation)
    ticket = tickets.take(text, call_sid)
    assert (ticket.call_sid, ticket.line, ticket.caller, ticket.attestation) == (call_sid, line, caller, attestation)
    assert text.isascii() and not set(text) & set("<>&\"' ,"), "it rides in an XML attribute"


@given(place=st.integers(0, 10_000), other=st.characters(codec="utf-8"))
def test_no_character_of_a_ticket_can_be_changed(place: int, other: str) -> None:
    tickets = Tickets("secret", Clock())
    text = issued(tickets)
    place %= len(text)
    if text[place] != other:
        assert why_not(tickets, text[:place] + other + text[place + 1 :]) == "ticket missing or not ours"
    assert tickets.take(text, CALL).call_sid == CALL, "and the failed attempts have not used it up"


@given(st.text(max_size=200))
def test_any_other_text_is_no_ticket(text: str) -> None:
    assert why_not(Tickets("secret", Clock()), text) == "ticket missing or not ours"


def test_a_ticket_cannot_be_made_from_the_parts_of_others() -> None:
    tickets = Tickets("secret", Clock())
    body, mark = issued(tickets).split(".")[0], issued(tickets).split(".")[1]
    assert why_not(tickets, f"{body}.{mark}") == "ticket missing or not ours"
    forged = orjson.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))) | {"expires": 9e9}
    again = base64.urlsafe_b64encode(orjson.dumps(forged)).decode().rstrip("=")
    assert why_not(tickets, f"{again}.{mark}") == "ticket missing or not ours"


def test_the_secret_of_the_process_is_what_signs() -> None:
    assert why_not(Tickets("another", Clock()), issued(Tickets("secret", Clock()))) == "ticket missing or not ours"
    restarted = Tickets("secret", Clock())
    assert restarted.take(issued(Tickets("secret", Clock())), CALL).line == "customer", (
        "a restart in between is no harm"
    )


@given(st.floats(0, 2 * TICKET_SECONDS, allow_nan=False))
def test_a_ticket_is_good_for_a_minute(waited: float) -> None:
    clock = Clock()
    tickets = Tickets("secret", clock)
    text = issued(tickets)
    clock.now += waited
    if clock.now <= 1_000_000.0 + TICKET_SECONDS:
        assert tickets.take(text, CALL)
    else:
        assert why_not(tickets, text) == "ticket expired"


@given(st.lists(st.sampled_from(["first", "second"]), min_size=1, max_size=6), st.floats(0, 50, allow_nan=False))
def test_each_ticket_is_taken_once_whatever_others_are(order: list[str], between: float) -> None:
    clock = Clock()
    tickets = Tickets("secret", clock)
    texts = {"first": issued(tickets), "second": issued(tickets)}
    taken: set[str] = set()
    for name in order:
        clock.now += between / 6
        if name in taken:
            assert why_not(tickets, texts[name]) == "ticket used before"
        else:
            tickets.take(texts[name], CALL)
            taken.add(name)


def test_a_ticket_of_another_call_is_not_used_up_by_the_attempt() -> None:
    tickets = Tickets("secret", Clock())
    text = issued(tickets)
    assert why_not(tickets, text, "CA2") == "ticket of another call"
    assert tickets.take(text, CALL)


def test_used_tickets_are_remembered_no_longer_than_they_could_be_used() -> None:
    clock = Clock()
    tickets = Tickets("secret", clock)
    for number in range(50):
        tickets.take(issued(tickets, f"CA{number}"), f"CA{number}")
        clock.now += TICKET_SECONDS / 10
    assert len(tickets._used) <= 12


# -- calls -------------------------------------------------------------------------------------------------------------


async def held(clock: Clock) -> tuple[Calls, Stage]:
    """One call whose socket has just closed."""
    calls, here = Calls(clock), stage(Scripted("m", ["Hello."]))
    calls.add(here.session)
    assert calls.socket_open(CALL) and calls.live() == [here.session]
    calls.socket_closed(CALL)
    assert not calls.socket_open(CALL) and CALL in calls
    return calls, here


def test_a_call_whose_socket_closed_is_held_for_the_webhook_that_follows_and_no_longer() -> None:
    async def scenario() -> None:
        clock = Clock()
        calls, here = await held(clock)
        clock.now += ORPHAN_SECONDS
        calls.sweep()
        assert CALL in calls
        clock.now += 1
        calls.sweep()
        assert CALL not in calls and calls.ended(CALL) and len(calls) == 0
        assert here.kinds[-1] == "call_ended" and here.session.record.entries[-1]["reason"] == "lost"

    run(scenario())


def test_a_caller_who_waits_in_the_queue_is_not_lost() -> None:
    async def scenario() -> None:
        clock = Clock()
        calls, here = await held(clock)
        here.session.handed_off = "caller_asked"
        clock.now += 10 * ORPHAN_SECONDS
        calls.sweep()
        assert CALL in calls
        clock.now += ANSWER_SECONDS
        calls.sweep()
        assert CALL not in calls

    run(scenario())


def test_a_call_that_came_back_is_not_swept_away() -> None:
    async def scenario() -> None:
        clock = Clock()
        calls, _ = await held(clock)
        calls.reopened(CALL)
        clock.now += 10 * ORPHAN_SECONDS
        calls.sweep()
        assert calls.socket_open(CALL)

    run(scenario())


def test_a_process_may_end_once_nobody_is_about_to_ask_it_anything() -> None:
    """What a drain waits for: sockets that were asked for, open ones, and the question that follows their close."""

    async def scenario() -> None:
        clock = Clock()
        tickets, calls = Tickets("secret", clock), Calls(clock)
        ticket = issued(tickets)
        assert tickets.awaited == 1, "the socket is on its way"
        tickets.take(ticket, CALL)
        here = stage(Scripted("m", ["Hello."]))
        calls.add(here.session)
        assert tickets.awaited == 0 and calls.depending() == [here.session]
        calls.socket_closed(CALL)
        assert calls.depending() == [here.session], "Twilio is about to ask what is next"
        calls.let_go(CALL)
        assert calls.depending() == [] and CALL in calls
        calls.reopened(CALL)
        calls.let_go(CALL)
        assert calls.depending() == [here.session], "only a closed socket can be let go"
        calls.socket_closed(CALL)
        clock.now += ACTION_SECONDS + 1
        assert calls.depending() == [], "nobody asked: the call is gone"
        issued(tickets)
        clock.now += ARRIVE_SECONDS
        assert tickets.awaited == 0, "it does not come any more"

    run(scenario())


def test_a_call_is_over_once() -> None:
    async def scenario() -> None:
        calls, here = await held(Clock())
        for reason in ("completed", "hangup", "completed"):
            calls.over(CALL, reason)
        assert here.kinds.count("call_ended") == 1
        assert here.session.record.entries[-1]["reason"] == "completed"
        calls.socket_closed(CALL)
        assert CALL not in calls and calls.ended(CALL)

    run(scenario())


def test_answers_and_endings_are_forgotten_after_an_hour() -> None:
    clock = Clock()
    calls = Calls(clock)
    calls.remember("CA1", "<Response/>")
    calls.over("CA2", "completed")
    clock.now += ANSWER_SECONDS - 1
    calls.sweep()
    assert calls.answered("CA1") == "<Response/>" and calls.ended("CA2")
    clock.now += 1
    assert calls.answered("CA1") is None, "even before anybody sweeps"
    calls.sweep()
    assert not calls.ended("CA2") and not calls._answers
