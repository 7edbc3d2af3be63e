"""Puts the server together: settings to clients, clients to routes. The only place that imports tools and prompts."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import aiohttp
import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from tools import CONTROLS, TOOLS
from tools import recalling as recalling_tools
from voice_agent import approval_rules, call_rows
from voice_agent import lines as line_files
from voice_agent.agent.ladder import Ladder
from voice_agent.agent.model import Breathe, Emit, Model, ReplyRequest, Usage, at_ease
from voice_agent.agent.offline import OfflineModel
from voice_agent.agent.openai import OpenAIModel, connector, timeouts
from voice_agent.agent.tool import Tool
from voice_agent.agent.toolbox import Toolbox
from voice_agent.allowance import allowance
from voice_agent.approval_desk import ApprovalDesk
from voice_agent.approvals import Approvals
from voice_agent.audit import audit_of
from voice_agent.audited import AuditedWriter, keep
from voice_agent.calls import Calls, Ticket, Tickets
from voice_agent.clients import salesforce_of, twilio_of
from voice_agent.console.sources import StoredJournal
from voice_agent.console.wiring import Console, console
from voice_agent.draining import Drain
from voice_agent.emergency import EmergencyDesk, Paging
from voice_agent.errors import ConfigurationError, StoreUnavailable, VoiceAgentError, WireError
from voice_agent.handoff.dispatch import Dispatch
from voice_agent.handoff.wiring import transfers
from voice_agent.history import History
from voice_agent.identity import Identity
from voice_agent.intents import ExactlyOnce, Intents
from voice_agent.jobs import Jobs, Outbox
from voice_agent.journal import Journal
from voice_agent.language import read
from voice_agent.lines import Line, Lines
from voice_agent.messaging.arriving import Arrivals
from voice_agent.messaging.calling import codes_of, texter_of
from voice_agent.messaging.setting_up import tallies_of, texts_of
from voice_agent.overrides import Overrides
from voice_agent.paging import on_call
from voice_agent.paging.at_once import page_now_of
from voice_agent.paging.webhooks import PageWebhooks
from voice_agent.pilot import Pilot
from voice_agent.places import PlacesInStore
from voice_agent.proofs import Proofs
from voice_agent.recalling import Recalling
from voice_agent.revising import Revising
from voice_agent.salesforce.client import Salesforce
from voice_agent.salesforce.field_service import FieldService
from voice_agent.salesforce.listening import listen
from voice_agent.session import Session
from voice_agent.settings import Settings
from voice_agent.sockets import Front, RelayEndpoint
from voice_agent.store import Store
from voice_agent.surroundings import Surroundings, Wards
from voice_agent.webhooks import Webhooks

SWEEP_SECONDS = 30.0
WARD_SECONDS = 10.0
PROPOSALS_A_SOCKET = 1_000
"""A process that takes a call over counts on from here: what is proposed again is no repeat of what was before."""
STORE_SECONDS = 5.0
"""Between two attempts to open a store that cannot be opened."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Services:
    """What the process holds while it runs; `app.state.services`."""

    settings: Settings
    lines: Lines
    calls: Calls
    tickets: Tickets
    journal: Journal
    salesforce: Salesforce
    field: FieldService
    model: Model
    wards: Wards
    store: Store
    jobs: Jobs
    history: History
    console: Console
    dispatch: Dispatch


