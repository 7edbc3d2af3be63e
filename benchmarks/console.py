"""The page of live calls with many calls on it: weight, time until it can be used, and how smooth it stays.

A second process plays the calls: it writes what other servers would write, into the same store. `python -m
benchmarks.console [CALLS]` prints one line a figure; it needs Chromium.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.browser import ARGUMENTS, CHROMIUM
from tests.phone.running import demo
from voice_agent.console.wiring import DEMO_USER
from voice_agent.history import History
from voice_agent.journal import CallRecord, Journal
from voice_agent.store import Store

SECONDS = 12.0
TURN_SECONDS = 6.0
"""Each call has a turn this often: about seven entries."""
SAYINGS = ("Where is my technician?", "Can we move it to Thursday?", "I need to cancel my visit", "It is still leaking")
INTENTS = ("eta", "reschedule", "cancel", "new_problem")
ANSWER = "Your visit is planned for Tuesday between ten and noon, with Dana. Is there anything else I can do for you?"
FRAMES = """() => new Promise((done) => {
  const gaps = []; let before = performance.now();
  const step = (now) => {
    gaps.push(now - before);
    before = now;
    gaps.length < 300 ? requestAnimationFrame(step) : done(gaps);
  };
  requestAnimationFrame(step);
})"""


class Calls:
    """Another server with so many calls. `run` writes until it is told to stop."""

    def __init__(self, database_url: str, count: int) -> None:
        self._store = Store(database_url)
        self._history, self._journal = History(self._store), Journal()
        self._count = count
        self._random = random.Random(7)
        self.written = 0
        self.stopping = threading.Event()

    def begin(self) -> list[CallRecord]:
        records = []
        for number in range(self._count):
            sid = f"CA{number:032x}"
            record = self._journal.open(sid, "customer", wall=time.time())
            self._note(record, "call_started", caller=f"+1312555{number:04d}", line="customer", greeting="Hello.")
            self._note(record, "identified", role="customer", level=number % 3, name=f"Caller number {number}")
            records.append(record)
        return records

    def run(self) -> None:
        asyncio.run(self._run())

    async def _run(self) -> None:
        records, turn = self.begin(), 0
        await self._history.flush(self._journal)
        while not self.stopping.is_set():
            turn += 1
            for record in self._random.sample(records, len(records)):
                self._turn(record, turn)
                await asyncio.sleep(TURN_SECONDS / len(records))
                if len(self._journal.pending) > 40:
                    await self._history.flush(self._journal)
                if self.stopping.is_set():
                    break

    def _turn(self, record: CallRecord, turn: int) -> None:
        which = self._random.randrange(len(SAYINGS))
        self._note(record, "caller", turn=turn, text=SAYINGS[which], intent=INTENTS[which], confidence=0.9, lang="en")
        self._note(record, "tool", turn=turn, id=f"t{turn}", tool=INTENTS[which], arguments="{}")
        self._note(record, "tool_result", turn=turn, id=f"t{turn}", tool=INTENTS[which], ms=12.0, content="{}")
        self._note(record, "first_words", turn=turn, ms=round(self._random.uniform(20, 400), 1))
        self._note(record, "agent", turn=turn, text=ANSWER)
        self._note(record, "confidence", turn=turn, probability=0.93, reasons=["clear wish"])
        self._note(record, "played", text=ANSWER)

    def _note(self, record: CallRecord, kind: str, **values: Any) -> None:
        self._journal.write(record, kind, time.monotonic(), **values)
        self.written += 1


@contextmanager
def playing(database_url: str, count: int) -> Iterator[Calls]:
    calls = Calls(database_url, count)
    thread = threading.Thread(target=calls.run)
    thread.start()
    try:
        yield calls
    finally:
        calls.stopping.set()
        thread.join()


def measure(count: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        url = f"sqlite:///{Path(folder) / 'store.sqlite3'}"
        with demo(DATABASE_URL=url) as server, playing(url, count) as calls:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
            weights: list[int] = []
            page.on("requestfinished", lambda request: weights.append(_size(request)))
            page.goto(f"{server.base}/console/sign-in")
            page.get_by_label("Name").fill(DEMO_USER[0])
            page.get_by_label("Password").fill(DEMO_USER[1])
            page.get_by_role("button", name="Sign in", exact=True).click()
            page.locator(".row").nth(count - 1).wait_for(state="attached", timeout=60_000)
            weights.clear()
            page.reload(wait_until="domcontentloaded")
            page.locator(".row").nth(count - 1).wait_for(state="attached")
            timing = page.evaluate("performance.getEntriesByType('navigation')[0].toJSON()")
            page.wait_for_timeout(SECONDS * 1000 / 2)
            before = calls.written
            gaps = sorted(page.evaluate(FRAMES))
            if len(sys.argv) > 2:
                page.screenshot(path=sys.argv[2])
            result = {
                "calls": count,
                "page KiB, scripts and styles included": round(sum(weights) / 1024, 1),
                "ms to interactive": round(timing["domInteractive"]),
                "ms to loaded": round(timing["loadEventEnd"]),
                "ms for the server's first byte": round(timing["responseStart"] - timing["requestStart"]),
                "entries a second meanwhile": round((calls.written - before) / (sum(gaps) / 1000)),
                "ms between frames, p50": round(gaps[len(gaps) // 2], 1),
                "ms between frames, p95": round(gaps[int(len(gaps) * 0.95)], 1),
                "ms between frames, longest": round(gaps[-1], 1),
            }
            browser.close()
            return result


def _size(request: Any) -> int:
    sizes = request.sizes()
    return int(sizes["responseBodySize"] + sizes["responseHeadersSize"])


if __name__ == "__main__":
    for name, value in measure(int(sys.argv[1]) if len(sys.argv) > 1 else 200).items():
        sys.stdout.write(f"{name}: {value}\n")
