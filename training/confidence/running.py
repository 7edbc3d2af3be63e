"""Plays many simulated calls in several processes, each with an org of its own; what was played can be kept."""

from __future__ import annotations

import asyncio
import json
import logging
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.salesforce.emulated_org import emulator
from training.confidence.calls import SimulatedCall
from training.confidence.playing import Played, Row, play_all
from voice_agent.call.confidence import Judge

CHUNK = 60


def run(
    todo: Sequence[SimulatedCall], inner: Judge | None, *, labels: bool, workers: int, keep: Path | None = None
) -> list[Played]:
    """All of them, in the order of `todo`. Calls found in `keep` are not played again."""
    known = {one.key: one for one in todo}
    done = {played.call.key: played for played in _kept(keep, known)}
    left = [one for one in todo if one.key not in done]
    chunks = [left[start : start + CHUNK] for start in range(0, len(left), CHUNK)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        for found in pool.map(_work, chunks, [inner] * len(chunks), [labels] * len(chunks)):
            _keep(keep, found)
            done |= {played.call.key: played for played in found}
    return [done[one.key] for one in todo]


def _work(chunk: Sequence[SimulatedCall], inner: Judge | None, labels: bool) -> list[Played]:
    logging.disable(logging.CRITICAL)
    return asyncio.run(_play(chunk, inner, labels))


async def _play(chunk: Sequence[SimulatedCall], inner: Judge | None, labels: bool) -> list[Played]:
    with emulator() as org:
        found = [played async for played in play_all(org, chunk, inner, labels=labels)]
    for played in found:
        played.transcript = []
    return found


def _keep(keep: Path | None, found: Sequence[Played]) -> None:
    if keep is not None:
        with keep.open("a") as file:
            for played in found:
                file.write(json.dumps({**_plain(played), "key": played.call.key}) + "\n")


def _plain(played: Played) -> dict[str, Any]:
    return {
        "end": played.end,
        "why": played.why,
        "left": played.left,
        "asked_person": played.asked_person,
        "turns": played.turns,
        "wrong": played.wrong,
        "rows": [asdict(row) for row in played.rows],
    }


def _kept(keep: Path | None, known: dict[str, SimulatedCall]) -> Iterator[Played]:
    if keep is None or not keep.exists():
        return
    for line in keep.read_text().splitlines():
        data = json.loads(line)
        if (one := known.get(data.pop("key"))) is not None:
            rows = [Row(**row) for row in data.pop("rows")]
            yield Played(one, **data, rows=rows)
