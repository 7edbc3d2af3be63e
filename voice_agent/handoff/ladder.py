"""What is done next for a waiting caller: pure. Every outcome of a try has its rung, and the last one always holds.

busy, no_answer, voicemail, failed   the next phone of the target; after the last pass the next target
declined                             the next phone; whoever declined is not called again in this round
abandoned                            nothing more is tried; it is put on record
answered                             the two are together; afterwards the agent is there again
the end of all targets               a message after the tone, and a call-back that is kept by a durable job
"""

from __future__ import annotations

from dataclasses import dataclass

from voice_agent.handoff.outcomes import Outcome, State, Via, Waiting, Wish
from voice_agent.handoff.targets import Target

PATIENCE = 15.0
"""Seconds beyond its ringing after which a try of which nothing more was heard counts as failed."""
LONGEST_SUMMARY = 75.0
"""Seconds that somebody who picked up may listen before they press 1."""
MOST_ATTEMPTS = 12
"""In one round, whatever the lists say."""


@dataclass(frozen=True, slots=True)
class Stay:
    """The caller waits on."""


@dataclass(frozen=True, slots=True)
class Ring:
    """Call this phone for them."""

    phone: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """This target has failed them: the next one, or at the end of the ladder a message and a call-back."""

    then: str


@dataclass(frozen=True, slots=True)
class Lapse:
    """A try of which nothing is heard any more is over."""

    key: str


Next = Stay | Ring | GiveUp | Lapse


def next_step(waiting: Waiting, target: Target, now: float) -> Next:
    """Called as often as one likes, by whoever notices something: the answer depends on the facts alone."""
    if waiting.state is not State.WAITING or waiting.wish is not Wish.NONE:
        return Stay()
    for attempt in waiting.attempts:
        if attempt.open and now - attempt.asked > target.ring_seconds + PATIENCE + (
            LONGEST_SUMMARY if attempt.rang is not None else 0.0
        ):
            return Lapse(attempt.key)
    if waiting.trying is not None:
        return Stay()
    waited = now - waiting.entered
    phone = next_phone(waiting, target)
    if waited >= target.longest_wait or (target.phones and phone is None):
        return GiveUp(target.then)
    if phone is None or waited < target.ring_after:
        return Stay()
    return Ring(phone)


def next_phone(waiting: Waiting, target: Target) -> str | None:
    """The phone that was tried least; None once each had its passes. Those who said no are left in peace.

    TaskRouter rings its workers itself, so its tries do not count here; neither do those of the console.
    """
    ours = [each for each in waiting.attempts if each.via is not Via.TASK and each.by == target.name]
    if len(ours) >= MOST_ATTEMPTS:
        return None
    refused = {each.phone for each in waiting.attempts if each.outcome is Outcome.DECLINED}
    tried = {phone: sum(each.phone == phone for each in ours) for phone in target.phones if phone not in refused}
    left = {phone: times for phone, times in tried.items() if times < target.passes}
    return min(left, key=lambda phone: left[phone], default=None)
