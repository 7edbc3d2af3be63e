"""A person at the phone: what they type is said, `/1` presses a key, and the call prints above their line."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

from voice_agent.demo.twilio.person import NobodyListens
from voice_agent.talking.keyboard import PipedLines, TypedLine
from voice_agent.talking.screen import HELP, TerminalScreen
from voice_agent.talking.script import KEYS
from voice_agent.talking.telephone import Telephone

STOP_TALKING = "Wait."
"""What Enter alone says while the agent talks: somebody has to make a sound."""


async def converse(phone: Telephone, screen: TerminalScreen) -> None:
    """Until the call is over, `/quit`, or the end of the input."""
    over = asyncio.create_task(phone.call.ended())
    typing = asyncio.create_task(_type(phone, screen))
    try:
        await asyncio.wait({over, typing}, return_when=asyncio.FIRST_COMPLETED)
        if typing.done():
            typing.result()
    finally:
        for task in (over, typing):
            task.cancel()
        await asyncio.wait({over, typing})


async def _type(phone: Telephone, screen: TerminalScreen) -> None:
    if sys.stdin.isatty() and sys.stdout.isatty():
        with TypedLine(sys.stdin, sys.stdout).reading() as typed:
            screen.typed = typed
            try:
                await _act_on(typed.lines(), phone, screen, patient=False)
            finally:
                screen.typing_is_over()
    else:
        await _act_on(PipedLines(sys.stdin).lines(), phone, screen, patient=True)
        await phone.agent_finished()


async def _act_on(lines: AsyncIterator[str], phone: Telephone, screen: TerminalScreen, *, patient: bool) -> None:
    """`patient` waits for the agent to finish before each line: nobody is there to see when it has."""
    async for line in lines:
        try:
            if not await _act(line.strip(), phone, screen, patient=patient):
                return
        except NobodyListens as nobody:
            screen.complaint(str(nobody))


async def _act(line: str, phone: Telephone, screen: TerminalScreen, *, patient: bool) -> bool:
    """False when the phone is put down."""
    call = phone.call
    match line[:1], line:
        case _, "/quit" | "/hangup" | "/q":
            return False
        case _, "/help" | "/?" | "/":
            screen.step(HELP)
        case _, "/drop":
            phone.drop()
        case "/", _:
            keys = line[1:].replace(" ", "")
            if wrong := set(keys) - KEYS:
                screen.complaint(f"{min(wrong)!r} is no key; there are 0-9, * and #. {HELP}")
                return True
            if patient:
                await phone.agent_finished()
            screen.pressed(keys)
            await (phone.press(keys) if patient else phone.press_now(keys))
        case "", _:
            if call.agent_is_speaking:
                await phone.speak_now(STOP_TALKING)
        case _:
            await (phone.speak(line) if patient else phone.speak_now(line))
    return True
