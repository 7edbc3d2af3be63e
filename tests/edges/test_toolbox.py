"""The gateway between what a model asks for and what is done: it decides from server state, whatever was written."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, cast, get_args, get_type_hints

import pytest

from tests.session.stage import a_row
from tests.twilio_emulator.virtual_time import run
from tools import CONTROLS, TOOLS
from voice_agent.agent.context import ToolContext
from voice_agent.agent.outcomes import Outcome, Settled
from voice_agent.agent.tool import Answer, Change, Tool, tool
from voice_agent.agent.toolbox import FOLLOW_UPS, PROPOSAL_SECONDS, Toolbox
from voice_agent.call.events import Ask, Keypad
from voice_agent.errors import Conflict, InvalidInput, NotFound, SalesforceUnavailable, VoiceAgentError
from voice_agent.grants import Grant, Level
from voice_agent.salesforce.field_service import FieldService
from voice_agent.salesforce.plans import Committed, WritePlan

LINES = ("customer", "technician")


@tool(lines=LINES, level=0)
async def hours(ctx: ToolContext) -> Answer:
    """Say when the office is open. Only for tests."""
    return Answer({"from": "07:00"}, "From seven.")


@tool(lines=LINES, level=1)
async def arrival(ctx: ToolContext) -> Answer:
    """Say when he comes. Only for tests."""
    return Answer({"at": ctx.grant.number}, "Soon.", spoken=True, ask=Ask(Keypad.CHOICE, 1))


@tool(lines=LINES, level=0, writes=True)
async def book(ctx: ToolContext, day: str) -> Change:
    """Book a day. Only for tests."""
    return Change(WritePlan(f"book {day}", (), ()), f"Book {day}?", f"{day} is booked.")


@tool(lines=LINES, level=2, writes=True)
async def close_job(ctx: ToolContext, job: str) -> Change:
    """Close a job. Only for tests."""
    return Change(WritePlan("close", (), ()), f"Close {job}?", "Closed.")


@tool(lines=LINES, level=0, timeout=3.0)
async def slow(ctx: ToolContext) -> Answer:
    """Take for ever. Only for tests."""
    await asyncio.sleep(3600)
    raise AssertionError("nobody waits that long")


@tool(lines=LINES, level=0)
async def wordy(ctx: ToolContext) -> Answer:
    """Say too much. Only for tests."""
    return Answer({"description_written_by_others": "word " * 10_000, "not in the table": 1})


@tool(lines=("technician",), level=0)
async def vans_only(ctx: ToolContext) -> Answer:
    """Look into the van. Only for tests."""
    return Answer({})


def failing(error: VoiceAgentError) -> Tool:
    @tool(lines=LINES, level=0)
    async def fails(ctx: ToolContext) -> Answer:
        """Fail. Only for tests."""
        raise error

    return fails


@dataclass
class Bench:
    """A toolbox of one call, with the records' answers scripted and the clock in hand."""

    answers: list[str | VoiceAgentError] = field(default_factory=lambda: ["applied"])
    line: str = "customer"
    level: Level = Level.UNKNOWN
    phase: str = "autonomous"
    more: tuple[Tool, ...] = ()
    clock: Callable[[], float] | None = None
    now: float = 1000.0
    written: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)
    """Plan, key and audit fields of each commit."""

    def __post_init__(self) -> None:
        given = (hours, arrival, book, close_job, slow, wordy, vans_only, *self.more)
        self.toolbox = Toolbox(
            {t.name: t for t in given},
            line=self.line,
            call_sid="CA1",
            writer=self.write,
            clock=self.clock or (lambda: self.now),
            phase=self.phase,
            rules={t.name: a_row(t) for t in given},
        )
        self.context = ToolContext(
            grant=Grant(level=self.level, number="+13125550188"),
            field=cast(FieldService, None),
            now=datetime(2026, 11, 23, 15, tzinfo=UTC),
            lang="en",
            speak=lambda key, **_: f"[{key}]",
            said=(),
            call_sid="CA1",
            line=self.line,
        )

    async def write(self, plan: WritePlan, key: str, audit: Mapping[str, Any]) -> Committed:
        self.written.append((plan.name, key, audit))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, VoiceAgentError):
            raise answer
        return Committed(cast(Any, answer), key)

    def asks(self, name: str, arguments: str = "{}") -> Outcome:
        """In a turn of its own."""
        self.context = replace(self.context, turn=self.context.turn + 1)
        return asyncio.run(self.toolbox.run(name, arguments, self.context))

    def proposes(self, day: str = "Friday") -> str:
        token = self.asks("book", json.dumps({"day": day})).proposal
        assert token is not None
        return token

    def status_of_a_yes(self, token: str) -> str:
        return self.yes(token).status

    def yes(self, token: str) -> Settled:
        self.context = replace(self.context, turn=self.context.turn + 1)
        return asyncio.run(self.toolbox.settle(token, self.context))


def content(outcome: Outcome) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(outcome.content)
    return parsed


