"""Puts the console together: its desk, its guard, its pages. The application adds the routes and runs it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from voice_agent.approvals import Approvals
from voice_agent.audit import audit_of
from voice_agent.calls import Calls
from voice_agent.console import (
    acts,
    api,
    control,
    deciding,
    editing,
    now,
    numbers,
    openid,
    past,
    people,
    records,
    signing_in,
    users,
)
from voice_agent.console.board import Board
from voice_agent.console.desk import Desk
from voice_agent.console.digests import Digests
from voice_agent.console.guard import Guard
from voice_agent.console.rendering import STATIC
from voice_agent.console.sources import Source
from voice_agent.console.territories import Territories
from voice_agent.console.tokens import Tokens
from voice_agent.console.users import Role, Users
from voice_agent.console.watch import Watch
from voice_agent.errors import ConfigurationError, StoreUnavailable
from voice_agent.handoff.dispatch import Dispatch
from voice_agent.lines import Lines
from voice_agent.orders import Orders
from voice_agent.overrides import Overrides
from voice_agent.revising import Revising
from voice_agent.salesforce.client import Salesforce
from voice_agent.settings import Settings
from voice_agent.store import Store

DEMO_PHONE = "+13125550190"
"""Where the demo's dispatcher is rung; the emulated Twilio has a person there who answers."""
DEMO_USER = ("demo", "demo-console")
"""The demo's account, filled in on its sign-in page. It exists in the demo's own store only, on this machine only."""


@dataclass(frozen=True, slots=True)
class Console:
    desk: Desk
    routes: list[BaseRoute]
    open: asyncio.Event
    """Set once the demo's account exists; at once outside the demo."""

    async def run(self) -> None:
        """What the console does beside answering requests, until it is cancelled. The store must be prepared."""
        try:
            if self.desk.settings.demo:
                await self._let_the_demo_in()
            self.open.set()
            await asyncio.gather(self.desk.orders.obey(), self.desk.overrides.run(), self.desk.digests.catch_up())
        finally:
            await self.desk.watch.stop()

    async def _let_the_demo_in(self) -> None:
        name, password = DEMO_USER
        while True:
            try:
                add = partial(users.add, self.desk.store, name, Role.ADMIN, password, phone=DEMO_PHONE)
                await asyncio.to_thread(add)
                return
            except ConfigurationError:  # the account is there: a store that was named outlives the demo
                return
            except StoreUnavailable:
                await asyncio.sleep(1.0)


def console(
    settings: Settings,
    lines: Lines,
    store: Store,
    source: Source,
    calls: Calls,
    salesforce: Salesforce,
    overrides: Overrides,
    dispatch: Dispatch,
    approvals: Approvals,
    revising: Revising,
    *,
    stopping: Callable[[], bool],
) -> Console:
    audit = audit_of(settings)
    desk = Desk(
        settings=settings,
        lines=lines,
        store=store,
        users=Users(store, audit),
        source=source,
        watch=Watch(source),
        digests=Digests(store, source),
        dispatch=dispatch,
        approvals=approvals,
        revising=revising,
        board=Board(dispatch, approvals),
        orders=Orders(store, calls, time.time),
        overrides=overrides,
        audit=audit,
        tokens=Tokens(store),
        territories=Territories(salesforce, time.time),
        wall=time.time,
        stopping=stopping,
    )
    guard = Guard(desk)
    routes: list[BaseRoute] = [
        Mount("/console/static", Files(directory=STATIC)),
        *signing_in.routes(desk, guard, DEMO_USER if settings.demo else None),
        *openid.routes(desk, guard),
        *people.routes(desk, guard),
        *deciding.routes(desk, guard),
        *editing.routes(desk, guard),
        *past.routes(desk, guard),
        *numbers.routes(desk, guard),
        *now.routes(desk, guard),
        *acts.routes(desk, guard),
        *records.routes(guard, salesforce),
        *control.routes(desk, guard),
        *api.routes(desk),
    ]
    return Console(desk, routes, asyncio.Event())


class Files(StaticFiles):
    """Scripts, styles and icons; asked for with the version in the address, so they may be kept."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Cache-Control"] = "no-cache"
        return answer
