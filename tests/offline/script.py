"""Conversations as text: who calls, what they say and press, what must be heard, and which records change in the end.

## title
LINE NUMBER [en|es]          the line called and the caller's number
attested VALUE               what the carrier says of the number; in full without this line
say WORDS | press KEYS       one turn of the caller; {code} is the one that was texted last
hear REGEX                   in the answer to it, case aside
left REGEX                   how the call ended: "hand_off caller_asked", "end model_asked"
changed OBJECT ... | nothing every object of the org of which a record changed, and no other; one with a ? may
became OBJECT.FIELD VALUE    a record of that object changed to that value
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Turn:
    """`text` is what is said or pressed; `hear` what must be in the answer."""

    verb: str
    text: str
    hear: tuple[str, ...] = ()


@dataclass
class Script:
    title: str
    line: str
    number: str
    speaks: str
    turns: list[Turn] = field(default_factory=list)
    left: str = ""
    changed: frozenset[str] = frozenset()
    may_change: frozenset[str] = frozenset()
    became: list[tuple[str, str, str]] = field(default_factory=list)
    """(object, field, value as text)"""
    attested: str = "TN-Validation-Passed-A"


def scripts() -> list[Script]:
    return [script for file in sorted((HERE / "calls").glob("*.txt")) for script in parse(file.read_text())]


def parse(text: str) -> list[Script]:
    found: list[Script] = []
    for block in text.split("\n## ")[1:]:
        rows = [row.strip() for row in block.splitlines() if row.strip() and not row.startswith("#")]
        line, number, *speaks = rows[1].split()
        script = Script(rows[0], line, number, (speaks or ["en"])[0])
        for row in rows[2:]:
            verb, _, rest = row.partition(" ")
            _add(script, verb, rest)
        found.append(script)
    return found


def _add(script: Script, verb: str, rest: str) -> None:
    match verb:
        case "say" | "press":
            script.turns.append(Turn(verb, rest))
        case "hear":
            last = script.turns[-1]
            script.turns[-1] = Turn(last.verb, last.text, (*last.hear, rest))
        case "attested":
            script.attested = rest
        case "left":
            script.left = rest
        case "changed":
            named = [] if rest == "nothing" else rest.split()
            script.changed = frozenset(name for name in named if not name.endswith("?"))
            script.may_change = frozenset(name.removesuffix("?") for name in named)
        case "became":
            where, _, value = rest.partition(" ")
            name, _, attribute = where.partition(".")
            script.became.append((name, attribute, value))
        case _:
            raise ValueError(f"{script.title}: no such line: {verb}")
