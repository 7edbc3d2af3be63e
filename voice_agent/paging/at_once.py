"""Paging without a store: one round over the first rung, from the process that holds the call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from voice_agent.clients import telephony_of
from voice_agent.errors import TwilioRestError
from voice_agent.lines import Lines
from voice_agent.paging.on_call import OnCall
from voice_agent.paging.pages import Page, ring
from voice_agent.settings import Settings


def page_now_of(settings: Settings, lines: Lines, on: OnCall) -> Callable[[Page], Awaitable[bool]]:
    """Rings everybody on the first rung; True if at least one phone rings. TwilioRestError when none does."""

    async def page_now(page: Page) -> bool:
        sender = next((line.number for line in lines.lines if line.name == page.line), lines.lines[0].number)
        telephony = telephony_of(settings)
        failed: TwilioRestError | None = None
        rang = False
        try:
            for person in on.rungs[0].people:
                try:
                    await ring(telephony, settings, page.key, person, sender)
                    rang = True
                except TwilioRestError as error:
                    failed = error
        finally:
            await telephony.close()
        if failed is not None and not rang:
            raise failed
        return rang

    return page_now
