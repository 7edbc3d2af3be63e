"""An outbound call until it is answered: it rings at a leg of ours or at an outside phone, and may not be answered."""

import asyncio
from typing import TYPE_CHECKING

from . import happenings as happened
from .flow import HungUp
from .person import NobodyListens
from .timing import Timing

if TYPE_CHECKING:
    from .call import EmulatedCall


SPEAKS_WITHIN = 60.0
"""Seconds that somebody who answered waits for anything to listen: an application's first document may be slow."""


async def be_answered(call: "EmulatedCall") -> None:
    """Rings until somebody or something answers, and detects a machine if that was asked. Raises HungUp."""
    call.reports.report("initiated")
    call.set_status("ringing", event="ringing")
    if call.far_leg is not None:
        await _far_leg_answers(call, call.far_leg)
    else:
        await _phone_answers(call)
    phone = call.options.phone
    if call.options.machine_detection:
        call.answer()
        await call.pause(phone.detection_seconds)
        call.answered_by = phone.answered_by(call.options.machine_detection)
    call.answer()
    for digit in call.options.send_digits:
        await call.pause(_tone_seconds(call.timing, digit))
        call.agent_sent_tones(digit)


async def speak_first(call: "EmulatedCall") -> None:
    """Whoever answers may speak up, and press keys, as soon as something listens."""
    words, keys = call.options.phone.says, call.options.phone.presses
    try:
        if words:
            await call.say(words, patience=SPEAKS_WITHIN)
        if keys:
            await call.press(keys, patience=SPEAKS_WITHIN)
        if call.options.phone.hangs_up:
            call.hang_up()
    except NobodyListens:
        call.note(happened.CallerSpoke(text=words, heard=False))


async def _far_leg_answers(call: "EmulatedCall", far: "EmulatedCall") -> None:
    ringing = far.journal.until(lambda entry: far.answered or far.over)
    try:
        await call.unless_interrupted(call.clock.within(call.options.ring_limit, ringing))
    except TimeoutError:
        raise HungUp("nobody answered in time", "no-answer") from None
    if not far.answered:
        raise HungUp("the called number did not answer", far.status if far.over else "no-answer")


async def _phone_answers(call: "EmulatedCall") -> None:
    phone, limit = call.options.phone, call.options.ring_limit
    if phone.answer == "manual":
        await _somebody_decides(call, limit)
        return
    rings = phone.after
    if rings is None:
        rings = limit if phone.answer == "no_answer" else call.timing.ring
    await call.pause(min(rings, limit))
    if phone.outcome is not None:
        raise HungUp(f"the phone: {phone.answer}", phone.outcome)
    if rings > limit:
        raise HungUp("nobody answered in time", "no-answer")


async def _somebody_decides(call: "EmulatedCall", limit: float) -> None:
    """Rings until the phone is answered or declined over the controls, or nobody is there."""
    call.doorbell = asyncio.get_running_loop().create_future()
    try:
        taken = await call.unless_interrupted(call.clock.within(limit, _word(call.doorbell)))
    except TimeoutError:
        raise HungUp("nobody answered in time", "no-answer") from None
    finally:
        call.doorbell = None
    if not taken:
        raise HungUp("the phone: declined", "busy")


async def _word(doorbell: "asyncio.Future[bool]") -> bool:
    return await doorbell


def _tone_seconds(timing: Timing, digit: str) -> float:
    """`w` is half a second, `W` a whole one (sheet section 7.2)."""
    return {"w": timing.per_pause, "W": 2 * timing.per_pause}.get(digit, timing.per_key)
