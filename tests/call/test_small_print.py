"""Single conditions of the call that only show in one situation each."""

from __future__ import annotations

from tests.call.scene import Scene, one
from voice_agent.call.actions import CancelReply, CheckSecret, DropProposal, HandOff, RunProposal, StartReply
from voice_agent.call.events import (
    Announced,
    Ask,
    CallStarted,
    EmergencyRecorded,
    Keypad,
    ReplyFailed,
    SecretChecked,
    Urgency,
)
from voice_agent.call.script import Rules

PIN = Ask(Keypad.PIN, 6)
READ_BACK = "Shall I move it to Friday?"


def test_words_that_come_in_pieces_are_not_torn_apart() -> None:
    scene = Scene()
    scene.caller("when")
    scene.model("Tom", "orrow, at n", "ine.")
    assert scene.said() == "Tomorrow, at nine."


def test_words_after_we_began_to_speak_are_an_utterance_of_their_own() -> None:
    scene = Scene()
    scene.caller("when do you come")
    scene.model("Tomorrow at")
    scene.caller("and who")
    assert [m["content"] for m in scene.history if m["role"] == "user"] == ["when do you come", "and who"]


def test_the_servers_own_replies_are_closed_too() -> None:
    wrong = Scene(opening_ask=PIN)
    wrong.presses("000000")
    wrong.happens(SecretChecked(False, "Wrong.", ask=PIN))
    assert wrong.closings == [1]

    aloud = Scene(opening_ask=PIN)
    aloud.caller("one two three four five six", only_digits=True)
    assert aloud.closings == [1]

    again = Scene()
    again.caller("hello")
    again.answers("Thank you, Alex.")
    again.presses("#")
    again.interrupts("Thank")
    assert again.closings == [1, 2]

    told = Scene()
    told.caller("hello")
    told.answers("Good morning to you.")
    told.happens(Announced("He has just left."))
    told.hears_all()
    assert told.closings == [1, 2]

    failed = Scene()
    failed.caller("hello")
    failed.happens(ReplyFailed(1, "down"))
    assert failed.closings == [1]


def test_what_was_pressed_and_what_was_spoken_instead_is_in_the_transcript_without_its_digits() -> None:
    scene = Scene()
    scene.presses("0")
    scene.wait(1.6)
    assert "(pressed 0)" in str(scene.history)
    scene = Scene(opening_ask=PIN)
    scene.caller("four eight one five one six", only_digits=True)
    assert scene.history[0] == {"role": "user", "content": "(spoke digits instead of pressing them)"}


def test_digits_said_aloud_over_a_reply_end_it() -> None:
    scene = Scene(opening_ask=PIN)
    scene.caller("hello there")
    scene.model("Good morn")
    orders = scene.caller("four eight one five", only_digits=True)
    assert one(CancelReply, orders).turn == 1 and scene.closings == [1, 2]


def test_the_greeting_is_no_answer_to_be_repeated() -> None:
    scene = Scene(greeting="Welcome.")
    scene.hears("Welcome.")
    assert one(StartReply, scene.caller("say that again", wants_repeat=True))
    scene = Scene(greeting="Welcome.")
    scene.hears("Welcome.")
    assert scene.said(scene.happens(CallStarted(resumed=True))) == "[resumed]"


def test_the_model_is_told_that_the_line_was_cut() -> None:
    scene = Scene()
    scene.happens(CallStarted(resumed=True))
    assert "The line was cut and is back" in str(scene.history)


def test_a_key_is_a_sign_of_life() -> None:
    scene = Scene()
    scene.wait(6.2)
    scene.hears_all()
    scene.presses("#")
    heard = []
    for _ in range(2):
        heard.append(scene.said(scene.wait(6.2)))
        scene.hears_all()
    assert heard == ["[silence.again]", "[silence.again]"], "the count began anew"


def test_keys_that_cut_a_reply_short_are_answered_like_any_others() -> None:
    scene = Scene()
    scene.caller("tell me everything")
    scene.model("A long answer that")
    scene.presses("12")
    scene.interrupts("A long")
    assert one(StartReply, scene.wait(1.6)).turn == scene.call.turn
    assert scene.history[-1] == {"role": "user", "content": "(pressed 12)"}

    scene = Scene(opening_ask=PIN)
    scene.caller("hello")
    scene.model("Good morning and")
    scene.presses("123")
    scene.interrupts("Good")
    scene.presses("456")
    assert one(CheckSecret, scene.orders).digits == "123456"


def test_a_danger_named_over_our_words_is_answered_even_without_its_final() -> None:
    scene = Scene()
    scene.caller("when do you come")
    scene.model("Tomorrow between nine")
    scene.murmurs("wait there is a smell of gas", urgency=Urgency.LIFE_SAFETY, hazard="gas")
    scene.interrupts("Tomorrow")
    assert "[guidance.gas]" in scene.said(scene.wait(1.6))


