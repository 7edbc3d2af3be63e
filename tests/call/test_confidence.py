"""How sure a call is and what follows: it goes on, asks again, offers the keys, or a person takes over."""

from __future__ import annotations

from dataclasses import fields, replace
from importlib import resources

import pytest

from tests.call.scene import Scene
from voice_agent import calibration
from voice_agent.call.actions import CallTool, DropProposal, HandOff, NoteConfidence, RunProposal
from voice_agent.call.asking import question
from voice_agent.call.confidence import WISH, Act, Costs, Decision, Judge, Kind, Signs, Weights, features
from voice_agent.call.events import Ask, Keypad, Urgency

JUDGE = calibration.load(resources.files("prompts"))
PLAIN = Weights(4.0, {"unsure_of_the_wish": -6.0, "stalled": -1.0, "rules_disagree": -8.0, "odd_words": -2.0})
SIMPLE = Judge(PLAIN, PLAIN)
"""Few, large weights, so that a test says what decides."""


def scene() -> Scene:
    return Scene(judge=SIMPLE)


def mumbles(call: Scene, times: int, *, sure: float = 0.2, odd: float = 0.8) -> None:
    for n in range(times):
        call.caller(f"mumble {n}", sure=sure, odd=odd)
        if call.call.leaving is None:
            call.answers(f"Pardon number {n}.")
            call.hears_all()


def left(call: Scene) -> str:
    call.listens_out()
    call.wait(2.0)
    return next((order.reason for order in call.orders if isinstance(order, HandOff)), "")


# -- the judge -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("head", ["act", "call"])
def test_worse_evidence_never_makes_the_shipped_judge_surer(head: str) -> None:
    weights: Weights = getattr(JUDGE, head)
    worse = "unsure_of_the_wish odd_words stalled read_back_corrected not_found records_failed rules_disagree".split()
    for start in (Signs(), Signs(stalled=2, corrections=1, act=Act(Kind.CHANGE, agrees=1))):
        values = features(start)
        for name in worse:
            surer = weights.probability(values, start)
            assert weights.probability({**values, name: 1.0}, start) <= surer, name
    assert all(low <= high for (_, low), (_, high) in zip(weights.knots, weights.knots[1:], strict=False))


def test_what_a_model_or_a_recogniser_says_of_itself_decides_nothing_alone() -> None:
    good = Signs(log_probability=-9.0, recognised=0.0, own_word=0.0)
    bad = Signs(sure=0.0, odd=1.0, stalled=6, act=Act(Kind.CHANGE, disagrees=2))
    bad.log_probability, bad.recognised, bad.own_word = 0.0, 1.0, 1.0
    assert SIMPLE.outlook(good).decision is Decision.GO_ON
    assert SIMPLE.outlook(bad).decision is Decision.HAND_OVER
    assert SIMPLE.of_act(bad, asked=0).decision is Decision.ASK_AGAIN
    assert SIMPLE.outlook(good).probability < SIMPLE.outlook(Signs()).probability


def test_the_thresholds_follow_from_the_costs() -> None:
    costs, change = Costs(), Act(Kind.CHANGE)
    assert replace(costs, needless_transfer=4.0).hand_over_below < costs.hand_over_below
    assert replace(costs, stuck_call=6.0).hand_over_below > costs.hand_over_below
    assert replace(costs, re_ask=0.4).ask_below(change) < costs.ask_below(change)
    assert costs.ask_below(replace(change, reversible=False)) > costs.ask_below(change)
    assert costs.ask_below(Act(Kind.WORDS)) == 0.0, "there is nothing to put right"
    assert costs.alarm_above < 0.001, "guidance waits for no confidence"


def test_every_reason_is_a_feature_and_speaks_against_the_act() -> None:
    signs = Signs(sure=0.1, odd=0.5, stalled=4, corrections=2, act=Act(Kind.CHANGE, agrees=1, disagrees=2))
    told = JUDGE.of_act(signs, asked=0)
    assert told.reasons and set(told.reasons) <= features(signs).keys()
    assert all(JUDGE.act.of[reason] < 0 for reason in told.reasons)
    assert 0.0 <= told.probability <= 1.0 and told.probability < JUDGE.of_act(Signs(), asked=0).probability


