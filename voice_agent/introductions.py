"""Who is on the line, found out while the call goes on: looked up by number, proven by key, and put on record."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from voice_agent.call.actions import CheckSecret
from voice_agent.call.events import Announced, SecretChecked
from voice_agent.recalling import Past

if TYPE_CHECKING:
    from voice_agent.session import Session

MOST_VISITS_NOTED = 3


class Introductions:
    """Of one call. `admitted` tells whether the pilot takes this caller, once it is known who they are."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def look_up(self) -> None:
        await self._session.identity.identify()
        self.note()
        self._classic_route()

    async def again(self, past: Past) -> None:
        """In a call that another process held before: what was proven there holds for a while."""
        await self.look_up()
        if past.kept is not None:
            await self._session.identity.restore(past.kept, self._session.around.wall())
            self.note()

    async def check(self, order: CheckSecret) -> None:
        session, identity = self._session, self._session.identity
        checked = await identity.check(order.digits)
        speak = session.line.speaker(session.call.lang)
        say = speak(checked.phrase, name=identity.first_name, left=str(checked.left))
        note = f"The caller proved who they are: {identity.first_name}." if checked.accepted else ""
        session.note("secret", accepted=checked.accepted, level=int(identity.grant.level), proof=identity.grant.proof)
        if checked.accepted:
            self.note()
            if (kept := identity.kept(session.around.wall())) is not None:
                session.note("proven", **{name: value for name, value in asdict(kept).items() if name != "at"})
        session.post(SecretChecked(checked.accepted, say, note, checked.ask, checked.locked, at=session.now()))
        if checked.accepted:
            self._classic_route()

    def _classic_route(self) -> None:
        """Callers outside the pilot are the business of people, once it is known who they are."""
        session = self._session
        if not session.admitted():
            say = session.phrase("gateway.outside_pilot")
            session.post(Announced(say, then_hand_off="outside_pilot", at=session.now()))

    def note(self) -> None:
        """Who is on the line as far as we know: what a summary and a console may show beside the caller's own words."""
        identity = self._session.identity
        grant, context = identity.grant, identity.context
        who = grant.technician or grant.contact
        visits = context.of(grant.contact)[:MOST_VISITS_NOTED] if context is not None and grant.contact else ()
        territories = [
            *(grant.technician.territory_ids if grant.technician is not None else ()),
            *(
                visit.territory_id
                for visit in (context.appointments if context is not None else ())
                if visit.territory_id
            ),
        ]
        self._session.note(
            "identified",
            role=grant.role,
            level=int(grant.level),
            technician=grant.technician is not None,
            record_id=who and who.id,
            name=who.name if who is not None else "",
            account=grant.contact.account_name if grant.contact is not None else "",
            visits=[
                {
                    "id": visit.id,
                    "number": visit.number,
                    "status": visit.status,
                    "about": visit.subject or visit.work_type,
                    "when": visit.window_start and f"{visit.window_start.astimezone(ZoneInfo(visit.zone)):%d %b %H:%M}",
                }
                for visit in visits
            ],
            territory=territories[0] if territories else "",
        )
