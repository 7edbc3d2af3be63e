"""Runs the campaign in several processes, each with an org of its own; what was played before can be taken over."""

from __future__ import annotations

import asyncio
import json
import logging
import multiprocessing
import queue
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from tests.campaign.conversations import Conversation
from tests.campaign.judging import Verdict
from tests.campaign.playing import Cell, play_all
from tests.salesforce.emulated_org import emulator

SILENT_SECONDS = 120.0
"""A worker that reports nothing for so long has died."""


class WorkerLost(Exception):
    """A process ended before its conversations did."""


def cells(conversations: Sequence[Conversation], noise: Sequence[float], seeds: int) -> list[Cell]:
    """Every conversation at every rate, seed after seed; within one in an order that spreads the slow ones."""
    found: list[Cell] = []
    for seed in range(seeds):
        once = [Cell(one, rate, seed) for rate in noise for one in conversations]
        random.Random(f"order {seed}").shuffle(once)
        found += once
    return found


def run(todo: Sequence[Cell], workers: int, keep: Path | None) -> Iterator[Verdict]:
    """Verdicts as they come. Those in `keep` are not played again; new ones are added to it."""
    kept = _kept(keep, {cell.key for cell in todo})
    yield from kept.values()
    left = [cell for cell in todo if cell.key not in kept]
    if not left:
        return
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[Verdict | None] = context.Queue()
    processes = [context.Process(target=_work, args=(left[n::workers], results)) for n in range(workers)]
    for process in processes:
        process.start()
    try:
        for verdict in _gather(results, processes):
            if keep is not None:
                with keep.open("a") as file:
                    file.write(json.dumps(asdict(verdict)) + "\n")
            yield verdict
    finally:
        for process in processes:
            process.join(10)
            process.terminate()


def _gather(
    results: multiprocessing.Queue[Verdict | None], processes: Sequence[multiprocessing.process.BaseProcess]
) -> Iterator[Verdict]:
    ended = 0
    while ended < len(processes):
        try:
            verdict = results.get(timeout=SILENT_SECONDS)
        except queue.Empty:
            raise WorkerLost("no verdict came for two minutes") from None
        if verdict is None:
            ended += 1
        else:
            yield verdict


def _work(todo: Sequence[Cell], results: multiprocessing.Queue[Verdict | None]) -> None:
    logging.disable(logging.CRITICAL)
    try:
        asyncio.run(_play(todo, results))
    finally:
        results.put(None)


async def _play(todo: Sequence[Cell], results: multiprocessing.Queue[Verdict | None]) -> None:
    with emulator() as org:
        async for verdict in play_all(org, todo):
            if verdict.end == "reached":
                verdict.transcript = []
            results.put(verdict)


def _kept(keep: Path | None, wanted: set[str]) -> dict[str, Verdict]:
    if keep is None or not keep.exists():
        return {}
    rows = (Verdict(**json.loads(line)) for line in keep.read_text().splitlines())
    return {key: row for row in rows if (key := f"{row.title}|{row.noise}|{row.seed}") in wanted}
