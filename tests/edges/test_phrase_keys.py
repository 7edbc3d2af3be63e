"""Every phrase the code can ask for is written in both languages, with the holes it is asked for with."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import tools
import voice_agent
from tests.call.scene import KEYS
from voice_agent import lines

LINES = lines.load()
ROOTS = [Path(str(module.__file__)).parent for module in (voice_agent, tools)]
ASKING = frozenset({"speak", "phrase", "_phrase", "Checked", "Asked"})
FILLED_BY_THE_LINE = frozenset({"company", "emergency_number"})
COMPOSED = {
    "proof.{}.ask": ("pin", "code"),
    "again.{}": ("leave", "stay"),
    "after.{}": ("leave", "stay"),
    "guidance.{}": LINES.lines[0].script.hazards,
}
"""Keys with a part that is only known in the call, and what that part can be."""


@dataclass(frozen=True, slots=True)
class Asked:
    key: str
    """`{}` stands for a part that is filled in."""
    holes: frozenset[str] | None
    """None where the holes are not filled at that place."""
    where: str


def asked_for() -> Iterator[Asked]:
    for root in ROOTS:
        for file in root.rglob("*.py"):
            if "demo" in file.relative_to(root).parts:
                continue
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                where = f"{file.name}:{getattr(node, 'lineno', 0)}"
                if isinstance(node, ast.Call):
                    yield from in_call(node, where)
                elif isinstance(node, ast.Assign | ast.AnnAssign):
                    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                    if isinstance(target, ast.Name) and target.id == "for_caller" and (key := text(node.value)):
                        yield Asked(key, frozenset(), where)


def in_call(node: ast.Call, where: str) -> Iterator[Asked]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    by_speaker = isinstance(node.func, ast.Call) and getattr(node.func.func, "attr", "") == "speaker"
    position = 1 if name == "Checked" else 0
    if (name in ASKING or by_speaker) and len(node.args) > position and (key := text(node.args[position])):
        named = frozenset(k.arg for k in node.keywords if k.arg)
        plain = name == "speak" or by_speaker
        yield Asked(key, named if plain and len(named) == len(node.keywords) else None, where)
    for keyword in node.keywords:
        if keyword.arg == "phrase" and (key := text(keyword.value)):
            yield Asked(key, None, where)


def text(node: ast.AST | None) -> str:
    match node:
        case ast.Constant(value=str(value)):
            return value
        case ast.JoinedStr(values=values):
            return "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in values)
        case _:
            return ""


def whole(key: str) -> list[str]:
    if "{}" not in key:
        return [key]
    known = key if key in COMPOSED else None
    return [key.replace("{}", part) for part in COMPOSED[known]] if known else []


def holes(lang: str, key: str) -> frozenset[str]:
    return frozenset(re.findall(r"\{(\w+)\}", " ".join(LINES.phrases[lang][key]))) - FILLED_BY_THE_LINE


ASKED = sorted(set(asked_for()), key=lambda asked: (asked.key, asked.where))


def test_the_places_where_phrases_are_asked_for_are_found() -> None:
    found = {asked.key for asked in ASKED}
    assert {
        "goodbye",
        "error.crm",
        "write.queued",
        "proof.{}.ask",
        "queue.failed",
        "limit",
        "proof.pin.locked",
    } <= found
    assert len(ASKED) > 80


def test_every_phrase_that_is_asked_for_is_written_in_both_languages() -> None:
    missing = [
        f"{asked.where}: {key} ({lang})"
        for asked in ASKED
        for key in whole(asked.key)
        for lang in ("en", "es")
        if key not in LINES.phrases[lang]
    ]
    assert missing == []


def test_a_phrase_is_given_every_hole_it_has() -> None:
    unfilled = [
        f"{asked.where}: {key} wants {sorted(holes(lang, key) - asked.holes)}"
        for asked in ASKED
        for key in whole(asked.key)
        for lang in ("en", "es")
        if asked.holes is not None and holes(lang, key) - asked.holes
    ]
    assert unfilled == []


def test_a_hole_that_is_filled_is_there_to_be_filled() -> None:
    wasted = [
        f"{asked.where}: {key} has no {sorted(asked.holes - holes('en', key))}"
        for asked in ASKED
        for key in whole(asked.key)
        if asked.holes and asked.holes - holes("en", key)
    ]
    assert wasted == []


def test_the_words_of_the_call_machine_are_written_in_both_languages() -> None:
    for lang in ("en", "es"):
        assert set(KEYS) <= LINES.phrases[lang].keys()
