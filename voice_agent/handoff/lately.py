"""What became of callers who waited for a person, the newest first: the desk looks back at it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from voice_agent.handoff.outcomes import State, Waiting
from voice_agent.handoff.promises import CallBack, of_calls
from voice_agent.handoff.waiting_room import all_of, waiting_callers


@dataclass(frozen=True, slots=True)
class Ended:
    """One wait that is over, with the promise to call back that was made of it, if any."""

    waiting: Waiting
    promise: CallBack | None


def lately(connection: Connection, since: float, limit: int) -> list[Ended]:
    """Waits that began at `since` (UNIX seconds) or later and are over."""
    there = (
        select(waiting_callers)
        .where(waiting_callers.c.state == State.OVER, waiting_callers.c.entered >= since)
        .order_by(waiting_callers.c.entered.desc())
        .limit(limit)
    )
    ended = all_of(connection, there)
    promised = of_calls(connection, [each.call_sid for each in ended])
    return [Ended(each, promised.get(each.call_sid)) for each in ended]
