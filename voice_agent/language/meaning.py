"""What a sentence is about, from the meanings of its words: for words and turns of phrase that training never saw.

The table of word vectors (training/vectors.py tells its making) is aligned over languages: "propane" lies by "propano".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
PATH = Path(__file__).parent / "models" / "vectors.npz"
SHARE = 0.06
"""How much the meanings count beside the words themselves; settled on training lines held out of a fit."""


@dataclass(frozen=True, slots=True)
class Vectors:
    """`rows` leads from a word to its row of `table`, which has the words' weights in it already."""

    rows: dict[str, int]
    table: npt.NDArray[np.float16]
    weight: Floats

    @property
    def size(self) -> int:
        return 2 * int(self.table.shape[1])

    def of(self, words: Sequence[str]) -> Floats:
        """The weighted mean of the words' vectors and, behind it, their largest values. Zeros when no word is known."""
        rows = self.rows
        known = [rows[word] for word in words if word in rows]
        meaning = np.zeros(self.size, np.float32)
        if known:
            vectors = self.table.take(known, axis=0).astype(np.float32)
            weight = self.weight.take(known)
            half = self.size // 2
            vectors.sum(axis=0, out=meaning[:half])
            meaning[:half] *= SHARE / np.sqrt(np.dot(weight, weight) + 1e-6)
            np.multiply(vectors.max(axis=0), SHARE, out=meaning[half:])
        return meaning


@cache
def vectors() -> Vectors:
    """Raises FileNotFoundError when the package was built without its table."""
    with np.load(PATH) as stored:
        words = stored["words"].tobytes().decode().split("\n")
        weight = stored["weight"].astype(np.float32)
        table = stored["vectors"] * stored["scale"] * weight[:, None]
    return Vectors({word: row for row, word in enumerate(words)}, table.astype(np.float16), weight)
