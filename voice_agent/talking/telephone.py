"""The phone in the caller's hand: acts on an emulated call when it is their turn, and keeps what they heard."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass

import voice_agent.demo.twilio.happenings as happened
from voice_agent.demo.twilio.call import EmulatedCall
from voice_agent.demo.twilio.happenings import Happening

LOOK_SECONDS = 0.02
SETTLED_SECONDS = 0.15
"""After the last word of a reply this long a silence means that the agent has finished."""
ANSWER_SECONDS = 15.0
KEY_ANSWER_SECONDS = 4.0
"""Keys that are not complete get no answer: a pause of 1.5 s ends them, and the answer comes after that."""

EARLY_SECONDS = 1.0
"""Whether there is more to say after an answer that came before the sentence had ended."""


@dataclass(slots=True)
class TurnTaken:
    """One turn of the caller: `latency` is real seconds from its end to the first words sent, None until then."""

    ended: float
    latency: float | None = None


class Telephone:
    """Real seconds throughout, whatever the speed of the call's clock: the server's time is real."""

    def __init__(self, call: EmulatedCall) -> None:
        self.call = call
        self.turns: list[TurnTaken] = []
        self._time: Callable[[], float] = asyncio.get_running_loop().time
        self._heard: list[str] = []
        self._reply_due_by = 0.0
        self._reply_open = False
        self._answered_early = False
        self._cutting = False
        self._connected = False
        self._last_sound = self._time()
        call.journal.listen(self._follow)

    @property
    def heard(self) -> str:
        """What the agent was heard to say since the caller last spoke or pressed a key."""
        return " ".join(" ".join(self._heard).split())

    async def speak(self, text: str) -> None:
        """Says `text` once the agent has finished, and returns when it is said. Raises NobodyListens."""
        await self.agent_finished()
        self._begin_turn(ANSWER_SECONDS)
        await self.call.say(text, patience=self._patience())
        await self._said()

    async def press(self, keys: str) -> None:
        """Presses `keys` once the agent has finished. Raises NobodyListens."""
        await self.agent_finished()
        self._begin_turn(KEY_ANSWER_SECONDS)
        await self.call.press(keys, patience=self._patience())
        self._reply_due_by = max(self._reply_due_by, self._time() + KEY_ANSWER_SECONDS)

    async def speak_now(self, text: str) -> None:
        """Says `text` at once, over the agent if it is talking. Raises NobodyListens."""
        self._begin_turn(ANSWER_SECONDS)
        await self.call.say(text, patience=self._patience())

    async def press_now(self, keys: str) -> None:
        """Presses `keys` at once. Raises NobodyListens."""
        self._begin_turn(KEY_ANSWER_SECONDS)
        await self.call.press(keys, patience=self._patience())

    async def talk_over(self, text: str) -> None:
        """Says `text` while the agent talks, waiting for that. Raises NobodyListens when it does not begin."""
        heard, reply_due_by = self._heard, self._reply_due_by
        self._cutting = True
        try:
            await self.call.barge_in(text, patience=self._patience())
        except BaseException:
            self._heard, self._reply_due_by, self._cutting = heard, reply_due_by, False
            raise
        await self._said()
        self._cutting = False

    def drop(self) -> None:
        """Breaks the websocket; the agent is expected to say something when it is back. Raises NobodyListens."""
        self.call.drop_socket()
        self._begin_turn(KEY_ANSWER_SECONDS)

    async def hears(self, pattern: str, seconds: float) -> bool:
        """Whether `pattern` is found in what is heard, now or within so many seconds, or before the call ends."""
        wanted = re.compile(pattern, re.IGNORECASE)
        deadline = self._time() + seconds
        while wanted.search(self.heard) is None:
            if self._time() > deadline or (self.call.over and not self.call.agent_is_speaking):
                return False
            await asyncio.sleep(LOOK_SECONDS)
        return True

    async def agent_finished(self) -> None:
        """Waits until the reply that is due has come and been heard; no longer than one may reasonably take."""
        while not self.call.over:
            now = self._time()
            if self._sounding():
                self._last_sound = now
            due = self._reply_open or now < self._reply_due_by
            if not due and now - self._last_sound >= SETTLED_SECONDS:
                return
            await asyncio.sleep(LOOK_SECONDS)

    def _sounding(self) -> bool:
        relay = self.call.relay
        return self.call.agent_is_speaking or (relay is not None and relay.busy) or not self._connected

    async def _said(self) -> None:
        """Waits until what the caller is saying has reached the server whole."""
        while True:
            if not self._talking() or self.call.over:
                return
            await asyncio.sleep(LOOK_SECONDS)

    def _talking(self) -> bool:
        relay = self.call.relay
        return relay is not None and relay.ear.busy

    def _begin_turn(self, seconds: float) -> None:
        self._heard = []
        self._answered_early = False
        self._reply_due_by = self._time() + seconds

    def _patience(self) -> float:
        """Emulated seconds that are ANSWER_SECONDS of real time."""
        return ANSWER_SECONDS * self.call.clock.speed

    def _follow(self, happening: Happening) -> None:
        now = self._time()
        match happening:
            case happened.ClausePlayed(text=text, source=source) if source != "person":
                self._heard.append(text)
                self._last_sound = now
            case happened.CallerInterrupted() if self._cutting:
                # What comes from here on answers the barge-in; what was cut answered something else.
                self._cutting = False
                self._begin_turn(ANSWER_SECONDS)
            case happened.CallerFinal():
                self.turns.append(TurnTaken(now))
                # A safety warning answers what was said so far, before the sentence has ended.
                self._reply_due_by = now + (EARLY_SECONDS if self._answered_early else ANSWER_SECONDS)
            case happened.SocketOpened():
                self._connected = True
            case happened.FrameReceived(frame={"type": "text", **text_frame}):
                self._words_sent(bool(text_frame.get("token")), text_frame.get("last") is True, now)
            case happened.SocketClosed() | happened.QueueEntered() | happened.CallEnded():
                self._connected = True
                self._reply_open = False
                self._reply_due_by = 0.0
            case _:
                pass

    def _words_sent(self, words: bool, last: bool, now: float) -> None:
        if words and self.turns and self.turns[-1].latency is None:
            self.turns[-1].latency = now - self.turns[-1].ended
        self._answered_early = self._answered_early or words
        self._reply_open = not last
        if last:
            self._reply_due_by = 0.0
            self._last_sound = now
