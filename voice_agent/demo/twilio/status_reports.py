"""Status callbacks: where a call has got to, told to whoever asked (sheet section 4.5)."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from . import forms
from . import happenings as happened
from .webhook import WebhookFailed

if TYPE_CHECKING:
    from .call import EmulatedCall

SHUFFLED_BY = 0.8
"""Seconds by which every second callback is late under the fault `shuffle`."""

_SHOWN = {"initiated": "initiated", "ringing": "ringing", "answered": "in-progress"}
"""CallStatus by the name of the event; for `completed` it is the call's last status."""


class StatusReports:
    """Numbers a call's callbacks from 0 and sends those that are wanted; an inbound call only reports its end."""

    def __init__(self, call: "EmulatedCall") -> None:
        self._call = call
        self._sequence = 0
        self._errands: set[asyncio.Task[None]] = set()

    def report(self, event: str) -> None:
        """`event` is one of initiated, ringing, answered, completed."""
        call, options = self._call, self._call.options
        inbound = options.direction == "inbound"
        if inbound and event != "completed":
            return
        sequence, self._sequence = self._sequence, self._sequence + 1
        wanted = event in ({"completed"} if inbound else options.status_events)
        if not options.status_callback or not wanted:
            return
        extra = forms.status_fields(sequence, call.clock.utc(), call.seconds if event == "completed" else None)
        form = call.fields({**extra, "CallStatus": _SHOWN.get(event, call.status)})
        errand = asyncio.create_task(self._send(form, sequence))
        self._errands.add(errand)
        errand.add_done_callback(self._errands.discard)

    async def all_sent(self) -> None:
        while self._errands:
            await asyncio.wait(self._errands)

    def cancel(self) -> None:
        for errand in self._errands:
            errand.cancel()

    async def _send(self, form: Mapping[str, str], sequence: int) -> None:
        call, url = self._call, self._call.options.status_callback
        faults = {rule.name for rule in call.faults.take_all("STATUS", url)}
        if "shuffle" in faults and sequence % 2 == 0:
            await call.clock.sleep(SHUFFLED_BY)
        for _ in range(2 if "duplicate" in faults else 1):
            try:
                await call.webhooks.send("status", url, form, call.note, call.options.status_callback_method)
            except WebhookFailed as failed:
                call.note(happened.AlertRaised(code=failed.code, text=str(failed), url=url))
