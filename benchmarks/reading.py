"""How long the parts that run in every turn take, without any network: `python -m benchmarks.reading`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from time import perf_counter_ns
from typing import Any
from zoneinfo import ZoneInfo

from training.held_out import read_set
from voice_agent import lines
from voice_agent.agent.model import ReplyRequest, Situation
from voice_agent.agent.offline import OfflineModel
from voice_agent.language import read
from voice_agent.language.urgency import read_urgency

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=ZoneInfo("America/Chicago"))
OFFERED = "I have these times. Number 1: Thursday. Number 2: Friday. Which one suits you?"


def timed(name: str, work: Callable[[str], Any], texts: Sequence[str], rounds: int) -> None:
    """Prints p50, p95 and p99 in milliseconds over all `texts`, read `rounds` times after one to warm up."""
    for text in texts:
        work(text)
    spent = []
    for _ in range(rounds):
        for text in texts:
            began = perf_counter_ns()
            work(text)
            spent.append((perf_counter_ns() - began) / 1e6)
    spent.sort()
    p50, p95, p99 = (spent[int(len(spent) * share)] for share in (0.5, 0.95, 0.99))
    sys.stdout.write(f"{name:34} p50 {p50:7.3f}   p95 {p95:7.3f}   p99 {p99:7.3f} ms   ({len(spent)} times)\n")


def offline_turn() -> Callable[[str], None]:
    """A whole answer of the offline model to the last of twenty-one messages."""
    loaded = lines.load()
    model = OfflineModel(loaded.phrases, loaded.values)
    before = [
        {"role": "user", "content": "i need to move my appointment to thursday afternoon"},
        {"role": "assistant", "content": OFFERED},
    ] * 10
    situation = Situation(line="customer", now=NOW, role="customer")
    tools = frozenset().union(*(line.tool_names for line in loaded.lines))
    loop = asyncio.new_event_loop()

    def answer(text: str) -> None:
        messages = [*before, {"role": "user", "content": text}]
        request = ReplyRequest(situation, messages, b"[]", tool_names=tools)
        loop.run_until_complete(model.reply(request, lambda _piece: None))

    return answer


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reading", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="times over all sentences (default 3)")
    rounds = parser.parse_args().rounds
    texts = [sentence.text for sentence in read_set("urgency_test")]
    timed("triage", read_urgency, texts, rounds)
    timed("intent, without slots (hot path)", lambda text: read(text, with_slots=False), texts, rounds)
    timed("intent with slots", read, texts, rounds)
    timed("offline model, whole turn", offline_turn(), texts[:200], rounds)


if __name__ == "__main__":
    main()
