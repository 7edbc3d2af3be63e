"""Conferences and their participants over REST (sheet section 5.3)."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from starlette.responses import Response

from ..conferences import Conference, Participant
from ..options import CallOptions
from .answers import API, RestError, not_built, not_found, page_2010, rfc2822
from .gate import Call, created, deleted, found

NOT_BUILT = {
    "HoldUrl": "hold music",
    "AnnounceUrl": "announcements",
    "Record": "recordings",
    "ConferenceRecord": "recordings",
}
NOUN_ATTRIBUTES = {
    "Label": "participantLabel",
    "Muted": "muted",
    "StartConferenceOnEnter": "startConferenceOnEnter",
    "EndConferenceOnExit": "endConferenceOnExit",
    "MaxParticipants": "maxParticipants",
    "WaitUrl": "waitUrl",
    "ConferenceStatusCallback": "statusCallback",
    "ConferenceStatusCallbackMethod": "statusCallbackMethod",
    "CallSidToCoach": "coach",
}


async def list_all(request: Call) -> Response:
    query = request.query
    wanted = [
        conference
        for conference in reversed(request.exchange.conferences.all())
        if query.text("FriendlyName", conference.name) == conference.name
        and query.text("Status", conference.status) == conference.status
    ]
    return found(page_2010("conferences", wanted, lambda row: _show(request, row), request.path, query))


async def fetch(request: Call) -> Response:
    return found(_show(request, _conference(request)))


async def update(request: Call) -> Response:
    conference = _conference(request)
    _refuse_unbuilt(request)
    status = request.form.text("Status")
    if status != "completed":
        raise RestError(400, 20001, "Status must be completed")
    request.exchange.conferences.end(conference, "conference-ended-via-api")
    return found(_show(request, conference))


async def list_participants(request: Call) -> Response:
    conference = _conference(request)
    rows = list(conference.participants)
    return found(
        page_2010("participants", rows, lambda row: _show_one(request, conference, row), request.path, request.query)
    )


async def add_participant(request: Call) -> Response:
    """Calls a phone and puts it into the room, which is made if it is not there."""
    form = request.form
    _refuse_unbuilt(request)
    if not form.text("From") or not form.text("To"):
        raise RestError(400, 21201, "From and To are required")
    response = Element("Response")
    noun = SubElement(SubElement(response, "Dial"), "Conference")
    noun.text = name = request.part["conference"]
    existing = request.exchange.conferences.find(name)
    noun.text = name if existing is None else existing.name
    for given, attribute in NOUN_ATTRIBUTES.items():
        if form.has(given):
            noun.set(attribute, form.text(given))
    events = " ".join(form.all("ConferenceStatusCallbackEvent"))
    if events:
        noun.set("statusCallbackEvent", events)
    options = CallOptions(
        direction="outbound-api",
        twiml=tostring(response, encoding="unicode"),
        status_callback=form.text("StatusCallback"),
        status_events=frozenset(form.all("StatusCallbackEvent") or ["completed"]),
        ring_limit=form.number("Timeout", 60, 1, 600),
    )
    conference = request.exchange.conferences.named(noun.text)
    call = await request.exchange.outgoing(form.text("From"), form.text("To"), "", options)
    shown = Participant(
        call,
        form.text("Label"),
        muted=form.text("Muted") == "true",
        end_on_exit=form.text("EndConferenceOnExit") == "true",
        start_on_enter=form.text("StartConferenceOnEnter") != "false",
        joined_at=request.exchange.clock.utc(),
    )
    return created(_show_one(request, conference, shown) | {"status": "queued"})


async def fetch_participant(request: Call) -> Response:
    conference = _conference(request)
    return found(_show_one(request, conference, _participant(request, conference)))


async def update_participant(request: Call) -> Response:
    conference = _conference(request)
    participant = _participant(request, conference)
    _refuse_unbuilt(request)
    form = request.form
    if form.has("Muted"):
        participant.muted = form.text("Muted") == "true"
        request.exchange.conferences.change(conference, participant, "mute")
    if form.has("Hold"):
        participant.hold = form.text("Hold") == "true"
        request.exchange.conferences.change(conference, participant, "hold")
    if form.has("EndConferenceOnExit"):
        participant.end_on_exit = form.text("EndConferenceOnExit") == "true"
        request.exchange.conferences.change(conference, participant, "modify")
    if form.has("Coaching"):
        participant.coaching = form.text("Coaching") == "true"
        participant.call_sid_to_coach = form.text("CallSidToCoach") or None
        request.exchange.conferences.change(conference, participant, "modify")
    return found(_show_one(request, conference, participant))


async def remove_participant(request: Call) -> Response:
    conference = _conference(request)
    _participant(request, conference).removed.set()
    return deleted()


def _refuse_unbuilt(request: Call) -> None:
    for name, what in NOT_BUILT.items():
        if request.form.text(name) not in ("", "false", "do-not-record"):
            raise not_built(f"{name} ({what})")


def _conference(request: Call) -> Conference:
    conference = request.exchange.conferences.find(request.part["conference"])
    if conference is None:
        raise not_found(request.path)
    return conference


def _participant(request: Call, conference: Conference) -> Participant:
    wanted = request.part["participant"]
    found_one = next((each for each in conference.participants if wanted in (each.call.sid, each.label)), None)
    if found_one is None:
        raise not_found(request.path)
    return found_one


def _show(request: Call, conference: Conference) -> dict[str, Any]:
    account = request.exchange.credentials.account_sid
    uri = f"/{API}/Accounts/{account}/Conferences/{conference.sid}"
    return {
        "sid": conference.sid,
        "account_sid": account,
        "friendly_name": conference.name,
        "status": conference.status,
        "region": "us1",
        "reason_conference_ended": conference.reason_ended,
        "call_sid_ending_conference": conference.ended_by,
        "api_version": API,
        "date_created": rfc2822(conference.created_at),
        "date_updated": rfc2822(conference.updated_at),
        "uri": f"{uri}.json",
        "subresource_uris": {"participants": f"{uri}/Participants.json", "recordings": f"{uri}/Recordings.json"},
    }


def _show_one(request: Call, conference: Conference, participant: Participant) -> dict[str, Any]:
    account = request.exchange.credentials.account_sid
    sid = participant.call.sid
    return {
        "call_sid": sid,
        "label": participant.label or None,
        "call_sid_to_coach": participant.call_sid_to_coach,
        "coaching": participant.coaching,
        "conference_sid": conference.sid,
        "account_sid": account,
        "end_conference_on_exit": participant.end_on_exit,
        "muted": participant.muted,
        "hold": participant.hold,
        "status": "connected",
        "start_conference_on_enter": participant.start_on_enter,
        "queue_time": None,
        "date_created": rfc2822(participant.joined_at),
        "date_updated": rfc2822(participant.joined_at),
        "uri": f"/{API}/Accounts/{account}/Conferences/{conference.sid}/Participants/{sid}.json",
    }
