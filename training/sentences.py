"""Training sentences from their files: choices expanded, pools drawn, all with one seeded generator.

A section opens with `## label [role]`; a label "a+b" holds two intents. In a line `{a|b}` chooses (it nests) and
`<pool>` draws a word from pools.txt.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parent / "data"
_POOL = re.compile(r"<(\w+)>")
_INNERMOST = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Sentence:
    """`labels` has one or two entries; `line` is the source line, so that near relatives can be kept together."""

    text: str
    labels: tuple[str, ...]
    lang: str
    role: str
    line: str


def read_pools() -> dict[str, list[str]]:
    pools: dict[str, list[str]] = {}
    for line in (DATA / "pools.txt").read_text("utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, words = line.partition("=")
            pools[name.strip()] = [word.strip() for word in words.split("|")]
    return pools


def expand(line: str, pools: dict[str, list[str]], rng: random.Random) -> str:
    """One way to say the line."""
    while match := _INNERMOST.search(line):
        line = line[: match.start()] + rng.choice(match.group(1).split("|")) + line[match.end() :]
    line = _POOL.sub(lambda found: rng.choice(pools[found.group(1)]), line)
    return " ".join(line.split())


def ways(line: str, pools: dict[str, list[str]]) -> float:
    """Roughly how many sentences a line holds."""
    count = 1.0
    for choice in _INNERMOST.findall(line):
        count *= choice.count("|") + 1
    for pool in _POOL.findall(line):
        count *= min(len(pools[pool]), 6)
    return count


def load(kind: str, per_line: int, rng: random.Random) -> list[Sentence]:
    """All sections of `<kind>.*.txt` and `<kind>_plain.*.txt`, each line up to `per_line` distinct times."""
    pools = read_pools()
    sentences: list[Sentence] = []
    for path in sorted(DATA.glob(f"{kind}*.txt")):
        lang = path.name.split(".")[-2]
        labels: tuple[str, ...] = ()
        role = "unknown"
        for line in path.read_text("utf-8").splitlines():
            if line.startswith("## "):
                head = line[3:].split()
                labels, role = tuple(head[0].split("+")), head[1] if len(head) > 1 else "unknown"
            elif line.strip() and not line.startswith("#"):
                wanted = min(per_line, max(1, int(ways(line, pools) ** 0.7)))
                said: dict[str, None] = {}
                for _ in range(wanted * 3):
                    said.setdefault(expand(line, pools, rng))
                    if len(said) == wanted:
                        break
                sentences += [Sentence(text, labels, lang, role, line) for text in said if text]
    return sentences
