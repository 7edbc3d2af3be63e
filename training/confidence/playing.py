"""Plays simulated calls and writes down, at each decision, the evidence and what the records say about it afterwards.

An act is labelled by the org: the plan behind a read-back is committed to the org as it was before the call, and the
ledger must then show a change that was wanted and none that was not. A call is labelled by how it ended.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from tests.campaign.caller import Caller
from tests.campaign.casting import Case, cast, told
from tests.campaign.exchange import NoAnswer, Telephone
from tests.campaign.judging import _covered, judge, wants
from tests.campaign.playing import BadLine, Stage, _talk, stage
from tests.salesforce.emulated_org import EmulatedOrg
from tools import TOOLS
from training.confidence.calls import SimulatedCall
from training.confidence.mistaken import Mistaken
from voice_agent.agent.model import Model
from voice_agent.agent.tool import Change, Tool
from voice_agent.call.confidence import Act, Confidence, Judge, Kind, Signs, features
from voice_agent.errors import VoiceAgentError
from voice_agent.salesforce.plans import WritePlan

ROLES = {"customer": "customer", "technician": "technician", "after_hours": "unknown"}
"""By the line that is called, for callers who are known there; a stranger is unknown on every line."""
LOOKS_UP_FOR = {
    "reschedule.": {"free_slots", "my_visits"},
    "update_job.": {"find_job", "job_details"},
    "confirm_visit.": {"my_visits"},
    "visit_note.": {"my_visits"},
    "part.request": {"part_stock"},
    "part.transfer": {"part_stock"},
}
"""Look-ups on the way to a change, by what the change is read back with."""


@dataclass(slots=True)
class Row:
    """One decision. `head` is `act` or `call`; `right` the label."""

    head: str
    kind: str
    values: dict[str, float]
    probability: float | None
    place: int
    """How many replies the caller had heard."""
    right: bool = False
    tool: str = ""
    plan: int = -1
    chosen: dict[str, Any] = field(default_factory=dict)
    """The free time the caller had picked by then."""
    key: str = ""
    role: str = ""
    persona: str = ""
    noise: float = 0.0
    mistakes: float = 0.0
    title: str = ""
    must: bool = False


@dataclass
class Played:
    """A call as it was played. `end` as in the campaign's verdict, `left` how the session was left."""

    call: SimulatedCall
    end: str
    why: str
    left: str
    asked_person: bool
    turns: int
    wrong: list[str]
    rows: list[Row] = field(default_factory=list)
    transcript: list[str] = field(default_factory=list)

    @property
    def handed_over(self) -> bool:
        return self.left.startswith("hand_off")


class Notebook:
    """In the judge's place: keeps the evidence of each decision; `inner` decides, or nobody does."""

    def __init__(self, inner: Judge | None) -> None:
        self.inner = inner
        self.rows: list[Row] = []
        self.plans: list[tuple[WritePlan, str]] = []
        self.caller: Caller | None = None
        self.record: Any = None

    def outlook(self, signs: Signs) -> Confidence:
        said = self.inner.outlook(signs) if self.inner is not None else Confidence(1.0, 1.0)
        self._write("call", signs.act, features(signs), said.outlook)
        return said

    def of_act(self, signs: Signs, *, asked: int) -> Confidence:
        said = self.inner.of_act(signs, asked=asked) if self.inner is not None else Confidence(1.0, 1.0)
        changed = signs.act.kind is Kind.CHANGE
        if changed == (asked < 2):  # a change is judged when it comes, an answer when the turn is noted
            self._write("act", signs.act, features(signs), said.probability)
        return said

    def _write(self, head: str, act: Act, values: dict[str, float], probability: float) -> None:
        place = len(self.caller.agent_words) if self.caller is not None else 0
        tool = next((e["tool"] for e in reversed(self.record.entries) if e["kind"] == "tool_result"), "")
        row = Row(head, act.kind.value, values, probability, place, tool=tool)
        if head == "act" and act.kind is Kind.CHANGE:
            row.plan = len(self.plans) - 1
            row.chosen = dict(self.caller.case.chosen) if self.caller is not None else {}
        self.rows.append(row)

    def watch(self, tool: Tool) -> Tool:
        async def run(*args: Any, **arguments: Any) -> Any:
            result = await tool.run(*args, **arguments)
            if isinstance(result, Change):
                self.plans.append((result.plan, result.read_back))
            return result

        return replace(tool, run=run)


