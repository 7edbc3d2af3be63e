"""`<Gather>`: keys or one utterance from the caller, while nested words play."""

import asyncio
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from . import happenings as happened
from .clock import Timer
from .flow import Fetch, Next
from .speaking import pause, play, say, whole
from .twiml import Document, text_of

if TYPE_CHECKING:
    from .call import EmulatedCall

CONFIDENCE = "0.91234565"
"""Every utterance is recognised word for word here, with one figure for how sure the recogniser is."""


class Gathering:
    """Collects what the person does until it is enough; `done` is set then."""

    def __init__(self, call: "EmulatedCall", element: Element) -> None:
        given = element.get("input", "dtmf").split()
        self._call = call
        self._keys_count = "dtmf" in given
        self._speech_counts = "speech" in given
        self._finish_key = element.get("finishOnKey", "#")
        self._most = whole(element.get("numDigits"), 0)
        self._timeout = whole(element.get("timeout"), 5)
        self._timer: Timer | None = None
        self.digits = ""
        self.finished_on = ""
        self.speech: str | None = None
        self.done = asyncio.Event()
        self.begun = asyncio.Event()

    def press(self, key: str) -> None:
        if not self._keys_count or self.done.is_set():
            return
        self.begun.set()
        if key == self._finish_key:
            self.finished_on = key
            self.done.set()
            return
        self.digits += key
        if self._most and len(self.digits) >= self._most:
            self.done.set()
        else:
            self.wait()

    def speak(self, text: str) -> None:
        if not self._speech_counts or self.done.is_set():
            return
        self.begun.set()
        if self._timer is not None:
            self._timer.cancel()
        timing = self._call.timing
        spoken = timing.first_word + timing.per_word * len(text.split()) + timing.last_partial_to_final
        self._timer = self._call.clock.call_later(spoken, lambda: self._understood(text))

    def wait(self) -> None:
        """Starts the time-out anew: it counts from the end of the prompt and from each key."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._call.clock.call_later(self._timeout, self.done.set)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _understood(self, text: str) -> None:
        self.speech = text
        self._call.note(happened.CallerFinal(text=text))
        self.done.set()


async def gather(call: "EmulatedCall", element: Element, document: Document) -> Next | None:
    """Gives the `action` document with `Digits` or `SpeechResult`; None when nothing came in time.

    `action` defaults to the document's own URL. With `actionOnEmptyResult` it is asked in any case.
    """
    call.answer()
    gathering = Gathering(call, element)
    try:
        with call.listen_with(gathering):
            barge_in = element.get("bargeIn", "true") != "false"
            prompt = asyncio.ensure_future(_prompt(call, element, document))
            stopper = asyncio.ensure_future(gathering.begun.wait() if barge_in else asyncio.Event().wait())
            try:
                await asyncio.wait({prompt, stopper}, return_when=asyncio.FIRST_COMPLETED)
                if prompt.done():
                    prompt.result()
            finally:
                for task in (prompt, stopper):
                    task.cancel()
                await asyncio.wait({prompt, stopper})
            if not gathering.begun.is_set():
                gathering.wait()
            await call.unless_interrupted(gathering.done.wait())
    finally:
        gathering.stop()
    if gathering.speech is not None:
        fields = {"SpeechResult": gathering.speech, "Confidence": CONFIDENCE}
    elif gathering.digits or gathering.finished_on or element.get("actionOnEmptyResult") == "true":
        # `msg` and `FinishedOnKey` stand in the recorded form (idle-digits, busy-digits).
        fields = {"msg": "Gather End", "Digits": gathering.digits, "FinishedOnKey": gathering.finished_on}
    else:
        return None
    return Fetch(document.resolve(element.get("action", "")), element.get("method", "POST"), "gather", fields)


async def _prompt(call: "EmulatedCall", element: Element, document: Document) -> None:
    for child in element:
        call.note(happened.VerbStarted(verb=child.tag, attributes=dict(child.attrib), text=text_of(child)[:1000]))
        match child.tag:
            case "Say":
                await say(call, child, document)
            case "Play":
                await play(call, child, document)
            case "Pause":
                await pause(call, child, document)
            case other:
                call.note(happened.AlertRaised(code=12200, text=f"<{other}> may not stand in <Gather>"))
