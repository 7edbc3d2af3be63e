"""prompts/on_call.toml: who is paged, in which order, and what is said of a mistake in it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import prompts
from voice_agent.errors import ConfigurationError
from voice_agent.paging import on_call

SHIPPED = Path(str(prompts.__file__)).parent


def test_the_shipped_ladder_names_people_on_more_than_one_rung() -> None:
    ladder = on_call.load()
    assert len(ladder.rungs) > 1 and [turn[:2] for turn in ladder.turns()][:3] == [(0, 0), (0, 1), (1, 0)]


def test_a_folder_without_the_file_has_nobody_on_call(tmp_path: Path) -> None:
    assert not on_call.load(str(tmp_path))


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ({"rung": [{"people": [{"name": "Ann", "number": "312 555 0182"}]}]}, "Ann"),
        ({"rung": [{"people": []}]}, "rung 1: people"),
        ({"rung": [{"wait": 0, "people": [{"name": "Ann", "number": "+13125550182"}]}]}, "rung 1: wait"),
        ({"rung": [{"peopel": []}]}, "peopel"),
        ({"rounds": 0}, "rounds"),
        ({"rouns": 1}, "rouns"),
        ({"rung": {"people": []}}, r"\[\[rung\]\]"),
    ],
)
def test_a_mistake_is_named(document: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        on_call.read(document)


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path / "prompts")
    (tmp_path / "prompts" / "on_call.toml").write_text("rung = [")
    with pytest.raises(ConfigurationError, match=r"on_call\.toml"):
        on_call.load(str(tmp_path / "prompts"))
