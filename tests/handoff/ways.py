"""Every other way to a person, each with a real call: phone, SIP and Studio targets, TaskRouter's instructions.

One demo on an emulated Twilio; each way has a line, a target and a phone of its own, and where TaskRouter finds the
person a worker and a queue. The workspace is made and asked with the official client, as a company would.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from twilio.rest import Client

import prompts
from tests.end_to_end.running import demo, fetch
from tests.handoff.desk import Caller, Desk, happenings, until
from tests.handoff.matrix import REST_DOWN, WAY_BACK, WISH, Row, is_in, outcome_of, ring_seconds, task_of, was_heard
from tests.twilio_emulator.official_client import client

FLOW = "FW" + "5" * 32
SWITCHBOARD = "+13125556999"
"""A number of the account at which workers keep a line open."""
ACCEPTS = "w" * 12 + "1"
"""Listens for six seconds, in the middle of the summary, then takes the call."""


@dataclass(frozen=True, slots=True)
class Way:
    name: str
    target: str
    """Its lines in lines.toml; `{phone}` is the person's."""
    habits: Mapping[str, Any]
    story: str = "talks"
    """talks, promised (nobody comes: a message and a call-back), or flow."""
    told: bool = True
    """Whether the person hears the summary before anything else."""
    worker: Mapping[str, Any] = field(default_factory=dict)
    """More attributes of the TaskRouter worker; those with a `routed` target have one."""
    phone: str = ""
    outcome: str = "answered"
    rest: str = ""
    """Only with REST `up` or `down`; "" for both."""
    after: str = ""
    """The worker's activity once all is over, "" where it does not matter."""

    @property
    def routed(self) -> bool:
        return self.target.startswith("queue")


HUMAN = {"answer": "human", "presses": ACCEPTS}
SILENT = {"answer": "human"}
NOBODY = {"answer": "no_answer"}
SIP = "sip:{}@pbx.example.net"
WAYS: tuple[Way, ...] = (
    Way("number", 'number = "{phone}"', HUMAN),
    Way("number_no_answer", 'number = "{phone}"', NOBODY, "promised", outcome="no_answer"),
    Way("sip", 'sip = "{phone}"', HUMAN, phone=SIP.format("desk")),
    Way("sip_declined", 'sip = "{phone}"', {"answer": "human", "presses": "2"}, "promised", phone=SIP.format("no"),
        outcome="declined"),
    Way("studio", f'studio = "{FLOW}"', SILENT, "flow", told=False, outcome="flow"),
    Way("dequeue", 'queue = "dequeue"\nassign = "dequeue"', SILENT, told=False, worker={"after": "Unavailable"},
        after="Unavailable"),
    Way("dequeue_no_answer", 'queue = "dequeue_no_answer"\nassign = "dequeue"', NOBODY, "promised",
        outcome="no_answer", after="Offline"),
    Way("conference", 'queue = "conference"\nassign = "conference"', SILENT, told=False),
    Way("redirect", 'queue = "redirect"\nassign = "redirect"', HUMAN, worker={"line": "open"}),
    Way("accept", 'queue = "accept"\nassign = "accept"', SILENT, told=False, rest="up"),
    Way("accept_and_forget", 'queue = "accept_and_forget"\nassign = "accept"', SILENT, "promised", told=False,
        outcome="failed"),
    Way("reject", 'queue = "reject"', HUMAN, worker={"before": "+19005550123"}),
    Way("late", 'queue = "late"', HUMAN),
)  # fmt: skip
BY_NAME = {way.name: way for way in WAYS}


@contextlib.contextmanager
def open_desk(folder: Path, twilio: str) -> Iterator[Desk]:
    """The demo with all of these ways."""
    numbers = {way.name: f"+1312555{6000 + place}" for place, way in enumerate(WAYS)}
    phones = {way.name: way.phone or f"+1312555{6500 + place}" for place, way in enumerate(WAYS)}
    for way in WAYS:
        fetch(f"{twilio}/emulator/phones", {"number": phones[way.name], **way.habits})
    fetch(f"{twilio}/emulator/flows", {"sid": FLOW, "says": "One moment.", "connects_to": phones["studio"]})
    own = folder / "ways"
    own.mkdir()
    with _account(twilio) as rest:
        workflow = _workspace(rest, phones)
        _patient_number(rest)
    given = {
        "TWILIO_API_BASE_URL": twilio,
        "TWILIO_WORKFLOW_SID": workflow,
        "PROMPTS_DIR": str(_prompts(own / "prompts", numbers, phones)),
    }
    with demo(own, environment=given) as server:
        with _account(twilio) as rest:
            space = _space(rest)
            here = rest.taskrouter.v1.workspaces(space)
            here.update(event_callback_url=f"{server.url}/twilio/task/event")
            here.workflows(workflow).update(
                assignment_callback_url=f"{server.url}/twilio/task/assign",
                fallback_assignment_callback_url=f"{server.url}/twilio/task/assign?again=1",
            )
        yield Desk(server, twilio, numbers, phones)


