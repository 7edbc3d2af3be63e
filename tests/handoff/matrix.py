"""Every way in which a person may fare, on both kinds of queue, with REST up and down: is the caller ever lost?

All calls of one setting run at the same time, each on a line and to a phone of its own. What is judged is read from
outside: the emulated Twilio says what the caller heard and where they were, the emulated org what is on record.
"""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from tests.end_to_end.running import fetch
from tests.handoff.desk import CASES, Caller, Desk, all_available, happenings, until

REST_DOWN = (
    {"match": "POST /2010-04-01/.*(Calls|Members)", "fault": "503"},
    {"match": "GET /2010-04-01/.*Calls", "fault": "503"},
    {"match": "POST /v1/Workspaces", "fault": "503"},
)
"""Everything that moves calls; the account's numbers still answer, which the start of a server needs."""
OUTCOMES = [case.outcome for case in CASES]
WISH = "I would like to talk to a person about my furnace"
WAY_BACK = "anything else"


@dataclass(frozen=True, slots=True)
class Row:
    """One caller. `end` is where they were left, `""` if that was nowhere."""

    queue: str
    rest: str
    case: str
    outcome: str
    """Of the try to reach the person, as the server typed it."""
    end: str
    told: bool | None
    """The person heard who calls and why before they had to decide; True too where nobody was there to hear, None
    where this way does not read it out: it stands in the console and in the Task."""
    filed: bool
    """The summary stands in the org, in a Task with this call's SID."""
    ring_seconds: float | None
    """From the agent's hand-over to the person's phone ringing, in the emulator's seconds."""


def play(desk: Desk, queue: str, *, rest_up: bool, cases: Iterable[str] = OUTCOMES) -> list[Row]:
    """All cases at once on one desk."""
    all_available(desk.twilio)
    desk.faults([] if rest_up else REST_DOWN)
    digit = f"{int(queue == 'taskrouter')}{int(rest_up)}"
    callers = [desk.call(case, f"+13125558{digit}{place}") for place, case in enumerate(cases)]
    try:
        with ThreadPoolExecutor(len(callers)) as at_once:
            return list(at_once.map(lambda caller: _judge(caller, queue, "up" if rest_up else "down"), callers))
    finally:
        desk.faults([])


def ringing(desk: Desk, calls: int = 5) -> list[float]:
    """At the speed of life, one call after the other: from the agent's `end` to the person's phone ringing, seconds."""
    fetch(f"{desk.twilio}/emulator/clock", {"speed": 1.0})
    took = []
    for place in range(calls):
        caller = desk.call("busy", f"+1312555900{place}")
        until(partial(was_heard, caller, caller.call_sid, "help you"), "the agent has greeted")
        caller.act("say", text=WISH, patience=60)
        leg = until(partial(_first_leg, caller), "the person's phone is called")
        took.append(until(partial(ring_seconds, caller, leg), "it rings"))
        caller.act("hangup")
    return [seconds for seconds in took if seconds is not None]


def _judge(caller: Caller, queue: str, rest: str) -> Row:
    try:
        return _followed(caller, queue, rest)
    except AssertionError as failed:
        legs = [caller.happenings(leg) for leg in caller.desk.legs(caller.case, caller.call_sid)]
        shown = [h.get("text") or h["type"] for leg in legs for h in leg]
        shown += [h["type"] + ":" + str(h.get("text", h.get("frame", "")))[:80] for h in caller.happenings()][-60:]
        story = f"heard: {caller.said_to_them()}\nnoted: {caller.steps()}\nthe person's leg: {shown}"
        raise AssertionError(f"{failed}\n{queue}, REST {rest}\n{story}") from None


def _followed(caller: Caller, queue: str, rest: str) -> Row:
    case = caller.case
    until(lambda: "help you" in caller.said_to_them(), f"{case}: the agent has greeted")
    caller.act("say", text=WISH, patience=60)
    leg = until(lambda: _first_leg(caller), f"{case}: the person's phone is called")
    match case:
        case "answered":
            for side in (caller.call_sid, leg):
                until(partial(is_in, caller, side), f"{case}: caller and person are together")
            caller.act("say", text="Hello, it is the furnace again", patience=30)
            until(lambda: was_heard(caller, leg, "furnace again"), f"{case}: they hear each other")
            fetch(f"{caller.desk.twilio}/emulator/calls/{leg}/hangup", {})
            until(lambda: WAY_BACK in caller.said_to_them(), f"{case}: the agent is back")
            end = "talked, then back with the agent"
            caller.act("hangup")
        case "abandoned":
            until(lambda: _rings(caller, leg), f"{case}: the phone rings")
            caller.act("hangup")
            until(lambda: _over(caller, leg), f"{case}: the phone stops ringing")
            end = "hung up by themselves"
        case _:
            until(lambda: caller.state()["status"] == "completed", f"{case}: the call ends")
            end = "promised a call-back" if "get back to you" in caller.said_to_them() else ""
    outcome = until(lambda: outcome_of(caller), f"{case}: an outcome is noted")
    filed = bool(until(lambda: task_of(caller), f"{case}: a task is filed"))
    heard = " ".join(h["text"] for h in happenings(caller.desk.twilio, leg) if h["type"] == "clause_played")
    told = "caller" in heard if case in ("answered",) else True
    return Row(queue, rest, case, outcome, end, told, filed, ring_seconds(caller, leg))


