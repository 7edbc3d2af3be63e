"""`<Dial><Conference>`: a call joins a room, waits for it to start, talks in it, and leaves (sheet section 5.3)."""

import asyncio
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from . import happenings as happened
from .bridging import first_of
from .conferences import EVENTS, MOST_PARTICIPANTS, Conference, ConferenceFull, Participant
from .flow import Fetch, HungUp, Next
from .speaking import whole
from .twiml import Document, NotBuilt, text_of

if TYPE_CHECKING:
    from .call import EmulatedCall

WAITING_VERBS = frozenset({"Play", "Say", "Pause", "Redirect"})
MUSIC_SECONDS = 30.0


class Room:
    """What listens while a call is in a conference: everybody who may hear it, hears it."""

    def __init__(self, conference: Conference, participant: Participant, *, star_leaves: bool) -> None:
        self._conference = conference
        self._participant = participant
        self._star_leaves = star_leaves

    def speak(self, text: str) -> None:
        for other in self._conference.hears(self._participant):
            other.call.note(happened.ClausePlayed(text=text, cut=False, source="person"))
            other.call.agent_said(text)

    def press(self, key: str) -> None:
        """Keys are only tones to the others, but for a star with `hangupOnStar`."""
        if key == "*" and self._star_leaves:
            self._participant.removed.set()


async def dial_conference(
    call: "EmulatedCall", noun: Element, document: Document, *, star_leaves: bool = False
) -> None:
    """Returns when the call has left the room and is still up. Raises the call's Interruption."""
    if call.exchange is None:
        raise HungUp("this call has no exchange, so there is no conference to join")
    if noun.get("record", "do-not-record") != "do-not-record":
        raise NotBuilt("Record")
    rooms = call.exchange.conferences
    conference = rooms.named(text_of(noun))
    _listen_in(conference, noun, document)
    participant = Participant(
        call,
        noun.get("participantLabel", ""),
        muted=noun.get("muted") == "true",
        end_on_exit=noun.get("endConferenceOnExit") == "true",
        start_on_enter=noun.get("startConferenceOnEnter") != "false",
        joined_at=call.clock.utc(),
    )
    if noun.get("coach"):
        participant.coaching, participant.call_sid_to_coach = True, noun.get("coach")
    try:
        rooms.join(conference, participant, whole(noun.get("maxParticipants"), MOST_PARTICIPANTS))
    except ConferenceFull:
        call.note(happened.AlertRaised(code=13227, text=f"conference {conference.name} is full"))
        return
    try:
        with call.listen_with(Room(conference, participant, star_leaves=star_leaves)):
            waiting = asyncio.ensure_future(_wait_music(call, noun, document))
            try:
                gone = first_of(conference.started, conference.over, participant.removed)
                await call.unless_interrupted(gone)
            finally:
                waiting.cancel()
                await asyncio.wait({waiting})
            await call.unless_interrupted(first_of(conference.over, participant.removed))
    finally:
        rooms.leave(conference, participant)


def _listen_in(conference: Conference, noun: Element, document: Document) -> None:
    """The first participant that names a status callback sets it for the room."""
    callback = noun.get("statusCallback")
    if callback and not conference.status_callback:
        conference.status_callback = document.resolve(callback)
        conference.status_method = noun.get("statusCallbackMethod", "POST")
        conference.events = frozenset(noun.get("statusCallbackEvent", "start end").split()) & EVENTS


async def _wait_music(call: "EmulatedCall", noun: Element, document: Document) -> None:
    """The wait document in a loop, or music, until the room starts and cancels it."""
    url = noun.get("waitUrl")
    while True:
        if not url:
            await call.pause(MUSIC_SECONDS)
            continue
        began = call.clock.now()
        following: Next | None = Fetch(document.resolve(url), noun.get("waitMethod", "POST"), "wait")
        while following is not None:
            page = following if isinstance(following, Document) else await call.document(following)
            following = await call.run(page, WAITING_VERBS)
        if call.clock.now() - began < 1.0:
            await call.pause(1.0)
