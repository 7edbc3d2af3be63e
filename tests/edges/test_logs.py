"""A log is the story of a call without its people: no name, number, secret, address or word; one line a decision."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.agent.test_ladder import Scripted
from tests.edges.doorstep import CALL, CUSTOMER_LINE, TECHNICIAN_LINE, Doorstep, Socket
from tests.salesforce.emulated_org import EmulatedOrg, emulator
from voice_agent.agent.model import ToolWanted
from voice_agent.errors import ModelUnavailable
from voice_agent.identity import VOUCHED_FOR
from voice_agent.logs import OneLine

SPOKEN = ("tangerine umbrella", "Marguerite Vandersloot", "1187 Kingfisher Crescent", "+447700900123")
"""What a caller says of themselves, and a model repeats."""
WRONG_PIN = "591037"


class Lines(logging.Handler):
    """Every record of the process, as the server would have written it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(OneLine())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    def mention(self, what: str) -> bool:
        return any(what in line for line in self.lines)


@contextmanager
def written() -> Iterator[Lines]:
    root, ours = logging.getLogger(), logging.getLogger("voice_agent")
    handler, before = Lines(), ours.level
    root.addHandler(handler)
    ours.setLevel(logging.DEBUG)
    try:
        yield handler
    finally:
        root.removeHandler(handler)
        ours.setLevel(before)


@pytest.fixture(scope="module")
def org() -> Iterator[EmulatedOrg]:
    with emulator() as running:
        yield running


def at(org: EmulatedOrg) -> dict[str, str]:
    told = org.info["salesforce"]
    return {
        "SALESFORCE_API_BASE_URL": org.url,
        "SALESFORCE_CLIENT_ID": told["client_id"],
        "SALESFORCE_CLIENT_SECRET": told["client_secret"],
    }


def caller(org: EmulatedOrg, role: str) -> dict[str, Any]:
    found: dict[str, Any] = next(c for c in org.info["callers"] if c["role"] == role)
    return found


def people_of(org: EmulatedOrg) -> set[str]:
    """Names, streets and numbers that are in the records."""
    contacts = org.rows("SELECT Name, Phone, MobilePhone, MailingStreet FROM Contact")
    resources = org.rows("SELECT Name FROM ServiceResource")
    values = {str(v) for row in [*contacts, *resources] for k, v in row.items() if k != "attributes" and v}
    return {value for value in values if len(value) > 6}


async def call(door: Doorstep, line: str, number: str) -> Socket:
    form = {"CallSid": CALL, "From": number, "To": line, "StirVerstat": VOUCHED_FOR, "CallerName": SPOKEN[1]}
    answer = await door.twilio("/twilio/voice", form)
    socket = door.connects(answer.ticket)
    await socket.until(lambda: CALL in door.services.calls)
    return socket


async def over(door: Doorstep, socket: Socket) -> None:
    await socket.breaks()
    await door.twilio("/twilio/call-status", {"CallSid": CALL, "CallStatus": "completed"})
    await door.services.salesforce.close()


def the_canaries_of(org: EmulatedOrg, *numbers: str) -> set[str]:
    spelt = {number.removeprefix("+1") for number in numbers} | {SPOKEN[3].removeprefix("+")}
    words = {word for phrase in SPOKEN[:3] for word in phrase.split()}
    return people_of(org) | spelt | words | {WRONG_PIN}


def check(log: Lines, canaries: set[str]) -> None:
    assert log.lines
    for line in log.lines:
        assert line.splitlines() == [line]
        for canary in canaries:
            assert canary.lower() not in line.lower(), line


def test_a_technicians_call_is_told_without_the_technician(org: EmulatedOrg) -> None:
    alex = caller(org, "technician")
    said = f"my name is {SPOKEN[1]} and the {SPOKEN[0]} is at {SPOKEN[2]}, ring {SPOKEN[3]}"
    arguments = f'{{"job":"{SPOKEN[2]}","text":"{SPOKEN[0]}"}}'
    model = Scripted(
        "m",
        [f"I heard {said}.", ToolWanted("t1", "job_note", arguments), ToolWanted("t2", "my_day", "{}")],
        ["Anything else?", ToolWanted(SPOKEN[0], f"look_up_{SPOKEN[1]}", arguments)],
        [ModelUnavailable("HTTP 500")],
    )

    async def scenario() -> None:
        door = Doorstep(model, **at(org))
        socket = await call(door, TECHNICIAN_LINE, alex["number"])
        session = door.services.calls.get(CALL)
        assert session is not None
        await session.identity.known.wait()
        with door.services.journal.follow(CALL) as happening:
            for secret in (WRONG_PIN, alex["pin"]):
                for key in secret:
                    socket.says(type="dtmf", digit=key)
                async with asyncio.timeout(10):
                    while (await happening.get())["kind"] != "secret":
                        pass
        socket.says(type="prompt", voicePrompt=f"please read me my next job, {SPOKEN[1]}", last=True)
        await socket.hears(r"lost my thread", 15)
        socket.raw(f'{{"type":"{SPOKEN[0]}"')
        socket.says(type="interrupt", utteranceUntilInterrupt=SPOKEN[1], durationUntilInterruptMs=10)
        await over(door, socket)

    with written() as log:
        asyncio.run(scenario())
    check(log, the_canaries_of(org, alex["number"]) | {alex["pin"]})
    for told in ("call answered", "call started", "pin refused", "caller proven", "turn", "tool", "call ended"):
        assert log.mention(told), f"the story lacks: {told}"


