"""Plays a script on a call, step by step, until its end or its first line that does not hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from voice_agent.demo.twilio.person import NobodyListens
from voice_agent.errors import ConfigurationError, NotFound
from voice_agent.talking.dialling import Caller
from voice_agent.talking.inbox import Inbox
from voice_agent.talking.org import Org
from voice_agent.talking.screen import TerminalScreen
from voice_agent.talking.script import (
    Attested,
    BargeIn,
    Drop,
    Expect,
    HangUp,
    Let,
    Press,
    Record,
    Say,
    ScriptStep,
    Texted,
    fill,
)
from voice_agent.talking.telephone import Telephone

HEARD_SECONDS = 10.0
CODE = "{code}"


class Failed(Exception):
    """The first step that did not hold. `str` names its line and why."""

    def __init__(self, step: ScriptStep, why: str) -> None:
        super().__init__(f"line {step.number}: {step.line} — {why}")
        self.step = step


async def resolve(steps: Sequence[ScriptStep], caller: Caller, org: Org | None) -> tuple[ScriptStep, ...]:
    """The steps with every `let` looked up and every {name} filled in. ConfigurationError names the line that fails."""
    values = {"pin": caller.pin or "", "name": caller.name}
    filled: list[ScriptStep] = []
    for step in steps:
        current = fill(step, values)
        if isinstance(current, Let | Record) and org is None:
            raise ConfigurationError(f"line {step.number}: {step.line} — the server shows no org to look into")
        if isinstance(current, Let):
            assert org is not None  # refused above
            try:
                values[current.name] = await org.first_value(current.soql)
            except (NotFound, ValueError) as wrong:
                raise ConfigurationError(f"line {step.number}: {step.line} — {wrong}") from None
        else:
            filled.append(current)
    if org is not None:
        try:
            await org.begin(tuple(step for step in filled if isinstance(step, Record)))
        except (NotFound, ValueError) as wrong:
            raise ConfigurationError(f"a `record` line cannot be looked up: {wrong}") from None
    return tuple(filled)


async def play(
    steps: Sequence[ScriptStep], phone: Telephone, org: Org | None, screen: TerminalScreen, inbox: Inbox | None = None
) -> None:
    """Raises Failed at the first step that does not hold; on return the person has said all and heard the answer.

    Records may be looked up after `hangup` too.
    """
    for step in steps:
        try:
            await _perform(step, phone, org, screen, inbox)
        except NobodyListens as nobody:
            raise Failed(step, str(nobody)) from None
    await phone.agent_finished()


async def _perform(
    step: ScriptStep, phone: Telephone, org: Org | None, screen: TerminalScreen, inbox: Inbox | None
) -> None:
    match step:
        case Say(text=text):
            await phone.speak(text)
        case Press(keys=keys):
            await phone.agent_finished()
            if CODE in keys:
                keys = keys.replace(CODE, await _code(step, inbox))
            screen.pressed(keys)
            await phone.press(keys)
        case BargeIn(text=text):
            await phone.talk_over(text)
        case Expect(pattern=pattern):
            if not await phone.hears(pattern, HEARD_SECONDS):
                raise Failed(step, f"not heard within {HEARD_SECONDS:g} s; the agent said “{phone.heard}”")
        case Record():
            assert org is not None  # `resolve` refuses a script that asks for records where there are none
            await _look_up(step, org, screen)
        case Drop():
            phone.drop()
        case HangUp():
            phone.call.hang_up()
        case Texted(pattern=pattern):
            if inbox is None:
                raise Failed(step, "the server shows no text messages")
            if not await inbox.holds(pattern):
                raise Failed(step, f"no such text; there were {[text.body for text in await inbox.arrived()]}")
        case Attested():
            pass  # heeded when the call was placed
        case Let():
            raise AssertionError("`resolve` takes every let away")
        case _:
            assert_never(step)


async def _code(step: Press, inbox: Inbox | None) -> str:
    if inbox is None:
        raise Failed(step, "the server shows no text messages")
    try:
        return await inbox.code()
    except ValueError as nothing:
        raise Failed(step, str(nothing)) from None


async def _look_up(step: Record, org: Org, screen: TerminalScreen) -> None:
    try:
        missed = await org.shows(step)
    except ValueError as wrong:
        raise Failed(step, str(wrong)) from None
    if missed is not None:
        raise Failed(step, missed)
    screen.step(f"✓ {step.sobject} {step.key} {step.field} {step.value}")
