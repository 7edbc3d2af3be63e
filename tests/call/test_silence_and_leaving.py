"""Nobody waits for ever, and nobody is left before the last word was played."""

from __future__ import annotations

from tests.call.scene import Scene, one
from voice_agent.call.actions import EndCall, HandOff, Say, SetTimer, StartReply
from voice_agent.call.events import AgentSpeaking, Announced, CallerSpeaking, CallStarted, Timer
from voice_agent.call.script import Rules


def test_silence_is_counted_from_the_end_of_our_words() -> None:
    scene = Scene()
    scene.caller("hello")
    scene.answers("This is a sentence that takes a good while to say, about four seconds.")
    assert scene.said(scene.wait(6.0)) == ""
    scene.hears_all()
    assert scene.said(scene.wait(5.9)) == ""
    assert scene.said(scene.wait(0.2)) == "[silence.again]"


def test_silence_asks_at_six_and_twelve_seconds_and_then_ends() -> None:
    scene = Scene()
    heard = []
    for _ in range(3):
        orders = scene.wait(6.2)
        heard.append(scene.said(orders))
        scene.hears_all()
    assert heard == ["[silence.again]", "[silence.again]", "[silence.goodbye]"]
    assert scene.all(EndCall)


def test_silence_may_end_with_a_person() -> None:
    scene = Scene(Rules(silence=(6.0,), silence_ends_in="hand_off"))
    for _ in range(2):
        scene.wait(6.2)
        scene.hears_all()
    assert one(HandOff, scene.orders).reason == "silence"


def test_a_caller_who_speaks_starts_the_count_anew() -> None:
    scene = Scene()
    scene.wait(6.2)
    scene.hears_all()
    scene.caller("hello")
    scene.answers("Hello.")
    scene.hears_all()
    assert scene.said(scene.wait(6.2)) == "[silence.again]"


def test_partials_without_a_final_are_not_waited_for_for_ever() -> None:
    scene = Scene()
    scene.murmurs("uh")
    assert scene.said(scene.wait(6.1)) == "[silence.again]"


def test_a_caller_who_is_speaking_is_not_asked_whether_they_are_there() -> None:
    scene = Scene()
    scene.wait(5)
    scene.happens(CallerSpeaking(True))
    assert scene.said(scene.wait(5)) == ""
    scene.happens(CallerSpeaking(False))
    assert scene.said(scene.wait(6.1)) == "[silence.again]"


def test_a_speaker_event_that_never_ends_does_not_hold_the_call() -> None:
    scene = Scene()
    scene.happens(CallerSpeaking(True))
    assert scene.said(scene.wait(15.1)) == "[silence.again]"


def test_a_wish_for_a_person_is_honoured_in_its_own_turn_without_the_model() -> None:
    scene = Scene()
    scene.caller("when do you come")
    scene.model("Tomorrow")
    orders = scene.caller("let me talk to a person", wants_human=True)
    assert scene.said(orders) == "[hand_off]"
    assert not scene.all(StartReply, orders) and not scene.all(HandOff, orders)


def test_the_hand_off_waits_until_its_words_were_played() -> None:
    scene = Scene()
    scene.caller("a person", wants_human=True)
    assert not scene.all(HandOff, scene.wait(0.3))
    scene.hears_all()
    assert one(HandOff, scene.orders).reason == "caller_asked"
    assert scene.call.ended


def test_without_reports_the_hand_off_waits_for_the_estimate() -> None:
    scene = Scene()
    scene.caller("a person", wants_human=True)
    left = one(SetTimer, [o for o in scene.all(SetTimer) if o.timer is Timer.LEAVE])
    assert left.seconds > 1.0
    assert not scene.all(HandOff, scene.wait(left.seconds - 0.1))
    assert scene.all(HandOff, scene.wait(0.2))


def test_a_caller_who_talks_over_the_announcement_is_still_handed_off() -> None:
    scene = Scene()
    scene.caller("a person", wants_human=True)
    assert one(HandOff, scene.interrupts("[hand"))


def test_words_during_the_farewell_start_no_new_turn() -> None:
    scene = Scene()
    scene.caller("a person", wants_human=True)
    assert not scene.all(StartReply, scene.caller("hello?"))


def test_a_drain_says_so_and_hands_over() -> None:
    scene = Scene()
    scene.caller("hello")
    scene.model("Good")
    scene.happens(Announced("We have to change lines.", then_hand_off="drain"))
    assert scene.closings == [1, 2]
    assert scene.said() == "GoodWe have to change lines. [hand_off]"
    assert one(HandOff, scene.wait(20)).reason == "drain"


def test_a_note_from_outside_waits_until_nobody_speaks() -> None:
    scene = Scene()
    scene.caller("hello")
    scene.answers("Good morning to you, how can I help?")
    scene.happens(Announced("Your technician has just left."))
    assert "just left" not in scene.said()
    scene.hears_all()
    assert scene.said().endswith("Your technician has just left.")


def test_without_reports_the_note_comes_after_the_estimate() -> None:
    scene = Scene()
    scene.caller("hello")
    scene.answers("Good morning to you, how can I help?")
    scene.happens(Announced("Your technician has just left."))
    assert scene.said(scene.wait(4)).endswith("Your technician has just left.")


def test_a_resumed_call_is_not_greeted_and_repeats_the_last_question() -> None:
    scene = Scene(greeting="Welcome.")
    scene.hears("Welcome.")
    scene.caller("move my visit")
    scene.answers("Which day suits you?")
    scene.hears("Which day suits you?")
    orders = scene.happens(CallStarted(resumed=True))
    assert scene.said(orders) == "[resumed] [resumed.question] Which day suits you?"
    assert "Welcome" not in scene.said(orders)


def test_an_answer_that_was_lost_with_the_line_is_said_whole_once_it_is_back() -> None:
    for heard in ((), ("Tomorrow at nine.",)):
        scene = Scene(greeting="Welcome.")
        scene.hears("Welcome.")
        scene.caller("when do you come")
        scene.answers("Tomorrow at nine. Does that suit you?")
        scene.hears(*heard)
        orders = scene.happens(CallStarted(resumed=True))
        assert scene.said(orders) == "[resumed] [resumed.question] Tomorrow at nine. Does that suit you?"


def test_a_question_that_was_being_answered_when_the_line_broke_is_answered() -> None:
    scene = Scene()
    scene.caller("when do you come")
    scene.model("Tomorrow")
    orders = scene.happens(CallStarted(resumed=True))
    assert scene.said(orders) == "[resumed]"
    assert one(StartReply, orders).turn == scene.call.turn
    scene.answers(" Tomorrow at nine.")
    assert scene.closings[-1] == scene.call.turn


def test_a_read_back_from_before_the_break_confirms_nothing() -> None:
    scene = Scene()
    scene.caller("move it")
    scene.proposes()
    scene.happens(CallStarted(resumed=True))
    assert scene.call.proposal is None


def test_a_hand_off_that_was_under_way_goes_on_after_the_break() -> None:
    scene = Scene()
    scene.caller("a person", wants_human=True)
    scene.happens(CallStarted(resumed=True))
    assert scene.all(HandOff, scene.wait(10))


def test_reports_of_nothing_do_not_end_anything() -> None:
    scene = Scene()
    scene.happens(AgentSpeaking(False))
    assert not scene.all(Say)
