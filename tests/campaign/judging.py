"""How a conversation ended, by the org's ledger: the records changed exactly as wanted, or what else became of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

from tests.campaign import wording
from tests.campaign.caller import Caller
from tests.campaign.casting import KEPT, Case, told

STAMPS = frozenset({"SystemModstamp", "LastModifiedDate", "LastModifiedById", "LastViewedDate", "LastReferencedDate"})
AUDIT = "AI_Interaction__c"
FOLLOWS: Mapping[str, frozenset[str]] = {
    "ServiceAppointment": frozenset(
        "Status ParentRecordStatusCategory ActualStartTime ActualEndTime ActualDuration SchedStartTime SchedEndTime "
        "ArrivalWindowEndTime FSL__InJeopardyReason__c".split()
    ),
    "WorkOrder": frozenset({"Status", "IsClosed"}),
}
"""Fields the org or the rules of Field Service change along with a wanted change of the same record."""
MADE_ALONG: Mapping[str, frozenset[str]] = {
    "ProductConsumed": frozenset({"ProductItemTransaction"}),
    "WorkOrder": frozenset({"SkillRequirement", "ServiceAppointment", "ProductRequired"}),
    "ProductRequest": frozenset({"ProductRequestLineItem"}),
}
"""What the org makes by itself when a record of that kind is made."""
ASSIGNED = "AssignedResource"
_WANT = re.compile(r"^(\+?)(\w+)(?: (\{\w+\}))?((?: \w+[=*~][^ ]+)*)$")
_FIELD = re.compile(r"(\w+)([=*~])([^ ]+)")


@dataclass(frozen=True, slots=True)
class Want:
    """One change that must be there. `fields`: name, how compared (= * ~), with what."""

    created: bool
    object: str
    record: str
    fields: tuple[tuple[str, str, str], ...]

    def met_by(self, entry: Mapping[str, Any]) -> bool:
        if (entry["change"] == "CREATE") != self.created or entry["object"] != self.object:
            return False
        if not self.created and entry["id"] != self.record:
            return False
        return all(name in entry["fields"] and _same(entry["fields"][name][1], how, wanted)
                   for name, how, wanted in self.fields)  # fmt: skip

    def about(self, entry: Mapping[str, Any]) -> bool:
        """The record it speaks of, whatever became of it."""
        return entry["object"] == self.object and not self.created and entry["id"] == self.record


@dataclass
class Verdict:
    """`end`: reached, person (the agent handed over), asked (the caller asked for one in the end), lost,
    alarm (an emergency nobody had was recorded), wrong (any other change nobody wanted)."""

    title: str
    lang: str
    persona: str
    goal: str
    noise: float
    seed: int
    end: str
    turns: int
    why: str = ""
    wrong: list[str] = field(default_factory=list)
    """Changes nobody wanted, each in a line."""
    collateral: int = 0
    """How many of them were made to records of no concern."""
    spoken: int = 0
    misheard: int = 0
    """Words the caller said, and word errors of the line."""
    transcript: list[str] = field(default_factory=list)


def wants(case: Case) -> list[Want]:
    return [want for line in case.conversation.goal.ends for want in _wants(line, case)]


def _wants(line: str, case: Case) -> Iterator[Want]:
    holes = [{}] if not line.startswith("parts: ") else [_of_part(use) for use in case.used]
    for more in holes:
        yield _want(line.removeprefix("parts: "), {**_of_case(case), **more}, line)


def _want(line: str, holes: Mapping[str, str], source: str) -> Want:
    found = _WANT.match(line)
    if found is None:
        raise ValueError(f"no such end: {source}")
    plus, name, record, fields = found.groups()

    def fill(text: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda hole: holes[hole.group(1)], text)

    return Want(
        bool(plus), name, fill(record or ""), tuple((f, how, fill(value)) for f, how, value in _FIELD.findall(fields))
    )


def _of_case(case: Case) -> dict[str, str]:
    holes = {name: case.text(name) for name in ("note", "problem", "message", "reason", "when")}
    holes |= {
        "warehouse": case.facts.warehouse_location,
        "van": case.facts.van_location,
        "minutes": str(case.conversation.goal.minutes),
        "hazard": case.conversation.goal.hazard,
        "callback": f"+1{case.callback}",
        "caller": case.number,
    }
    if case.job is not None:
        holes |= {"visit": case.job.visit, "order": case.job.order}
    if case.customer is not None:
        holes["contact"] = case.customer.contact
    if case.visit is not None:
        holes["visit"] = case.visit.id
    if case.chosen:
        holes["chosen"] = case.chosen["start"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    else:
        holes["chosen"] = "never"
    return holes


def _of_part(use: Any) -> dict[str, str]:
    return {
        "item": use.part.item,
        "product": use.part.product,
        "quantity": str(float(use.quantity)),
        "left": str(use.part.on_hand - use.quantity),
    }


def _same(value: Any, how: str, wanted: str) -> bool:
    match how:
        case "=":
            return str(value).lower() == wanted.lower()
        case "*":
            return wanted.lower() in str(value).lower()
        case _:
            return wording.share_kept(wanted, str(value)) >= KEPT


def judge(case: Case, caller: Caller, ledger: Sequence[Mapping[str, Any]], left: str) -> Verdict:
    goal, conversation = case.conversation.goal, case.conversation
    wanted = wants(case)
    # A needless alarm repeats the caller's words; it is not the message they wanted to leave, nor that message twice.
    alarms = [] if goal.hazard else [entry for entry in ledger if _of_an_alarm(entry)]
    meant = [entry for entry in ledger if entry not in alarms]
    missing = [want for want in wanted if not any(want.met_by(entry) for entry in meant)]
    unwanted = [*alarms, *(entry for entry in meant if not _covered(entry, wanted, ledger))]
    doubled = [w for w in wanted if w.created and sum(w.met_by(e) for e in meant) > sum(v == w for v in wanted)]
    verdict = Verdict(conversation.title, conversation.lang, conversation.persona, goal.name, 0.0, 0, "", caller.turns)
    verdict.wrong = [_line(entry) for entry in unwanted] + [f"twice: {want.object}" for want in doubled]
    verdict.collateral = sum(not any(want.object == e["object"] for want in wanted) for e in unwanted) + len(doubled)
    heard = " ".join(caller.agent_words)
    unheard = [what for what in goal.hears if not told(case, what, heard, caller.agent_speaks)]
    rightly_left = left.startswith(goal.left) if goal.left else True
    if verdict.wrong:
        needless = not doubled and all(_of_an_alarm(entry) for entry in unwanted)
        verdict.end, verdict.why = "alarm" if needless else "wrong", "; ".join(verdict.wrong)[:300]
    elif not missing and not unheard and rightly_left and (not goal.denies or caller.denied):
        verdict.end = "reached"
    elif left.startswith("hand_off"):
        verdict.end = "asked" if caller.asked_person and not left.endswith("not_understood") else "person"
        verdict.why = f"{left} after {' > '.join(caller.questions[-4:])}"
    else:
        verdict.end = "lost"
        lacking = [f"no {want.object}" for want in missing] + [f"never told {what}" for what in unheard]
        verdict.why = f"{', '.join(lacking) or left or 'still talking'} after {' > '.join(caller.questions[-4:])}"
    return verdict


def _covered(entry: Mapping[str, Any], wanted: Sequence[Want], ledger: Sequence[Mapping[str, Any]]) -> bool:
    kind, made = entry["object"], entry["change"] == "CREATE"
    if kind == AUDIT:
        return True
    if kind == ASSIGNED:
        return any(name == "ArrivalWindowStartTime" for want in wanted for name, _, _ in want.fields)
    if made:
        if any(want.met_by(entry) for want in wanted):
            return True
        return any(want.created and want.object in MADE_ALONG and kind in MADE_ALONG[want.object] for want in wanted)
    about = [want for want in wanted if want.about(entry)]
    if not about:
        only = {name for name in entry["fields"] if name not in STAMPS}
        return only == {"ParentRecordStatusCategory"} and any(want.object == "WorkOrder" for want in wanted)
    named = {name for want in about for name, _, _ in want.fields}
    for name, (_, after) in entry["fields"].items():
        if name in STAMPS or name in FOLLOWS.get(kind, ()):
            continue
        if name not in named:
            return False
        if not any(_same(after, how, value) for want in about for n, how, value in want.fields if n == name):
            # A status is walked through the steps between: only where it ends counts.
            last = [e for e in ledger if e["object"] == kind and e["id"] == entry["id"] and name in e["fields"]][-1]
            if last is entry:
                return False
    return True


def _of_an_alarm(entry: Mapping[str, Any]) -> bool:
    """Part of an emergency: those are recorded without leave, and a misheard word may raise one."""
    subject = str(entry["fields"].get("Subject", ("", ""))[1])
    return entry["change"] == "CREATE" and subject.startswith("EMERGENCY")


def _line(entry: Mapping[str, Any]) -> str:
    fields = {name: after for name, (_, after) in entry["fields"].items() if name not in STAMPS}
    telling = {name: fields[name] for name in list(fields) if name.endswith(TELLING)}
    return f"{entry['change'].lower()} {entry['object']} {telling}"


TELLING = ("StatusCategory", "QuantityConsumed", "QuantityOnHand", "QuantityRequested", "QuantitySent", "Subject",
           "Body", "Description", "ArrivalWindowStartTime", "Product2Id", "WorkOrderId")  # fmt: skip
