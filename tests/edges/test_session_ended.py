"""What follows when the socket is gone: every cause of the action webhook has its own answer (sheet 1.3)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.edges.doorstep import CALL, PUBLIC, Answer, Doorstep, Socket
from voice_agent.calls import MOST_RECONNECTS

LOST = {"SessionStatus": "failed", "ErrorCode": "64105", "ErrorMessage": "Websocket ended"}


async def talking(door: Doorstep) -> Socket:
    socket = door.connects((await door.rings()).ticket)
    socket.says(type="prompt", voicePrompt="when is my visit", last=True)
    await socket.hears("Tomorrow at nine")
    return socket


def to_a_person(answer: Answer) -> bool:
    """The caller joins the line's queue, and hears something while waiting."""
    queue = answer.twiml.find("Enqueue")
    if queue is None:
        return False
    assert answer.verbs[-1] == "Enqueue" and queue.text == "dispatch"
    assert queue.attrib["waitUrl"] == f"{PUBLIC}/twilio/queue/wait"
    assert queue.attrib["action"] == f"{PUBLIC}/twilio/queue/left"
    return True


def test_a_hand_off_ends_the_session_and_its_data_leads_to_the_queue() -> None:
    async def scenario() -> None:
        door = Doorstep()
        socket = await talking(door)
        socket.says(type="info", name="tokensPlayed", value="Tomorrow at nine.")
        socket.says(type="prompt", voicePrompt="let me talk to a person", last=True)
        said = await socket.hears("person now|colleague now")
        socket.says(type="info", name="tokensPlayed", value=said.removeprefix("Tomorrow at nine."))
        await socket.until(lambda: socket.of("end"))
        await socket.breaks()
        data = socket.of("end")[0]["handoffData"]
        assert json.loads(data)["call"] == CALL and "visit" not in data, "an id, no words of the caller"
        answer = await door.session_ends(SessionId="VX1", SessionStatus="ended", HandoffData=data)
        assert to_a_person(answer)
        record = door.services.journal.get(CALL)
        assert record is not None
        (handed,) = [entry for entry in record.entries if entry["kind"] == "handed_off"]
        assert handed["reason"] == "caller_asked" and all(line["source"] for line in handed["summary"])

    asyncio.run(scenario())


def test_a_workflow_takes_the_caller_as_a_task_where_one_is_set() -> None:
    async def scenario() -> None:
        door = Doorstep(TWILIO_WORKFLOW_SID="WW" + "1" * 32)
        socket = await talking(door)
        await socket.breaks()
        answer = await door.session_ends(SessionId="VX1", SessionStatus="ended", HandoffData='{"reason":"x"}')
        queue = answer.twiml.find("Enqueue")
        assert queue is not None and queue.attrib["workflowSid"] == "WW" + "1" * 32
        task = queue.find("Task")
        assert task is not None and json.loads(task.text or "")["call"] == CALL

    asyncio.run(scenario())


def test_ended_by_us_without_data_hangs_up_and_the_call_is_over() -> None:
    async def scenario() -> None:
        door = Doorstep()
        await (await talking(door)).breaks()
        assert (await door.session_ends(SessionId="VX1", SessionStatus="ended")).verbs == ["Hangup"]
        assert CALL not in door.services.calls

    asyncio.run(scenario())


def test_a_caller_who_hung_up_gets_an_empty_answer_and_the_call_is_over() -> None:
    async def scenario() -> None:
        door = Doorstep()
        await (await talking(door)).breaks()
        form = {"SessionId": "VX1", "SessionStatus": "completed", "CallStatus": "completed"}
        for _ in range(2):
            assert (await door.session_ends(**form)).verbs == []
        assert CALL not in door.services.calls

    asyncio.run(scenario())


def test_a_socket_that_was_lost_is_opened_again_without_a_greeting() -> None:
    async def scenario() -> None:
        door = Doorstep()
        await (await talking(door)).breaks()
        answer = await door.session_ends(SessionId="VX1", **LOST)
        assert answer.ticket and "welcomeGreeting" not in answer.relay.attrib
        assert answer.relay.attrib["dtmfDetection"] == "true", "everything else as at first"

    asyncio.run(scenario())


def test_a_socket_that_only_twilio_knows_to_be_lost_does_not_keep_the_next_one_out() -> None:
    """The network broke in silence: our end would notice at the second unanswered ping, forty seconds later."""

    async def scenario() -> None:
        door = Doorstep()
        first = await talking(door)
        answer = await door.session_ends(SessionId="VX1", **LOST)
        await first.ends()
        second = door.connects(answer.ticket)
        await second.hears("cut off")
        assert second.closed is None
        await second.breaks()

    asyncio.run(scenario())


def test_a_call_that_is_over_leaves_no_socket_open() -> None:
    async def scenario() -> None:
        door = Doorstep()
        socket = await talking(door)
        await door.twilio("/twilio/call-status", {"CallSid": CALL, "CallStatus": "completed"})
        await socket.ends()
        assert CALL not in door.services.calls

    asyncio.run(scenario())


def test_a_socket_that_is_lost_again_and_again_ends_with_a_person() -> None:
    async def scenario() -> None:
        door = Doorstep()
        socket = await talking(door)
        for number in range(1, MOST_RECONNECTS + 1):
            await socket.breaks()
            answer = await door.session_ends(SessionId=f"VX{number}", **LOST)
            socket = door.connects(answer.ticket)
            await socket.hears("cut off")
        await socket.breaks()
        assert to_a_person(await door.session_ends(SessionId="VX9", **LOST))

    asyncio.run(scenario())


