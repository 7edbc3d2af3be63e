"""Thinking ahead: nothing is said, asked or touched until the caller has really said it."""

from __future__ import annotations

from tests.call.scene import Scene, one
from voice_agent.call.actions import CallTool, CancelReply, Say, StartReply
from voice_agent.call.events import CallerFinished, Urgency
from voice_agent.call.script import Rules

THINKS_AHEAD = Rules(speculate=True)


def guessing() -> Scene:
    scene = Scene(THINKS_AHEAD)
    scene.murmurs("where is my")
    scene.murmurs("where is my technician")
    order = one(StartReply, scene.murmurs("where is my technician"))
    assert (order.turn, order.heard) == (1, "where is my technician")
    return scene


def test_a_partial_that_stands_still_starts_a_run_whose_words_are_held() -> None:
    scene = guessing()
    scene.model("Ten minutes", " away.", turn=1)
    assert not scene.all(Say)


def test_the_final_releases_what_was_held_at_once() -> None:
    scene = guessing()
    scene.model("Ten minutes", turn=1)
    orders = scene.caller("Where is my technician?")
    assert scene.said(orders) == "Ten minutes"
    assert not scene.all(StartReply, orders)
    scene.model(" away.")
    scene.model_ends()
    assert scene.said() == "Ten minutes away." and scene.closings == [1]


def test_a_run_that_was_over_before_the_final_is_the_whole_reply() -> None:
    scene = guessing()
    scene.model("Ten minutes away.", turn=1)
    scene.model_ends(turn=1)
    scene.caller("where is my technician")
    assert scene.said() == "Ten minutes away." and scene.closings == [1]


def test_a_wrong_guess_leaves_no_trace() -> None:
    scene = guessing()
    scene.model("Ten minutes away.", turn=1)
    orders = scene.caller("where is my technician's van parked")
    assert one(CancelReply, orders).turn == 1
    assert one(StartReply, orders).heard == ""
    assert scene.said() == ""
    assert [m["role"] for m in scene.history] == ["user"]


def test_a_tool_wanted_by_a_guess_is_called_only_once_it_is_true() -> None:
    scene = guessing()
    scene.wants("eta", turn=1)
    scene.model_ends(turn=1)
    assert not scene.all(CallTool)
    assert one(CallTool, scene.caller("where is my technician")).name == "eta"


def test_lines_that_do_not_think_ahead_do_not() -> None:
    scene = Scene()
    scene.murmurs("where is he")
    assert not scene.all(StartReply, scene.murmurs("where is he"))


def test_a_run_may_begin_before_a_final_is_read_and_is_silent_until_then() -> None:
    scene = Scene()
    order = one(StartReply, scene.happens(CallerFinished("where is he")))
    scene.model("Ten minutes away.", turn=order.turn)
    assert not scene.all(Say)
    assert scene.said(scene.caller("where is he")) == "Ten minutes away."


def test_a_reading_that_decides_otherwise_silences_the_run() -> None:
    scene = Scene()
    order = one(StartReply, scene.happens(CallerFinished("it smells like gas")))
    scene.model("Let me look.", turn=order.turn)
    orders = scene.caller("it smells like gas", urgency=Urgency.LIFE_SAFETY, hazard="gas")
    assert scene.said(orders) == "[guidance.gas]"
    scene.forget()
    scene.model(" Your visit is", turn=order.turn)
    assert not scene.all(Say)


def test_no_run_begins_where_rules_decide() -> None:
    scene = Scene()
    scene.caller("move it to friday")
    scene.proposes()
    assert not scene.all(StartReply, scene.happens(CallerFinished("yes")))


def test_the_number_of_a_wrong_guess_is_used_up() -> None:
    scene = Scene()
    guess = one(StartReply, scene.happens(CallerFinished("where is")))
    orders = scene.caller("where is he")
    assert one(StartReply, orders).turn == guess.turn + 1
    scene.model("Nowhere.", turn=guess.turn)
    assert scene.said() == ""


def test_a_wrong_guess_leaves_the_wait_for_the_caller_in_force() -> None:
    scene = Scene(THINKS_AHEAD)
    for words in ("one", "one", "one two"):
        scene.murmurs(words)
    assert scene.said(scene.wait(6.1)) == "[silence.again]"


def test_a_guess_in_another_language_than_the_sentence_is_thrown_away() -> None:
    scene = guessing()
    scene.model("Ten minutes away.", turn=1)
    orders = scene.caller("where is my technician", lang="es")
    assert one(CancelReply, orders).turn == 1
    assert one(StartReply, orders).heard == ""
    assert scene.said() == ""


def test_advice_for_an_urgent_matter_comes_before_the_words_that_were_held() -> None:
    scene = guessing()
    scene.model("Ten minutes away.", turn=1)
    scene.model_ends(turn=1)
    scene.caller("where is my technician", urgency=Urgency.URGENT, hazard="burst_pipe")
    assert scene.said() == "[guidance.burst_pipe] Ten minutes away."