def play(desk: Desk, *, rest_up: bool, ways: Iterable[str] = tuple(BY_NAME)) -> list[Row]:
    """All of them at once."""
    rest = "up" if rest_up else "down"
    chosen = [BY_NAME[name] for name in ways if BY_NAME[name].rest in ("", rest)]
    down = [] if rest_up else list(REST_DOWN)
    late = [{"match": "WEBHOOK ^/twilio/task/assign", "fault": "latency", "ms": 6000, "times": 1}]
    legs: dict[str, str] = {}
    rows: list[Row] = []
    try:
        for way in chosen:
            if way.name == "late":  # alone, so that the answer which comes too late is the one about this caller
                _everybody_at_their_desk(desk)
                desk.faults([*late, *down])
                rows.append(_judge(desk, way, legs, rest))
                desk.faults([])
        _everybody_at_their_desk(desk)
        legs |= {way.name: _keeps_a_line_open(desk, way) for way in chosen if "line" in way.worker}
        desk.faults(down)
        others = [way for way in chosen if way.name != "late"]
        with ThreadPoolExecutor(max(1, len(others))) as at_once:
            return [*rows, *at_once.map(lambda way: _judge(desk, way, legs, rest), others)]
    finally:
        desk.faults([])


def _judge(desk: Desk, way: Way, legs: Mapping[str, str], rest: str) -> Row:
    place = list(BY_NAME).index(way.name)
    caller = desk.call(way.name, f"+1312555{7 + (rest == 'up')}{place:03}")
    try:
        return _followed(caller, way, legs.get(way.name, ""), rest)
    except AssertionError as failed:
        shown = [h["type"] + ":" + str(h.get("text", ""))[:80] for h in caller.happenings()][-40:]
        legs_ = [
            [h.get("text") or h["type"] for h in caller.happenings(leg)] for leg in desk.legs(way.name, caller.call_sid)
        ]
        raise AssertionError(f"{failed}\n{way.name}, REST {rest}\n{caller.steps()}\n{shown}\n{legs_}") from None


def _followed(caller: Caller, way: Way, open_line: str, rest: str) -> Row:
    case, desk = way.name, caller.desk
    until(lambda: "help you" in caller.said_to_them(), f"{case}: the agent has greeted")
    caller.act("say", text=WISH, patience=60)
    if case == "accept":
        _answers_by_softphone(desk, caller)
    leg, end = open_line, ""
    if case != "accept_and_forget":
        leg = leg or until(lambda: next(iter(desk.legs(case, caller.call_sid)), ""), f"{case}: the phone is called")
    match way.story:
        case "talks" | "flow":
            for side in (caller.call_sid, leg):
                until(partial(is_in, caller, side), f"{case}: caller and person are together")
            caller.act("say", text="Hello, it is the furnace again", patience=30)
            until(lambda: was_heard(caller, leg, "furnace again"), f"{case}: they hear each other")
            fetch(f"{desk.twilio}/emulator/calls/{leg}/hangup", {})
            if way.story == "flow":
                until(lambda: caller.state()["status"] == "completed", f"{case}: the flow ends the call")
                end = "talked, the flow ended the call"
            else:
                until(lambda: WAY_BACK in caller.said_to_them(), f"{case}: the agent is back")
                end = "talked, then back with the agent"
                caller.act("hangup")
        case _:
            until(lambda: caller.state()["status"] == "completed", f"{case}: the call ends")
            end = "promised a call-back" if "get back to you" in caller.said_to_them() else ""
    outcome = until(lambda: outcome_of(caller), f"{case}: an outcome is noted")
    filed = bool(until(lambda: task_of(caller), f"{case}: a task is filed"))
    heard = " ".join(h["text"] for h in happenings(desk.twilio, leg) if h["type"] == "clause_played") if leg else ""
    if way.after:
        until(lambda: _activity(desk, case) == way.after, f"{case}: the worker is {way.after}")
    told = None if not way.told else "caller" in heard if way.story == "talks" else True
    rang = None if open_line or not leg else ring_seconds(caller, leg)
    return Row("TaskRouter" if way.routed else "target", rest, case, outcome, end, told, filed, rang)


def _answers_by_softphone(desk: Desk, caller: Caller) -> None:
    """TaskRouter was told to accept and nothing more: the company's own program fetches the caller."""
    with _account(desk.twilio) as rest:
        here = rest.taskrouter.v1.workspaces(_space(rest))

        def reserved() -> str:
            for task in here.tasks.list():
                if json.loads(task.attributes or "{}").get("call_sid") == caller.call_sid:
                    found = here.tasks(task.sid or "").reservations.list(reservation_status="accepted")
                    return str(found[0].sid) if found else ""
            return ""

        reservation = until(reserved, "accept: the reservation is accepted")
        twiml = f'<Response><Dial><Queue reservationSid="{reservation}"/></Dial></Response>'
        rest.calls.create(to=desk.phones["accept"], from_=desk.numbers["accept"], twiml=twiml)


