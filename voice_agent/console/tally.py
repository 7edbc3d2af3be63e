"""The few figures in the console's frame: live calls, waiting callers, open approvals."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from voice_agent.console.desk import Desk


@dataclass(frozen=True, slots=True)
class Tally:
    live: int
    waiting: int
    emergencies: int
    slow: int
    approvals: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


async def tally(desk: Desk) -> Tally:
    live = [view for view in desk.watch.calls.values() if view.live]
    return Tally(
        live=len(live),
        waiting=await desk.board.alone(),
        emergencies=sum(bool(view.emergency) for view in live),
        slow=sum((view.latency_ms or 0.0) > desk.overrides.current.slow_ms for view in live),
        approvals=len(await desk.board.pending()),
    )
