"""Voice queues: who waits in which, in what order, and how a waiting call is taken out."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from .clock import Clock
from .flow import Next
from .happenings import Happening
from .sids import new_sid

DEFAULT_MAX_SIZE = 1000
MOST_MAX_SIZE = 5000


class Party(Protocol):
    """A call as queues and bridges see it."""

    sid: str

    def note(self, happening: Happening) -> None: ...
    def agent_said(self, text: str) -> None: ...


@dataclass(slots=True, eq=False)
class Member:
    """One waiting call. `taken` is resolved by whoever takes it: a document to run, or a bridge to join."""

    call: Party
    entered_at: datetime
    entered: float
    taken: "asyncio.Future[Next | Bridge | Meeting]"


@dataclass(slots=True, eq=False)
class Bridge:
    """The agreement of a dialling call with a waiting or called one: each tells the other when it is over."""

    dialler: Party
    document: Next | None
    """The `url` of `<Queue>` or `<Number>`: runs on the other leg before the two talk."""
    whisper_fields: Mapping[str, str] = field(default_factory=dict)
    """Form fields for that document."""
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    talked: float | None = None
    """Seconds of conversation; None when there was none."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """A document that joins the waiting call with somebody; the queue's `action` is asked once it is over."""

    document: Next


@dataclass(slots=True, eq=False)
class VoiceQueue:
    sid: str
    name: str
    max_size: int
    created_at: datetime
    updated_at: datetime
    members: list[Member] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    """Seconds that those who left had waited."""

    @property
    def average_wait(self) -> int:
        return round(sum(self.waits) / len(self.waits)) if self.waits else 0

    def position(self, member: Member) -> int:
        """1 for the front."""
        return self.members.index(member) + 1


class QueueFull(Exception):
    """QueueResult `queue-full`."""


class VoiceQueues:
    """The account's queues by sid and by name; a name is made on first use (sheet section 5.2)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._queues: dict[str, VoiceQueue] = {}

    def all(self) -> list[VoiceQueue]:
        return list(self._queues.values())

    def create(self, name: str, max_size: int = DEFAULT_MAX_SIZE) -> VoiceQueue:
        now = self._clock.utc()
        queue = VoiceQueue(new_sid("QU"), name, max_size, now, now)
        self._queues[queue.sid] = queue
        return queue

    def by_sid(self, sid: str) -> VoiceQueue | None:
        return self._queues.get(sid)

    def by_name(self, name: str) -> VoiceQueue | None:
        return next((queue for queue in self._queues.values() if queue.name == name), None)

    def named(self, name: str) -> VoiceQueue:
        return self.by_name(name) or self.create(name)

    def delete(self, queue: VoiceQueue) -> None:
        del self._queues[queue.sid]

    def enter(self, queue: VoiceQueue, call: Party, limit: int | None = None) -> Member:
        """Raises QueueFull."""
        if len(queue.members) >= min(queue.max_size, limit or queue.max_size):
            raise QueueFull(queue.name)
        taken: asyncio.Future[Next | Bridge | Meeting] = asyncio.get_running_loop().create_future()
        member = Member(call, self._clock.utc(), self._clock.now(), taken)
        queue.members.append(member)
        queue.updated_at = member.entered_at
        return member

    def leave(self, queue: VoiceQueue, member: Member) -> int:
        """Takes the member out, if it still stands there; gives its whole seconds of waiting."""
        waited = self._clock.now() - member.entered
        if member in queue.members:
            queue.members.remove(member)
            queue.waits.append(waited)
            queue.updated_at = self._clock.utc()
        return round(waited)

    def take(self, queue: VoiceQueue, member: Member, by: Next | Bridge | Meeting) -> None:
        """Hands the waiting call to `by`; it is out of the queue at once, so nobody else takes it too."""
        self.leave(queue, member)
        if not member.taken.done():
            member.taken.set_result(by)

    def waited(self, member: Member) -> int:
        return round(self._clock.now() - member.entered)
