"""Keys mean what was asked for. A PIN goes to the verifier and nowhere else, and the request that needed it is kept."""

from __future__ import annotations

from tests.call.scene import Scene, one
from voice_agent.call.actions import CheckSecret, HandOff, SetTimer, StartReply
from voice_agent.call.events import Ask, Keypad, SecretChecked, Timer
from voice_agent.call.script import Rules

PIN = Ask(Keypad.PIN, 6)


def asked_for_pin() -> Scene:
    return Scene(opening_ask=PIN, greeting="Please enter your PIN.")


def test_keys_count_from_the_first_frame_on() -> None:
    scene = asked_for_pin()
    assert one(CheckSecret, scene.presses("123456")).digits == "123456"


def test_a_pound_key_ends_an_entry_and_a_trailing_one_means_nothing() -> None:
    scene = asked_for_pin()
    assert one(CheckSecret, scene.presses("123456#")).digits == "123456"
    scene = asked_for_pin()
    assert one(CheckSecret, scene.presses("1234#")).digits == "1234"


def test_a_star_starts_the_entry_over() -> None:
    scene = asked_for_pin()
    assert one(CheckSecret, scene.presses("99*123456")).digits == "123456"


def test_a_pin_is_in_no_transcript_and_no_representation() -> None:
    scene = asked_for_pin()
    orders = scene.presses("481516")
    scene.happens(SecretChecked(True, "Thank you.", note="proven"))
    assert "481516" not in str(scene.history)
    assert "481516" not in repr(orders) and "481516" not in repr(scene.call.keypad)


def test_digits_said_aloud_instead_of_pressed_are_not_kept() -> None:
    scene = asked_for_pin()
    orders = scene.caller("four eight one five one six", only_digits=True)
    assert scene.said(orders) == "[keypad.please]"
    assert "four eight" not in str(scene.history)
    assert not scene.all(StartReply, orders)


def test_the_request_that_needed_a_proof_is_answered_after_it() -> None:
    scene = Scene()
    scene.caller("job 4512 is done")
    call_id = scene.wants("update_job")
    scene.model_ends()
    scene.returns(call_id, '{"status":"proof_needed"}', say="Your PIN please.", ask=PIN, keep=True)
    scene.presses("123456")
    orders = scene.happens(SecretChecked(True, "Thank you, Alex.", note="The caller is Alex."))
    assert scene.said(orders) == "Thank you, Alex."
    assert one(StartReply, orders)
    assert scene.history[-1]["content"] == "Thank you, Alex." and "The caller is Alex." in str(scene.history)


def test_a_wrong_pin_asks_again_and_the_third_goes_to_a_person() -> None:
    scene = asked_for_pin()
    scene.presses("000000")
    scene.happens(SecretChecked(False, "Wrong, two left.", ask=PIN))
    scene.presses("111111")
    assert scene.said(scene.happens(SecretChecked(False, "Wrong, one left.", ask=PIN))) == "Wrong, one left."
    scene.presses("222222")
    scene.happens(SecretChecked(False, "Locked.", locked=True))
    scene.hears_all()
    assert scene.all(HandOff) or scene.all(HandOff, scene.wait(10))


def test_a_verifier_that_does_not_answer_is_not_waited_for() -> None:
    scene = asked_for_pin()
    scene.presses("123456")
    assert scene.said(scene.wait(7)).endswith("[error.too_long]")


def test_half_an_entry_is_checked_after_a_pause() -> None:
    scene = asked_for_pin()
    scene.presses("123")
    assert one(CheckSecret, scene.wait(6.1)).digits == "123"


def test_keys_nobody_asked_for_are_a_turn_after_a_pause() -> None:
    scene = Scene()
    assert not scene.all(StartReply, scene.presses("12"))
    assert scene.all(StartReply, scene.wait(1.6))
    assert scene.history[-1] == {"role": "user", "content": "(pressed 12)"}


def test_zero_reaches_a_person() -> None:
    scene = Scene()
    scene.presses("0")
    orders = scene.wait(1.6)
    assert scene.said(orders) == "[hand_off]"
    assert one(HandOff, scene.wait(10)).reason == "caller_pressed_0"


def test_a_number_that_was_asked_for_may_be_zero() -> None:
    scene = Scene()
    scene.caller("used some parts")
    call_id = scene.wants("ask_amount")
    scene.model_ends()
    scene.returns(call_id, say="How many?", ask=Ask(Keypad.NUMBER))
    assert one(StartReply, scene.presses("0#"))


def test_thirty_two_keys_are_the_most_an_entry_takes() -> None:
    scene = Scene(Rules(keypad_pause=60))
    scene.presses("1" * 40)
    assert scene.history[-1]["content"] == f"(pressed {'1' * 32})"


def test_what_is_no_key_is_nothing() -> None:
    scene = asked_for_pin()
    scene.presses("x ")
    assert not scene.call.keypad.waiting


def test_any_key_asks_for_the_menu_also_the_star() -> None:
    scene = Scene()
    orders = scene.presses("*")
    assert scene.all(StartReply, orders) and scene.history[-1]["content"] == "(pressed *)"


def test_the_star_that_starts_an_entry_over_is_no_entry() -> None:
    scene = Scene(Rules(keypad_pause=1.5))
    assert not scene.all(StartReply, scene.presses("45*"))


def test_a_verdict_that_empties_an_entry_leaves_somebody_to_speak_next() -> None:
    """A key pressed while an older entry is being checked counts for nothing after it, and silence is counted again."""
    scene = asked_for_pin()
    scene.presses("123456")
    scene.caller("where is my next job")
    scene.answers("At nine.")
    scene.hears_all()
    scene.presses("0")
    scene.happens(SecretChecked(False, "That was wrong."))
    assert any(order.timer is Timer.SILENCE for order in scene.all(SetTimer, scene.wait(10.0)))