def test_evidence_about_the_wish_is_not_an_argument() -> None:
    act = Act.of(Kind.CHANGE, {"job": "agrees", "parts": "unsaid", WISH: "disagrees"})
    assert (act.agrees, act.disagrees, act.unsaid, act.beside) == (1, 0, 1, True)


def test_costs_have_the_names_the_file_may_use() -> None:
    assert {field.name for field in fields(Costs)} >= {"needless_transfer", "missed_emergency", "irreversible_write"}


# -- in a call -------------------------------------------------------------------------------------------------------


def test_each_turn_goes_on_record_with_its_reasons() -> None:
    call = scene()
    call.caller("where is my technician", sure=0.9)
    call.answers("He comes at ten.")
    noted = call.all(NoteConfidence)
    assert [note.turn for note in noted] == [call.call.turn]
    assert noted[0].confidence.probability > 0.9 and noted[0].confidence.decision is Decision.GO_ON


def test_a_caller_who_cannot_be_understood_gets_a_person_instead_of_the_next_question() -> None:
    call = scene()
    mumbles(call, 4)
    assert left(call) == "low_confidence"
    assert "[lost.third]" in call.said() and call.said().count("Pardon") <= 3


def test_a_long_talk_in_which_every_turn_was_answered_is_no_reason_to_give_the_caller_away() -> None:
    call = scene()
    for n in range(8):
        call.caller(f"and what about zone {n}", sure=0.6, odd=0.8)
        call.answers(f"Zone {n} is covered.")
        call.hears_all()
    assert call.call.leaving is None and call.said().count("is covered") == 8


def test_whoever_says_goodbye_is_let_go_and_not_handed_over() -> None:
    call = scene()
    mumbles(call, 2)
    call.caller("ok bye then", sure=0.2, odd=0.8, takes_leave=True)
    call.answers("Goodbye.")
    assert call.call.leaving is None and "Goodbye." in call.said()


def test_nobody_is_handed_over_for_the_first_words() -> None:
    call = scene()
    mumbles(call, 2, sure=0.0, odd=1.0)
    assert call.call.leaving is None


def test_an_emergency_and_keys_are_never_weighed() -> None:
    call = scene()
    mumbles(call, 2, sure=0.0, odd=1.0)
    call.caller("gas gas", urgency=Urgency.LIFE_SAFETY, hazard="gas", sure=0.0, odd=1.0)
    assert "[guidance.gas]" in call.said() and call.call.leaving is None
    keys = scene()
    mumbles(keys, 2, sure=0.0, odd=1.0)
    keys.presses("5#")
    assert keys.call.leaving is None, "keys are not misheard"


def test_a_change_that_is_likely_wrong_is_asked_again_instead_of_read_back_and_twice_at_most() -> None:
    call = scene()
    doubt = {"job": "disagrees", "parts": "disagrees"}
    for n in range(3):
        call.caller(f"uh job {n}", sure=0.6)
        call_id = call.wants("update_job")
        call.model_ends()
        call.returns(call_id, say=f"I would set job {n}. Right?", proposal=f"p{n}", evidence=doubt)
        call.hears_all()
    assert [order.proposal for order in call.all(DropProposal)] == ["p0", "p1"]
    assert "[unsure.again]" in call.said() and "[unsure.simply]" in call.said()
    assert "I would set job 0" not in call.said() and "I would set job 2. Right?" in call.said()
    call.caller("yes", affirms=True)
    assert [order.proposal for order in call.all(RunProposal)] == ["p2"], "the caller's yes to a read-back decides"


def test_a_change_that_was_asked_again_cannot_be_agreed_to() -> None:
    call = scene()
    call.caller("uh job", sure=0.6)
    call_id = call.wants("update_job")
    call.model_ends()
    call.returns(
        call_id, say="I would set job 1. Right?", proposal="p1", evidence={"job": "disagrees", "s": "disagrees"}
    )
    call.hears_all()
    call.caller("yes", affirms=True)
    assert not call.all(RunProposal)


