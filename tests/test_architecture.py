"""The directions of import, and the names this distribution puts at the top level."""

from __future__ import annotations

import ast
import importlib.metadata
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ANY = None

MAY_IMPORT: dict[str, set[str] | None] = {
    "call": set(),  # decides; imports nothing of ours
    "language": set(),
    "demo.twilio": set(),  # an emulator that shares our codec cannot catch our codec's mistake
    "demo.salesforce": set(),
    "errors": set(),
    "twilio": {"call", "errors"},
    "salesforce": {"errors"},
    "grants": {"call", "errors", "salesforce"},
    "identity": {"call", "code_proof", "codes", "errors", "grants", "proofs", "salesforce"},
    "code_proof": {"call", "codes", "errors", "grants", "proofs", "salesforce"},
    "codes": {"errors", "twilio"},
    "proofs": {"errors", "tallies"},
    "tallies": {"store"},
    "messaging": {
        "overrides",
        "agent",
        "codes",
        "errors",
        "jobs",
        "language",
        "lines",
        "phrases",
        "salesforce",
        "settings",
        "store",
        "tallies",
        "twilio",
        "workshop",
    },
    "journal": set(),
    "history": {"errors", "journal", "store"},
    "late_outcomes": {"history", "intents", "messaging", "overrides", "recalling", "workshop"},
    "recalling": {"agent", "call", "errors", "history", "identity", "intents"},
    "settings": {"errors"},
    "store": {"errors"},
    "jobs": {"store"},
    "clients": {"errors", "salesforce", "settings", "twilio"},
    "intents": {"errors", "jobs", "salesforce", "store", "workshop"},
    "places": {"errors", "store"},
    "audit": {"settings", "store"},
    "audited": {"audit", "intents", "journal", "language", "salesforce"},
    "call_rows": {"audit", "handoff", "history", "jobs", "journal", "salesforce", "workshop"},
    "erasure": {"audit", "store"},
    "workshop": {"jobs", "lines", "salesforce", "settings", "store", "twilio"},
    "keeping": set(),
    "worker": ANY,
    "agent": {"call", "errors", "grants", "language", "salesforce"},
    "calibration": {"call", "errors"},
    "lines": {"agent", "calibration", "call", "errors", "handoff.targets", "language.spoken", "twilio"},
    "handoff.targets": {"errors"},
    "handoff.outcomes": set(),  # what can become of a transfer is decided without any I/O
    "handoff.ladder": {"handoff.outcomes", "handoff.targets"},
    "handoff.waiting_room": {"handoff.outcomes", "store"},
    "handoff.joining": {"handoff.outcomes", "handoff.waiting_room"},
    "handoff.workers": {"store"},
    "handoff.lately": {"handoff.outcomes", "handoff.promises", "handoff.waiting_room", "store"},
    "handoff.filing": {
        "errors",
        "handoff.outcomes",
        "handoff.summary",
        "handoff.waiting_room",
        "salesforce",
        "settings",
        "workshop",
    },
    "handoff.summary": {"handoff.words", "language"},
    "handoff.story": {"handoff.summary", "language"},
    "handoff.steps": {"handoff.story", "handoff.summary", "handoff.words"},
    "handoff.telling": {"handoff.steps", "handoff.story", "handoff.summary", "handoff.words"},
    "handoff.rewording": {"agent", "errors", "handoff.summary", "language"},
    "overrides": {"errors", "settings", "store"},
    "orders": {"call", "calls", "errors", "session", "store"},
    "console": {
        "approval_rows",
        "approvals",
        "revising",
        "audit",
        "calls",
        "errors",
        "handoff",
        "history",
        "journal",
        "lines",
        "orders",
        "overrides",
        "salesforce",
        "settings",
        "store",
    },
    "approval_rules": {"errors", "salesforce"},
    "approval_rows": {"audit", "language", "salesforce", "store"},
    "approvals": {"approval_rows", "audit", "errors", "jobs", "salesforce", "store"},
    "approval_desk": {"agent", "approval_rows", "approval_rules", "approvals", "salesforce"},
    "revising": {
        "approval_desk",
        "agent",
        "approval_rows",
        "approval_rules",
        "approvals",
        "errors",
        "grants",
        "lines",
        "salesforce",
    },
    "approving": {
        "approval_rows",
        "audit",
        "audited",
        "errors",
        "intents",
        "messaging",
        "overrides",
        "salesforce",
        "workshop",
    },
    "pilot": {"errors", "grants", "salesforce"},
    "allowance": {"agent", "grants", "tallies"},
    "emergency": {"agent", "errors", "grants", "intents", "jobs", "paging", "salesforce", "store", "workshop"},
    "paging.on_call": {"errors"},
    "paging.pages": {"clients", "errors", "jobs", "messaging", "paging", "settings", "store", "twilio", "workshop"},
    "draining": {"call", "calls", "session"},
    "surroundings": {"agent", "grants", "journal", "lines", "recalling", "salesforce"},
    "outbox": {"call", "surroundings", "twilio"},
    # what works for a session knows it, as a type
    "hearing": {"call", "language", "session"},
    "introductions": {"call", "recalling", "session"},
    "answering": {"agent", "call", "errors", "language", "session"},
    "outliving": {"agent", "call", "recalling", "session"},
    "session": {
        "agent",
        "answering",
        "call",
        "errors",
        "hearing",
        "identity",
        "introductions",
        "journal",
        "lines",
        "outbox",
        "outliving",
        "recalling",
        "surroundings",
        "twilio",
    },
    "tools": {"agent", "call", "errors", "grants", "language", "salesforce"},
    "app": ANY,
}


