"""One thing the caller says, one reply: who speaks when, and what late work is still worth."""

from __future__ import annotations

from tests.call.scene import Scene, one
from voice_agent.call.actions import CallTool, CancelReply, EndCall, HandOff, Say, StartReply, SwitchLanguage
from voice_agent.call.events import CallEnded, ReplyFailed
from voice_agent.call.script import Rules


def test_a_caller_who_has_spoken_is_answered_and_the_reply_is_closed_once() -> None:
    scene = Scene()
    assert one(StartReply, scene.caller("When is my visit?")).turn == 1
    scene.model("Tomorrow", " at nine.")
    scene.model_ends()
    assert [o for o in scene.orders if isinstance(o, Say)] == [
        Say(1, "Tomorrow"),
        Say(1, " at nine."),
        Say(1, "", last=True),
    ]


def test_every_reply_of_a_conversation_is_closed_once() -> None:
    scene = Scene()
    for words in ("hello", "where is he", "thank you"):
        scene.caller(words)
        scene.answers("Yes.")
        scene.hears_all()
    assert scene.closings == [1, 2, 3]


def test_what_the_model_says_for_an_older_turn_is_not_spoken() -> None:
    scene = Scene()
    scene.caller("When is my visit?")
    scene.model("Tomor")
    scene.interrupts("Tomor")
    scene.caller("No, cancel it")
    scene.forget()
    scene.model("row at nine.", turn=1)
    scene.model_ends(turn=1)
    assert scene.orders == []


def test_a_discarded_generation_cannot_call_a_tool_or_hang_up() -> None:
    scene = Scene()
    scene.caller("Cancel everything")
    scene.model("I will")
    scene.interrupts("I")
    old = scene.call.turn - 1
    scene.forget()
    scene.wants("cancel_visit", turn=old)
    scene.wants("end_call", turn=old)
    scene.wants("hand_off", turn=old)
    scene.model_ends(turn=old)
    assert not scene.all(CallTool) and not scene.all(EndCall) and not scene.all(HandOff)


def test_final_prompts_that_come_before_we_speak_are_one_utterance() -> None:
    scene = Scene()
    scene.caller("my number is")
    orders = scene.caller("five five five")
    assert one(CancelReply, orders).turn == 1
    assert one(StartReply, orders).turn == 2
    assert scene.history == [{"role": "user", "content": "my number is five five five"}]


def test_after_a_stall_only_the_joined_latest_is_answered() -> None:
    scene = Scene()
    for words in ("hello", "are you there", "where is my technician"):
        scene.caller(words)
    scene.model("On the way.", turn=1)
    scene.model("On the way.", turn=2)
    scene.answers("He is on the way.")
    assert scene.said() == "He is on the way."
    assert scene.closings == [3]


def test_a_final_prompt_after_the_reply_is_an_answer() -> None:
    scene = Scene()
    scene.caller("hello")
    scene.answers("Which day?")
    scene.caller("Friday")
    assert [m["content"] for m in scene.history] == ["hello", "Which day?", "Friday"]


def test_a_filler_is_part_of_the_reply_and_comes_when_nothing_was_said_for_0_8_seconds() -> None:
    scene = Scene()
    scene.caller("where is he")
    assert scene.said(scene.wait(0.79)) == ""
    assert scene.said(scene.wait(0.02)) == "[filler]"
    scene.answers("Ten minutes away.")
    assert scene.said() == "[filler] Ten minutes away."
    assert scene.closings == [1]


def test_a_filler_does_not_stop_the_next_words_from_joining() -> None:
    scene = Scene()
    scene.caller("my number is")
    scene.wait(1.0)
    scene.caller("five five five")
    assert scene.closings == [1], "the filler's reply is closed before the next begins"
    scene.answers("Thank you.")
    assert scene.closings == [1, 2]


def test_when_no_model_answers_the_caller_hears_so() -> None:
    scene = Scene()
    scene.caller("hello")
    scene.happens(ReplyFailed(1, "down"))
    assert scene.said() == "[error.model]"
    assert scene.closings == [1]


