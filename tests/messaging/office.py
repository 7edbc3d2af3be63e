"""A store, the emulated org and the emulated Twilio, and the texts between them: everything real but the clock."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.salesforce.emulated_org import EmulatedOrg
from tests.twilio_emulator.processes import emulator as twilio_emulator
from voice_agent import lines as line_files
from voice_agent.clients import salesforce_of
from voice_agent.errors import VoiceAgentError
from voice_agent.jobs import Outbox
from voice_agent.messaging import kept
from voice_agent.messaging.arriving import Arrivals
from voice_agent.messaging.consent import record_consent
from voice_agent.messaging.kept import KeptText
from voice_agent.messaging.outbox import send_text
from voice_agent.messaging.setting_up import texts_of
from voice_agent.messaging.texts import Recipient, Taken
from voice_agent.salesforce.field_service import FieldService
from voice_agent.settings import Settings, parse
from voice_agent.store import Store
from voice_agent.twilio.rest import TwilioRest
from voice_agent.workshop import InMemory, Workshop

LINE = "+13125550100"
MARIA, STALE, QUOTED = "+18475550103", "+14805550103", "+18475550104"
NOON = 1_795_629_600.0
"""Wednesday 25 November 2026, 12:00 in Chicago: day everywhere in the United States."""
NIGHT = NOON + 12 * 3600.0
JOBS = {"send_text": send_text, "record_consent": record_consent}
TWILIO_SECONDS = 0.6
"""How long an answer of the emulated Twilio is waited for: faults that hang are found out quickly."""


@dataclass
class EmulatedTwilio:
    url: str
    info: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.info = self.control("info")["twilio"]

    def control(self, what: str, body: Any = None, method: str = "") -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/emulator/{what}", data, method=method or None)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def fault(self, match: str, name: str, **more: Any) -> None:
        self.control("faults", [{"match": match, "fault": name, "times": 1, **more}])

    def clear(self) -> None:
        self.control("faults", method="DELETE")

    def texts(self, number: str = "") -> list[dict[str, Any]]:
        """Texts that were really made, oldest first."""
        return [
            entry
            for entry in self.control("ledger")
            if entry["effect"] == "message_sent" and (not number or entry["to"] == number)
        ]

    def codes(self, number: str) -> list[str]:
        return [
            str(entry["code"])
            for entry in self.control("ledger")
            if entry["effect"] == "verification_sent" and entry["to"] == number
        ]


@contextmanager
def emulated_twilio() -> Iterator[EmulatedTwilio]:
    with twilio_emulator() as url:
        twilio = EmulatedTwilio(url)
        account = twilio.info["account_sid"]
        form = f"PhoneNumber=%2B{LINE[1:]}&FriendlyName=customer".encode()
        request = urllib.request.Request(f"{url}/2010-04-01/Accounts/{account}/IncomingPhoneNumbers.json", form)
        token = b64encode(f"{account}:{twilio.info['auth_token']}".encode()).decode()
        request.add_header("Authorization", f"Basic {token}")
        urllib.request.urlopen(request, timeout=10).close()
        yield twilio


@dataclass
class Office:
    workshop: Workshop
    store: Store
    now: float = NOON

    def __post_init__(self) -> None:
        w = self.workshop
        self.texts = texts_of(w.settings, self.store, w.salesforce, w.lines, wall=lambda: self.now)
        self.arrivals = Arrivals(self.store, self.texts)

    async def wants(self, template: str, to: Recipient, key: str = "k1", **values: str) -> Taken:
        call_sid, lang = values.pop("call_sid", ""), values.pop("lang", "en")
        return await self.texts.send(template, to, key=key, values=values, lang=lang, sender=LINE, call_sid=call_sid)

    async def work(self) -> list[Any]:
        """Do every job that is due, once, as a worker would; what fails stays wanted and is given as its error."""
        outbox, done = Outbox(self.store, now=lambda: self.now), list[Any]()
        for wanted in outbox.waiting():
            if wanted.due > self.now:
                continue
            try:
                done.append(await JOBS[wanted.name](self.workshop, wanted.key, wanted.data))
            except VoiceAgentError as error:
                done.append(error)
            else:
                outbox.taken([wanted])
        return done

    def kept(self, key: str = "k1") -> KeptText:
        text = self.store.look_now(lambda connection: kept.read(connection, key))
        assert text is not None
        return text


def settings(org_url: str, twilio: EmulatedTwilio, database_url: str, **changes: str) -> Settings:
    given = {
        "PUBLIC_URL": "http://127.0.0.1:9",
        "SECRET_KEY": "0123456789abcdef" * 2,
        "DATABASE_URL": database_url,
        "TWILIO_ACCOUNT_SID": twilio.info["account_sid"],
        "TWILIO_AUTH_TOKEN": twilio.info["auth_token"],
        "TWILIO_API_BASE_URL": twilio.url,
        "TWILIO_VERIFY_SERVICE_SID": twilio.info["verify_service_sid"],
        "SALESFORCE_DOMAIN": "acme.my",
        "SALESFORCE_CLIENT_ID": "3MVG9brightwaterVoiceAgentDemo",
        "SALESFORCE_CLIENT_SECRET": "brightwater-demo-client-secret",
        "SALESFORCE_API_BASE_URL": org_url,
        "AUTONOMOUS_SENDS": "on",
    }
    return parse(given | changes, demo=True)


@asynccontextmanager
async def office(
    org: EmulatedOrg, twilio: EmulatedTwilio, folder: Path, *, database_url: str = "", **changes: str
) -> AsyncIterator[Office]:
    """One opened in this loop; the store's file stays behind, so that it can be opened again after a restart."""
    chosen = settings(org.url, twilio, database_url or f"sqlite:///{folder / 'store.sqlite3'}", **changes)
    store = Store(chosen.database_url)
    store.prepare()
    salesforce = salesforce_of(chosen)
    workshop = Workshop(
        settings=chosen,
        store=store,
        jobs=Outbox(store, now=lambda: opened.now),
        lines=line_files.load(),
        salesforce=salesforce,
        field=FieldService(salesforce, now=lambda: org.now),
        twilio=rest(chosen),
        engine=InMemory(),
        now=lambda: opened.now,
    )
    opened = Office(workshop, store)
    try:
        yield opened
    finally:
        await salesforce.close()
        await asyncio.to_thread(store.close)


def rest(chosen: Settings, seconds: float = TWILIO_SECONDS) -> TwilioRest:
    return TwilioRest(
        account_sid=chosen.twilio_account_sid,
        user=chosen.twilio_account_sid,
        secret=chosen.twilio_auth_token,
        base_url=chosen.twilio_api_base_url,
        seconds=seconds,
    )
