"""Recordings over REST: start, pause, stop, list, fetch the sound, delete (sheet section 7.3)."""

from typing import Any

from starlette.responses import Response

from ..recordings import Callback, Recording, media
from .answers import API, RestError, not_built, not_found, page_2010, rfc2822
from .gate import Call, created, deleted, found


async def start(request: Call) -> Response:
    """On a live call only."""
    call = request.exchange.calls.get(request.part["call"])
    if call is None:
        raise not_found(request.path)
    if call.over or not call.answered:
        raise RestError(400, 21220, "Call is not in-progress. Cannot record.")
    form = request.form
    callback = Callback(
        form.text("RecordingStatusCallback"),
        form.text("RecordingStatusCallbackMethod", "POST"),
        frozenset(form.all("RecordingStatusCallbackEvent") or ["completed"]),
    )
    recording = request.exchange.recordings.start(
        call,
        "StartCallRecordingAPI",
        callback,
        channels=2 if form.text("RecordingChannels") == "dual" else 1,
        track=form.text("RecordingTrack", "both"),
    )
    return created(_show(request, recording))


async def list_all(request: Call) -> Response:
    call_sid = request.part.get("call", request.query.text("CallSid"))
    rows = [each for each in request.exchange.recordings.by_sid.values() if call_sid in ("", each.call_sid)]
    return found(page_2010("recordings", rows[::-1], lambda row: _show(request, row), request.path, request.query))


async def fetch(request: Call) -> Response:
    return found(_show(request, _recording(request)))


async def update(request: Call) -> Response:
    recording, recordings = _recording(request), request.exchange.recordings
    match request.form.text("Status"):
        case "paused":
            recordings.pause(recording)
        case "in-progress":
            recordings.resume(recording)
        case "stopped":
            recordings.stop(recording)
        case _:
            raise RestError(400, 20001, "Status must be paused, in-progress or stopped")
    return found(_show(request, recording))


async def delete(request: Call) -> Response:
    del request.exchange.recordings.by_sid[_recording(request).sid]
    return deleted()


async def fetch_wav(request: Call) -> Response:
    recording = _recording(request)
    if recording.status != "completed":
        raise not_found(request.path)
    return Response(media(request.exchange.recordings.duration(recording)), media_type="audio/x-wav")


async def fetch_mp3(request: Call) -> Response:
    raise not_built("MP3 (fetch the .wav)")


def _recording(request: Call) -> Recording:
    sid, recordings = request.part["sid"], request.exchange.recordings
    if sid == "Twilio.CURRENT":
        recording = recordings.current(request.part["call"])
    else:
        recording = recordings.by_sid.get(sid)
    if recording is None or request.part.get("call", recording.call_sid) != recording.call_sid:
        raise not_found(request.path)
    return recording


def _show(request: Call, recording: Recording) -> dict[str, Any]:
    account = request.exchange.credentials.account_sid
    url = request.exchange.recordings.url(recording)
    over = recording.status == "completed"
    return {
        "sid": recording.sid,
        "account_sid": account,
        "call_sid": recording.call_sid,
        "conference_sid": None,
        "status": recording.status,
        "duration": str(request.exchange.recordings.duration(recording)) if over else None,
        "channels": recording.channels,
        "source": recording.source,
        "track": recording.track,
        "start_time": rfc2822(recording.started_at),
        "price": None,
        "price_unit": "USD",
        "media_url": url,
        "encryption_details": None,
        "error_code": None,
        "api_version": API,
        "date_created": rfc2822(recording.started_at),
        "date_updated": rfc2822(recording.started_at),
        "uri": f"/{API}/Accounts/{account}/Recordings/{recording.sid}.json",
        "subresource_uris": {},
    }