@pytest.mark.parametrize("data", ["{", "[]", "null", '"x"', "{}", '{"reason":null}', '{"reason":{"a":1}}', "�"])
def test_hand_off_data_that_cannot_be_read_still_leads_to_a_person(data: str) -> None:
    async def scenario() -> None:
        door = Doorstep()
        await (await talking(door)).breaks()
        form = {"SessionId": "VX1", "SessionStatus": "ended", "HandoffData": data}
        assert to_a_person(await door.session_ends(**form))

    asyncio.run(scenario())


def test_a_call_nobody_here_knows_is_handed_over_rather_than_cut_off() -> None:
    """After a restart of this process: the caller is still on the line."""

    async def scenario() -> None:
        door = Doorstep()
        for form in (LOST, {"SessionStatus": "ended", "HandoffData": '{"reason":"caller_asked"}'}):
            assert to_a_person(await door.session_ends("CA-unknown", SessionId=json.dumps(form), **form))
        assert (await door.session_ends("CA-unknown", SessionId="VX3", SessionStatus="ended")).verbs == ["Hangup"]
        stranger = await door.session_ends("CA-unknown", SessionId="VX4", To="+19995550000", **LOST)
        assert stranger.verbs == ["Say", "Hangup"]

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "form",
    [LOST, {"SessionStatus": "ended"}, {"SessionStatus": "ended", "HandoffData": '{"reason":"caller_asked"}'}],
    ids=["lost", "ended", "handed off"],
)
def test_the_same_webhook_again_gets_the_same_answer(form: dict[str, str]) -> None:
    async def scenario() -> None:
        door = Doorstep()
        await (await talking(door)).breaks()
        first = await door.session_ends(SessionId="VX1", **form)
        assert (await door.session_ends(SessionId="VX1", **form)).text == first.text

    asyncio.run(scenario())


@pytest.mark.parametrize("status", ["", "exploded", "ENDED"])
def test_a_status_twilio_does_not_have_yet_does_not_drop_the_caller(status: str) -> None:
    async def scenario() -> None:
        door = Doorstep()
        await (await talking(door)).breaks()
        assert (await door.session_ends(SessionId="VX1", SessionStatus=status)).ticket

    asyncio.run(scenario())


# -- the call's own status ---------------------------------------------------------------------------------------------

STATUSES = (
    "initiated",
    "ringing",
    "in-progress",
    "completed",
    "busy",
    "no-answer",
    "failed",
    "canceled",
    "",
    "new one",
)
OVER = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(STATUSES), max_size=8), st.booleans())
def test_whatever_the_order_of_status_reports_a_call_ends_once_and_never_comes_back(
    statuses: Sequence[str], ended_webhook: bool
) -> None:
    async def scenario() -> None:
        door = Doorstep()
        socket = door.connects((await door.rings()).ticket)
        await socket.until(lambda: CALL in door.services.calls)
        await socket.breaks()
        gone = False
        for status in statuses:
            answer = await door.twilio("/twilio/call-status", {"CallSid": CALL, "CallStatus": status})
            assert (answer.status, answer.body) == (204, b"")
            gone = gone or status in OVER
            assert (CALL in door.services.calls) is not gone
        if ended_webhook:
            await door.session_ends(SessionId="VX1", SessionStatus="completed", CallStatus="completed")
            gone = True
        record = door.services.journal.get(CALL)
        assert record is not None
        assert [e["kind"] for e in record.entries].count("call_ended") == (1 if gone else 0)
        if gone:
            late = door.connects((await door.rings()).ticket)
            await late.ends()
            assert late.closed == 1008 and CALL not in door.services.calls

    asyncio.run(scenario())


def test_a_status_of_a_call_nobody_knows_is_taken_in_silence() -> None:
    async def scenario() -> None:
        door = Doorstep()
        for form in ({"CallSid": "CA-unknown", "CallStatus": "completed"}, {"CallStatus": "completed"}, {}):
            assert (await door.twilio("/twilio/call-status", form)).status == 204

    asyncio.run(scenario())


# -- the queue ---------------------------------------------------------------------------------------------------------


def test_who_waits_hears_their_place_in_the_language_they_speak() -> None:
    async def scenario() -> None:
        door = Doorstep()
        socket = door.connects((await door.rings()).ticket)
        socket.says(type="prompt", voicePrompt="quiero hablar con una persona por favor", last=True)
        await socket.until(lambda: socket.of("language"))
        await socket.breaks()
        for position in ("1", "4"):
            answer = await door.twilio("/twilio/queue/wait", {"CallSid": CALL, "QueuePosition": position})
            assert answer.verbs == ["Gather"] and [verb.tag for verb in answer.twiml[0]] == ["Say", "Play"]
            say = answer.twiml.find("Gather/Say")
            assert say is not None and say.attrib["language"] == "es-US"
            assert "{" not in (say.text or "") and (("4" in (say.text or "")) is (position == "4"))

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("result", "verbs"),
    [
        ("bridged", ["Hangup"]),
        ("hangup", ["Hangup"]),
        ("leave", ["Say", "Hangup"]),
        ("queue-full", ["Say", "Hangup"]),
        ("system-error", ["Say", "Hangup"]),
        ("error", ["Say", "Hangup"]),
        ("", ["Say", "Hangup"]),
    ],
)
def test_who_leaves_the_queue_without_having_been_helped_is_told(result: str, verbs: list[str]) -> None:
    answer = asyncio.run(Doorstep().twilio("/twilio/queue/left", {"CallSid": CALL, "QueueResult": result}))
    assert answer.verbs == verbs


def test_a_wait_of_a_call_nobody_knows_has_an_answer_too() -> None:
    answer = asyncio.run(Doorstep().twilio("/twilio/queue/wait", {"CallSid": "CA-unknown"}))
    assert answer.verbs == ["Gather"]
