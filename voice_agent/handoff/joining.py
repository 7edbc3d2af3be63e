"""How a caller and the person who accepted them come together, in the store: every step under the caller's lock.

Between pressing 1 and hearing each other either leg can die. Each function here decides in one transaction, so that
what one webhook finds out about the person and another about the caller can never pass each other.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from voice_agent.handoff.outcomes import Attempt, Outcome, State, Step, Via, Waiting, Wish
from voice_agent.handoff.waiting_room import attempts_of, find_attempt, move, save

CLAIMED = (State.ACCEPTED, State.CONNECTED)


def accept(connection: Connection, key: str, at: float) -> tuple[bool, Waiting | None]:
    """Somebody pressed 1. True for the first of them; said again by the same leg it is true again."""
    found = find_attempt(connection, key)
    if found is None:
        return False, None
    waiting, attempt = found
    if waiting.accepted_key == key and waiting.state in CLAIMED:
        return True, waiting
    free = waiting.state in (State.WAITING, State.EXPECTED) and not waiting.accepted_key
    if not free or attempt.round != waiting.round or not attempt.open:
        return False, waiting
    if waiting.wish not in (Wish.NONE, Wish.DIAL):
        return False, waiting
    move(connection, key, lambda each: each.reached(Step.ACCEPTED, at))
    state = State.EXPECTED if waiting.state is State.EXPECTED else State.ACCEPTED
    waiting = replace(waiting, state=state, accepted_key=key, wish=Wish.NONE)
    save(connection, waiting)
    for other in waiting.attempts:
        if other.key != key:
            move(connection, other.key, lambda each: each.over(None, at))
    return True, replace(waiting, attempts=attempts_of(connection, waiting))


def connected(connection: Connection, key: str, at: float, *, sure: bool = True) -> Waiting | None:
    """Caller and person are in one conversation; not `sure` until Twilio has said so: it may yet tell otherwise."""
    found = find_attempt(connection, key)
    if found is None or found[0].accepted_key != key or found[0].state is not State.ACCEPTED:
        return None
    waiting = replace(found[0], state=State.CONNECTED, talks=found[0].talks + 1)
    save(connection, waiting)
    move(connection, key, lambda each: each.reached(Step.BRIDGED if sure else Step.JOINING, at))
    return waiting


def joining(connection: Connection, key: str, at: float) -> tuple[Waiting, Attempt] | None:
    """The caller is about to be sent to the person, if that one is still there: the try says whether they are."""
    return move(connection, key, lambda each: each.reached(Step.JOINING, at))


def gone(connection: Connection, key: str, outcome: Outcome, at: float) -> tuple[Waiting, Attempt, bool] | None:
    """The person's leg is over. True when the caller may now sit alone where the two were to meet.

    A caller who was not sent there yet simply waits on.
    """
    found = find_attempt(connection, key)
    if found is None:
        return None
    waiting, before = found
    if before.via is Via.DIAL and before.was_accepted:
        return waiting, before, False  # the caller's own `<Dial>` tells whether the two have talked
    after = before.over(outcome, at)
    move(connection, key, lambda _: after)
    alone = False
    if waiting.accepted_key == key and waiting.state in CLAIMED:
        sent = before.via is Via.REST and before.step in (Step.JOINING, Step.BRIDGED)
        alone = before.open and sent
        if waiting.state is State.ACCEPTED and not sent and before.open:
            waiting = replace(waiting, state=State.WAITING, wish=Wish.NONE, accepted_key="")
            save(connection, waiting)
    return replace(waiting, attempts=attempts_of(connection, waiting)), after, alone


def apart(connection: Connection, key: str, at: float) -> Waiting | None:
    """They never met, or Twilio found the caller alone: back to waiting, and it counts as no conversation."""
    found = find_attempt(connection, key)
    if found is None:
        return None
    waiting = found[0]
    if waiting.accepted_key != key or waiting.state is State.OVER:
        return waiting
    talks = waiting.talks - 1 if waiting.state is State.CONNECTED else waiting.talks
    state = State.WAITING if waiting.state in CLAIMED else waiting.state
    waiting = replace(waiting, state=state, wish=Wish.NONE, accepted_key="", talks=max(0, talks))
    save(connection, waiting)
    move(connection, key, lambda each: each.over(Outcome.FAILED, at))
    return replace(waiting, attempts=attempts_of(connection, waiting))
