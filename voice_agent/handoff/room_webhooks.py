"""What Twilio asks about the room in which a caller and a person meet, from the caller's side of it.

The person is there first and the caller is brought to them. Should the person's leg die in that moment the caller is
not left alone: Twilio's question what they hear meanwhile tells us, and they wait on in the queue.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from starlette.responses import Response

from voice_agent.errors import StoreUnavailable
from voice_agent.handoff.caller_webhooks import kept, xml
from voice_agent.handoff.dispatch import Dispatch
from voice_agent.handoff.outcomes import State, Step
from voice_agent.handoff.placing import Placing
from voice_agent.twilio import twiml
from voice_agent.twilio.telephony import OVER

Form = dict[str, str]
Handler = Callable[[Form], Awaitable[Response]]

log = logging.getLogger(__name__)


class RoomWebhooks:
    def __init__(self, dispatch: Dispatch, placing: Placing) -> None:
        self._dispatch = dispatch
        self._documents = dispatch.documents
        self._placing = placing

    def table(self) -> dict[str, Handler]:
        placing = self._placing
        return {
            "/twilio/transfer/join": kept(self.join, placing.into_the_room),
            "/twilio/transfer/room-wait": kept(self.wait, placing.until_they_come),
            "/twilio/transfer/alone": kept(self.alone, placing.into_the_queue),
            "/twilio/transfer/talked": kept(self.talked, placing.after_an_unknown_talk),
            "/twilio/transfer/room": self.happened,
        }

    async def join(self, form: Form) -> Response:
        """REST sent the caller out of the queue: into the room where the person is."""
        found = await self._dispatch.find(form.get("key", ""))
        if found is None:
            return xml(twiml.hang_up())
        waiting, attempt = found
        if waiting.accepted_key != attempt.key:
            return xml(await self._placing.as_wished(waiting))
        return xml(await self._placing.join(waiting, attempt, self._dispatch.line_of(waiting)))

    async def wait(self, form: Form) -> Response:
        """What the caller hears while they are the only one there: the person is a moment away, or gone."""
        found = await self._dispatch.find(form.get("key", ""))
        if found is None:
            return xml(self._placing.until_they_come(form))
        waiting, attempt = found
        line = self._dispatch.line_of(waiting)
        if attempt.open or waiting.accepted_key != attempt.key:
            return xml(self._documents.moment(line, waiting.lang, self._placing.say(waiting, "transfer.joining")))
        self._dispatch.later(self._dispatch.rescue(attempt.key), patient=True)
        return xml(self._documents.moment(line, waiting.lang, self._placing.say(waiting, "transfer.press_star")))

    async def alone(self, form: Form) -> Response:
        """REST took the caller out of a room in which nobody was."""
        found = await self._dispatch.find(form.get("key", ""))
        if found is None:
            return xml(self._placing.into_the_queue(form))
        waiting, attempt = found
        if waiting.state is State.OVER:
            return xml(self._placing.agent_again(waiting, "transfer.anything_else"))
        if waiting.accepted_key != attempt.key:
            return xml(await self._placing.as_wished(waiting))
        if waiting.state is State.CONNECTED:  # they had met, and only Twilio's own question did not come
            return xml(await self._placing.after_talk(waiting))
        return xml(await self._placing.wait_on(waiting, attempt.key))

    async def talked(self, form: Form) -> Response:
        """The conversation with the person is over; whoever is still there gets the agent again."""
        found = await self._dispatch.find(form.get("key", ""))
        if found is None:
            return xml(twiml.hang_up())
        if form.get("CallStatus") in OVER:
            await self._placing.ended(found[0].call_sid)
            return xml(twiml.response())
        waiting, attempt = found
        if waiting.state is State.ACCEPTED and not attempt.open:
            return xml(await self._placing.wait_on(waiting, attempt.key))  # by the star: there was nobody to talk to
        return xml(await self._placing.after_talk(waiting))

    async def happened(self, form: Form) -> Response:
        """Conference events. A room starts with the second one in it: from then on the two hear each other."""
        key = form.get("key", "")
        if form.get("StatusCallbackEvent") != "conference-start":
            return Response(status_code=204)
        try:
            found = await self._dispatch.find(key)
            if found is not None and found[1].step is Step.JOINING:
                await self._dispatch.connected(key)
        except StoreUnavailable as error:
            log.warning("a conversation was not noted", extra={"why": str(error)})
        return Response(status_code=204)