def _first_leg(caller: Caller) -> str:
    return next(iter(caller.desk.legs(caller.case, caller.call_sid)), "")


def is_in(caller: Caller, sid: str) -> bool:
    return any(h["type"] in ("bridged", "conference_joined") for h in caller.happenings(sid))


def was_heard(caller: Caller, leg: str, words: str) -> bool:
    return any(words in h.get("text", "") for h in happenings(caller.desk.twilio, leg) if h["type"] == "clause_played")


def _rings(caller: Caller, leg: str) -> bool:
    return bool(fetch(f"{caller.desk.twilio}/emulator/calls/{leg}")["waits_for_answer"])


def _over(caller: Caller, leg: str) -> bool:
    return str(fetch(f"{caller.desk.twilio}/emulator/calls/{leg}")["status"]) not in (
        "queued",
        "ringing",
        "in-progress",
    )


def outcome_of(caller: Caller) -> str:
    """The first outcome of a try, or that the wait itself ended so."""
    steps = caller.steps()
    tried = [s["outcome"] for s in steps if s["step"] == "tried" and s["outcome"]]
    ended = [s["outcome"] for s in steps if s["step"] == "over"]
    if not ended:
        return ""
    return str(tried[0] if tried else ended[0])


def task_of(caller: Caller) -> dict[str, Any] | None:
    """The Task of this call in the org, once it holds the summary and the way to the call in the console."""
    org = caller.desk.server.info["salesforce"]
    form = {
        "grant_type": "client_credentials",
        "client_id": org["client_id"],
        "client_secret": org["client_secret"],
    }
    with urllib.request.urlopen(
        f"{org['base_url']}/services/oauth2/token", urllib.parse.urlencode(form).encode(), timeout=10
    ) as answer:
        token = json.load(answer)["access_token"]
    soql = f"SELECT Id, Description, Status FROM Task WHERE CallObject = '{caller.call_sid}'"
    request = urllib.request.Request(
        f"{org['base_url']}/services/data/v62.0/query?q={urllib.parse.quote(soql)}",
        headers={"Authorization": f"Bearer {token}"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        rows = json.load(answer)["records"]
    page = f"{caller.desk.server.url}/console/calls/{caller.call_sid}"
    return next((row for row in rows if "furnace" in row["Description"] and page in row["Description"]), None)


def ring_seconds(caller: Caller, leg: str) -> float | None:
    """From `end` on the agent's socket to the first ring of the leg, on the emulator's clock."""
    ledger = fetch(f"{caller.desk.twilio}/emulator/ledger")
    placed = {e["call_sid"]: datetime.fromisoformat(e["at"]) for e in ledger if e["effect"] == "call_placed"}
    left = next(
        h["ms"]
        for h in caller.happenings()
        if h["type"] == "frame_received" and (h["frame"] or {}).get("type") == "end"
    )
    rang = next(
        (h["ms"] for h in happenings(caller.desk.twilio, leg) if h["type"] == "status_changed"),
        None,
    )
    if rang is None:
        return None
    between = (placed[leg] - placed[caller.call_sid]).total_seconds()
    return round(between + float(rang) / 1000 - float(left) / 1000, 2)


def table(rows: Iterable[Row]) -> str:
    lines = [
        "| Queue | REST | The person | Typed outcome | The caller | Summary heard | Summary filed | Rings after s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        after = "-" if row.ring_seconds is None else f"{row.ring_seconds:.2f}"
        yes = {True: "yes", False: "**no**", None: "-"}
        lines.append(
            f"| {row.queue} | {row.rest} | {row.case} | {row.outcome} | {row.end or '**lost**'} | {yes[row.told]} "
            f"| {yes[row.filed]} | {after} |"
        )
    return "\n".join(lines)
