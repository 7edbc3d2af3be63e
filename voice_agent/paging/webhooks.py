"""What Twilio asks about the phones of the people on call: what they hear, and whether they take it."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from urllib.parse import quote

from starlette.responses import Response

from voice_agent.call.events import Announced
from voice_agent.calls import Calls
from voice_agent.errors import StoreUnavailable
from voice_agent.language import spoken
from voice_agent.lines import Line, Lines
from voice_agent.paging.on_call import OnCall
from voice_agent.paging.pages import Page, find, of_now, take
from voice_agent.settings import Settings
from voice_agent.store import Store
from voice_agent.twilio import twiml

TAKE, REPEAT = "1", "3"
MOST_READINGS = 3
MACHINES = ("machine", "fax")

Form = dict[str, str]

log = logging.getLogger(__name__)


class PageWebhooks:
    def __init__(self, settings: Settings, lines: Lines, store: Store, calls: Calls, on: OnCall) -> None:
        self._settings = settings
        self._lines = lines
        self._store = store
        self._calls = calls
        self._names = {person.number: person.name for rung in on.rungs for person in rung.people}

    def table(self) -> dict[str, Callable[[Form], Awaitable[Response]]]:
        return {"/twilio/page/leg": self.leg, "/twilio/page/key": self.key, "/twilio/page/status": self.status}

    async def leg(self, form: Form) -> Response:
        """Somebody picked up. A machine hears it once and takes nothing."""
        page, _ = await self._find(form.get("key", ""))
        line = self._line(page)
        speak = line.speaker(line.script.lang)
        if page is None or page.state == "acknowledged":
            words = speak("page.taken", name=page.by) if page is not None else speak("page.gone")
            return xml(twiml.say(words, language=line.greets_in, hang_up=True))
        told = speak("page.told", hazard=speak(f"hazard.{page.hazard}"), number=self._number(page, line))
        if form.get("AnsweredBy", "").startswith(MACHINES):
            return xml(twiml.say(told, language=line.greets_in, hang_up=True))
        tries = int(form["tries"]) if form.get("tries", "").isdigit() else 0
        if tries >= MOST_READINGS:
            return xml(twiml.hang_up())
        again = self._url("/twilio/page/leg", form, tries + 1)
        return xml(
            twiml.ask(
                f"{told} {speak('page.keys')}",
                action=self._url("/twilio/page/key", form, tries),
                language=line.greets_in,
                hints="",
                then=again,
            )
        )

    async def key(self, form: Form) -> Response:
        """1 takes it: noted, the ladder stops, and the caller is told if they are still on the line."""
        if form.get("Digits") != TAKE:
            again = {**form, "tries": str(int(form["tries"]) + 1 if form.get("tries", "").isdigit() else 1)}
            return await self.leg(again)
        key, by = form.get("key", ""), self._names.get(form.get("who", ""), "On call")
        page, noted = await self._find(key)
        if page is None or (noted and not await self._mine(page, by)):
            return await self.leg(form)
        line = self._line(page)
        log.warning("a page was acknowledged", extra={"page": key})
        if (session := self._calls.get(page.call_sid)) is not None:
            session.note("page_acknowledged", hazard=page.hazard, by=by)
            words = session.line.speaker(session.call.lang)("emergency.acknowledged")
            session.announce(Announced(words, at=session.now()))
        thanks = line.speaker(line.script.lang)("page.thanks", number=self._number(page, line))
        return xml(twiml.say(thanks, language=line.greets_in, hang_up=True))

    async def _mine(self, page: Page, by: str) -> bool:
        try:
            return await self._store.run(lambda connection: take(connection, page.key, by, at=time.time()))
        except StoreUnavailable as error:
            log.critical("a page was taken and could not be noted", extra={"page": page.key, "why": str(error)})
            return True

    async def _find(self, key: str) -> tuple[Page | None, bool]:
        """The page, and whether it is the noted one: without a store its key and the live call say what must be."""
        try:
            return await self._store.look(lambda connection: find(connection, key)), True
        except StoreUnavailable:
            _, call_sid, hazard = (*key.split("-", 2), "", "")[:3]
            session = self._calls.get(call_sid)
            if session is None or not session.call.emergency:
                return None, False
            return of_now(
                call_sid, hazard, line=session.line.name, number=session.identity.grant.number, contact="", place=""
            ), False

    async def status(self, form: Form) -> Response:
        log.info("page", extra={"page": form.get("key", ""), "status": form.get("CallStatus", "")})
        return Response(status_code=204)

    def _line(self, page: Page | None) -> Line:
        return (self._lines.by_name(page.line) if page is not None else None) or self._lines.lines[0]

    def _number(self, page: Page, line: Line) -> str:
        speak = line.speaker(line.script.lang)
        return spoken.say_phone(page.number, line.script.lang) if page.number else speak("withheld.number")

    def _url(self, path: str, form: Form, tries: int) -> str:
        base = self._settings.public_url.rstrip("/")
        return f"{base}{path}?key={form.get('key', '')}&who={quote(form.get('who', ''), safe='')}&tries={tries}"


def xml(document: str) -> Response:
    return Response(document, media_type="text/xml")
