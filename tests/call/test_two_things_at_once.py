"""What is under way when something else begins: each keeps its own end, and neither is taken for the other."""

from __future__ import annotations

from tests.call.scene import Scene, one
from voice_agent.call.actions import CancelReply, DropProposal, HandOff, RunProposal, StartReply
from voice_agent.call.events import Announced, Ask, CallStarted, Keypad, SecretChecked, WriteSettled
from voice_agent.call.script import Rules
from voice_agent.call.transcript import RUNNING

READ_BACK = "Shall I move it to Friday?"


def proposed() -> Scene:
    scene = Scene()
    scene.caller("move it to friday")
    scene.proposes(READ_BACK)
    scene.hears_all()
    scene.forget()
    return scene


def test_an_interruption_of_nothing_leaves_a_question_that_was_heard_standing() -> None:
    scene = proposed()
    scene.interrupts("")
    assert scene.all(RunProposal, scene.caller("yes", affirms=True))


def test_a_wish_for_a_person_voids_the_change_that_waits_for_a_yes() -> None:
    scene = proposed()
    orders = scene.caller("let me talk to a person", wants_human=True)
    assert one(DropProposal, orders).proposal == "p1"
    assert not scene.all(RunProposal, scene.caller("yes", affirms=True))


def test_a_write_that_was_under_way_when_the_line_broke_is_told_and_not_asked_again() -> None:
    scene = proposed()
    scene.caller("yes", affirms=True)
    orders = scene.happens(CallStarted(resumed=True))
    assert not scene.all(StartReply, orders) and not scene.all(RunProposal, orders)
    scene.listens_out()
    scene.hears_all()
    assert "It is moved." in scene.said(scene.happens(WriteSettled("p1", "It is moved.", "committed")))


def test_a_pin_that_was_being_checked_when_the_line_broke_still_counts() -> None:
    scene = Scene(opening_ask=Ask(Keypad.PIN, 6))
    scene.presses("123456")
    scene.happens(CallStarted(resumed=True))
    assert not scene.all(StartReply)
    scene.happens(SecretChecked(True, "Thank you, Alex.", note="The caller is Alex."))
    assert "The caller is Alex." in str(scene.history)


def test_after_a_write_the_model_goes_on_in_another_step_of_the_turn() -> None:
    scene = proposed()
    scene.caller("yes", affirms=True)
    assert one(StartReply, scene.happens(WriteSettled("p1", "It is moved.", "committed"))).step == 1


def test_a_drain_does_not_hurry_a_hand_off_that_is_under_way() -> None:
    scene = Scene()
    scene.caller("a person please", wants_human=True)
    assert scene.happens(Announced("We have to change lines.", then_hand_off="drain")) == []
    assert one(HandOff, scene.wait(20)).reason == "caller_asked"


def test_leaving_is_a_result_like_any_other() -> None:
    scene = Scene()
    scene.caller("that was all")
    scene.wants("end_call")
    scene.model_ends()
    assert [m["content"] for m in scene.history if m["role"] == "tool"] != [RUNNING]


def test_words_before_a_slow_tool_do_not_take_the_fillers_place() -> None:
    scene = Scene()
    scene.caller("where is he")
    scene.model("Let me look.")
    scene.wants("eta")
    scene.model_ends()
    assert scene.said(scene.wait(1.0)).strip() == "[filler.tools]"


def test_a_guess_is_given_up_as_soon_as_the_caller_says_more() -> None:
    scene = Scene(Rules(speculate=True))
    for _ in range(2):
        scene.murmurs("where is my technician")
    guess = one(StartReply, scene.orders)
    assert one(CancelReply, scene.murmurs("where is my technician's van")).turn == guess.turn
