"""Makes a facade that talks to a scripted org, with time-outs short enough for a test; and runs an async test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any

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


def live(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Runs an async test on a loop of its own, with a bound."""

    @wraps(test)
    def run(*args: object, **kwargs: object) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(20):
                await test(*args, **kwargs)

        asyncio.run(bounded())

    return run
