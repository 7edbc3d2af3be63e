"""Only what lines.toml names can be dialled, in the countries it allows; and phones ring by day."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from voice_agent.errors import ConfigurationError
from voice_agent.handoff.call_back import until_daytime
from voice_agent.handoff.ladder import GiveUp, Lapse, Ring, Stay, next_step
from voice_agent.handoff.outcomes import Attempt, Outcome, State, Step, Via, Waiting, Wish
from voice_agent.handoff.targets import Target, read

ANN, BOB = "+13125550180", "+13125550181"
CHICAGO = ZoneInfo("America/Chicago")


@pytest.mark.parametrize(
    "phone",
    ["+19005550123", "+18765550123", "+442079460000", "911", "+1911", "sip:x@example.net", "+1312555018a", ""],
)
def test_premium_foreign_short_and_invented_addresses_are_not_dialable(phone: str) -> None:
    assert not read({"hand_off": {"dispatch": {"queue": "dispatch", "phones": [ANN]}}}).dialable(phone)


def test_a_sip_address_is_dialable_only_as_a_target() -> None:
    targets = read({"hand_off": {"desk": {"sip": "sip:desk@pbx.example.net"}}})
    assert targets.dialable("sip:desk@pbx.example.net") and not targets.dialable("sip:other@pbx.example.net")


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"a": {"queue": "a", "number": ANN}}, "hand_off.a: queue or number"),
        ({"a": {"number": "+18765550123"}}, "hand_off.a: phones names +18765550123"),
        ({"a": {"queue": "a", "then": "b"}}, "names 'b', which is no target"),
        ({"a": {"queue": "a", "then": "b"}, "b": {"queue": "b", "then": "a"}}, "leads back to itself"),
        ({"a": {"studio": "FW123"}}, "hand_off.a: studio is 'FW123'"),
        ({"a": {"queue": "a", "ring_seconds": 1}}, "ring_seconds must be a number from 5"),
        ({"a": {"queue": "a", "assign": "hope"}}, "assign is 'hope'"),
        ({"countries": ["+1"]}, "hand_off.countries must be a list of countries"),
        ({"a": {"queue": "a", "ringing": 3}}, "hand_off.a: ringing is not a setting"),
    ],
)
def test_a_mistake_in_a_target_stops_the_start_and_names_it(table: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told.replace("+", r"\+")):
        read({"hand_off": table})


DESK = Target("desk", "queue", "desk", (ANN, BOB), ring_after=5.0, longest_wait=100.0, passes=1, then="night")


def attempt(phone: str, outcome: Outcome | None = None, *, asked: float = 6.0, nth: int = 1) -> Attempt:
    step = Step.ASKED if outcome is None else Step.OVER
    return Attempt(f"CA.1.{nth}", "CA", 1, nth, "desk", phone, Via.REST, step, outcome, asked=asked)


@pytest.mark.parametrize("outcome", [o for o in Outcome if o is not Outcome.ANSWERED])
def test_after_every_outcome_the_next_phone_is_tried_and_then_the_next_target(outcome: Outcome) -> None:
    waiting = Waiting("CA", 1, "customer", "desk", entered=0.0)
    assert next_step(waiting, DESK, 4.0) == Stay()
    assert next_step(waiting, DESK, 5.0) == Ring(ANN)
    one = Waiting("CA", 1, "customer", "desk", attempts=(attempt(ANN, outcome),))
    assert next_step(one, DESK, 10.0) == Ring(BOB)
    both = Waiting("CA", 1, "customer", "desk", attempts=(attempt(ANN, outcome), attempt(BOB, outcome, nth=2)))
    assert next_step(both, DESK, 12.0) == GiveUp("night")


def test_a_try_of_which_nothing_is_heard_lapses_and_a_long_wait_ends() -> None:
    silent = Waiting("CA", 1, "customer", "desk", attempts=(attempt(ANN),))
    assert next_step(silent, DESK, 20.0) == Stay()
    assert next_step(silent, DESK, 6.0 + DESK.ring_seconds + 16.0) == Lapse("CA.1.1")
    nobody = Target("desk", "queue", "desk", longest_wait=100.0)
    assert next_step(Waiting("CA", 1, "customer", "desk"), nobody, 99.0) == Stay()
    assert next_step(Waiting("CA", 1, "customer", "desk"), nobody, 100.0) == GiveUp("")


@pytest.mark.parametrize("state", [State.EXPECTED, State.ACCEPTED, State.CONNECTED, State.OVER])
def test_nobody_is_rung_for_a_caller_who_does_not_wait(state: State) -> None:
    assert next_step(Waiting("CA", 1, "customer", "desk", state=state), DESK, 50.0) == Stay()
    assert next_step(Waiting("CA", 1, "customer", "desk", wish=Wish.AGENT), DESK, 50.0) == Stay()


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        (datetime(2026, 11, 21, 12, 0, tzinfo=CHICAGO), 0.0),
        (datetime(2026, 11, 21, 20, 59, tzinfo=CHICAGO), 0.0),
        (datetime(2026, 11, 21, 21, 0, tzinfo=CHICAGO), 11.0),
        (datetime(2026, 11, 21, 6, 30, tzinfo=CHICAGO), 1.5),
    ],
)
def test_a_call_back_waits_for_the_day(now: datetime, hours: float) -> None:
    assert until_daytime(now, CHICAGO) == pytest.approx(hours * 3600)
