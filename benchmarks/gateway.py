"""How long the gateway adds to a tool call and to a streamed word, without any network: `python -m benchmarks.gateway`.

The tools here answer at once, so all that is left is what is decided about the call: the table, the schema, where each
value comes from, the second reading, what the model is shown.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import perf_counter_ns
from typing import Any, cast

from tools import TOOLS
from voice_agent import lines
from voice_agent.agent.context import ToolContext
from voice_agent.agent.tool import Answer, Change, Tool
from voice_agent.agent.toolbox import Toolbox
from voice_agent.grants import Grant, Level
from voice_agent.language.vetting import Vetting
from voice_agent.salesforce.field_service import FieldService
from voice_agent.salesforce.plans import Committed, WritePlan

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
BEFORE = (
    "hi it's alex", "what's on today", "job 4512 please", "I'm on my way", "which parts does it call for",
    "ok the customer is not at home yet", "I'll wait outside", "can you tell me the address again",
    "right I'm inside now", "the flame sensor was dirty", "I replaced it",
)  # fmt: skip
SAID = "mark job 4512 as completed, I used two flame sensors"
WORDS = "Your technician Sam should be with you between two and four this afternoon. Is there anything else?".split()
VISITS = {"status": "found", "visits": [{"visit": "visit 1", "about": "furnace tune-up", "state": "Scheduled"}] * 4}


def at_once(tool: Tool) -> Tool:
    """The same tool to the gateway, with nothing behind it."""

    async def run(ctx: ToolContext, **arguments: Any) -> Answer | Change:
        return Change(WritePlan("note", (), ()), "Is that right?", "Done.") if tool.writes else Answer(VISITS, "Here.")

    return replace(tool, run=run)


async def write(plan: WritePlan, key: str, audit: Mapping[str, Any]) -> Committed:
    return Committed("applied", key)


def asking(line: str, tool: str, arguments: Mapping[str, Any]) -> Callable[[], Any]:
    here = next(one for one in lines.load().lines if one.role == line)
    text, made = json.dumps(arguments), {one.name: at_once(one) for one in TOOLS}
    grant = Grant(role=line, level=Level.PROVEN, number="+13125550188")
    said = (*BEFORE, SAID)
    context = ToolContext(
        grant=grant, field=cast(FieldService, None), now=NOW, lang="en", speak=here.speaker("en"), said=said,
        call_sid="CA1", line=line, asked=("What else can I do?",) * len(said), turn=len(said),
    )  # fmt: skip

    moments = itertools.count()

    async def ask() -> None:
        box = Toolbox(made, line=line, call_sid="CA1", writer=write, clock=lambda: 0.0)
        now = NOW + timedelta(microseconds=next(moments))  # a turn of its own: nothing is read already
        outcome = await box.run(tool, text, replace(context, now=now))
        assert '"failed"' not in outcome.content, outcome.content

    return ask


async def timed(name: str, work: Callable[[], Any], rounds: int) -> None:
    spent = []
    for _ in range(rounds + 20):
        began = perf_counter_ns()
        await work()
        spent.append((perf_counter_ns() - began) / 1e6)
    spent = sorted(spent[20:])
    p50, p95, p99 = (spent[int(len(spent) * share)] for share in (0.5, 0.95, 0.99))
    sys.stdout.write(f"{name:44} p50 {p50:7.3f}   p95 {p95:7.3f}   p99 {p99:7.3f} ms   ({len(spent)} times)\n")


def words_vetted(rounds: int) -> float:
    """Microseconds a streamed word takes more."""
    began = perf_counter_ns()
    for _ in range(rounds):
        vetting = Vetting("en", lambda tools: False, lambda word: False, lambda fault: "", mark="bolitarekun")
        for word in WORDS:
            vetting.feed(f" {word}")
        vetting.flush()
    return (perf_counter_ns() - began) / 1e3 / rounds / len(WORDS)


async def run(rounds: int) -> None:
    job = {"job": "4512", "status": "completed", "parts": [{"part": "flame sensor", "quantity": 2}]}
    await timed("a read", asking("customer", "my_visits", {}), rounds)
    await timed("a refusal", refused(), rounds)
    await timed("a change of three values, twelve turns in", asking("technician", "update_job", job), rounds)
    await timed("a change without values", asking("customer", "confirm_visit", {}), rounds)
    sys.stdout.write(f"{'a word of the model vetted':44} {words_vetted(rounds):.2f} us\n")


def refused() -> Callable[[], Any]:
    box = Toolbox({one.name: one for one in TOOLS}, line="customer", call_sid="CA1", writer=write, clock=lambda: 0.0)
    here = lines.load().lines[0]
    context = ToolContext(
        grant=Grant(), field=cast(FieldService, None), now=NOW, lang="en", speak=here.speaker("en"), said=(SAID,),
        call_sid="CA1", line="customer",
    )  # fmt: skip

    async def ask() -> None:
        outcome = await box.run("cancel_visit", "{}", context)
        assert '"failed"' in outcome.content

    return ask


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gateway", description=__doc__)
    parser.add_argument("--rounds", type=int, default=500, help="times each is done (default 500)")
    logging.disable(logging.CRITICAL)
    asyncio.run(run(parser.parse_args().rounds))


if __name__ == "__main__":
    main()
