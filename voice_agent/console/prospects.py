"""What comes next for a caller who waits, and what became of one who did: sentences for the desk, by rules. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from voice_agent.console.rendering import number, words
from voice_agent.handoff.ladder import next_phone
from voice_agent.handoff.lately import Ended
from voice_agent.handoff.outcomes import Attempt, Outcome, State, Via, Waiting, Wish
from voice_agent.handoff.promises import CallBack
from voice_agent.handoff.targets import Target

LAST_RUNG = "then a message and a promised call back"


@dataclass(frozen=True, slots=True)
class Became:
    """`tone` is good, wait, bad or nothing."""

    text: str
    tone: str
    follows: str
    """What happens next, or that nothing has to."""


ENDS = {
    Outcome.ANSWERED: ("talked to a person", "good", "The summary stands in the org as a completed task."),
    Outcome.ABANDONED: ("hung up while waiting", "bad", "An open task in the org says so, with the summary."),
    Outcome.FAILED: ("could not be put through", "bad", "An open task in the org says so, with the summary."),
    "returned": ("went back to the agent", "", "Nothing is left to do here."),
    "flow": ("went on to the Studio flow", "", "Nothing is left to do here."),
}
PROMISED = {"call_back": "is to be called back", "message": "left a message, is to be called back"}


def ahead(waiting: Waiting, target: Target) -> str:
    """What happens if nobody does anything."""
    match waiting.state:
        case State.CONNECTED:
            return "Afterwards the agent asks whether there is anything else."
        case State.ACCEPTED:
            return "They are brought together now."
        case State.EXPECTED:
            return "The agent says goodbye and hands over."
        case _:
            pass
    match waiting.wish:
        case Wish.AGENT:
            return "The agent takes them back now."
        case Wish.CALL_BACK:
            return "They are told that somebody calls back, and leave the queue."
        case Wish.NEXT:
            return f"Nobody was reached here: {_further(target)}."
        case Wish.DIAL:
            return "Their own line rings the next phone."
        case _:
            pass
    if waiting.trying is not None and waiting.trying.via is Via.TASK:
        return f"If they do not take it TaskRouter looks for the next; {_further(target)}."
    phone = next_phone(waiting, target)
    after = f"{number(phone)} is rung" if phone is not None and not _rings(waiting, phone) else _further(target)
    if waiting.trying is not None:
        return f"If nobody takes it: {after}."
    return f"Next: {after}." if target.phones else f"They wait until somebody accepts; {_further(target)}."


def became(ended: Ended) -> Became:
    waiting, promise = ended.waiting, ended.promise
    if waiting.outcome in PROMISED:
        return _kept(PROMISED[waiting.outcome], promise)
    text, tone, follows = ENDS.get(waiting.outcome, (words(waiting.outcome), "", ""))
    return Became(text, tone, follows)


def tries(waiting: Waiting) -> list[tuple[str, str]]:
    """Each try with its tone, as the desk reads it."""
    return [
        (_tried(each), "good" if each.outcome is Outcome.ANSWERED else "") for each in waiting.attempts if each.outcome
    ]


def _tried(attempt: Attempt) -> str:
    return f"{words(attempt.by)}: {words(attempt.outcome.value if attempt.outcome else '')}"


def _rings(waiting: Waiting, phone: str) -> bool:
    return waiting.trying is not None and waiting.trying.phone == phone


def _further(target: Target) -> str:
    return f"then the queue {words(target.then)}" if target.then else LAST_RUNG


def _kept(text: str, promise: CallBack | None) -> Became:
    if promise is None:
        return Became(text, "wait", "")
    match promise.state:
        case "kept":
            return Became(
                "was called back", "good", f"Reached at try {promise.tries}; the task in the org is completed."
            )
        case "failed":
            return Became("could not be called back", "bad", "An open task in the org asks for a call.")
        case _:
            done = (
                f"tried {promise.tries} times"
                if promise.tries > 1
                else "tried once"
                if promise.tries
                else "not tried yet"
            )
            return Became(
                text, "wait", f"{done.capitalize()}; a person's phone is rung first, then {number(promise.number)}."
            )