def test_a_customers_call_is_told_without_the_customer(org: EmulatedOrg) -> None:
    maria = caller(org, "customer")
    said = f"this is {SPOKEN[1]} at {SPOKEN[2]}, my {SPOKEN[0]} is broken, call {SPOKEN[3]}"
    model = Scripted(
        "m",
        [ToolWanted("t1", "my_visits", "{}"), ToolWanted("t2", "eta", f'{{"visit":"{SPOKEN[2]}"}}')],
        [ToolWanted("t3", "take_message", f'{{"text":"{said}","about":"{SPOKEN[0]}"}}')],
        [f"So you are {SPOKEN[1]}."],
    )

    async def scenario() -> None:
        door = Doorstep(model, **at(org))
        socket = await call(door, CUSTOMER_LINE, maria["number"])
        asked = f"when is my visit, this is {SPOKEN[1]} at {SPOKEN[2]}"
        socket.says(type="prompt", voicePrompt=asked, last=True)
        await socket.hears(rf"{SPOKEN[1]}\.|\?", 15)
        socket.says(type="prompt", voicePrompt=f"it smells like gas at {SPOKEN[2]}", last=True)
        await socket.hears("recorded|passed on|records", 15)
        await over(door, socket)

    with written() as log:
        asyncio.run(scenario())
    check(log, the_canaries_of(org, maria["number"]))
    assert log.mention("caller looked up") and log.mention("emergency")


def test_records_that_cannot_be_reached_are_reported_without_the_caller() -> None:
    async def scenario() -> None:
        door = Doorstep()
        socket = await call(door, CUSTOMER_LINE, SPOKEN[3])
        socket.says(type="prompt", voicePrompt=f"where is {SPOKEN[1]}", last=True)
        await socket.hears("Tomorrow at nine", 10)
        session = door.services.calls.get(CALL)
        assert session is not None
        async with asyncio.timeout(10):
            await session.identity.known.wait()
        await over(door, socket)

    with written() as log:
        asyncio.run(scenario())
    check(log, {SPOKEN[3].removeprefix("+"), SPOKEN[1]})
    assert log.mention("caller not looked up")


# -- the form of a line ------------------------------------------------------------------------------------------


def line(message: str = "told", error: BaseException | None = None, **fields: Any) -> str:
    raised = (type(error), error, error.__traceback__) if error is not None else None
    record = logging.LogRecord("voice_agent.x", logging.INFO, "x.py", 1, message, (), raised)
    record.__dict__.update(fields)
    return OneLine().format(record)


@given(st.text(), st.text())
def test_no_value_can_forge_a_line_or_a_field(value: str, message: str) -> None:
    told = line(message, first=value, second=7)
    assert told.splitlines() == [told] and told.isprintable()
    tail = line("told", first=value, second=7).partition(" told ")[2]
    fields = re.findall(r'(\w+)=("(?:[^"\\]|\\.)*"|[^\s"=]*)(?: |$)', tail)
    assert [name for name, _ in fields] == ["first", "second"] and fields[1][1] == "7"


@pytest.mark.parametrize("value", ["a\nb", "a\r\nb", "a\u2028b", "a\x85b", "a\x1b[2Jb", "a\x0bb"])
def test_what_ends_a_line_or_moves_the_cursor_is_spelt_out(value: str) -> None:
    assert "a\\" in line(why=value) and "a\\" in line(value)


def test_the_words_of_an_exception_are_not_told_only_its_kind_and_place() -> None:
    try:
        raise ValueError(SPOKEN[1])
    except ValueError as error:
        told = line(error=error)
    assert "ValueError" in told and "test_logs.py:" in told and SPOKEN[1] not in told
