"""Tools of a turn: one result each, next to the call, whatever happens around it; limits that hold."""

from __future__ import annotations

from tests.call.scene import Scene, one
from voice_agent.call.actions import CallTool, CancelReply, EndCall, HandOff, RecordEmergency, StartReply
from voice_agent.call.events import Ask, Keypad
from voice_agent.call.script import Rules
from voice_agent.call.transcript import CANCELLED, RUNNING


def results(scene: Scene) -> list[str]:
    return [m["content"] for m in scene.history if m["role"] == "tool"]


def test_a_tool_result_lets_the_model_go_on_in_the_same_turn() -> None:
    scene = Scene()
    scene.caller("where is he")
    call_id = scene.wants("eta", '{"visit":"visit 1"}')
    scene.model_ends()
    started = one(StartReply, scene.returns(call_id, '{"minutes":10}'))
    assert (started.turn, started.step) == (1, 1)
    scene.answers("Ten minutes.")
    assert [m["role"] for m in scene.history] == ["user", "assistant", "tool", "assistant"]
    assert scene.closings == [1]


def test_reads_run_side_by_side_and_the_model_waits_for_all() -> None:
    scene = Scene()
    scene.caller("both please")
    first, second = scene.wants("eta"), scene.wants("my_visits")
    scene.model_ends()
    assert [o.tool_call_id for o in scene.all(CallTool)] == [first, second]
    assert not scene.all(StartReply, scene.returns(second))
    assert one(StartReply, scene.returns(first)).step == 1


def test_a_tool_that_is_quicker_than_the_end_of_its_run_is_not_lost() -> None:
    scene = Scene()
    scene.caller("where is he")
    call_id = scene.wants("eta")
    assert not scene.all(StartReply, scene.returns(call_id))
    assert one(StartReply, scene.model_ends()).step == 1


def test_a_read_dies_with_its_turn_and_cancelled_is_its_result() -> None:
    scene = Scene()
    scene.caller("where is he")
    scene.model("Let me look. ")
    call_id = scene.wants("eta")
    scene.interrupts("Let me")
    assert results(scene) == [CANCELLED]
    assert scene.returns(call_id, '{"minutes":10}', turn=1) == []
    assert results(scene) == [CANCELLED], "a late result does not replace it"


def test_a_tool_that_is_still_out_is_shown_as_running() -> None:
    scene = Scene()
    scene.caller("where is he")
    scene.wants("eta")
    assert results(scene) == [RUNNING]


def test_words_before_a_tool_call_stand_before_it_in_the_history() -> None:
    scene = Scene()
    scene.caller("where is he")
    scene.model("Let me look.")
    scene.wants("eta")
    message = scene.history[1]
    assert message["content"] == "Let me look." and message["tool_calls"][0]["function"]["name"] == "eta"


def test_a_seventh_tool_call_in_a_turn_goes_to_a_person() -> None:
    scene = Scene(Rules(tool_calls=2))
    scene.caller("loop")
    for _ in range(2):
        call_id = scene.wants("eta")
        scene.model_ends()
        scene.returns(call_id)
    scene.wants("eta")
    scene.model_ends()
    assert len(scene.all(CallTool)) == 2
    assert scene.said() == "[hand_off]"
    assert scene.all(HandOff, scene.wait(10))


def test_tools_that_take_too_long_end_with_a_person_not_with_silence() -> None:
    scene = Scene()
    scene.caller("where is he")
    scene.wants("eta")
    scene.model_ends()
    orders = scene.wait(13)
    assert "[filler.tools]" in scene.said(orders) and "[error.tools_too_long]" in scene.said(orders)
    assert one(CancelReply, orders).turn == 1
    assert scene.all(HandOff, scene.wait(10))


def test_a_second_filler_comes_while_a_tool_is_slow_and_no_third() -> None:
    scene = Scene()
    scene.caller("where is he")
    scene.wants("eta")
    scene.model_ends()
    assert scene.said(scene.wait(11.9)) == "[filler.tools] [filler.tools]"


def test_the_servers_own_words_end_the_turn_without_another_run() -> None:
    scene = Scene()
    scene.caller("other times please")
    call_id = scene.wants("free_slots")
    scene.model_ends()
    orders = scene.returns(call_id, say="1: Friday. 2: Monday. Which one?", ask=Ask(Keypad.CHOICE, 1))
    assert scene.said(orders) == "1: Friday. 2: Monday. Which one?"
    assert not scene.all(StartReply, orders)
    assert scene.closings == [1]
    assert scene.call.expecting == "slot_choice"
    assert one(StartReply, scene.presses("2")).turn == 2
    assert scene.history[-1]["content"] == "(pressed 2)"


def test_the_model_may_end_the_call_and_is_let_finish_its_sentence() -> None:
    scene = Scene()
    scene.caller("that was all thanks")
    scene.model("You're welcome. Goodbye.")
    scene.wants("end_call")
    assert not scene.all(EndCall, scene.model_ends())
    assert not scene.all(EndCall, scene.wait(0.5)), "not before it was played"
    scene.hears_all()
    assert one(EndCall, scene.orders).reason == "model_asked"


def test_a_silent_end_call_gets_a_farewell() -> None:
    scene = Scene()
    scene.caller("bye")
    scene.wants("end_call")
    assert scene.said(scene.model_ends()) == "[goodbye]"


def test_the_model_may_raise_an_alarm() -> None:
    scene = Scene()
    scene.caller("there is a funny smell and a hiss")
    scene.wants("report_emergency", '{"hazard":"gas"}')
    assert scene.said() == "[guidance.gas]"
    order = one(RecordEmergency, scene.orders)
    assert (order.hazard, order.words) == ("gas", "there is a funny smell and a hiss")
