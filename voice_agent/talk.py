"""`voice-agent talk`: a call in the terminal, typed or played from a script, against a server that is running."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from voice_agent import settings
from voice_agent.errors import ConfigurationError
from voice_agent.talking.calling import VOUCHED_FOR, calling
from voice_agent.talking.conversation import converse
from voice_agent.talking.dialling import Dialling, dial
from voice_agent.talking.inbox import Inbox
from voice_agent.talking.org import Org
from voice_agent.talking.playing import Failed, play, resolve
from voice_agent.talking.screen import TerminalScreen, complain
from voice_agent.talking.script import Attested, Let, Record, ScriptStep, read

SCRIPT_SPEED = 20.0
"""Speech in a script is played this much faster than life. The server's own time stays real."""
FASTEST, SLOWEST = 100.0, 0.1


def run(
    url: str,
    *,
    caller: str,
    line: str | None,
    script: Path | None,
    speed: float | None = None,
    attestation: str = VOUCHED_FOR,
) -> int:
    """The exit code: 0, or 1 when a line of the script did not hold. ConfigurationError names what is in the way."""
    if speed is not None and not SLOWEST <= speed <= FASTEST:
        raise ConfigurationError(f"--speed is {speed:g}; it must be from {SLOWEST:g} to {FASTEST:g}")
    steps = read(script) if script is not None else None
    dialling = dial(url, caller, line, settings.read())
    if steps is None:
        return asyncio.run(_by_hand(dialling, speed or 1.0, attestation))
    attestation = next((step.value for step in steps if isinstance(step, Attested)), attestation)
    return asyncio.run(_by_script(dialling, steps, str(script), speed or SCRIPT_SPEED, attestation))


async def _by_hand(dialling: Dialling, speed: float, attestation: str) -> int:
    screen = TerminalScreen()
    screen.welcome(dialling, typing=True)
    async with calling(dialling, screen, speed=speed, attestation=attestation) as phone:
        await converse(phone, screen)
    screen.farewell(phone.turns)
    return 0


async def _by_script(
    dialling: Dialling, steps: tuple[ScriptStep, ...], name: str, speed: float, attestation: str
) -> int:
    screen = TerminalScreen()
    async with contextlib.AsyncExitStack() as ending:
        org = None
        if dialling.org is not None and any(isinstance(step, Let | Record) for step in steps):
            org = await ending.enter_async_context(Org(dialling.org))
        try:
            resolved = await resolve(steps, dialling.caller, org)
        except ConfigurationError as wrong:
            raise ConfigurationError(f"{name}, {wrong}") from None
        screen.welcome(dialling, typing=False)
        inbox = Inbox(dialling.twilio_url) if dialling.twilio_url else None
        if inbox is not None:
            await inbox.begin()
        try:
            async with calling(dialling, screen, speed=speed, attestation=attestation) as phone:
                await play(resolved, phone, org, screen, inbox)
        except Failed as failed:
            complain(f"{name}, {failed}")
            return 1
        screen.farewell(phone.turns)
        return 0
