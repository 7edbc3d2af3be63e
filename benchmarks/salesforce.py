"""What Salesforce costs us, and what the emulated org bears: calls per conversation, client CPU and wall, throughput.

Run by hand from the root of the checkout: `python -m benchmarks.salesforce`. Takes about fifteen seconds. The org is a
process of its own, so that CPU figures are the client's alone; both share the machine with whatever else runs there.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from rich.console import Console
from rich.table import Table

from tests.salesforce.emulated_org import EmulatedOrg, emulator
from tests.salesforce.speaking import CALL, Speaking, a_customer, a_technician
from tests.salesforce.test_questions import ALEX, HELEN, MARIA, field_service, spent
from voice_agent.emergency import EmergencyDesk
from voice_agent.salesforce.field_service import FieldService

PIN = "482913"
SECONDS = 1.5
"""Of each measurement of throughput."""
LOADED = 10_000


@dataclass(frozen=True, slots=True)
class Cost:
    """One conversation or one question, as the client saw it."""

    what: str
    calls: float
    cpu_ms: float
    wall_ms: float


# Conversations: the four jobs through the real tools, from the ring to the sentence that closes them.


async def eta(org: EmulatedOrg, service: FieldService) -> None:
    asks = await a_customer(org, service, HELEN)
    await asks.hears("eta")


async def reschedule(org: EmulatedOrg, service: FieldService) -> None:
    asks = await a_customer(org, service, MARIA)
    await asks.hears("free_slots")
    await asks.hears("reschedule", slot="slot 2")
    await done(asks)


async def report(org: EmulatedOrg, service: FieldService) -> None:
    asks = await a_technician(org, service, ALEX, PIN)
    parts = [{"part": "flame sensor", "quantity": 1}]
    await asks.hears("update_job", job="4512", status="completed", parts=parts)
    await done(asks)


async def emergency(org: EmulatedOrg, service: FieldService) -> None:
    asks = await a_customer(org, service, MARIA)
    desk = EmergencyDesk(service, lambda plan, key, audit: service.commit(plan, key=key, audit=audit))
    heard, _ = await desk.record(
        hazard="gas", words="I smell gas", grant=asks.identity.grant, call_sid=CALL, speak=asks.phrase
    )
    assert heard == asks.phrase("emergency.recorded"), heard


async def done(asks: Speaking) -> None:
    heard = await asks.yes()
    assert heard.startswith(("Done", "That's booked")), heard


JOBS: dict[str, Callable[[EmulatedOrg, FieldService], Awaitable[None]]] = {
    "arrival time": eta,
    "reschedule": reschedule,
    "technician's report with a part": report,
    "emergency": emergency,
}


async def conversations(org: EmulatedOrg) -> list[Cost]:
    costs = []
    for name, job in JOBS.items():
        org.reset()
        async with field_service(org) as service:
            await service.warm_up()
            calls, cpu, wall = spent(service), time.process_time(), time.perf_counter()
            await job(org, service)
            costs.append(
                Cost(
                    name,
                    spent(service) - calls,
                    (time.process_time() - cpu) * 1000,
                    (time.perf_counter() - wall) * 1000,
                )
            )
    return costs


# One call of the client.


async def one_call(org: EmulatedOrg) -> list[Cost]:
    org.reset()
    async with field_service(org) as service:
        await service.warm_up()
        facade = service._salesforce

        async def query() -> object:
            return await facade.query("SELECT Id, Name FROM Account LIMIT 5")

        async def context() -> object:
            return await service.caller_context(MARIA)

        return [
            await measured("query of five rows, one at a time", query, 1),
            await measured("query of five rows, 16 at once", query, 16),
            await measured("caller context (composite), one at a time", context, 1),
            await measured("caller context (composite), 16 at once", context, 16),
        ]


async def measured(what: str, ask: Callable[[], Awaitable[object]], at_once: int) -> Cost:
    """Mean CPU and median wall of one call, with so many callers that ask again as soon as they are answered."""
    walls: list[float] = []
    until = time.perf_counter() + SECONDS

    async def caller() -> None:
        while (began := time.perf_counter()) < until:
            await ask()
            walls.append((time.perf_counter() - began) * 1000)

    cpu = time.process_time()
    await asyncio.gather(*(caller() for _ in range(at_once)))
    return Cost(what, len(walls) / SECONDS, (time.process_time() - cpu) * 1000 / len(walls), statistics.median(walls))


# The emulated org, asked as plainly as HTTP allows.


class Plain:
    """One kept connection with a token."""

    def __init__(self, org: EmulatedOrg) -> None:
        told = org.info["salesforce"]
        self._connection = http.client.HTTPConnection(urlsplit(org.url).netloc)
        form = {"grant_type": "client_credentials", "client_id": told["client_id"]}
        body = urlencode({**form, "client_secret": told["client_secret"]})
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        self._connection.request("POST", "/services/oauth2/token", body, kind)
        self._token = json.loads(self._connection.getresponse().read())["access_token"]

    def __call__(self, method: str, path: str, body: str | None = None, kind: str = "application/json") -> bytes:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": kind}
        self._connection.request(method, f"/services/data/v67.0/{path}", body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        assert answer.status < 300, content
        return content

    def per_second(self, method: str, path: str, body: Callable[[int], str] | None = None) -> float:
        count, began = 0, time.perf_counter()
        while time.perf_counter() < began + SECONDS:
            self(method, path, body(count) if body else None)
            count += 1
        return count / (time.perf_counter() - began)

    def load(self, records: int) -> float:
        """Seconds that a bulk job takes for so many new accounts."""
        rows = "Name,Phone\n" + "".join(f"Loaded {n},(312) 555-{n % 10000:04d}\n" for n in range(records))
        began = time.perf_counter()
        job = json.loads(self("POST", "jobs/ingest", json.dumps({"object": "Account", "operation": "insert"})))["id"]
        self("PUT", f"jobs/ingest/{job}/batches", rows, "text/csv")
        self("PATCH", f"jobs/ingest/{job}", json.dumps({"state": "UploadComplete"}))
        while (state := json.loads(self("GET", f"jobs/ingest/{job}")))["state"] != "JobComplete":
            assert state["state"] != "Failed", state
            time.sleep(0.05)
        assert int(state["numberRecordsProcessed"]) == records
        return time.perf_counter() - began


def throughput(org: EmulatedOrg) -> list[tuple[str, str]]:
    org.reset()
    ask = Plain(org)
    visit = org.rows("SELECT Id FROM ServiceAppointment LIMIT 1")[0]["Id"]
    query = "query?q=" + quote("SELECT Id, Name, Account.Name FROM Contact WHERE Phone_E164__c != null LIMIT 5")
    part = {"method": "GET", "url": f"/services/data/v67.0/{query}"}
    composite = json.dumps({"compositeRequest": [{**part, "referenceId": f"q{n}"} for n in range(5)]})
    return [
        ("query", f"{ask.per_second('GET', query):,.0f} a second"),
        ("composite of five queries", f"{ask.per_second('POST', 'composite', lambda n: composite):,.0f} a second"),
        (
            "update of an appointment",
            f"{ask.per_second('PATCH', f'sobjects/ServiceAppointment/{visit}', _subject):,.0f} a second",
        ),
        (f"bulk load of {LOADED:,} records", f"{ask.load(LOADED):.1f} s"),
    ]


def _subject(n: int) -> str:
    return json.dumps({"Subject": f"Edit {n}"})


def main() -> None:
    console = Console()
    with emulator() as org:
        talks = asyncio.run(conversations(org))
        table = Table("conversation", "calls", "client CPU ms", "wall ms", title="Salesforce calls per conversation")
        for cost in talks:
            table.add_row(cost.what, f"{cost.calls:.0f}", f"{cost.cpu_ms:.0f}", f"{cost.wall_ms:.0f}")
        table.add_row("average", f"{statistics.mean(cost.calls for cost in talks):.2f}", "", "")
        console.print(table)
        table = Table("one call", "calls a second", "client CPU ms", "median wall ms", title="The client")
        for cost in asyncio.run(one_call(org)):
            table.add_row(cost.what, f"{cost.calls:,.0f}", f"{cost.cpu_ms:.2f}", f"{cost.wall_ms:.2f}")
        console.print(table)
        table = Table("request", "throughput", title="The emulated org, one connection")
        for row in throughput(org):
            table.add_row(*row)
        console.print(table)


if __name__ == "__main__":
    main()
