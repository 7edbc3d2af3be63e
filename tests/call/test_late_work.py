"""Work of an older turn that comes in while a newer one is being answered: the same names do not make it the same."""

from __future__ import annotations

from tests.call.scene import Scene, one
from voice_agent.call.actions import CallTool, EndCall, HandOff, Say, StartReply
from voice_agent.call.events import ToolRequested, ToolReturned


def being_answered_anew() -> Scene:
    """Turn 1 was cut; turn 2 is being thought about, and has said nothing yet."""
    scene = Scene()
    scene.caller("cancel everything")
    scene.model("I will")
    scene.interrupts("I")
    scene.caller("no wait where is he")
    scene.forget()
    return scene


def test_an_older_run_cannot_use_the_tools_of_the_turn_that_is_being_answered() -> None:
    scene = being_answered_anew()
    for name in ("cancel_visit", "end_call", "hand_off"):
        scene.wants(name, turn=1)
    scene.model_ends(turn=1)
    assert not scene.all(CallTool) and not scene.all(Say)
    scene.answers("Close by.")
    assert not scene.wait(0.2) and not scene.all(EndCall) and not scene.all(HandOff)
    assert scene.said() == "Close by."


def test_an_older_run_that_ends_does_not_end_the_reply_of_the_turn_that_is_being_answered() -> None:
    scene = being_answered_anew()
    assert scene.model_ends(turn=1) == []
    scene.answers("Close by.")
    assert scene.said() == "Close by."


def test_a_result_of_an_older_turn_is_not_taken_for_a_call_that_bears_its_number() -> None:
    """Servers that number the calls of each answer from zero give the same id again and again."""
    scene = Scene()
    scene.caller("where is he")
    scene.happens(ToolRequested(1, "call_0", "eta", "{}"))
    scene.caller("and when is my next visit")
    scene.happens(ToolRequested(2, "call_0", "my_visits", "{}"))
    scene.model_ends()
    assert scene.happens(ToolReturned(1, "call_0", '{"minutes":10}')) == []
    assert one(StartReply, scene.happens(ToolReturned(2, "call_0", '{"visits":[]}'))).step == 1
    assert [m["content"] for m in scene.history if m["role"] == "tool"][-1] == '{"visits":[]}'
