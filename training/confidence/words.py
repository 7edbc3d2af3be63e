"""The vocabulary behind `odd_words`: every word of the sentences the readers are trained with, in all their choices."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from training.sentences import DATA
from voice_agent.language.utterance import without_accents

ROOT = Path(__file__).parents[2]
OUT = ROOT / "voice_agent" / "language" / "models" / "words.txt"


def build() -> int:
    """Writes the file; gives the number of words."""
    texts = [line for file in sorted(DATA.glob("*.txt")) for line in file.read_text("utf-8").splitlines()]
    told = [line for line in texts if not line.startswith(("#", "##"))]
    for lang in ("en", "es"):
        told += _texts(tomllib.loads((ROOT / "prompts" / f"phrases.{lang}.toml").read_text("utf-8")))
    words = {word for line in told for word in re.findall(r"[a-z]+", without_accents(line)) if len(word) > 2}
    OUT.write_text("\n".join(sorted(words)) + "\n", "utf-8")
    return len(words)


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inside = value.values() if isinstance(value, dict) else value
    return [text for each in inside for text in _texts(each)]
