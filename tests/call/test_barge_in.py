"""What the caller did not hear was not said; what they interrupt stops; what they did not interrupt goes on."""

from __future__ import annotations

from tests.call.scene import Scene, one
from voice_agent.call.actions import CancelReply, Say, StartReply
from voice_agent.call.events import CallerSpeaking
from voice_agent.call.script import Rules


def test_what_the_caller_did_not_hear_is_forgotten() -> None:
    scene = Scene()
    scene.caller("when is my visit")
    scene.model("Tomorrow between nine and noon.")
    orders = scene.interrupts("Tomorrow")
    assert one(CancelReply, orders).turn == 1
    assert scene.history[-1] == {"role": "assistant", "content": "Tomorrow—"}


def test_the_interrupt_names_only_the_clause_that_was_being_spoken() -> None:
    scene = Scene()
    scene.caller("tell me")
    scene.answers("First the filter. Then the belt. Then the filter again.")
    scene.hears("First the filter.", " Then the belt.")
    scene.interrupts("Then the")
    assert scene.history[-1]["content"] == "First the filter. Then the belt. Then the—"


def test_a_phrase_that_repeats_is_cut_where_it_was_being_said() -> None:
    scene = Scene()
    scene.caller("tell me")
    scene.answers("Stop the pump. Stop the fan. Stop the burner.")
    scene.hears("Stop the pump.")
    scene.hears("Stop the")
    scene.interrupts("Stop the")
    assert scene.history[-1]["content"] == "Stop the pump. Stop the—"


def test_an_interrupt_after_the_reply_was_closed_still_cuts_the_history() -> None:
    scene = Scene()
    scene.caller("tell me")
    scene.answers("One thing. Another thing.")
    scene.hears("One thing.")
    scene.forget()
    scene.interrupts("Another")
    assert scene.history[-1]["content"] == "One thing. Another—"
    assert not scene.all(Say), "the reply had its one last already"


def test_an_interrupted_open_reply_is_closed_once_with_nothing_more_said() -> None:
    scene = Scene()
    scene.caller("tell me")
    scene.model("One thing.")
    assert [o for o in scene.interrupts("One") if isinstance(o, Say)] == [Say(1, "", last=True)]


def test_what_was_never_heard_at_all_is_not_in_the_history() -> None:
    scene = Scene()
    scene.caller("tell me")
    scene.answers("One thing.")
    scene.interrupts("")
    assert [m["role"] for m in scene.history] == ["user"]


def test_an_answer_sent_between_a_key_and_its_interrupt_is_still_played() -> None:
    scene = Scene(Rules(keypad_pause=0), greeting="Welcome to the service desk. Press a key.")
    scene.presses("9")
    scene.answers("Key nine.")
    scene.hears("Welcome")
    scene.interrupts("Welcome")
    scene.hears("Key nine.")
    assert [m["content"] for m in scene.history] == ["Welcome—", "(pressed 9)", "Key nine."]


def test_an_interrupt_long_after_a_key_is_speech_and_cuts_everything() -> None:
    scene = Scene(Rules(keypad_pause=0), greeting="Welcome to the service desk.")
    scene.presses("9")
    scene.model("Key nine does this and that.")
    scene.now += 2.0
    scene.happens(CallerSpeaking(True))
    scene.interrupts("Key nine")
    assert scene.history[-1]["content"] == "Key nine—"


def test_a_run_that_has_not_spoken_is_not_stopped_by_the_interrupt_of_older_words() -> None:
    scene = Scene(Rules(keypad_pause=0), greeting="Welcome to the service desk.")
    started = one(StartReply, scene.presses("9"))
    assert not scene.all(CancelReply, scene.interrupts("Welcome"))
    scene.answers("Key nine.")
    assert scene.said().endswith("Key nine.")
    assert started.turn == scene.call.turn


def test_a_meaningless_pound_key_does_not_cost_the_caller_our_words() -> None:
    scene = Scene()
    scene.caller("hello")
    scene.answers("Thank you, Alex.")
    scene.presses("#")
    orders = scene.interrupts("Thank")
    assert scene.said(orders) == "Thank you, Alex."
    scene.hears("Thank you, Alex.")
    assert scene.history[-1]["content"] == "Thank— Thank you, Alex.", "as it was heard"


def test_a_new_text_that_pre_empts_leaves_the_rest_unheard() -> None:
    scene = Scene()
    scene.caller("tell me")
    scene.answers("A long story about filters and belts.")
    scene.caller("stop")
    scene.answers("Stopped.")
    scene.hears("A long", "Stopped.")
    assert [m["content"] for m in scene.history] == ["tell me", "A long—", "stop", "Stopped."]


def test_a_hang_up_in_mid_reply_keeps_what_was_reported_as_played() -> None:
    scene = Scene()
    scene.caller("tell me")
    scene.answers("One thing. Another thing. A third thing.")
    scene.hears("One thing.")
    scene.hangs_up()
    assert scene.history[-1]["content"] == "One thing."


def test_without_reports_the_repeated_phrase_nearest_in_time_is_taken() -> None:
    scene = Scene()
    scene.caller("tell me")
    scene.answers("Check the pump now. Check the fan too. Check the burner last.")
    scene.wait(0.3 + 1.2 + 0.5)
    scene.interrupts("Check the")
    assert scene.history[-1]["content"] == "Check the pump now. Check the—"


def test_without_reports_a_hang_up_keeps_what_time_allowed() -> None:
    scene = Scene()
    scene.caller("tell me")
    scene.answers("One thing is done. Another thing is not.")
    scene.wait(1.6)
    scene.hangs_up()
    assert scene.history[-1]["content"] == "One thing is done."


def test_fifty_interrupts_in_a_second_leave_one_coherent_call() -> None:
    scene = Scene()
    scene.caller("hello")
    scene.model("Good morning to you.")
    for _ in range(50):
        scene.now += 0.02
        scene.interrupts("Good")
    assert scene.call.turn == 2
    scene.caller("where is he")
    scene.answers("Close by.")
    assert scene.closings == [1, 3]
