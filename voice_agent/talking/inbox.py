"""The text messages of the emulated Twilio: what arrives on the phones of the people a call is about."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp

LOOK_SECONDS = 0.2
ARRIVES_SECONDS = 10.0
FROM_US = frozenset({"outbound-api", "outbound-reply"})


@dataclass(frozen=True, slots=True)
class Arrived:
    to: str
    body: str


class Inbox:
    """Messages and one-time codes since `begin`. `base_url` is the emulator's."""

    def __init__(self, base_url: str) -> None:
        self._ledger = f"{base_url.rstrip('/')}/emulator/ledger"
        self._since = 0

    async def begin(self) -> None:
        self._since = max((int(entry["seq"]) for entry in await self._entries()), default=0)

    async def arrived(self) -> list[Arrived]:
        """Oldest first; empty where the ledger cannot be read."""
        out = []
        for entry in await self._entries():
            if int(entry["seq"]) <= self._since:
                continue
            if entry["effect"] == "verification_sent":
                out.append(Arrived(entry["to"], f"Your code is {entry['code']}."))
            elif entry["effect"] == "message_sent" and entry.get("direction") in FROM_US:
                out.append(Arrived(entry["to"], entry["body"]))
        return out

    async def code(self) -> str:
        """The newest code, waited for. ValueError when none comes."""
        found = await self._until(r"\b(\d{6})\b")
        if found is None:
            raise ValueError("no code arrived by text")
        return found[1]

    async def holds(self, pattern: str) -> bool:
        """Whether a text with this in it arrives in time."""
        return await self._until(pattern) is not None

    async def follow(self) -> AsyncIterator[Arrived]:
        """Each text as it arrives."""
        shown = 0
        while True:
            arrived = await self.arrived()
            for text in arrived[shown:]:
                yield text
            shown = len(arrived)
            await asyncio.sleep(LOOK_SECONDS)

    async def _until(self, pattern: str) -> re.Match[str] | None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + ARRIVES_SECONDS
        while True:
            for text in reversed(await self.arrived()):
                if (found := re.search(pattern, text.body, re.IGNORECASE)) is not None:
                    return found
            if loop.time() > deadline:
                return None
            await asyncio.sleep(LOOK_SECONDS)

    async def _entries(self) -> list[dict[str, str]]:
        try:
            async with aiohttp.ClientSession() as session, session.get(self._ledger) as answer:
                entries: list[dict[str, str]] = await answer.json() if answer.status == 200 else []
                return entries
        except (aiohttp.ClientError, TimeoutError):
            return []