def test_danger_is_answered_also_in_the_turn_that_is_one_too_many() -> None:
    scene = Scene(Rules(turns=2))
    scene.caller("hello")
    scene.answers("Hello.")
    assert "[guidance.gas]" in scene.said(scene.caller("gas", urgency=Urgency.LIFE_SAFETY, hazard="gas"))
    scene.happens(EmergencyRecorded("gas", "It is recorded."))
    assert scene.said().endswith("[guidance.gas] It is recorded. [after.leave]")
    orders = scene.caller("and when do you come")
    assert scene.said(orders) == "[limit]" and not scene.all(StartReply, orders)


def test_what_the_server_has_to_tell_is_told_whatever_the_limit() -> None:
    scene = Scene(Rules(turns=2))
    scene.caller("hello")
    scene.answers("Hello.")
    scene.hears_all()
    assert scene.said(scene.happens(Announced("He has just left."))) == "He has just left."


def test_after_a_pin_was_accepted_the_keys_are_the_callers_again() -> None:
    scene = Scene(opening_ask=PIN)
    scene.presses("123456")
    scene.happens(SecretChecked(True, "Thank you."))
    scene.hears_all()
    scene.presses("0")
    assert one(HandOff, [*scene.wait(1.6), *scene.wait(10)]).reason == "caller_pressed_0"


def test_a_change_that_waits_for_a_yes_is_void_when_the_caller_hangs_up() -> None:
    scene = Scene()
    scene.caller("move it to friday")
    scene.proposes(READ_BACK)
    assert one(DropProposal, scene.hangs_up()).proposal == "p1"


def test_keys_left_over_when_a_person_was_asked_for_hold_nobody_up() -> None:
    scene = Scene()
    scene.presses("12")
    scene.caller("a person please", wants_human=True)
    assert not scene.all(StartReply, scene.wait(1.6))
    assert one(HandOff, [*scene.orders, *scene.wait(10)]).reason == "caller_asked"


def test_an_open_reply_whose_words_still_play_goes_on_after_the_interrupt_of_older_ones() -> None:
    scene = Scene(Rules(keypad_pause=0), greeting="Welcome to the service desk.")
    scene.presses("9")
    scene.model("Key nine")
    scene.interrupts("Welcome")
    scene.model(" it is.")
    scene.model_ends()
    assert scene.said() == "Key nine it is." and scene.closings == [1]


def test_a_question_that_was_cut_and_met_with_silence_is_followed_up() -> None:
    scene = Scene()
    scene.caller("move it to friday")
    scene.proposes(READ_BACK)
    scene.interrupts("Shall")
    assert scene.said(scene.wait(6.2)) == f"[confirm.again] {READ_BACK}"
    assert scene.closings == [1, scene.call.turn]


def test_a_request_is_kept_for_its_proof_whatever_else_came_back_with_it() -> None:
    scene = Scene()
    scene.caller("close the job and tell me the next")
    first, second = scene.wants("close_job"), scene.wants("next_job")
    scene.model_ends()
    scene.returns(first, say="Your PIN please.", ask=PIN, keep=True)
    scene.returns(second, say="The next one is at noon.")
    scene.presses("123456")
    assert one(StartReply, scene.happens(SecretChecked(True, "Thank you.")))


def test_no_filler_is_said_while_the_rest_of_a_sentence_is_waited_for() -> None:
    scene = Scene(Rules(hold=2.0))
    scene.caller("my number is")
    assert scene.said(scene.wait(1.9)) == ""
    assert scene.all(StartReply, scene.wait(0.2))


def test_an_alarm_the_model_raises_stops_the_model() -> None:
    scene = Scene()
    scene.caller("there is a hiss and a smell")
    scene.model("Let me see")
    scene.wants("report_emergency", '{"hazard":"gas"}')
    assert one(CancelReply, scene.orders).turn == 1
    scene.forget()
    scene.model(" what I can do.", turn=1)
    assert scene.said() == ""


def test_a_record_that_stands_after_its_reply_was_closed_is_told_later() -> None:
    scene = Scene()
    scene.caller("gas", urgency=Urgency.LIFE_SAFETY, hazard="gas")
    scene.wait(6.1)
    closed = list(scene.closings)
    scene.happens(EmergencyRecorded("gas", "It is recorded."))
    assert "It is recorded." not in scene.said(), "not into a reply that is closed"
    scene.hears_all()
    assert scene.said().count("It is recorded.") == 1 and len(scene.closings) == len(closed) + 1


def test_a_note_from_outside_does_not_hold_up_a_farewell() -> None:
    scene = Scene()
    scene.caller("a person please", wants_human=True)
    assert scene.said(scene.happens(Announced("He has just left."))) == ""
    scene.hears_all()
    assert scene.call.ended and "just left" not in scene.said()


def test_keys_over_a_read_back_have_it_read_three_times_at_most() -> None:
    scene = Scene()
    scene.caller("move it to friday")
    scene.proposes(READ_BACK)
    for _ in range(6):
        scene.presses("1")
        scene.interrupts("Shall")
    assert scene.said().count(READ_BACK) == 3
    assert not scene.all(RunProposal)