# -- who may ask for what ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("name", ["hours", "arrival", "close_job"])
def test_a_tool_runs_from_its_level_on_and_not_below(name: str, level: Level) -> None:
    bench = Bench(level=level)
    needed = {"hours": 0, "arrival": 1, "close_job": 2}[name]
    refused = content(bench.asks(name, '{"job":"1"}' if name == "close_job" else "{}")).get("status") == "failed"
    assert refused is (level < needed)


def test_a_refusal_tells_the_model_what_to_offer_and_the_caller_something_kind() -> None:
    outcome = Bench().asks("arrival")
    assert content(outcome) == {
        "status": "failed",
        "why": "That is not possible for this caller. Offer a message or a person.",
        "say": "[error.not_allowed]",
    }
    assert outcome.say == "" and outcome.ask is None and outcome.proposal is None


def test_a_technician_is_asked_for_the_pin_and_the_request_is_kept() -> None:
    outcome = Bench(line="technician").asks("close_job", '{"job":"4512"}')
    assert outcome.say == "[proof.pin.ask]" and outcome.ask == Ask(Keypad.PIN, 6) and outcome.keep
    assert content(outcome)["status"] == "proof_needed" and outcome.proposal is None


@pytest.mark.parametrize("phase", ["read_only", "supervised"])
def test_where_writing_is_not_free_nothing_is_proposed_and_reading_goes_on(phase: str) -> None:
    bench = Bench(phase=phase)
    outcome = bench.asks("book", '{"day":"Friday"}')
    assert content(outcome)["status"] == "failed" and outcome.proposal is None
    assert content(bench.asks("hours"))["from"] == "07:00"


def test_a_tool_of_another_line_does_not_exist() -> None:
    for name in ("vans_only", "drop_table", "", "x" * 500):
        outcome = Bench().asks(name)
        assert content(outcome)["why"].startswith("There is no tool") and len(outcome.content) < 200
    assert content(Bench(line="technician").asks("vans_only")) == {}


@pytest.mark.parametrize(
    "arguments", ["", "{", "[]", "7", '"x"', '{"day":7}', '{"day":null}', '{"day":"a","extra":1}', '{"Day":"a"}']
)
def test_arguments_of_another_form_are_refused_with_what_is_wrong(arguments: str) -> None:
    outcome = Bench().asks("book", arguments)
    assert content(outcome)["status"] == "failed" and content(outcome)["why"] and outcome.proposal is None


@pytest.mark.parametrize(
    "error",
    [NotFound("x"), InvalidInput("x"), SalesforceUnavailable("x"), Conflict("x")],
    ids=lambda e: type(e).__name__,
)
def test_a_failure_has_a_text_for_the_model_and_one_for_the_caller_and_none_of_its_own(error: VoiceAgentError) -> None:
    error.args = ("0035g00000XYZ secret detail",)
    outcome = Bench(more=(failing(error),)).asks("fails")
    assert content(outcome) == {"status": "failed", "why": error.for_model, "say": f"[{error.for_caller}]"}


def test_a_tool_that_takes_too_long_is_given_up() -> None:
    async def scenario() -> float:
        bench = Bench()
        outcome = await bench.toolbox.run("slow", "{}", bench.context)
        assert content(outcome)["say"] == "[error.crm]"
        return asyncio.get_running_loop().time()

    assert run(scenario()) == pytest.approx(3.0)


def test_a_result_is_cut_to_what_a_model_can_use() -> None:
    asked = Bench().asks("wordy")
    assert len(asked.content) < 700 and content(asked)["description_written_by_others"].startswith("word word")


def test_an_answer_that_is_spoken_ends_the_turn_and_says_what_the_keys_mean() -> None:
    outcome = Bench(level=Level.MATCHED).asks("arrival")
    assert outcome.say == "Soon." and outcome.ask == Ask(Keypad.CHOICE, 1)
    quiet = Bench().asks("hours")
    assert quiet.say == "" and content(quiet)["say"] == "From seven."


# -- yes ---------------------------------------------------------------------------------------------------------------


def test_nothing_is_written_before_a_yes_and_one_thing_after_it() -> None:
    bench = Bench()
    outcome = bench.asks("book", '{"day":"Friday"}')
    assert outcome.say == "Book Friday?" and content(outcome)["status"] == "awaiting_confirmation" and not bench.written
    assert outcome.proposal is not None
    settled = bench.yes(outcome.proposal)
    assert (settled.status, settled.say, settled.again) == ("applied", "Friday is booked.", False)
    ((plan, key, audit),) = bench.written
    assert plan == "book Friday" and key == f"CA1:{outcome.proposal}"
    assert audit["request"] == '{"day":"Friday"}' and audit["tool"] == "book" and audit["verified_level"] == "0"


def test_a_yes_is_good_once() -> None:
    bench = Bench()
    token = bench.proposes()
    assert [bench.status_of_a_yes(token) for _ in range(3)] == ["applied", "expired", "expired"]
    assert len(bench.written) == 1


