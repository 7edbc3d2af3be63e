"""A change is run only by a new yes to a read-back that was heard to its end; its end is told once."""

from __future__ import annotations

from tests.call.scene import Scene, one
from voice_agent.call.actions import DropProposal, RunProposal, StartReply
from voice_agent.call.events import InsteadProposed, ServerUsed, WriteSettled

READ_BACK = "Shall I move it to Friday?"


def proposed() -> Scene:
    scene = Scene()
    scene.caller("move it to friday")
    scene.proposes(READ_BACK)
    assert scene.said().endswith(READ_BACK) and scene.closings == [1]
    scene.forget()
    return scene


def test_a_yes_runs_the_change_that_was_read_back() -> None:
    scene = proposed()
    scene.hears_all()
    order = one(RunProposal, scene.caller("yes please", affirms=True))
    assert (order.turn, order.proposal) == (2, "p1")


def test_done_is_said_from_the_commit_and_then_the_model_goes_on() -> None:
    scene = proposed()
    scene.caller("yes", affirms=True)
    assert scene.said() == ""
    orders = scene.happens(WriteSettled("p1", "It is moved to Friday.", "reschedule: committed."))
    assert scene.said(orders) == "It is moved to Friday."
    assert one(StartReply, orders).turn == 2
    scene.answers("Anything else?")
    assert scene.said() == "It is moved to Friday. Anything else?"
    assert scene.closings == [2]
    assert {"role": "system", "content": "reschedule: committed."} in scene.history


def test_one_yes_runs_it_once() -> None:
    scene = proposed()
    scene.caller("yes", affirms=True)
    scene.now += 2
    scene.caller("yes yes", affirms=True)
    assert len(scene.all(RunProposal)) == 1


def test_a_no_drops_it_and_the_model_hears_so() -> None:
    scene = proposed()
    orders = scene.caller("no", affirms=False)
    assert one(DropProposal, orders).proposal == "p1"
    assert one(StartReply, orders)
    assert scene.history[-1]["content"] == "The caller did not confirm. Nothing was changed."
    scene.answers("All right.")
    assert not scene.all(RunProposal, scene.caller("yes", affirms=True)), "a later yes means something else"


def test_another_wish_drops_it_too() -> None:
    scene = proposed()
    orders = scene.caller("no I said thursday")
    assert scene.all(DropProposal, orders) and not scene.all(RunProposal, orders)
    assert scene.all(StartReply, orders)


def test_a_yes_to_a_read_back_that_was_cut_is_answered_with_the_read_back() -> None:
    scene = proposed()
    scene.hears("Shall I")
    scene.interrupts("Shall I")
    orders = scene.caller("yes", affirms=True)
    assert not scene.all(RunProposal, orders)
    assert scene.said(orders) == f"[confirm.again] {READ_BACK}"
    scene.hears_all()
    assert scene.all(RunProposal, scene.caller("yes go ahead", affirms=True))


def test_a_key_pressed_before_the_question_was_heard_does_not_confirm_it() -> None:
    scene = proposed()
    assert not scene.all(RunProposal, scene.presses("1"))
    orders = scene.interrupts("Shall")
    assert not scene.all(RunProposal, orders)
    assert scene.said(orders) == f"[confirm.again] {READ_BACK}"
    scene.hears_all()
    assert scene.all(RunProposal, scene.presses("1"))


def test_a_key_from_before_the_question_is_forgotten() -> None:
    scene = Scene()
    scene.presses("1")
    scene.caller("move it to friday")
    scene.proposes(READ_BACK)
    scene.hears_all()
    assert not scene.all(RunProposal, scene.wait(3))


def test_keys_say_yes_and_no() -> None:
    scene = proposed()
    scene.hears_all()
    assert scene.all(RunProposal, scene.presses("1"))
    scene = proposed()
    scene.hears_all()
    orders = scene.presses("2")
    assert scene.all(DropProposal, orders) and not scene.all(RunProposal, orders)


def test_another_key_is_asked_again() -> None:
    scene = proposed()
    scene.hears_all()
    assert READ_BACK in scene.said(scene.presses("7"))


def test_silence_after_a_read_back_reads_it_again() -> None:
    scene = proposed()
    scene.hears_all()
    assert scene.said(scene.wait(6.1)) == f"[confirm.again] {READ_BACK}"


def test_it_is_read_back_three_times_at_most() -> None:
    scene = proposed()
    for _ in range(2):
        scene.hears_all()
        scene.now += 2
        scene.caller("what", wants_repeat=True)
    scene.hears_all()
    scene.now += 2
    orders = scene.caller("what", wants_repeat=True)
    assert scene.all(DropProposal, orders)
    assert scene.all(StartReply, orders)


