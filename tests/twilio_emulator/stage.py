"""Puts an emulated call and a scripted application on one virtual-time stage."""

from collections.abc import Mapping
from typing import Any

from voice_agent.demo.twilio.call import EmulatedCall
from voice_agent.demo.twilio.clock import Clock
from voice_agent.demo.twilio.exchange import Credentials, Exchange
from voice_agent.demo.twilio.options import CallOptions

from .application import ACCOUNT, BASE, CALLER, LINE, TOKEN, Application
from .in_memory import InMemoryNetwork


class Stage:
    """One account with one line whose application is scripted. Times are virtual milliseconds."""

    def __init__(self, application: Application, line: Mapping[str, str] | None = None) -> None:
        self.application = application
        self.network = InMemoryNetwork(application.app)
        self.clock = Clock()
        self.exchange = Exchange(
            Credentials(account_sid=ACCOUNT, auth_token=TOKEN),
            clock=self.clock,
            http=self.network,
            connect_ws=self.network.connect,
        )
        settings = {"voice_url": f"{BASE}/voice", "status_callback": f"{BASE}/status", **(line or {})}
        self.exchange.add_number(LINE, **settings)

    async def call(self, **options: Any) -> EmulatedCall:
        """An incoming call from an outside phone."""
        return await self.exchange.incoming(CALLER, LINE, "TN-Validation-Passed-A", CallOptions(**options))

    async def outgoing(self, to: str, url: str = f"{BASE}/outbound", **options: Any) -> EmulatedCall:
        return await self.exchange.outgoing(LINE, to, url, CallOptions(direction="outbound-api", **options))
