"""`<Say>`, `<Play>` and `<Pause>`: what the caller hears without a relay session."""

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from . import happenings as happened
from .flow import Next
from .twiml import Document, text_of

if TYPE_CHECKING:
    from .call import EmulatedCall

MOST_LOOPS = 1000


async def say(call: "EmulatedCall", element: Element, document: Document) -> Next | None:
    """Speaks at the relay's rate: recorded once, 66 characters in about 4 s (end-then-say-hangup)."""
    call.answer()
    text = text_of(element)
    await call.pause(call.timing.say_start)
    for _ in range(_loops(element)):
        await speak(call, text)
    return None


async def speak(call: "EmulatedCall", text: str) -> None:
    call.note(happened.ClauseStarted(text=text, source="say"))
    began = call.clock.now()
    call.person.hears_speech = True
    finished = False
    try:
        await call.pause(call.timing.clause(text))
        finished = True
    finally:
        call.person.hears_speech = False
        share = (call.clock.now() - began) / call.timing.clause_per_character
        heard = text if finished else text[: int(share)].rpartition(" ")[0]
        call.note(happened.ClausePlayed(text=heard, cut=not finished, source="say"))
        call.agent_said(heard)


async def play(call: "EmulatedCall", element: Element, document: Document) -> Next | None:
    """Plays a file, or tones with `digits`. A file that cannot be fetched is alert 11200 and the next verb runs."""
    call.answer()
    digits = element.get("digits", "")
    if digits:
        await _play_tones(call, digits)
        return None
    url = document.resolve(text_of(element))
    seconds = await call.unless_interrupted(call.audio.seconds(url))
    if seconds is None:
        call.note(happened.AlertRaised(code=11200, text="the audio file could not be fetched", url=url))
        return None
    for _ in range(_loops(element)):
        # A file without sound must not make an endless loop spin.
        await call.pause(max(seconds, 0.05))
        call.note(happened.AudioPlayed(url=url, seconds=seconds))
    return None


async def _play_tones(call: "EmulatedCall", digits: str) -> None:
    for digit in digits:
        await call.pause(call.timing.per_pause if digit in "wW" else call.timing.per_key)
        call.agent_sent_tones(digit)
    call.note(happened.DigitsPlayed(digits=digits))


async def pause(call: "EmulatedCall", element: Element, document: Document) -> Next | None:
    call.answer()
    await call.pause(whole(element.get("length"), 1))
    return None


def whole(text: str | None, default: int) -> int:
    """An attribute that is a whole number; anything else counts as not given."""
    return int(text) if text is not None and text.strip().isdigit() else default


def _loops(element: Element) -> int:
    return whole(element.get("loop"), 1) or MOST_LOOPS