@dataclass
class Simulation:
    """Plays call after call on one emulated org."""

    stage: Stage
    inner: Judge | None
    model: Model
    labels: bool = True
    """Also commit what was read back, to know whether it was right."""

    async def play(self, simulated: SimulatedCall) -> Played:
        stage, cell = self.stage, simulated.cell
        rng = random.Random(simulated.key)
        self._put_back()
        case = cast(cell.conversation, stage.manners[cell.conversation.lang], stage.facts)
        notebook = Notebook(self.inner)
        stage.exchange.tools = tuple(notebook.watch(tool) for tool in TOOLS)
        stage.exchange.judge = notebook  # type: ignore[assignment]  # stands in for it: same two methods
        stage.exchange.model = Mistaken(self.model, simulated.mistakes, rng) if simulated.mistakes else self.model
        call_sid = f"CA{rng.getrandbits(128):032x}"
        phone = stage.exchange.dial(cell.conversation.goal.line, case.number, call_sid, cell.conversation.lang)
        caller = Caller(case, stage.manners, stage.listener, rng, phone.record)
        notebook.caller, notebook.record = caller, phone.record
        line = BadLine(cell.noise, rng)
        played = await self._talked(simulated, phone, caller, case, line)
        if self.labels:
            for row in notebook.rows:
                await self._label(row, played, caller, case, notebook)
        for row in notebook.rows:
            row.chosen = {}
        played.rows = [row for row in notebook.rows if row.kind != "skip"]
        return played

    async def _talked(
        self, simulated: SimulatedCall, phone: Telephone, caller: Caller, case: Case, line: BadLine
    ) -> Played:
        lost = ""
        try:
            await _talk(phone, caller, line)
        except NoAnswer as problem:
            lost = f"no answer: {problem}"
        left = phone.left
        await phone.hang_up()
        ledger = self.stage.org.control("GET", f"ledger?since={self.stage.seen}")
        self.stage.touched = bool(ledger)
        verdict = judge(case, caller, ledger, left)
        end = verdict.end if not lost or verdict.end == "wrong" else "lost"
        return Played(
            simulated, end, lost or verdict.why, left, caller.asked_person, caller.turns, verdict.wrong,
            transcript=line.transcript,
        )  # fmt: skip

    def _put_back(self) -> None:
        if self.stage.touched:
            self.stage.org.reset()
            self.stage.touched = False
        self.stage.exchange.fresh()
        before = self.stage.org.control("GET", f"ledger?since={self.stage.seen}")
        self.stage.seen = before[-1]["seq"] if before else self.stage.seen

    # -- labels ----------------------------------------------------------------------------------------------------

    async def _label(self, row: Row, played: Played, caller: Caller, case: Case, notebook: Notebook) -> None:
        cell, conversation = played.call.cell, played.call.cell.conversation
        row.key, row.title, row.must = played.call.key, conversation.title, played.call.must
        row.role = "unknown" if conversation.goal.who == "stranger" else ROLES[conversation.goal.line]
        row.persona = conversation.persona
        row.noise, row.mistakes = cell.noise, played.call.mistakes
        if row.head == "call":
            row.right = played.end == "reached" and not played.call.must
        elif row.plan >= 0:
            case.chosen, row.chosen = row.chosen, {}
            found = await self._commits(notebook.plans[row.plan], case)
            row.kind, row.right = (row.kind, found) if found is not None else ("skip", False)
        elif row.kind == Kind.ANSWER.value:
            row.right = self._answers(row, caller, case)

    async def _commits(self, planned: tuple[WritePlan, str], case: Case) -> bool | None:
        """Whether the plan alone would have changed the org as this caller wants; None where it cannot be tried."""
        plan, read_back = planned
        goal = case.conversation.goal
        if goal.denies:  # nothing may be changed in the end; the read-back itself can still be what was asked for
            return all(told(case, what, read_back, "es" if "¿" in read_back else "en") for what in goal.tells)
        wanted = wants(case)
        if not wanted:
            return False
        self.stage.touched = True
        self._put_back()
        try:
            await self.stage.exchange.service.commit(plan, key="label", audit={"call_sid": "CA0", "tool": "label"})
        except VoiceAgentError:
            return None
        ledger = self.stage.org.control("GET", f"ledger?since={self.stage.seen}")
        self.stage.touched = True
        clean = all(_covered(entry, wanted, ledger) for entry in ledger)
        return clean and any(want.met_by(entry) for want in wanted for entry in ledger)

    def _answers(self, row: Row, caller: Caller, case: Case) -> bool:
        goal = case.conversation.goal
        if row.values["not_found"] and self._found_nothing(row, caller):
            return False
        text = caller.agent_words[row.place] if row.place < len(caller.agent_words) else ""
        lang = "es" if any(mark in text for mark in "¿¡ñáéíó") else "en"
        if goal.hears and any(told(case, what, text, lang) for what in goal.hears):
            return True
        if goal.hears and row.tool == "my_visits" and case.customer is not None and len(case.customer.visits) > 1:
            return True
        return row.tool in LOOKS_UP_FOR.get(goal.reads, set())

    @staticmethod
    def _found_nothing(row: Row, caller: Caller) -> bool:
        results = [e for e in caller.record.entries if e["kind"] == "tool_result"]
        return any('"status":"none"' in e["content"].replace(" ", "") for e in results[-1:])


async def play_all(
    org: EmulatedOrg, todo: Iterable[SimulatedCall], inner: Judge | None, *, labels: bool = True
) -> AsyncIterator[Played]:
    async with stage(org) as ready:
        simulation = Simulation(ready, inner, ready.exchange.model, labels)
        for one in todo:
            yield await simulation.play(one)


def as_json(row: Row) -> dict[str, Any]:
    return asdict(row)
