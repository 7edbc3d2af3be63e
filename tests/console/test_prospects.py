"""What the desk is told of a caller's next step, rung by rung of the ladder."""

from dataclasses import replace

import pytest

from voice_agent.console.prospects import LAST_RUNG, ahead, became
from voice_agent.handoff.lately import Ended
from voice_agent.handoff.outcomes import Attempt, Outcome, State, Step, Via, Waiting, Wish
from voice_agent.handoff.targets import Target

ANN, BOB = "+13125550180", "+13125550181"
DESK = Target("dispatch", "queue", "dispatch", (ANN, BOB), passes=1, then="on_call")
CALLER = Waiting("CA1", 1, "customer", "dispatch", "+13125550142")


def tried(phone: str, outcome: Outcome | None = None, via: Via = Via.REST) -> Attempt:
    step = Step.RINGING if outcome is None else Step.OVER
    return Attempt(f"CA1.1.{phone}", "CA1", 1, 1, "dispatch", phone, via, step, outcome)


@pytest.mark.parametrize(
    ("waiting", "says"),
    [
        (CALLER, "Next: +1 312 555 0180 is rung"),
        (replace(CALLER, attempts=(tried(ANN),)), "If nobody takes it: +1 312 555 0181 is rung"),
        (replace(CALLER, attempts=(tried(ANN, Outcome.BUSY), tried(BOB))), "then the queue on call"),
        (replace(CALLER, attempts=(tried(ANN, via=Via.TASK),)), "TaskRouter looks for the next"),
        (replace(CALLER, state=State.CONNECTED), "the agent asks whether there is anything else"),
        (replace(CALLER, wish=Wish.CALL_BACK), "told that somebody calls back"),
        (replace(CALLER, wish=Wish.AGENT), "The agent takes them back"),
    ],
)
def test_the_next_rung_is_named_before_it_is_taken(waiting: Waiting, says: str) -> None:
    assert says in ahead(waiting, DESK)


def test_the_end_of_the_ladder_is_a_message_and_a_call_back() -> None:
    last = replace(DESK, then="")
    assert LAST_RUNG in ahead(replace(CALLER, attempts=(tried(ANN, Outcome.DECLINED), tried(BOB))), last)


@pytest.mark.parametrize("outcome", [*Outcome, "returned", "flow", "call_back", "message"])
def test_every_end_of_a_wait_reads_as_a_sentence(outcome: str) -> None:
    seen = became(Ended(replace(CALLER, state=State.OVER, outcome=str(outcome)), None))
    assert seen.text and "_" not in seen.text