def test_an_empty_reply_asks_again_instead_of_silence() -> None:
    scene = Scene()
    scene.caller("hello")
    scene.model_ends()
    assert scene.said() == "[error.empty]"


def test_a_run_that_never_ends_is_given_up_aloud() -> None:
    scene = Scene()
    scene.caller("hello")
    orders = scene.wait(31)
    assert scene.said(orders).endswith("[error.model]")
    assert one(CancelReply, orders).turn == 1
    assert scene.closings == [1]


def test_a_reply_is_cut_at_its_length_at_a_word() -> None:
    scene = Scene(Rules(spoken_characters=20))
    scene.caller("tell me everything")
    scene.model("one two three ", "four five six seven")
    assert scene.said() == "one two three four "
    assert scene.closings == [1]
    assert scene.all(CancelReply)


def test_the_same_final_twice_within_a_second_is_one() -> None:
    scene = Scene()
    scene.caller("yes please")
    scene.now += 0.2
    assert scene.caller("yes please") == []


def test_the_same_words_after_their_answer_was_heard_are_said_anew() -> None:
    scene = Scene()
    scene.caller("yes")
    scene.answers("Which one?")
    scene.hears_all()
    assert scene.all(StartReply, scene.caller("yes"))


def test_an_empty_prompt_is_nothing() -> None:
    scene = Scene()
    assert scene.caller("  ") == []


def test_the_language_follows_the_caller_where_the_line_speaks_it() -> None:
    scene = Scene()
    orders = scene.caller("¿dónde está el técnico?", lang="es")
    assert one(SwitchLanguage, orders).lang == "es"
    assert scene.said(scene.wait(1)) == "[es filler]"
    assert not scene.all(SwitchLanguage, scene.caller("où est-il", lang="fr"))


def test_a_request_to_repeat_is_answered_without_the_model() -> None:
    scene = Scene()
    scene.caller("when")
    scene.answers("Between two and four.")
    orders = scene.caller("say that again", wants_repeat=True)
    assert scene.said(orders) == "Between two and four."
    assert not scene.all(StartReply, orders)


def test_a_hold_window_waits_for_the_rest_of_a_sentence() -> None:
    scene = Scene(Rules(hold=0.4))
    assert not scene.all(StartReply, scene.caller("my number is"))
    scene.wait(0.2)
    scene.caller("four five")
    assert [o.turn for o in scene.all(StartReply, scene.wait(0.5))] == [2]
    assert scene.history[-1]["content"] == "my number is four five"


def test_sixty_turns_are_enough_then_a_person_takes_over() -> None:
    scene = Scene(Rules(turns=3))
    for words in ("one", "two"):
        scene.caller(words)
        scene.answers("Yes.")
    orders = scene.caller("three")
    assert scene.said(orders) == "[limit]"
    assert not scene.all(StartReply, orders)
    assert scene.all(HandOff, scene.wait(10))


def test_twenty_minutes_are_enough_then_a_person_takes_over() -> None:
    scene = Scene(Rules(call_seconds=60, silence=(600.0, 700.0)))
    assert scene.said(scene.wait(60)) == "[limit]"
    assert scene.all(HandOff, scene.wait(10))


def test_a_call_that_has_used_its_tokens_goes_to_a_person() -> None:
    scene = Scene(Rules(completion_tokens=100))
    scene.caller("one")
    scene.model("Yes.")
    scene.model_ends(tokens=100)
    orders = scene.caller("two")
    assert scene.said(orders) == "[limit]"
    assert not scene.all(StartReply, orders)


def test_after_the_end_nothing_is_ordered_any_more() -> None:
    scene = Scene()
    scene.caller("hello")
    assert one(CancelReply, scene.hangs_up()).turn == 1
    scene.forget()
    scene.model("Hello.")
    scene.caller("hello?")
    scene.happens(CallEnded())
    assert scene.orders == []