def build(settings: Settings, *, model: Model | None = None, more: Sequence[BaseRoute] = ()) -> Starlette:
    """The ASGI application. `model` replaces the ladder (tests script it); `more` are the demo's routes.

    ConfigurationError when the prompts folder or a tool name is wrong; nothing is connected to yet.
    """
    lines = line_files.load(settings.prompts_dir or None, emergency_number=settings.emergency_number)
    tools = {tool.name: tool for tool in TOOLS}
    offered = {line.name: _offered(line, tools) for line in lines.lines}
    journal, wards = Journal(), Wards()
    store = Store(settings.database_url)
    audit = audit_of(settings)
    jobs, history = Outbox(store), History(store, also=(keep(audit), call_rows.ask))
    loop_time = time.monotonic
    calls = Calls(loop_time)
    tickets = Tickets(settings.secret_key or settings.twilio_auth_token, time.time)
    salesforce = salesforce_of(settings)
    field = FieldService(salesforce, now=lambda: datetime.now().astimezone())

    once = ExactlyOnce(Intents(store), field)
    write = AuditedWriter(once, audit)
    recalling = Recalling(history, once.intents, write)
    rest = twilio_of(settings)
    tallies = tallies_of(settings, store)
    overrides = Overrides(store, settings)
    texts = texts_of(settings, store, salesforce, lines, sends=lambda: overrides.current.sends)
    spend = allowance(tallies)
    drain = Drain(calls, tickets, settings.drain_seconds)
    approvals, rules = Approvals(store, audit), approval_rules.load(settings.prompts_dir or None)
    pilot = Pilot(lambda: overrides.current.pilot)
    ladder = Later()

    def line_of(call_sid: str) -> str:
        session = calls.get(call_sid)
        return session.line.name if session is not None else lines.lines[0].name

    on = on_call.load(settings.prompts_dir or None)
    paging = Paging(store, line_of, page_now_of(settings, lines, on)) if on else None
    around = Surroundings(
        model=model or ladder,
        journal=journal,
        wards=wards,
        emergencies=EmergencyDesk(field, partial(write, without_store=True), paging),
        field=field,
        now=lambda line: datetime.now(line.zone),
        wall=time.time,
        recalling=recalling,
        draining=lambda: drain.on,
        refuse_texts=partial(texts.say, allowed=False, source="said on the phone"),
    )

    def open_session(ticket: Ticket) -> Session:
        line = lines.by_name(ticket.line)
        if line is None:
            raise WireError("the ticket's line is gone")
        past = calls.past(ticket.call_sid)
        number = _number(ticket.caller)
        identity = Identity(
            field,
            number=number,
            attestation=ticket.attestation,
            line=line.role,
            codes=codes_of(settings, rest, texts, line),
            proofs=Proofs(tallies, call_sid=ticket.call_sid, number=number, reachable=texts.rules.reachable),
        )
        toolbox = Toolbox(
            {name: tool for name, tool in tools.items() if name in line.tool_names},
            line=line.role,
            call_sid=ticket.call_sid,
            writer=write,
            clock=time.monotonic,
            phase=lambda: overrides.current.phase,
            texts=texter_of(texts, line, ticket.call_sid),
            in_pilot=lambda grant: pilot.admits(grant, identity.context),
            spend=spend,
            approver=ApprovalDesk(approvals, rules, sender=line.number, sends=lambda: overrides.current.sends),
            proposed=past.sockets * PROPOSALS_A_SOCKET if past is not None else 0,
        )

        def admitted() -> bool:
            return pilot.admits(identity.grant, identity.context)

        session = Session(ticket.call_sid, line, identity, toolbox, around, offered[line.name], admitted)
        if past is not None:
            session.takes_up(past)
        return session

    wording = Later()
    people = transfers(settings, lines, store, jobs, calls, tickets, lambda: wording.model)
    revising = Revising(approvals, rules, tools, recalling_tools, field, lines)
    pages = console(
        settings,
        lines,
        store,
        StoredJournal(store, history, journal),
        calls,
        salesforce,
        overrides,
        people.dispatch,
        approvals,
        revising,
        stopping=lambda: bool(app.state.stopping),
    )
    services = Services(
        settings,
        lines,
        calls,
        tickets,
        journal,
        salesforce,
        field,
        around.model,
        wards,
        store,
        jobs,
        history,
        pages,
        people.dispatch,
    )
    asked = {**people.webhooks, **PageWebhooks(settings, lines, store, calls, on).table()}
    webhooks = Webhooks(
        settings,
        lines,
        calls,
        tickets,
        journal,
        people.callers,
        asked,
        Arrivals(store, texts),
        wards,
        recalling,
        lambda: overrides.current.lines_off,
        lambda: drain.on,
    )
    relay_endpoint = RelayEndpoint(settings, calls, tickets, open_session)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        offline = OfflineModel(lines.phrases, lines.values)
        for lang in lines.phrases:  # its grammars are made when first used: not under the first caller
            read("where is my technician", lang=lang, now=datetime.now().astimezone())
        async with aiohttp.ClientSession(connector=connector(), timeout=timeouts()) as http:
            models: list[Model] = [
                OpenAIModel(http, base_url=base, model=name, api_key=key)
                for base, name, key in settings.model_endpoints
            ]
            ladder.model = Ladder([*models, offline])
            wording.model = next(iter(models), None)
            opening = asyncio.create_task(_open(store))
            await asyncio.wait({opening}, timeout=STORE_SECONDS)  # no longer: calls are taken without a store, too
            background = [
                opening,
                asyncio.create_task(history.keep(journal)),
                asyncio.create_task(pages.run()),
                asyncio.create_task(_warm_up(field)),
                asyncio.create_task(listen(salesforce, field, PlacesInStore(store), also=approvals.heard)),
                asyncio.create_task(pilot.learn(salesforce)),
                asyncio.create_task(_sweep(calls)),
            ]
            gc.collect()
            gc.freeze()  # what start-up made lives as long as the process: never walk it again
            gc.set_threshold(50_000, 20, 50)
            try:
                yield
            finally:
                for task in background:
                    task.cancel()
                if not await wards.wait(WARD_SECONDS):
                    log.error("some writes had not ended when the process stopped")
                await people.dispatch.close()
                await salesforce.close()
                with contextlib.suppress(StoreUnavailable):
                    await history.flush(journal)
                await asyncio.to_thread(store.close)

    app = Starlette(
        routes=[
            *webhooks.routes(),
            WebSocketRoute("/twilio/relay", relay_endpoint),
            *people.routes,
            Route("/health/live", _live),
            Route("/health/ready", _ready),
            Route("/metrics", _metrics),
            *pages.routes,
            *more,
        ],
        lifespan=lifespan,
    )
    app.state.services = services
    app.state.front = Front(app, relay_endpoint)
    app.state.stopping = False
    app.state.drain = drain
    app.state.ready = asyncio.Event()
    app.state.ready.set()
    return app


