"""What the page makes of the feed's events, without any drawing: the rules of heard, queued and never heard."""

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.phone.running import Demo

pytestmark = [pytest.mark.browser, pytest.mark.process]

READ = """async (events) => {
  const { newCall, take } = await import("/demo/phone/static/call.js");
  const call = newCall({ sid: "CA1", line: "+1", zone: "UTC" });
  for (const [source, data] of events) take(call, source, data);
  return {
    live: call.live, over: call.over, keys: call.keys, records: [...call.records.values()],
    turns: [...call.turns.values()].map((turn) => ({
      number: turn.number, caller: turn.caller, keys: turn.keys, cut: turn.cut, voice: turn.voice, steps: turn.steps,
      heard: turn.said.slice(0, turn.heard), rest: turn.said.slice(turn.heard),
      playing: turn.playing && turn.said.slice(...turn.playing),
    })),
  };
}"""


def read(page: Page, demo: Demo, *events: tuple[str, dict[str, Any]]) -> Any:
    page.goto(demo.phone)
    return page.evaluate(READ, [list(event) for event in events])


def twilio(kind: str, ms: int = 0, **values: Any) -> tuple[str, dict[str, Any]]:
    return "twilio", {"type": kind, "ms": ms, **values}


def journal(kind: str, **values: Any) -> tuple[str, dict[str, Any]]:
    return "journal", {"kind": kind, **values}


def caller(turn: int, text: str) -> tuple[str, dict[str, Any]]:
    return journal("caller", turn=turn, text=text, intent="eta", confidence=1.0, urgency="routine", lang="en")


def clause(kind: str, text: str, ms: int = 0, **values: Any) -> tuple[str, dict[str, Any]]:
    return twilio(f"clause_{kind}", ms, text=text, source="relay", **values)


def test_words_are_queued_until_they_are_played(demo: Demo, page: Page) -> None:
    seen = read(
        page,
        demo,
        caller(1, "Hello?"),
        journal("token", turn=1, text="One. "),
        journal("token", turn=1, text="Two. Three."),
        clause("started", "One. "),
        clause("played", "One. ", cut=False),
        clause("started", "Two. "),
    )
    (turn,) = seen["turns"]
    assert (turn["heard"].strip(), turn["playing"].strip(), turn["cut"]) == ("One.", "Two.", False)
    assert turn["rest"].strip() == "Two. Three."


def test_a_cut_clause_keeps_only_its_heard_words_and_drops_the_queue(demo: Demo, page: Page) -> None:
    seen = read(
        page,
        demo,
        caller(1, "Hello?"),
        journal("agent", turn=1, text="One and more. Two. Three."),
        clause("started", "One and more. "),
        clause("played", "One and", cut=True),
        twilio("caller_interrupted", by="speech", heard="One and"),
    )
    (turn,) = seen["turns"]
    assert turn["cut"] and turn["heard"] == "One and" and turn["rest"].startswith(" more.")


def test_an_answer_sent_before_the_interrupt_of_a_key_is_heard_after_it(demo: Demo, page: Page) -> None:
    seen = read(
        page,
        demo,
        journal("agent", turn=1, text="Long menu. More."),
        clause("started", "Long menu. "),
        journal("agent", turn=2, text="You chose one."),
        clause("played", "Long", cut=True),
        twilio("caller_interrupted", by="dtmf", heard="Long"),
        clause("started", "You chose one."),
    )
    menu, answer = seen["turns"]
    assert menu["cut"] and not answer["cut"] and answer["playing"] == "You chose one."


def test_the_same_words_said_twice_are_found_at_their_second_place(demo: Demo, page: Page) -> None:
    seen = read(
        page,
        demo,
        journal("agent", turn=1, text="Yes. No. Yes. End."),
        *(
            each
            for said in ("Yes. ", "No. ", "Yes. ")
            for each in (clause("started", said), clause("played", said, cut=False))
        ),
    )
    assert seen["turns"][0]["rest"].strip() == "End."


def test_words_that_were_never_played_are_unheard_once_the_call_is_over(demo: Demo, page: Page) -> None:
    seen = read(
        page,
        demo,
        journal("agent", turn=1, text="Goodbye then."),
        twilio("call_ended", status="completed", reason="the person hung up", seconds=3),
    )
    assert seen["turns"][0]["cut"] and seen["over"]["seconds"] == 3


def test_recognised_words_give_way_to_the_turn_in_either_order(demo: Demo, page: Page) -> None:
    final = twilio("caller_final", text="Hello there")
    for events in ((final, caller(1, "Hello there")), (caller(1, "Hello there"), final)):
        seen = read(page, demo, twilio("caller_partial", text="Hello"), *events)
        assert seen["live"] == "" and seen["turns"][0]["caller"] == "Hello there"
    assert read(page, demo, final)["live"] == "Hello there"


def test_keys_belong_to_the_turn_that_they_began(demo: Demo, page: Page) -> None:
    pressed = [journal("key", digit="•") for _ in range(6)]
    seen = read(
        page, demo, *pressed, journal("secret", accepted=True, level=2), journal("agent", turn=1, text="Thanks.")
    )
    (turn,) = seen["turns"]
    assert turn["keys"] == ["•"] * 6 and turn["steps"][0]["accepted"] and seen["keys"] == []


def test_a_silence_is_no_delay(demo: Demo, page: Page) -> None:
    seen = read(
        page,
        demo,
        twilio("caller_final", 1000, text="Hello"),
        caller(1, "Hello"),
        journal("agent", turn=1, text="Hi."),
        clause("started", "Hi.", 1400),
        clause("played", "Hi.", 2000, cut=False),
        journal("agent", turn=2, text="Still there?"),
        clause("started", "Still there?", 9000),
    )
    assert [turn["voice"] for turn in seen["turns"]] == [400, None]


def test_a_read_back_ends_where_it_was_asked_and_the_writing_where_it_was_agreed(demo: Demo, page: Page) -> None:
    asked = journal("tool", turn=1, id="t", tool="reschedule", arguments="{}")
    result = journal(
        "tool_result", turn=1, id="t", tool="reschedule", ms=3, content='{"status":"awaiting_confirmation"}'
    )
    seen = read(
        page, demo, caller(1, "Move it"), asked, result, caller(2, "Yes"), journal("write", status="applied", note="")
    )
    first, second = seen["turns"]
    assert first["steps"][-1] == {"kind": "confirm", "state": "agreed"}
    assert second["steps"] == [{"kind": "write", "state": "applied"}]


def test_a_field_changed_twice_shows_where_it_began_and_where_it_is(demo: Demo, page: Page) -> None:
    def change(seq: int, before: str, after: str) -> tuple[str, dict[str, Any]]:
        return "org", {
            "seq": seq,
            "at": "",
            "object": "ServiceAppointment",
            "id": "08p1",
            "label": "SA-1",
            "change": "UPDATE",
            "fields": [["Status", before, after]],
            "user": "",
        }

    (record,) = read(page, demo, change(1, "Scheduled", "Dispatched"), change(2, "Dispatched", "Completed"))["records"]
    assert [(one["before"], one["after"]) for one in record["changes"]] == [("Scheduled", "Completed")]
