"""A linear softmax over hashed features and the sentence's meaning: small in the repository, quick in a turn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files

import numpy as np
import numpy.typing as npt

from voice_agent.language.features import Group
from voice_agent.language.meaning import Floats


@dataclass(frozen=True, slots=True)
class Classifier:
    """`labels[i]` belongs to column i; `scale` undoes the rounding of the hashed features' `weights`; `sense` weighs
    the meaning; `temperature` was fitted on the dev set."""

    labels: tuple[str, ...]
    weights: npt.NDArray[np.int8]
    scale: Floats
    sense: Floats
    bias: Floats
    temperature: float

    def logits(self, groups: list[Group], meaning: Floats) -> Floats:
        ids: list[int] = []
        for group, _ in groups:  # one gather and one product: five times quicker than a sum for each group
            ids += group
        worth = np.array([value for _, value in groups], dtype=np.float32)
        values = worth.repeat([len(group) for group, _ in groups])
        total = np.dot(values, self.weights.take(ids, axis=0).astype(np.float32))
        total = total * self.scale + np.dot(meaning, self.sense) + self.bias
        return np.asarray(total / np.float32(self.temperature), dtype=np.float32)

    def probabilities(self, groups: list[Group], meaning: Floats, prior: Floats | None = None) -> Floats:
        """Sums to 1. `prior` is added to the logits: what the last question makes likelier."""
        scores = self.logits(groups, meaning)
        if prior is not None:
            scores = scores + prior
        return softmax(scores)


def softmax(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max())
    return np.asarray(raised / raised.sum(), dtype=np.float32)


@cache
def load(name: str) -> Classifier:
    """Reads `models/<name>.npz`. Raises FileNotFoundError when the package was built without its weights."""
    with as_file(files("voice_agent.language.models").joinpath(f"{name}.npz")) as path, np.load(path) as stored:
        return Classifier(
            labels=tuple(str(label) for label in stored["labels"]),
            weights=stored["weights"],
            scale=stored["scale"],
            sense=stored["sense"].astype(np.float32),
            bias=stored["bias"],
            temperature=float(stored["temperature"]),
        )
