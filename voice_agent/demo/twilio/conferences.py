"""Conferences: who is in which room, who may hear whom, and what the room tells its status callback."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from . import happenings as happened
from .clock import Clock
from .queues import Party
from .sids import new_sid

MOST_PARTICIPANTS = 250
EVENTS = {"start", "end", "join", "leave", "mute", "hold", "modify"}
"""Events of `statusCallbackEvent` that are built; `speaker` and `announcement` are not."""


@dataclass(slots=True, eq=False)
class Participant:
    call: Party
    label: str
    muted: bool
    end_on_exit: bool
    start_on_enter: bool
    joined_at: datetime
    hold: bool = False
    coaching: bool = False
    call_sid_to_coach: str | None = None
    removed: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True, eq=False)
class Conference:
    sid: str
    name: str
    created_at: datetime
    updated_at: datetime
    status_callback: str = ""
    status_method: str = "POST"
    events: frozenset[str] = frozenset()
    status: str = "init"
    """`init in-progress completed`."""
    participants: list[Participant] = field(default_factory=list)
    reason_ended: str | None = None
    ended_by: str | None = None
    """CallSid of the participant whose leaving or whose REST request ended it."""
    sequence: int = 0
    started: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def hears(self, speaker: Participant) -> list[Participant]:
        """Whoever hears this participant; a coach is heard by the one who is coached."""
        if speaker.muted or speaker.hold:
            return []
        others = [each for each in self.participants if each is not speaker and not each.hold]
        if speaker.coaching:
            return [each for each in others if each.call.sid == speaker.call_sid_to_coach]
        return others


class ConferenceFull(Exception):
    """`maxParticipants` is reached."""


Tell = Callable[[Conference, dict[str, str]], Coroutine[Any, Any, None]]


class Conferences:
    """The account's conferences. A name belongs to one live room at a time; `tell` posts to its status callback."""

    def __init__(self, clock: Clock, tell: Tell) -> None:
        self._clock = clock
        self._tell = tell
        self._all: dict[str, Conference] = {}
        self._errands: set[asyncio.Task[None]] = set()

    def all(self) -> list[Conference]:
        return list(self._all.values())

    def find(self, sid_or_name: str) -> Conference | None:
        """By sid, or the live room of that name."""
        found = self._all.get(sid_or_name)
        live = (each for each in self._all.values() if each.name == sid_or_name and each.status != "completed")
        return found or next(live, None)

    def named(self, name: str) -> Conference:
        conference = self.find(name)
        if conference is None:
            now = self._clock.utc()
            conference = Conference(new_sid("CF"), name, now, now)
            self._all[conference.sid] = conference
        return conference

    def join(self, conference: Conference, participant: Participant, most: int) -> None:
        """Raises ConferenceFull. The room starts once two are in it, one of whom may start it."""
        if len(conference.participants) >= min(most, MOST_PARTICIPANTS):
            raise ConferenceFull(conference.name)
        conference.participants.append(participant)
        participant.call.note(happened.ConferenceJoined(conference=conference.name, conference_sid=conference.sid))
        members = conference.participants
        if conference.status == "init" and len(members) > 1 and any(each.start_on_enter for each in members):
            self._set_status(conference, "in-progress")
            conference.started.set()
            self._report(conference, "start", None)
        self._report(conference, "join", participant)

    def leave(self, conference: Conference, participant: Participant) -> None:
        if participant not in conference.participants:
            return
        conference.participants.remove(participant)
        participant.call.note(happened.ConferenceLeft(conference=conference.name, conference_sid=conference.sid))
        self._report(conference, "leave", participant)
        if participant.end_on_exit:
            reason = "participant-with-end-conference-on-exit-left"
            self.end(conference, reason, participant.call.sid)
        elif not conference.participants:
            self.end(conference, "last-participant-left", participant.call.sid)

    def end(self, conference: Conference, reason: str, by: str | None = None) -> None:
        if conference.status == "completed":
            return
        conference.reason_ended, conference.ended_by = reason, by
        self._set_status(conference, "completed")
        conference.over.set()
        self._report(conference, "end", None)

    def change(self, conference: Conference, participant: Participant, event: str) -> None:
        """Tells of a participant that was muted, held or otherwise changed."""
        self._report(conference, event, participant)

    async def close(self) -> None:
        for errand in tuple(self._errands):
            errand.cancel()
        if self._errands:
            await asyncio.wait(self._errands)

    def _set_status(self, conference: Conference, status: str) -> None:
        conference.status = status
        conference.updated_at = self._clock.utc()

    def _report(self, conference: Conference, event: str, participant: Participant | None) -> None:
        conference.sequence += 1
        if event not in conference.events or not conference.status_callback:
            return
        form = _form(conference, event, participant)
        errand = asyncio.create_task(self._tell(conference, form))
        self._errands.add(errand)
        errand.add_done_callback(self._errands.discard)


def _form(conference: Conference, event: str, participant: Participant | None) -> dict[str, str]:
    """The fields of sheet section 5.3 (the whole set is unconfirmed there)."""
    kind = {"mute": "unmute" if participant is not None and not participant.muted else "mute"}.get(event, event)
    if event == "hold" and participant is not None and not participant.hold:
        kind = "unhold"
    subject = "conference" if participant is None else "participant"
    form = {
        "StatusCallbackEvent": f"{subject}-{kind}",
        "ConferenceSid": conference.sid,
        "FriendlyName": conference.name,
        "SequenceNumber": str(conference.sequence),
    }
    if participant is not None:
        form |= {
            "CallSid": participant.call.sid,
            "Muted": _word(participant.muted),
            "Hold": _word(participant.hold),
            "Coaching": _word(participant.coaching),
            "StartConferenceOnEnter": _word(participant.start_on_enter),
            "EndConferenceOnExit": _word(participant.end_on_exit),
        }
        if participant.label:
            form["ParticipantLabel"] = participant.label
    if event == "end":
        form["ReasonConferenceEnded"] = conference.reason_ended or ""
        if conference.ended_by is not None:
            form["CallSidEndingConference"] = conference.ended_by
    return form


def _word(value: bool) -> str:
    return "true" if value else "false"
