"""What a call needs of the network around it: queues, rooms, recordings, tasks, and other phones to dial."""

from typing import TYPE_CHECKING, Any, Protocol

from .conferences import Conferences
from .queues import Bridge, VoiceQueues
from .recordings import Recordings

if TYPE_CHECKING:
    from .call import EmulatedCall


class InvalidTask(ValueError):
    """`<Enqueue workflowSid>` names no workflow, or one that cannot be used."""


class Exchange(Protocol):
    """One account's network as its calls see it."""

    queues: VoiceQueues
    conferences: Conferences
    recordings: Recordings

    def make_task(
        self, call: "EmulatedCall", workflow_sid: str, attributes: dict[str, Any], priority: int, timeout: int
    ) -> str:
        """Makes a TaskRouter task of an enqueued call and gives its sid. Raises InvalidTask."""

    def drop_task(self, call: "EmulatedCall", reason: str) -> None: ...

    def take_reservation(self, call: "EmulatedCall", sid: str) -> str | None:
        """`<Queue reservationSid>`: the worker on `call` accepts it. The queue its caller is in; None if too late."""

    def end_reservation(self, sid: str, post_work_activity_sid: str) -> None:
        """The conversation of an accepted reservation is over: its task wraps up."""

    def number_sid(self, call: "EmulatedCall") -> str | None:
        """The PN sid of the account's own number on this call."""

    def dial(
        self,
        caller: "EmulatedCall",
        number: str,
        bridge: Bridge,
        *,
        caller_id: str,
        status_callback: str,
        status_events: frozenset[str],
        machine_detection: str,
    ) -> "EmulatedCall":
        """Places and starts a second leg for `<Dial>`, which joins `bridge` once it is answered."""
