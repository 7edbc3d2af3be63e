"""What a caller wants: one of the fixed intents with a calibrated probability, and a second one when there are two."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from voice_agent.language.classifier import Classifier, load
from voice_agent.language.features import Heard, features, part
from voice_agent.language.meaning import Floats
from voice_agent.language.reading import Urgency

_ASKED: Mapping[str, Mapping[str, float]] = {
    "yes_no": {"yes": 2.0, "no": 2.0, "number": -1.0, "none": -0.5},
    "digits": {"number": 3.0},
    "work_order": {"number": 2.0},
    "date": {"reschedule": 1.5},
    "time": {"reschedule": 1.5},
    "slot_choice": {"yes": 0.7, "no": 0.7, "number": 1.5, "reschedule": 1.0},
    "status": {"report_status": 1.5},
    "parts": {"parts_used": 1.5, "no": 0.5},
}
"""What the question before makes likelier, in log-odds: a prior, never a gate."""

_TECHNICIANS = ("report_status", "parts_used", "parts_inquiry", "next_job", "running_late", "job_details")
_CUSTOMERS = ("eta", "reschedule", "cancel", "confirm", "billing_other", "new_problem")
_OF_ROLE: Mapping[str, Mapping[str, float]] = {
    "technician": dict.fromkeys(_TECHNICIANS, 0.6) | dict.fromkeys(_CUSTOMERS, -0.6),
    "customer": dict.fromkeys(_TECHNICIANS, -1.0) | dict.fromkeys(_CUSTOMERS, 0.4),
}
"""Who calls makes some wishes likelier. Small: a technician may be somebody's customer."""

_DISASTERS = frozenset({"burst_pipe", "sewage", "critical_site"})
_JOINTS = frozenset("and but also then oh y pero tambien ademas plus because cause aparte".split())
_OPENINGS = frozenset("whats what where wheres who when how can could do give tell need que cual donde cuando".split())
_LEADS_IN = frozenset(
    "know tell me asking ask wondering wonder see sure idea remember about on for to if or is saber decir decirme "
    "digame dime diga preguntar pregunta ver se de a por para si o es".split()
)
"""Words that a question hangs on: "i want to know / when he comes" is one wish."""
_DENIALS = frozenset("no nope nah nel".split())
_ANSWERS = _DENIALS | frozenset("yes yeah yep yup ok okay sure si claro".split())
_MOST_SPLITS = 6
SECOND_BAR = 0.30
"""Probability from which the whole sentence alone names a second intent."""
CLAUSE_BAR = 0.55
"""Probability from which the two halves of a sentence are believed to hold two intents."""


def intent_of(
    heard: Heard, urgency: Urgency, *, role: str = "unknown", expecting: str | None = None
) -> tuple[str, float, str | None]:
    """Intent, its calibrated probability, and the second intent or None."""
    model = load("intents")
    prior = _prior(model, role, expecting)
    chances = _settled(model, model.probabilities(features(heard, role), heard.meaning, prior), urgency)
    order = np.argsort(-chances, kind="stable")
    first, second = model.labels[order[0]], model.labels[order[1]]
    also = second if chances[order[1]] >= SECOND_BAR and "none" not in (first, second) else None
    if also is None:
        also = _other_half(model, heard, urgency, role, first)
    if also is None and expecting in ("yes_no", "slot_choice") and first not in ("yes", "no") and heard.words:
        # "No, I said Thursday" answers the question too; an answer must not get lost behind the new wish.
        answer = heard.words[0]
        also = "no" if answer in _DENIALS else "yes" if answer in _ANSWERS else None
    return first, float(chances[order[0]]), also


def _prior(model: Classifier, role: str, expecting: str | None) -> Floats:
    prior = np.zeros(len(model.labels), dtype=np.float32)
    for table in (_OF_ROLE.get(role, {}), _ASKED.get(expecting or "", {})):
        for intent, odds in table.items():
            prior[model.labels.index(intent)] += odds
    return prior


def _settled(model: Classifier, chances: Floats, urgency: Urgency) -> Floats:
    """Triage knows better than this reader whether trouble is an emergency: it decides between the two."""
    emergency, problem = model.labels.index("emergency"), model.labels.index("new_problem")
    trouble = chances[emergency] + chances[problem]
    settled = chances.copy()
    if urgency.level == "life_safety" or urgency.hazard in _DISASTERS:
        settled *= 0.25
        settled[problem] = 0.0
        settled[emergency] = 1.0 - (settled.sum() - settled[emergency])
    else:
        settled[emergency], settled[problem] = 0.0, trouble
    return settled


def _other_half(model: Classifier, heard: Heard, urgency: Urgency, role: str, first: str) -> str | None:
    """The intent of the half that does not say `first`, if the sentence falls into two clear wishes."""
    best, surest = None, CLAUSE_BAR
    prior = _prior(model, role, None)
    for left_end, right_start in _splits(heard.words):
        halves: list[tuple[str, float]] = []
        for start, end in ((0, left_end), (right_start, len(heard.words))):
            piece = part(heard, start, end)
            chances = model.probabilities(features(piece, role), piece.meaning, prior)
            chances = _settled(model, chances, urgency)
            top = int(np.argmax(chances))
            if float(chances[top]) <= surest:
                break  # both halves must be clearer than that
            halves.append((model.labels[top], float(chances[top])))
        else:
            named = [label for label, _ in halves if label != first]
            if len(named) == 1 and named[0] != "none":
                best, surest = named[0], min(chance for _, chance in halves)
    return best


def _splits(words: list[str]) -> list[tuple[int, int]]:
    """Where a second wish may begin: after a joint or a bare answer, and before a question."""
    splits: list[tuple[int, int]] = []
    last = len(words) - 2
    for at, word in enumerate(words):
        if word in _JOINTS and 1 <= at < last:
            splits.append((at, at + 1))
        elif word in _OPENINGS and 2 <= at <= last and words[at - 1] not in _LEADS_IN:
            splits.append((at, at))
        elif at == 0 and word in _ANSWERS and last >= 1:
            splits.append((1, 1))
    return splits[:_MOST_SPLITS]
