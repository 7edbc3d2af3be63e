"""Makes a facade that talks to a scripted org, with time-outs short enough for a test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from voice_agent.salesforce.client import Salesforce
from voice_agent.salesforce.credentials import Credentials
from voice_agent.salesforce.limits import Timeouts

SECRET = Credentials(domain="acme.my", client_id="key", client_secret="not-a-real-secret")
SHORT = Timeouts(connect=0.5, read=0.4, write=0.4, sign_in=0.5)
PATIENT = Timeouts(connect=2.0, read=8.0, write=8.0, sign_in=8.0)


class Clock:
    """Monotonic seconds that move only when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def facade(
    url: str,
    *,
    timeouts: Timeouts = PATIENT,
    credentials: Credentials = SECRET,
    clock: Clock | None = None,
    threads: int = 12,
) -> AsyncIterator[Salesforce]:
    salesforce = Salesforce(
        credentials,
        api_base_url=url,
        timeouts=timeouts,
        threads=threads,
        clock=clock or Clock(),
        jitter=lambda low, high: 0.0,
    )
    try:
        yield salesforce
    finally:
        await salesforce.close()
