"""The person on the phone: what they say, press and hear, and what on the call is listening to them."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from . import happenings as happened
from .relay.session import RelaySession
from .streams.session import StreamSession

if TYPE_CHECKING:
    from .call import EmulatedCall


class NobodyListens(Exception):
    """The person spoke or pressed a key while nothing on the line took it, or waited for speech that did not come."""


class Listener(Protocol):
    """What on a call takes the person's speech and keys: a relay session, a `<Gather>`, a bridge."""

    def speak(self, text: str) -> None: ...
    def press(self, key: str) -> None: ...


class Person:
    """One end of a call. `listener` is what takes speech and keys at the moment, None when nothing does."""

    def __init__(self, call: "EmulatedCall") -> None:
        self._call = call
        self.listener: Listener | None = None
        self.hears_speech = False
        """Whether a `<Say>` plays; a relay session knows for itself."""
        self._news = asyncio.Event()

    @property
    def relay(self) -> RelaySession | None:
        return self.listener if isinstance(self.listener, RelaySession) else None

    @property
    def hears_agent(self) -> bool:
        relay = self.relay
        stream = self.stream
        return (
            self.hears_speech
            or (relay is not None and relay.mouth.playing is not None)
            or (stream is not None and stream.playback.playing)
        )

    @property
    def stream(self) -> StreamSession | None:
        return self.listener if isinstance(self.listener, StreamSession) else None

    @property
    def line_is_busy(self) -> bool:
        """Whether anybody is talking on this call."""
        session = self.relay or self.stream
        return self.hears_speech or (session is not None and session.busy)

    async def say(self, text: str, *, patience: float = 10.0) -> None:
        """Starts to say `text`, waiting up to `patience` seconds for something to listen. Raises NobodyListens."""
        listener = await self._someone_listens(patience)
        self._call.note(happened.CallerSpoke(text=text))
        listener.speak(text)

    async def press(self, keys: str, *, patience: float = 10.0) -> None:
        """Presses keys 0.38 s apart; `w` waits half a second. Returns after the last. Raises NobodyListens."""
        await self._someone_listens(patience)
        for at, key in enumerate(keys):
            if at:
                await self._call.clock.sleep(self._call.timing.per_pause if key in "wW" else self._call.timing.per_key)
            if key not in "wW":
                self.press_one(key)

    def press_one(self, key: str) -> None:
        self._call.note(happened.KeyPressed(key=key))
        if self.listener is not None:
            self.listener.press(key)

    async def barge_in(self, text: str, *, patience: float = 10.0) -> None:
        """Talks over the agent: waits until it is speaking, then a moment more. Raises NobodyListens."""
        if not self.hears_agent:
            await self._until_agent_speaks(patience)
        await self.say(text, patience=0.0)

    async def quiet(self, *, lasting: float = 1.2, patience: float = 60.0) -> None:
        """Waits until neither side has said anything for `lasting` seconds, or the call is over.

        The default outlasts the pause between a question and its answer. Raises NobodyListens after `patience`.
        """
        deadline = self._call.clock.now() + patience
        since = self._call.clock.now()
        while not self._call.over and self._call.clock.now() - since < lasting:
            if self.line_is_busy:
                since = self._call.clock.now()
            if self._call.clock.now() > deadline:
                raise NobodyListens(f"somebody was still talking after {patience:g} s")
            await self._call.clock.sleep(0.05)

    def listen_to(self, listener: Listener | None) -> None:
        """Gives what the person says and presses to `listener` from now on; None loses it."""
        self.listener = listener
        self._news.set()
        self._news = asyncio.Event()

    @contextmanager
    def listen_with(self, listener: Listener) -> Iterator[None]:
        """Gives the person's speech and keys to `listener` while the block runs."""
        before = self.listener
        self.listen_to(listener)
        try:
            yield
        finally:
            self.listen_to(before)

    def overhear(self, text: str) -> None:
        """What the other leg says is this leg's person speaking, if anything listens."""
        self._call.note(happened.CallerSpoke(text=text, heard=self.listener is not None))
        if self.listener is not None:
            self.listener.speak(text)

    async def _someone_listens(self, patience: float) -> Listener:
        deadline = self._call.clock.now() + patience
        while self.listener is None:
            left = deadline - self._call.clock.now()
            if self._call.over or left <= 0:
                raise NobodyListens("nothing on the line listens" if not self._call.over else "the call is over")
            try:
                await self._call.clock.within(left, self._news.wait())
            except TimeoutError:
                continue
        return self.listener

    async def _until_agent_speaks(self, patience: float) -> None:
        begun = self._call.journal.until(
            lambda entry: isinstance(entry, happened.ClauseStarted), start=len(self._call.journal.entries)
        )
        try:
            found = await self._call.clock.within(patience, begun)
        except TimeoutError:
            found = None
        if found is None:
            raise NobodyListens(f"the agent did not speak within {patience:g} s")