class Later:
    """Stands for the ladder until the event loop runs and its connections can be made."""

    model: Model | None = None

    @property
    def name(self) -> str:
        return self.model.name if self.model is not None else "not started"

    async def reply(self, request: ReplyRequest, emit: Emit, breathe: Breathe = at_ease) -> Usage:
        assert self.model is not None, "the application has not started"
        return await self.model.reply(request, emit, breathe)


def _offered(line: Line, tools: Mapping[str, Tool]) -> bytes:
    """The tools of a line as the model sees them, serialised once."""
    controls = {schema["function"]["name"]: schema for schema in CONTROLS}
    if unknown := sorted(line.tool_names - set(tools) - set(controls)):
        there_are = ", ".join(sorted({*tools, *controls}))
        raise ConfigurationError(f"lines.toml: line {line.name}: tools names {unknown[0]!r}; there are {there_are}")
    chosen = [tool.schema for name, tool in tools.items() if name in line.tool_names]
    return orjson.dumps([*chosen, *(schema for name, schema in controls.items() if name in line.tool_names)])


def _number(caller: str) -> str:
    """E.164 or nothing: withheld numbers come as words, SIP and client callers as addresses."""
    return caller if caller.startswith("+") and caller[1:].isdigit() and 8 <= len(caller) <= 16 else ""


async def _open(store: Store) -> None:
    """Make the tables. While that fails calls are taken and emergencies passed on, and no change is promised."""
    while True:
        try:
            await asyncio.to_thread(store.prepare)
            return
        except ConfigurationError as error:
            log.critical("the store cannot be opened; nothing can be saved", extra={"why": str(error)})
        await asyncio.sleep(STORE_SECONDS)


async def _warm_up(field: FieldService) -> None:
    """Sign in and open connections while nobody is waiting. A failure is a line in the log, no refusal to start."""
    try:
        await field.warm_up()
    except VoiceAgentError as error:
        log.warning("salesforce is not reachable yet", extra={"error": type(error).__name__, "why": str(error)})


async def _sweep(calls: Calls) -> None:
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        calls.sweep()


async def _live(request: Request) -> Response:
    return PlainTextResponse("ok")


async def _ready(request: Request) -> Response:
    """Ready to take calls. An unreachable org or model is reported, and no reason to send callers away."""
    services: Services = request.app.state.services
    drain: Drain = request.app.state.drain
    ready = request.app.state.ready.is_set() and not drain.on
    body = {
        "ready": ready,
        "draining": drain.on,
        "calls": len(services.calls),
        "model": services.model.name,
        "salesforce": "signed in" if services.salesforce.sign_ins else "not signed in yet",
    }
    return JSONResponse(body, 200 if ready else 503)


async def _metrics(request: Request) -> Response:
    services: Services = request.app.state.services
    text = (
        "# HELP voice_agent_calls Calls held by this process.\n# TYPE voice_agent_calls gauge\n"
        f"voice_agent_calls {len(services.calls)}\n"
        "# HELP voice_agent_salesforce_calls Requests sent to Salesforce.\n"
        "# TYPE voice_agent_salesforce_calls counter\n"
        f"voice_agent_salesforce_calls_total {services.salesforce.calls}\n"
    )
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4")
