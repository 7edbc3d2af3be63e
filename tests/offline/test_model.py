"""The rule-based model by itself: transcripts in, words and tool calls out, no org and no machine."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voice_agent import lines
from voice_agent.agent.model import ReplyRequest, Situation, ToolWanted, Words
from voice_agent.agent.offline import OfflineModel
from voice_agent.agent.offline.questions import Questions

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=ZoneInfo("America/Chicago"))
LINES = lines.load()
MODEL = OfflineModel(LINES.phrases, LINES.values)
ANY_TOOL = frozenset().union(*(line.tool_names for line in LINES.lines))

SLOTS = {
    "status": "offered",
    "visit": "visit 1",
    "options": [
        {"slot": "slot 1", "date": "2026-11-26", "from": "08:00", "to": "10:00", "window": "Thursday morning"},
        {"slot": "slot 2", "date": "2026-11-26", "from": "14:00", "to": "16:00", "window": "Thursday afternoon"},
        {"slot": "slot 3", "date": "2026-11-27", "from": "10:00", "to": "12:00", "window": "Friday morning"},
    ],
    "later_from": "2026-11-28",
}
OFFERED = "I have these times. Number 1: Thursday. Number 2: Thursday. Number 3: Friday. Which one suits you?"
PROPOSED = {"status": "awaiting_confirmation", "read_back": "Is that right? Say yes or press 1."}


@dataclass
class Said:
    words: list[str] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.words)


def caller(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def agent(text: str) -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def note(text: str) -> dict[str, Any]:
    return {"role": "system", "content": text}


def used(name: str, arguments: dict[str, Any], result: dict[str, Any], call_id: str = "c1") -> list[dict[str, Any]]:
    function = {"name": name, "arguments": orjson.dumps(arguments).decode()}
    call = {"id": call_id, "type": "function", "function": function}
    return [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": call_id, "content": orjson.dumps(result).decode()},
    ]


def reply(messages: Sequence[dict[str, Any]], line: str = "customer", **more: Any) -> Said:
    said = Said()

    def emit(piece: Words | ToolWanted) -> None:
        if isinstance(piece, Words):
            said.words.append(piece.text)
        else:
            said.calls.append((piece.name, orjson.loads(piece.arguments)))

    already = more.pop("already_said", "")
    names = more.pop("tool_names", ANY_TOOL)
    situation = Situation(line=line, now=NOW, role=line, **more)
    request = ReplyRequest(situation, messages, b"[]", tool_names=names, already_said=already)
    asyncio.run(MODEL.reply(request, emit))
    return said


def test_it_takes_over_where_another_model_offered_times() -> None:
    messages = [
        caller("could I get another day"),
        *used("free_slots", {"date_from": "2026-11-26"}, SLOTS),
        agent("Sure! I found a few windows for you, which would you prefer?"),
        caller("the second one please"),
    ]
    assert reply(messages, expecting="slot_choice").calls == [("reschedule", {"slot": "slot 2", "visit": "visit 1"})]


def test_it_takes_over_where_another_model_asked_in_its_own_words() -> None:
    messages = [caller("hi"), agent("Hey, which work order is this about?"), caller("job 4512 it's completed")]
    assert reply(messages, "technician", level=2).calls == [("update_job", {"job": "4512", "status": "completed"})]


@pytest.mark.parametrize(
    ("words", "slot"),
    [
        ("thursday afternoon", "slot 2"),
        ("friday works", "slot 3"),
        ("the one at ten", "slot 3"),
        ("two o'clock on thursday", "slot 2"),
        ("number one", "slot 1"),
        ("the last one", "slot 3"),
        ("the earliest", "slot 1"),
        ("(pressed 3)", "slot 3"),
    ],
)
def test_a_time_is_chosen_by_number_order_day_or_hour(words: str, slot: str) -> None:
    messages = [caller("move it"), *used("free_slots", {}, SLOTS), agent(OFFERED), caller(words)]
    (call,) = reply(messages).calls
    assert call == ("reschedule", {"slot": slot, "visit": "visit 1"})


def test_a_day_that_fits_two_times_asks_for_those_of_that_day() -> None:
    messages = [caller("move it"), *used("free_slots", {}, SLOTS), agent(OFFERED), caller("thursday")]
    ((name, wish),) = reply(messages).calls
    assert name == "free_slots" and wish["date_from"] == wish["date_to"] == "2026-11-26"


def test_a_day_that_was_not_offered_is_looked_for() -> None:
    messages = [caller("move it"), *used("free_slots", {}, SLOTS), agent(OFFERED), caller("what about monday")]
    ((name, wish),) = reply(messages).calls
    assert name == "free_slots" and wish["date_from"] == "2026-11-30"


@pytest.mark.parametrize("words", ["none of those", "do you have anything later", "(pressed 9)"])
def test_later_times_begin_after_the_last_one_offered(words: str) -> None:
    messages = [caller("move it"), *used("free_slots", {}, SLOTS), agent(OFFERED), caller(words)]
    assert reply(messages).calls == [("free_slots", {"date_from": "2026-11-28"})]


def test_the_request_is_made_again_once_the_caller_has_proven_who_they_are() -> None:
    asked = {"status": "proof_needed"}
    messages = [
        caller("job 4512 is done"),
        *used("update_job", {"job": "4512", "status": "completed"}, asked),
        agent("Please enter your six-digit PIN, then the pound key."),
        note("The caller proved who they are: Alex."),
        agent("Thank you, Alex."),
    ]
    assert reply(messages, "technician", level=2).calls == [("update_job", {"job": "4512", "status": "completed"})]


def test_after_a_change_was_saved_it_asks_for_more_and_claims_nothing_itself() -> None:
    messages = [
        caller("job 4512 is done"),
        *used("update_job", {"job": "4512", "status": "completed"}, PROPOSED),
        agent("Is that right?"),
        caller("yes"),
        agent("Done. Job four five one two is completed."),
        note("update_job: committed. The caller was told so."),
    ]
    said = reply(messages, "technician", level=2)
    assert not said.calls
    assert said.text in LINES.phrases["en"]["ask.anything_else"]


def test_an_expired_read_back_is_read_again() -> None:
    messages = [
        caller("job 4512 is done"),
        *used("update_job", {"job": "4512", "status": "completed"}, PROPOSED),
        agent("Is that right?"),
        caller("yes"),
        note("The confirmation had expired; nothing was changed."),
        agent("That was a while ago, so I have not changed anything yet."),
    ]
    assert reply(messages, "technician", level=2).calls == [("update_job", {"job": "4512", "status": "completed"})]


def test_a_question_that_was_cut_off_is_still_known() -> None:
    messages = [
        caller("add a note"),
        agent("What should the note—"),
        caller("the tenant has moved out"),
    ]
    assert reply(messages, "technician", level=2).calls == [
        ("job_note", {"note": "the tenant has moved out", "job": "current"})
    ]


def test_what_is_missing_is_asked_once_again_then_by_key_then_a_person_takes_over() -> None:
    messages: list[dict[str, Any]] = [caller("i want to report a job")]
    asked = []
    for words in ("blue", "green", "yellow"):
        said = reply(messages, "technician", level=2)
        asked.append(said.text)
        messages += [agent(said.text), caller(words)]
    last = reply(messages, "technician", level=2)
    assert "job" in asked[0] and "job" in asked[1]
    assert "press the digits" in asked[2]
    assert [name for name, _ in last.calls] == ["hand_off"]


def test_two_failures_of_a_tool_in_one_turn_end_with_a_person() -> None:
    failed = {"status": "failed", "why": "unreachable", "say": "I can't reach our records right now."}
    messages = [
        caller("when is my technician coming"),
        *used("eta", {}, failed, "c1"),
        *used("eta", {}, failed, "c2"),
    ]
    assert [name for name, _ in reply(messages).calls] == ["hand_off"]


def test_a_tool_that_is_not_on_the_line_is_not_called() -> None:
    said = reply([caller("when is my technician coming")], tool_names=frozenset({"take_message", "hand_off"}))
    assert not said.calls
    assert "message" in said.text


def test_it_speaks_the_language_the_call_is_in() -> None:
    said = reply([caller("qué puede hacer")], lang="es")
    assert said.text == LINES.phrases["es"]["can_do.customer"][0]


def test_words_that_are_already_on_their_way_are_not_said_again() -> None:
    whole = reply([caller("what can you do")]).text
    rest = reply([caller("what can you do")], already_said=whole[:40]).text
    assert whole[:40].strip() + rest == whole


def test_words_leave_a_few_at_a_time() -> None:
    said = reply([caller("what can you do")])
    assert len(said.words) > 5
    assert all(len(piece.split()) <= 3 for piece in said.words)


def test_the_same_transcript_gives_the_same_answer() -> None:
    messages = [caller("my dishwasher makes a noise"), agent("Is that right?"), caller("no the oven")]
    assert reply(messages) == reply(messages)


def test_variants_are_taken_in_turn() -> None:
    first = reply([caller("blah blah blah blah")]).text
    second = reply([caller("hello"), agent("Hello!"), caller("blah blah blah blah")]).text
    assert first != second


def test_in_danger_nothing_else_is_served() -> None:
    said = reply([caller("i smell gas"), agent("Leave now."), caller("when is my technician coming")], emergency="gas")
    assert not said.calls
    assert LINES.values["emergency_number"] in said.text


def test_every_question_of_the_phrase_files_is_known_again_when_heard() -> None:
    filled = {
        lang: {key: tuple(text.replace("{part}", "blower belts") for text in texts) for key, texts in table.items()}
        for lang, table in LINES.phrases.items()
    }
    questions = Questions(filled)
    for table in filled.values():
        for key, texts in table.items():
            if key.startswith("ask.") and not key.endswith("_keys"):
                for text in texts:
                    known = questions.last_in(f"Done. The note is on job four five one two. {text}")
                    assert known is not None and known.removesuffix("_keys") == key, text


ROLES = st.sampled_from(["user", "assistant", "system", "tool"])
TEXTS = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["yes", "no", "(pressed 1)", "(pressed 99999)", "(pressed #)", "job 4512 is done", "thursday", OFFERED, "—"]
        + [text for table in LINES.phrases.values() for texts in table.values() for text in texts]
    ),
)
RESULTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [orjson.dumps(SLOTS).decode(), orjson.dumps(PROPOSED).decode(), '{"status":"ambiguous","options":[{}]}']
        + ['{"status":"offered","options":[{"slot":7}]}', '{"options":3}', "[]", '{"status":null}', "null", ""]
    ),
)
CALLS = st.tuples(st.sampled_from([*sorted(ANY_TOOL), "nonsense"]), RESULTS, RESULTS)


@st.composite
def transcripts(draw: st.DrawFn) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    for n in range(draw(st.integers(0, 8))):
        if draw(st.booleans()):
            messages.append({"role": draw(ROLES), "content": draw(TEXTS)})
        else:
            name, arguments, result = draw(CALLS)
            call = {"id": f"c{n}", "type": "function", "function": {"name": name, "arguments": arguments}}
            messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
            messages.append({"role": "tool", "tool_call_id": f"c{n}", "content": result})
    return messages


@settings(max_examples=150, deadline=None)
@given(
    transcripts(), st.sampled_from(["customer", "technician", "after_hours", "other"]), st.sampled_from(["en", "es"])
)
def test_no_transcript_makes_it_raise_or_stay_silent(messages: list[dict[str, Any]], line: str, lang: str) -> None:
    said = reply(messages, line, lang=lang)
    assert said.text.strip() or said.calls


def test_asking_whether_somebody_is_there_leaves_the_menu_standing() -> None:
    menu, still_there = (LINES.phrases["en"][key][0] for key in ("menu.customer", "silence.again"))
    messages = [caller("(pressed 8)"), agent(menu), agent(still_there), caller("(pressed 1)")]
    assert [name for name, _ in reply(messages).calls] == ["eta"]
