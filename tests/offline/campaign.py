"""Many conversations over a bad line: how many reach their end, how many a person, and what was written wrongly.

    python -m tests.offline.campaign [--seeds 8] [--errors 0,5,10,20] [--every 1] [--out FILE]

A caller in it is patient, not clever: what was not understood is said again, at most three times; a read-back that does
not hold what was meant is answered with no; a yes is said only to a read-back that does. The noise is the channel that
training/noise.py describes; the sentences are none the readers were trained on.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.offline import wordings
from tests.offline.script import Script, Turn, scripts
from tests.offline.telephone import Telephone, dial, exchange
from tests.salesforce.emulated_org import EmulatedOrg, emulator
from training.noise import mishear
from voice_agent.salesforce.client import Salesforce
from voice_agent.salesforce.field_service import FieldService

MOST_TRIES = 4
MOST_LISTED = 25
ASKS_YES = re.compile(r"(?:press 2|pulse 2)\.?$")
TELLING = frozenset(
    "StatusCategory QuantityConsumed QuantityOnHand Quantity QuantityRequested Priority SuppliedPhone".split()
)
"""Fields whose values must be those of the same conversation on a clear line; free words may differ."""


@dataclass(frozen=True)
class Result:
    """`end`: reached, person (handed over), lost (the caller gave up) or wrong (something else was written)."""

    title: str
    end: str
    turns: int
    why: str = ""


@dataclass
class Tally:
    ends: Counter[str] = field(default_factory=Counter)
    worst: list[Result] = field(default_factory=list)

    def add(self, result: Result) -> None:
        self.ends[result.end] += 1
        if result.end in ("lost", "wrong"):
            self.worst.append(result)

    @property
    def total(self) -> int:
        return self.ends.total()


def every_script() -> list[Script]:
    return [*scripts(), *wordings.scripts()]


async def play(script: Script, org: EmulatedOrg, salesforce: Salesforce, error: float, seed: int) -> Result:
    """One conversation at that rate of misheard words."""
    rng = random.Random(f"{script.title}|{error}|{seed}")
    if org.ledger():
        org.reset()
    service = FieldService(salesforce, now=lambda: org.now)
    phone = dial(service, script.line, script.number, org.now, speaks=script.speaks)
    phone.toolbox._call_sid = f"CA{rng.getrandbits(64):016x}"
    await phone.ring()
    for turn in script.turns:
        understood = await _insist(phone, turn, error, rng)
        if phone.over or not understood:
            break
    return _judge(script, phone, org)


async def _insist(phone: Telephone, turn: Turn, error: float, rng: random.Random) -> bool:
    no = "no" if phone.speaks == "en" else "no eso no"
    for _ in range(MOST_TRIES):
        words = mishear(turn.text, rng, error) if error else turn.text
        answer = await (phone.say(words) if turn.verb == "say" else phone.press(turn.text))
        if all(re.search(pattern, answer, re.I) for pattern in turn.hear):
            return True
        if ASKS_YES.search(answer):
            await phone.say(no)
        if phone.over:
            return False
    return False


def _judge(script: Script, phone: Telephone, org: EmulatedOrg) -> Result:
    ledger = [entry for entry in org.ledger() if entry["object"] != "AI_Interaction__c"]
    changed = {entry["object"] for entry in ledger}
    became = {(e["object"], name, str(after)) for e in ledger for name, (_, after) in e["fields"].items()}
    meant = {(thing, name) for thing, name, _ in script.became}
    other = {
        (thing, name, value)
        for thing, name, value in became
        if (thing, name) in meant and name in TELLING and (thing, name, value) not in script.became
    }
    turns = phone.call.turn
    if not changed <= script.may_change or other:
        return Result(script.title, "wrong", turns, f"{sorted(changed - script.may_change)} {sorted(other)}")
    if script.changed <= changed and set(script.became) <= became and (phone.left or "").startswith(script.left):
        return Result(script.title, "reached", turns)
    if (phone.left or "").startswith("hand_off"):
        return Result(script.title, "person", turns)
    return Result(script.title, "lost", turns, next((text for text in reversed(phone.heard) if text), "")[:120])


async def run(org: EmulatedOrg, chosen: Sequence[Script], errors: Sequence[float], seeds: int) -> dict[float, Tally]:
    tallies = {error: Tally() for error in errors}
    async with exchange(org.url, org.now) as service:
        salesforce = service._salesforce
        for error in errors:
            for seed in range(seeds if error else 1):
                for script in chosen:
                    tallies[error].add(await play(script, org, salesforce, error, seed))
    return tallies


def report(tallies: dict[float, Tally], conversations: int, seeds: int) -> str:
    rows = [
        f"{conversations} conversations, {seeds} seeds each where there is noise",
        "",
        "| words misheard | calls | reached | with a person | gave up | wrong writes |",
        "|---|---|---|---|---|---|",
    ]
    for error, tally in tallies.items():
        share = [f"{100 * tally.ends[end] / max(1, tally.total):.1f} %" for end in ("reached", "person", "lost")]
        rows.append(f"| {100 * error:.0f} % | {tally.total} | {' | '.join(share)} | {tally.ends['wrong']} |")
    worst = Counter((r.end == "wrong", r.title, r.why) for tally in tallies.values() for r in tally.worst)
    rows += ["", "The worst:", ""]
    for (wrong, title, why), count in sorted(worst.items(), key=lambda row: (-row[0][0], -row[1]))[:MOST_LISTED]:
        rows.append(f"- {count} x {'wrong' if wrong else 'gave up'}: {title} ({why})")
    return "\n".join(rows) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--errors", default="0,5,10,20", help="per cent of words misheard")
    parser.add_argument("--every", type=int, default=1, help="take every n-th conversation only")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    chosen = every_script()[:: options.every]
    errors = [int(error) / 100 for error in options.errors.split(",")]
    with emulator() as org:
        tallies = asyncio.run(run(org, chosen, errors, options.seeds))
    text = report(tallies, len(chosen), options.seeds)
    sys.stdout.write(text)
    if options.out:
        options.out.write_text(text)
    return 1 if any(tally.ends["wrong"] for tally in tallies.values()) else 0


if __name__ == "__main__":
    raise SystemExit(main())