def test_a_barge_in_does_not_stop_a_write_and_its_end_is_told_in_a_turn_of_its_own() -> None:
    scene = proposed()
    scene.hears_all()
    scene.caller("yes", affirms=True)
    scene.wait(1)
    scene.interrupts("[filler]")
    scene.caller("and bring a ladder")
    scene.model("I will note")
    scene.happens(WriteSettled("p1", "It is moved to Friday.", "reschedule: committed."))
    scene.model(" the ladder.")
    scene.model_ends()
    assert scene.said().endswith("I will note the ladder. It is moved to Friday.")


def test_a_write_that_settles_while_nobody_speaks_is_told_at_once() -> None:
    scene = proposed()
    scene.hears_all()
    scene.caller("yes", affirms=True)
    assert scene.said(scene.wait(4.1)).endswith("[write.still_running]")
    scene.listens_out()
    scene.hears_all()
    turn = scene.call.turn
    assert scene.said(scene.happens(WriteSettled("p1", "It is moved.", "committed"))) == "It is moved."
    assert scene.call.turn == turn + 1 and scene.closings[-1] == turn + 1


def test_a_second_proposal_replaces_the_first() -> None:
    scene = proposed()
    scene.caller("make it monday")
    scene.proposes("Shall I move it to Monday?", name="p2")
    assert one(DropProposal, scene.orders).proposal == "p1"
    scene.hears_all()
    assert one(RunProposal, scene.caller("yes", affirms=True)).proposal == "p2"


def test_a_yes_over_the_hint_behind_the_question_counts() -> None:
    scene = Scene()
    scene.caller("move it to friday")
    scene.proposes("I would move it to Friday. Is that right? Say yes or press 1.")
    scene.hears("I would move it to Friday.", " Is that right?", "Say yes")
    scene.interrupts("Say yes")
    assert scene.all(RunProposal, scene.caller("yes", affirms=True))


def test_a_key_over_the_hint_behind_the_question_counts() -> None:
    scene = Scene()
    scene.caller("move it to friday")
    scene.proposes("I would move it to Friday. Is that right? Say yes or press 1.")
    scene.hears("I would move it to Friday.", " Is that right?")
    assert scene.all(RunProposal, scene.presses("1"))


def test_a_yes_before_the_question_was_out_does_not_count() -> None:
    scene = Scene()
    scene.caller("move it to friday")
    scene.proposes("I would move it to Friday. Is that right? Say yes or press 1.")
    scene.hears("I would move it to Friday.", "Is that")
    scene.interrupts("Is that")
    assert not scene.all(RunProposal, scene.caller("yes", affirms=True))


NEXT_BEST = InsteadProposed(
    "p2",
    ServerUsed("reschedule", '{"slot":"slot 1"}', '{"status":"awaiting_confirmation"}'),
    "The next best is Monday. Shall I?",
    ServerUsed("free_slots", "{}", '{"status":"offered"}'),
    "The next best is Monday. Would that suit you?",
)


def test_what_was_taken_meanwhile_is_followed_by_the_next_best_that_needs_a_yes_of_its_own() -> None:
    scene = proposed()
    scene.caller("yes", affirms=True)
    orders = scene.happens(WriteSettled("p1", "It is gone.", "reschedule: not done.", NEXT_BEST))
    assert scene.said(orders) == "It is gone. The next best is Monday. Shall I?"
    assert scene.closings == [2]
    assert not scene.all(StartReply, orders), "the server asks; no model speaks in between"
    names = [call["function"]["name"] for message in scene.history for call in message.get("tool_calls", ())]
    assert names[-1] == "reschedule", "it stands in the transcript like a call of the model's own"
    assert '{"status":"awaiting_confirmation"}' in [message.get("content") for message in scene.history]
    scene.now += 5
    assert one(RunProposal, scene.caller("yes", affirms=True)).proposal == "p2"


def test_a_no_to_the_next_best_drops_it() -> None:
    scene = proposed()
    scene.caller("yes", affirms=True)
    scene.happens(WriteSettled("p1", "It is gone.", "reschedule: not done.", NEXT_BEST))
    assert one(DropProposal, scene.caller("no", affirms=False)).proposal == "p2"


def test_a_caller_who_went_on_meanwhile_is_told_of_the_next_best_and_not_asked() -> None:
    scene = proposed()
    scene.caller("yes", affirms=True)
    scene.caller("and when is he coming")
    scene.answers("On Monday.")
    scene.hears_all()
    scene.forget()
    orders = scene.happens(WriteSettled("p1", "It is gone.", "reschedule: not done.", NEXT_BEST))
    assert scene.said(orders) == "It is gone. The next best is Monday. Would that suit you?"
    assert one(DropProposal, orders).proposal == "p2"
    assert not scene.all(RunProposal, scene.caller("yes", affirms=True)), "that yes is for the model to understand"
    assert '{"status":"offered"}' in [message.get("content") for message in scene.history]