# -- the company's own account -----------------------------------------------------------------------------------------


@contextlib.contextmanager
def _account(twilio: str) -> Iterator[Client]:
    told = fetch(f"{twilio}/emulator/info")["twilio"]
    with client(twilio, told["account_sid"], told["auth_token"]) as rest:
        yield rest


def _space(rest: Client) -> str:
    return next(str(space.sid) for space in rest.taskrouter.v1.workspaces.list() if space.friendly_name == "Ways")


def _workspace(rest: Client, phones: Mapping[str, str]) -> str:
    """A worker and a task queue for each routed way; gives the workflow's sid."""
    spaces = rest.taskrouter.v1.workspaces
    here = spaces(spaces.create(friendly_name="Ways").sid)
    activities = {each.friendly_name: each.sid for each in here.activities.list()}
    filters = []
    for way in WAYS:
        if not way.routed:
            continue
        name, more = way.name, dict(way.worker)
        if before := more.pop("before", ""):
            _hire(here, f"{name} first", name, before, activities, {})
        after = more.pop("after", "")
        _hire(here, name, name, phones[name], activities, {"after_sid": activities[after]} if after else {})
        queue = here.task_queues.create(friendly_name=name, target_workers=f"desk == '{name}'")
        filters.append({"expression": f"type == '{name}'", "targets": [{"queue": queue.sid, "timeout": 120}]})
    made = here.workflows.create(
        friendly_name="ways",
        configuration=json.dumps({"task_routing": {"filters": filters}}),
        assignment_callback_url="http://127.0.0.1:9/not-yet",
        task_reservation_timeout=60,
    )
    return str(made.sid)


def _hire(here: Any, name: str, desk: str, phone: str, activities: Mapping[str, Any], more: Mapping[str, Any]) -> None:
    attributes = json.dumps({"desk": desk, "contact_uri": phone, **more})
    here.workers.create(friendly_name=name, activity_sid=activities["Available"], attributes=attributes)


def _everybody_at_their_desk(desk: Desk) -> None:
    with _account(desk.twilio) as rest:
        here = rest.taskrouter.v1.workspaces(_space(rest))
        available = next(each.sid for each in here.activities.list() if each.friendly_name == "Available")
        for worker in here.workers.list():
            here.workers(worker.sid or "").update(activity_sid=available)


def _activity(desk: Desk, worker: str) -> str:
    with _account(desk.twilio) as rest:
        here = rest.taskrouter.v1.workspaces(_space(rest))
        return str(next(each.activity_name for each in here.workers.list() if each.friendly_name == worker))


def _patient_number(rest: Client) -> None:
    """A number whose callers hear nothing for long."""
    rest.incoming_phone_numbers.create(phone_number=SWITCHBOARD, voice_url="http://127.0.0.1:9/none")


def _keeps_a_line_open(desk: Desk, way: Way) -> str:
    """The worker's phone is called once and stays on the line, as in an open-line centre; their leg's sid."""
    twiml = '<Response><Pause length="3600"/></Response>'
    with _account(desk.twilio) as rest:
        leg = str(rest.calls.create(to=desk.phones[way.name], from_=SWITCHBOARD, twiml=twiml).sid)
        until(lambda: fetch(f"{desk.twilio}/emulator/calls/{leg}")["status"] == "in-progress", "they are on the line")
        here = rest.taskrouter.v1.workspaces(_space(rest))
        worker = next(each for each in here.workers.list() if each.friendly_name == way.name)
        attributes = {**json.loads(worker.attributes or "{}"), "call_sid": leg}
        here.workers(worker.sid or "").update(attributes=json.dumps(attributes))
    return leg


def _prompts(folder: Path, numbers: Mapping[str, str], phones: Mapping[str, str]) -> Path:
    """The shipped folder with a customer line and a target for each way."""
    shutil.copytree(Path(str(prompts.__file__)).parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
    text = (folder / "lines.toml").read_text()
    first = text.index("\n[[line]]\n")
    customer = text[first : text.index("\n[[line]]\n", first + 1)]
    head = text[: text.index("\n[hand_off]\n")] + '\n[hand_off]\ncountries = ["US"]\n'
    blocks = []
    for way in WAYS:
        head += f"\n[hand_off.{way.name}]\n{way.target.replace('{phone}', phones[way.name])}\n"
        head += "ring_seconds = 20\n" + ("" if way.story == "flow" else "longest_wait = 90\npasses = 1\n")
        block = customer.replace('name = "customer"', f'name = "{way.name}"').replace("+13125550100", numbers[way.name])
        blocks.append(block.replace('hand_off = "dispatch"', f'hand_off = "{way.name}"'))
    (folder / "lines.toml").write_text(head + "\n" + "\n".join(blocks))
    return folder
