"""Planted bugs as files: what each breaks, which test must notice, and the change itself, put into a copy of the code.

A patch is a unified diff under two comment lines:

    # Rule: what a caller may rely on, and no longer can
    # Caught by: tests/call/test_turns.py::test_...

Hunks are found by their text, not by line numbers: code that moved takes its patch along, code that changed does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "patches"


class PatchOutdated(Exception):
    """The code no longer contains what the patch changes; the planted bug must be written anew."""


@dataclass(frozen=True, slots=True)
class Hunk:
    file: str
    """Path from the root of the checkout."""
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class PlantedBug:
    name: str
    rule: str
    caught_by: str
    """Test id, from the root of the checkout."""
    hunks: tuple[Hunk, ...]

    def plant(self, root: Path) -> None:
        """Change the copy of the code under `root`. PatchOutdated unless every hunk fits at exactly one place."""
        for hunk in self.hunks:
            path = root / hunk.file
            text = path.read_text(encoding="utf-8")
            if (places := text.count(hunk.old)) != 1:
                raise PatchOutdated(
                    f"{self.name}: a hunk fits {places} places of {hunk.file}, it must be one:\n{hunk.old}"
                )
            path.write_text(text.replace(hunk.old, hunk.new), encoding="utf-8")


def planted_bugs() -> tuple[PlantedBug, ...]:
    return tuple(read(path) for path in sorted(FOLDER.glob("*.patch")))


def read(path: Path) -> PlantedBug:
    head, _, diff = path.read_text(encoding="utf-8").partition("--- ")
    told = dict(re.findall(r"^# (Rule|Caught by): (.+)$", head, re.M))
    if told.keys() != {"Rule", "Caught by"} or not diff:
        raise PatchOutdated(f"{path.name}: it must begin with '# Rule:' and '# Caught by:', then a unified diff")
    return PlantedBug(path.stem, told["Rule"], told["Caught by"], tuple(_hunks("--- " + diff)))


def _hunks(diff: str) -> Iterator[Hunk]:
    for part in re.split(r"^--- ", diff, flags=re.M)[1:]:
        header, _, body = part.partition("\n@@")
        file = header.splitlines()[1].removeprefix("+++ ").removeprefix("b/").strip()
        for hunk in re.split(r"^@@", body, flags=re.M):
            lines = hunk.splitlines()[1:]
            old = "".join(f"{line[1:]}\n" for line in lines if line[:1] in " -")
            new = "".join(f"{line[1:]}\n" for line in lines if line[:1] in " +")
            yield Hunk(file, old, new)