# -- the same question -----------------------------------------------------------------------------------------------

SAME = (
    ("Which job number is that?", "What's the job number, please?", "Could you give me the job number?",
     "Sorry, what was the work order number?"),
    ("¿Qué trabajo es?", "¿Cuál es el número de trabajo?", "¿Me da el número de la orden?", "¿Cuál trabajo era?"),
)  # fmt: skip


@pytest.mark.parametrize("questions", SAME)
def test_a_model_asks_twice_in_words_then_for_keys_then_a_person_comes(questions: tuple[str, ...]) -> None:
    call = Scene()
    for n, words in enumerate(questions):
        call.caller(f"the big one {n}")
        call.answers(words)
        call.hears_all()
        match n:
            case 0 | 1:
                assert "[unsure.keys]" not in call.said()
            case 2:
                assert "[unsure.keys]" in call.said()
                assert call.call.keypad.ask.kind is Keypad.NUMBER
            case _:
                assert left(call) == "not_understood"


def test_what_keys_cannot_answer_is_offered_a_person_the_third_time() -> None:
    call = Scene()
    for n, words in enumerate(("What is the message?", "Sorry, what's the message?", "What is the message, please?")):
        call.caller(f"tell them {n}")
        call.answers(words)
        call.hears_all()
    assert "[unsure.person_key]" in call.said() and call.call.leaving is None


def test_a_question_that_was_answered_is_not_counted_on() -> None:
    call = Scene()
    for n in range(4):
        call.caller(f"job {n}")
        call.answers("Which job number is that?")
        call.hears_all()
        call.caller(f"forty five {n}")
        call_id = call.wants("job_details")
        call.returns(call_id, '{"status":"found"}', status="found")
        call.model_ends()
        call.answers("That is a boiler. Anything else I can do for you?")
        call.hears_all()
    assert call.call.leaving is None and "[unsure.keys]" not in call.said()


@pytest.mark.parametrize(
    ("words", "slot"),
    [
        ("Anything else I can do for you?", ""),
        ("Done. Anything else?", ""),
        ("How many gallons did you use?", "quantity"),
        ("Sorry, I didn't catch that. Which day suits you?", "date"),
        ("Could you repeat that?", "again"),
        ("¿Cuántos galones usó?", "quantity"),
        ("¿Me lo puede repetir? No le entendí.", "again"),
        ("Your technician comes at ten.", ""),
    ],
)
def test_a_question_is_known_by_what_it_asks_for(words: str, slot: str) -> None:
    assert question(words) == slot


# -- a wish for a person ---------------------------------------------------------------------------------------------


def test_a_person_comes_within_the_turn_whatever_is_going_on() -> None:
    def asked(call: Scene) -> str:
        call.caller("a person please", wants_human=True, sure=0.1)
        return left(call)

    at_once = Scene(judge=SIMPLE)
    assert asked(at_once) == "caller_asked"

    read_back = Scene(judge=SIMPLE)
    read_back.caller("move it")
    read_back.proposes()
    assert asked(read_back) == "caller_asked"
    assert [order.proposal for order in read_back.all(DropProposal)] == ["p1"] and not read_back.all(RunProposal)

    tool = Scene(judge=SIMPLE)
    tool.caller("where is he")
    tool.wants("eta")
    assert tool.all(CallTool)
    assert asked(tool) == "caller_asked"

    talking = Scene(judge=SIMPLE)
    talking.caller("where is he")
    talking.model("Let me see, ")
    talking.interrupts("Let me")
    assert asked(talking) == "caller_asked"

    secret = Scene(judge=SIMPLE)
    secret.caller("when are you coming")
    call_id = secret.wants("eta")
    secret.model_ends()
    secret.returns(call_id, say="Please enter your PIN.", ask=Ask(Keypad.PIN, 6), keep=True)
    assert asked(secret) == "caller_asked"
