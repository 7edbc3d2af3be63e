"""The page of numbers: what the calls of a period come to, by day, line and territory; all of it from the journal."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from voice_agent.console import charts
from voice_agent.console.charts import Series
from voice_agent.console.desk import Desk
from voice_agent.console.digest import Digest
from voice_agent.console.figures import Figures, by, day_of, figures, reasons
from voice_agent.console.guard import Guard
from voice_agent.console.users import Role, Visitor

PERIODS = {"today": 1, "7 days": 7, "30 days": 30, "90 days": 90}


def routes(desk: Desk, guard: Guard) -> list[BaseRoute]:
    async def show(request: Request, visitor: Visitor) -> Response:
        asked = request.query_params
        period = asked.get("period", "7 days")
        period = period if period in PERIODS else "7 days"
        line = asked.get("line", "")
        days = _days(desk, PERIODS[period])
        since = datetime.fromisoformat(days[0]).replace(tzinfo=desk.zone).timestamp()
        every = await desk.digests.since(since)
        calls = [call for call in every if not line or call.line == line]
        names = await desk.territories.names()
        prices = desk.overrides.current
        groups = {
            "line": by(calls, lambda call: call.line.replace("_", " ")),
            "territory": by(calls, lambda call: names.get(call.territory, "") or "not known"),
            "day": by(calls, lambda call: day_of(call, desk.zone)),
        }
        return desk.page(
            request,
            visitor,
            "numbers.html",
            title="Numbers",
            period=period,
            periods=PERIODS,
            line=line,
            lines=desk.lines.lines,
            all=figures(calls, prices, around=every),
            tables={
                what: [(name, figures(group, prices, around=every)) for name, group in sorted(groups[what].items())]
                for what in ("line", "territory", "day")
            },
            charts=pictures(calls, days, desk, prices) if calls else {},
            prices=prices,
        )

    return [Route("/console/numbers", guard.page(show, Role.SUPERVISOR))]


def pictures(calls: list[Digest], days: list[str], desk: Desk, prices: Any) -> dict[str, Any]:
    daily = by(calls, lambda call: day_of(call, desk.zone))
    each: list[Figures] = [figures(daily.get(day, []), prices, around=calls) for day in days]
    labels = [f"{datetime.fromisoformat(day).day} {datetime.fromisoformat(day):%b}" for day in days]
    outcomes = [
        Series(name, [float(sum(call.outcome == key for call in daily.get(day, []))) for day in days], tone)
        for key, name, tone in (
            ("resolved", "resolved", "one"),
            ("contained", "contained", "three"),
            ("person", "to a person", "two"),
            ("emergency", "emergency", "bad"),
            ("wordless", "wordless", "quiet"),
        )
    ]
    found = reasons(calls)
    return {
        "outcomes": charts.columns(labels, outcomes, unit="", title="Calls by outcome"),
        "shares": charts.lines(
            labels,
            [
                Series("containment", [one.containment for one in each], "three"),
                Series("autonomous resolution", [one.resolution for one in each], "one"),
                Series("wrong containment", [one.wrong_containment for one in each], "bad"),
            ],
            unit="%",
            top=1.0,
            title="Containment and autonomous resolution",
        ),
        "latency": charts.lines(
            labels,
            [
                Series("p50", [one.latency_p50 for one in each], "one"),
                Series("p95", [one.latency_p95 for one in each], "two"),
                Series("p99", [one.latency_p99 for one in each], "bad"),
            ],
            unit="ms",
            title="Time to first words",
        ),
        "changes": charts.lines(
            labels,
            [
                Series("p50", [one.schedule_change_p50 for one in each], "one"),
                Series("p95", [one.schedule_change_p95 for one in each], "two"),
            ],
            unit="s",
            title="From wish to changed schedule",
        ),
        "cost": charts.lines(
            labels, [Series("per call", [one.cost_per_call for one in each], "one")], unit="$", title="Cost of a call"
        ),
        "reasons": charts.bars(
            [(reason.replace("_", " "), float(count), str(count)) for reason, count in found[:8]],
            title="Why persons were asked in",
        )
        if found
        else None,
    }


def _days(desk: Desk, count: int) -> list[str]:
    today = datetime.fromtimestamp(desk.wall(), desk.zone)
    return [(today - timedelta(days=back)).strftime("%Y-%m-%d") for back in reversed(range(count))]