def test_a_yes_is_good_for_sixty_seconds() -> None:
    for waited, status in ((PROPOSAL_SECONDS, "applied"), (PROPOSAL_SECONDS + 0.1, "expired")):
        bench = Bench()
        token = bench.proposes()
        bench.now += waited
        assert bench.status_of_a_yes(token) == status
        assert len(bench.written) == (status == "applied")


def test_a_second_proposal_replaces_the_first() -> None:
    bench = Bench()
    first, second = bench.proposes("Friday"), bench.proposes("Monday")
    assert bench.status_of_a_yes(first) == "expired"
    assert bench.status_of_a_yes(second) == "applied"
    assert [plan for plan, _, _ in bench.written] == ["book Monday"]


def test_the_same_wish_again_is_another_proposal() -> None:
    bench = Bench()
    first, second = bench.proposes(), bench.proposes()
    assert first != second and bench.status_of_a_yes(first) == "expired"


@pytest.mark.parametrize("token", ["", "made up", "0" * 20])
def test_a_yes_to_what_was_dropped_or_never_proposed_changes_nothing(token: str) -> None:
    bench = Bench()
    dropped = bench.proposes()
    bench.toolbox.drop(dropped)
    bench.toolbox.drop("never proposed")
    assert bench.status_of_a_yes(dropped) == bench.status_of_a_yes(token) == "expired"
    assert not bench.written


@pytest.mark.parametrize(
    ("error", "say"),
    [
        (InvalidInput("no"), "[write.not_done] [error.refused]"),
        (SalesforceUnavailable("no"), "[write.not_done] [error.crm]"),
        (Conflict("no"), "[error.conflict]"),
    ],
    ids=["refused", "unreachable", "changed meanwhile"],
)
def test_a_change_the_records_refuse_is_said_to_be_not_done(error: VoiceAgentError, say: str) -> None:
    bench = Bench([error])
    settled = bench.yes(bench.proposes())
    assert (settled.status, settled.say, settled.again) == ("refused", say, False)
    assert "not done" in settled.note


# -- an outcome nobody knows -------------------------------------------------------------------------------------------


async def told(bench: Bench, token: str) -> list[str]:
    """What the caller is told of a yes, from the first word on it to the last."""
    settled = await bench.toolbox.settle(token, bench.context)
    says = [settled.say]
    while settled.again:
        found = await bench.toolbox.follow(token, bench.context)
        if found is None:
            break
        settled = found
        says.append(settled.say)
    return says


def followed(*answers: str | VoiceAgentError, and_then: bool = False) -> tuple[list[str], Bench, float]:
    async def scenario() -> tuple[list[str], Bench, float]:
        loop = asyncio.get_running_loop()
        bench = Bench(list(answers), clock=loop.time)
        outcome = await bench.toolbox.run("book", '{"day":"Friday"}', bench.context)
        assert outcome.proposal is not None
        if and_then:
            telling = loop.create_task(told(bench, outcome.proposal))
            await asyncio.sleep(1.0)
            await bench.toolbox.run("book", '{"day":"Monday"}', bench.context)
            return await telling, bench, loop.time()
        return await told(bench, outcome.proposal), bench, loop.time()

    return run(scenario())


def test_an_unknown_outcome_is_said_to_be_queued_and_told_once_when_it_is_known() -> None:
    says, bench, at = followed("unknown", "unknown", "applied")
    assert says == ["[write.queued]", "Friday is booked."]
    assert at == pytest.approx(sum(FOLLOW_UPS[:2]))
    assert len({key for _, key, _ in bench.written}) == 1, "the same key each time: it happens once"


def test_an_unknown_outcome_may_turn_out_as_not_done() -> None:
    assert followed("unknown", "not_applied")[0] == ["[write.queued]", "[write.not_done]"]
    assert followed("unknown", Conflict("x"))[0] == ["[write.queued]", "[error.conflict]"]


def test_a_new_wish_meanwhile_does_not_lose_the_end_of_the_old_one() -> None:
    says, bench, _ = followed("unknown", "applied", and_then=True)
    assert says == ["[write.queued]", "Friday is booked."]
    assert {plan for plan, _, _ in bench.written} == {"book Friday"}, "nobody has said yes to the new one"


def test_an_outcome_that_stays_unknown_is_not_asked_for_without_end() -> None:
    says, bench, at = followed("unknown")
    assert says == ["[write.queued]"] and len(bench.written) == 1 + len(FOLLOW_UPS)
    assert at == pytest.approx(sum(FOLLOW_UPS))


# -- the tools that are shipped ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("shipped", TOOLS, ids=lambda t: t.name)
def test_a_tool_that_can_change_something_says_so(shipped: Tool) -> None:
    gives = get_type_hints(shipped.run)["return"]
    assert shipped.writes is (Change in (get_args(gives) or (gives,)))


def test_no_two_tools_have_one_name() -> None:
    every = [shipped.name for shipped in TOOLS] + [schema["function"]["name"] for schema in CONTROLS]
    assert len(every) == len(set(every))
