"""What a caller wants: one of the fixed intents with a calibrated probability, and a second one when there are two."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from voice_agent.language.classifier import Floats, load
from voice_agent.language.features import Heard, features

_ASKED: Mapping[str, Mapping[str, float]] = {
    "yes_no": {"yes": 2.0, "no": 2.0, "number": -1.0},
    "digits": {"number": 3.0},
    "work_order": {"number": 2.0},
    "date": {"reschedule": 1.5},
    "time": {"reschedule": 1.5},
    "slot_choice": {"yes": 0.7, "no": 0.7, "number": 1.5, "reschedule": 1.0},
    "status": {"report_status": 1.5},
    "parts": {"parts_used": 1.5, "no": 0.5},
}
"""What the question before makes likelier, in log-odds: a prior, never a gate."""

SECOND_BAR = 0.18


def intent_of(heard: Heard, *, role: str = "unknown", expecting: str | None = None) -> tuple[str, float, str | None]:
    """Intent, its calibrated probability, and the second intent or None."""
    model = load("intents")
    prior = np.zeros(len(model.labels), dtype=np.float32)
    for intent, odds in _ASKED.get(expecting or "", {}).items():
        prior[model.labels.index(intent)] = odds
    chances = model.probabilities(features(heard, role), prior)
    order = np.argsort(-chances, kind="stable")
    first, second = model.labels[order[0]], model.labels[order[1]]
    also = second if _is_second(chances, order) and second != "none" and first != "none" else None
    return first, float(chances[order[0]]), also


def _is_second(chances: Floats, order: npt.NDArray[np.intp]) -> bool:
    return bool(chances[order[1]] >= SECOND_BAR)