def modules(part: str) -> Iterator[Path]:
    if part == "tools":
        yield from sorted((ROOT / "tools").rglob("*.py"))
        return
    place = ROOT / "voice_agent" / part.replace(".", "/")
    yield from sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]


def ours(file: Path) -> Iterator[str]:
    """Parts of ours that a file imports, as dotted names below voice_agent, or `tools` and `prompts`."""
    package = file.relative_to(ROOT).with_suffix("").parts
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level:
            names = [".".join((*package[: len(package) - node.level], node.module or ""))]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            continue
        for name in names:
            top, _, rest = name.partition(".")
            if top == "voice_agent" and rest:
                yield rest
            elif top in ("tools", "prompts"):
                yield top


@pytest.mark.parametrize("part", [part for part, allowed in MAY_IMPORT.items() if allowed is not ANY])
def test_imports_point_one_way(part: str) -> None:
    allowed = MAY_IMPORT[part]
    assert allowed is not None
    for file in modules(part):
        for name in ours(file):
            inside = name == part or name.startswith(f"{part}.")
            known = any(name == other or name.startswith(f"{other}.") for other in allowed)
            assert inside or known, f"{file.relative_to(ROOT)} imports {name}"


def test_only_the_composition_root_imports_tools_and_prompts() -> None:
    users = {
        str(file.relative_to(ROOT))
        for file in (ROOT / "voice_agent").rglob("*.py")
        for name in ours(file)
        if name in ("tools", "prompts")
    }
    assert users <= {"voice_agent/app.py"}


def test_nobody_else_ships_our_top_level_names() -> None:
    owners = importlib.metadata.packages_distributions()
    for name in ("voice_agent", "tools", "prompts"):
        found = set(owners.get(name, ["voice-agent"]))
        assert found == {"voice-agent"}, f"{name} is also shipped by {found - {'voice-agent'}}"


def test_the_pinned_requirements_carry_hashes_and_no_address() -> None:
    for file in sorted((ROOT / "requirements").glob("*.txt")):
        lines = file.read_text().splitlines()
        assert not [line for line in lines if "://" in line or line.startswith("--index") or line.startswith("--find")]
        packages = [line for line in lines if line and not line.startswith((" ", "#", "-"))]
        assert packages and all("==" in line and line.rstrip().endswith("\\") for line in packages)
