"""Two calls in one conversation: the dialling leg and the waiting or called one, until either goes."""

import asyncio
from typing import TYPE_CHECKING

from . import happenings as happened
from .flow import Fetch
from .queues import Bridge, Party

if TYPE_CHECKING:
    from .call import EmulatedCall

WHISPER_VERBS = frozenset({"Play", "Say", "Pause", "Redirect", "Gather", "Hangup"})
"""What the `url` of a `<Number>` or `<Queue>` may hold (sheet section 5.3)."""


class Conversation:
    """What listens while two people talk: each hears the other; `*` may end it for the one who dialled."""

    def __init__(self, other: Party, *, star_ends: asyncio.Event | None = None) -> None:
        self._other = other
        self._star_ends = star_ends

    def speak(self, text: str) -> None:
        self._other.note(happened.ClausePlayed(text=text, cut=False, source="person"))
        self._other.agent_said(text)

    def press(self, key: str) -> None:
        if key == "*" and self._star_ends is not None:
            self._star_ends.set()


async def join_as_waiting(call: "EmulatedCall", bridge: Bridge) -> None:
    """The side that waited or was called: runs the bridge's document first, then talks until either is gone.

    Raises this call's Interruption. However it ends, the dialler learns of it through the bridge.
    """
    try:
        following = bridge.document
        while following is not None:
            if isinstance(following, Fetch):
                extra = {**bridge.whisper_fields, **following.extra}
                if call.answered_by is not None:
                    extra["AnsweredBy"] = call.answered_by
                page = await call.document(Fetch(following.url, following.method, "whisper", extra))
            else:
                page = following
            following = await call.run(page, WHISPER_VERBS)
        bridge.ready.set()
        call.note(happened.Bridged(other_call_sid=bridge.dialler.sid))
        with call.listen_with(Conversation(bridge.dialler)):
            await call.unless_interrupted(bridge.over.wait())
        call.note(happened.Unbridged(other_call_sid=bridge.dialler.sid))
    finally:
        bridge.over.set()
        bridge.ready.set()


async def join_as_dialler(call: "EmulatedCall", bridge: Bridge, other: Party, *, star_ends: bool) -> None:
    """The side that dialled: talks until either is gone, and keeps the seconds in `bridge.talked`.

    Raises this call's Interruption.
    """
    star = asyncio.Event() if star_ends else None
    try:
        await call.unless_interrupted(bridge.ready.wait())
        if bridge.over.is_set():
            return
        began = call.clock.now()
        call.note(happened.Bridged(other_call_sid=other.sid))
        try:
            with call.listen_with(Conversation(other, star_ends=star)):
                await call.unless_interrupted(first_of(bridge.over, star))
        finally:
            bridge.talked = call.clock.now() - began
        call.note(happened.Unbridged(other_call_sid=other.sid))
    finally:
        bridge.over.set()


async def first_of(*events: asyncio.Event | None) -> None:
    """Waits for whichever event comes first."""
    waits = [asyncio.ensure_future(event.wait()) for event in events if event is not None]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
