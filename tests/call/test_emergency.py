"""Danger: the fixed words come first, whatever else the call was doing, with nothing else working."""

from __future__ import annotations

from typing import Any

from tests.call.scene import Scene, one
from voice_agent.call.actions import EndCall, RecordEmergency, Say, StartReply
from voice_agent.call.events import CallerSpoke, EmergencyRecorded, Gist, Urgency

GAS: dict[str, Any] = {"urgency": Urgency.LIFE_SAFETY, "hazard": "gas"}
TRAPPED: dict[str, Any] = {"urgency": Urgency.LIFE_SAFETY, "hazard": "trapped"}
BURST: dict[str, Any] = {"urgency": Urgency.URGENT, "hazard": "burst_pipe"}


def test_guidance_is_the_first_thing_said_and_no_model_is_asked() -> None:
    scene = Scene()
    orders = scene.caller("it smells like gas", **GAS)
    said = scene.all(Say, orders)
    assert said[0].text == "[guidance.gas]" and said[0].interruptible is False
    assert not scene.all(StartReply, orders)
    assert one(RecordEmergency, orders).words == "it smells like gas"
    assert orders.index(said[0]) < orders.index(one(RecordEmergency, orders))


def test_what_became_of_the_record_is_said_and_then_the_caller_is_let_go() -> None:
    scene = Scene()
    scene.caller("gas", **GAS)
    scene.happens(EmergencyRecorded("gas", "It is recorded."))
    assert scene.said() == "[guidance.gas] It is recorded. [after.leave]"
    assert scene.closings == [1]
    scene.listens_out()
    assert scene.said(scene.wait(6.1)) == "[silence.goodbye]"
    assert scene.all(EndCall, scene.wait(10))


def test_a_record_that_does_not_come_is_not_waited_for() -> None:
    scene = Scene()
    scene.caller("gas", **GAS)
    assert scene.said(scene.wait(6.1)) == " [emergency.not_saved_yet] [after.leave]"
    assert scene.closings == [1]
    scene.listens_out()
    assert "It is recorded." in scene.said(scene.happens(EmergencyRecorded("gas", "It is recorded.")))


def test_danger_stops_a_reply_in_the_middle() -> None:
    scene = Scene()
    scene.caller("when do you come")
    scene.model("Tomorrow at")
    scene.caller("wait there is smoke", urgency=Urgency.LIFE_SAFETY, hazard="fire")
    assert scene.said() == "Tomorrow at[guidance.fire]"
    assert scene.closings == [1]
    scene.forget()
    scene.model(" nine.", turn=1)
    assert scene.orders == []


def test_danger_comes_before_a_hand_off_that_is_under_way() -> None:
    scene = Scene()
    scene.caller("a person please", wants_human=True)
    assert "[guidance.gas]" in scene.said(scene.caller("oh it smells like gas", **GAS))
    assert scene.call.leaving is None


def test_guidance_is_given_whole_once_and_then_in_short() -> None:
    scene = Scene()
    scene.caller("gas", **GAS)
    scene.happens(EmergencyRecorded("gas", "It is recorded."))
    scene.now += 5
    orders = scene.caller("but I smell gas", **GAS)
    assert scene.said(orders) == "[again.leave]"
    assert not scene.all(RecordEmergency, orders)


def test_a_second_danger_gets_its_own_guidance() -> None:
    scene = Scene()
    scene.caller("gas", **GAS)
    orders = scene.caller("and now it burns", urgency=Urgency.LIFE_SAFETY, hazard="fire")
    assert "[guidance.fire]" in scene.said(orders) and scene.all(RecordEmergency, orders)
    assert scene.call.emergency == "gas", "the first one stands"


def test_someone_trapped_is_kept_company() -> None:
    scene = Scene()
    scene.caller("I am stuck in the lift", **TRAPPED)
    scene.happens(EmergencyRecorded("trapped", "It is recorded."))
    assert scene.said().endswith("[after.stay]")
    scene.listens_out()
    assert scene.said(scene.wait(6.1)) == "[silence.again]"


def test_a_partial_that_names_a_danger_is_answered_even_without_its_final() -> None:
    scene = Scene()
    scene.murmurs("there is a smell of gas in", **GAS)
    assert scene.said(scene.wait(1.4)) == ""
    assert scene.said(scene.wait(0.2)) == "[guidance.gas]"


def test_the_final_decides_over_its_partial() -> None:
    scene = Scene()
    scene.murmurs("I smell gas", **GAS)
    orders = scene.happens(CallerSpoke("I smell gas only when I fill up the car", gist=Gist(), at=scene.now))
    assert scene.said(orders) == "" and scene.all(StartReply, orders)
    assert scene.said(scene.wait(0.79)) == ""


def test_danger_needs_no_pin_and_no_confirmation() -> None:
    scene = Scene()
    scene.caller("move it to friday")
    scene.proposes()
    orders = scene.caller("yes and it smells like gas", affirms=True, **GAS)
    assert scene.said(orders).startswith("[guidance.gas]")


def test_urgent_gets_one_sentence_that_limits_the_damage_and_then_its_answer() -> None:
    scene = Scene()
    orders = scene.caller("a pipe has burst", **BURST)
    assert scene.said(orders) == "[guidance.burst_pipe]" and scene.all(StartReply, orders)
    scene.answers("I'll send someone.")
    assert scene.said() == "[guidance.burst_pipe] I'll send someone."
    assert scene.closings == [1]
    orders = scene.caller("the pipe is still leaking", **BURST)
    assert scene.said(orders) == ""
