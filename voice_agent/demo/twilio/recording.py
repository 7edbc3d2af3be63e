"""`<Record>`, `<Start><Recording>` and `<Stop><Recording>` (sheet sections 4.4 and 7.3)."""

import asyncio
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from . import happenings as happened
from .clock import Timer
from .flow import Fetch, HungUp, Next
from .recordings import Callback
from .speaking import whole
from .twiml import Document, NotBuilt

if TYPE_CHECKING:
    from .call import EmulatedCall

MOST_SECONDS = 3600


class Dictation:
    """What listens while `<Record>` runs: speech keeps it going, silence or a finishing key ends it."""

    def __init__(self, call: "EmulatedCall", element: Element) -> None:
        self._call = call
        self._finish_on = element.get("finishOnKey", "1234567890*#")
        self._silence = whole(element.get("timeout"), 5)
        self._timer: Timer | None = None
        self.spoken: list[str] = []
        self.key = ""
        self.done = asyncio.Event()
        self._wait(self._silence)

    def speak(self, text: str) -> None:
        self.spoken.append(text)
        self._call.note(happened.CallerFinal(text=text))
        self._wait(self._call.timing.per_word * len(text.split()) + self._silence)

    def press(self, key: str) -> None:
        if key in self._finish_on:
            self.key = key
            self.done.set()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _wait(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._call.clock.call_later(seconds, self.done.set)


async def record(call: "EmulatedCall", element: Element, document: Document) -> Next | None:
    """Gives the `action` document with the recording; None when nothing was said, as Twilio does.

    A hang-up ends the recording too, and the action is told with `Digits=hangup`.
    """
    if call.exchange is None:
        raise NotBuilt("Record")
    if element.get("transcribe") == "true":
        raise NotBuilt("Transcription")
    call.answer()
    recordings = call.exchange.recordings
    running = recordings.start(call, "RecordVerb", _callback(element, document))
    dictation = Dictation(call, element)
    longest = whole(element.get("maxLength"), MOST_SECONDS)
    gone: HungUp | None = None
    try:
        with call.listen_with(dictation):
            await call.unless_interrupted(call.clock.within(longest, dictation.done.wait()))
    except TimeoutError:
        pass
    except HungUp as hung_up:
        gone = hung_up
    finally:
        dictation.stop()
        recordings.stop(running)
    if gone is None and not dictation.spoken and not dictation.key:
        return None
    fields = {
        "RecordingUrl": recordings.url(running),
        "RecordingSid": running.sid,
        "RecordingDuration": str(recordings.duration(running)),
        "Digits": "hangup" if gone is not None else dictation.key,
    }
    action = document.resolve(element.get("action", ""))
    fetch = Fetch(action, element.get("method", "POST"), "action", fields)
    if gone is not None:
        await call.tell(fetch)
        raise gone
    return fetch


async def start(call: "EmulatedCall", element: Element, document: Document) -> Next | None:
    """Starts what goes on beside the verbs that follow: recordings; streams and the rest are not built."""
    for child in element:
        if child.tag != "Recording" or call.exchange is None:
            raise NotBuilt("Start")
        call.answer()
        call.exchange.recordings.start(
            call,
            "StartCallRecordingTwiML",
            _callback(child, document),
            channels=1 if child.get("channels") == "mono" else 2,
            track=child.get("track", "both"),
        )
    return None


async def stop(call: "EmulatedCall", element: Element, document: Document) -> Next | None:
    for child in element:
        if child.tag != "Recording" or call.exchange is None:
            raise NotBuilt("Stop")
        running = call.exchange.recordings.current(call.sid)
        if running is not None:
            call.exchange.recordings.stop(running)
    return None


def _callback(element: Element, document: Document) -> Callback:
    url = element.get("recordingStatusCallback")
    events = frozenset(element.get("recordingStatusCallbackEvent", "completed").split())
    return Callback(document.resolve(url) if url else "", element.get("recordingStatusCallbackMethod", "POST"), events)
