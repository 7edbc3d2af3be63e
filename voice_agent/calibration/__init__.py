"""Reads what confidence is judged by: the weights that simulated calls gave, and the costs that the business sets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from voice_agent import phrases as phrase_files
from voice_agent.call.confidence import Costs, Judge, Weights
from voice_agent.errors import ConfigurationError

COSTS = "costs.toml"


def load(root: Traversable) -> Judge:
    """The judge of all calls. A folder without costs.toml uses the shipped one; ConfigurationError names a mistake."""
    own = root.joinpath(COSTS).is_file()
    table = phrase_files.toml(root if own else resources.files("prompts"), COSTS)
    act, call = shipped()
    return Judge(act, call, _costs(table))


def _costs(table: Mapping[str, Any]) -> Costs:
    known = {each.name for each in fields(Costs)}
    if unknown := sorted(table.keys() - known):
        raise ConfigurationError(f"{COSTS}: {unknown[0]} is no cost; there are {', '.join(sorted(known))}")
    for name, value in table.items():
        if not isinstance(value, (int, float)) or isinstance(value, bool) or value < 0:
            raise ConfigurationError(f"{COSTS}: {name} must be a number that is not negative")
        if name in SHARES and value > 1:
            raise ConfigurationError(f"{COSTS}: {name} must be a share from 0 to 1")
    costs = Costs(**{name: float(value) for name, value in table.items()})
    if costs.needless_transfer <= 0 or costs.missed_emergency <= 0:
        raise ConfigurationError(f"{COSTS}: needless_transfer and missed_emergency must be above 0")
    return costs


SHARES = frozenset({"slip", "after_re_ask"})


@cache
def shipped() -> tuple[Weights, Weights]:
    """(of the act in hand, of the call), as `python -m training.confidence` wrote them."""
    data = json.loads(resources.files("voice_agent.calibration").joinpath("weights.json").read_text(encoding="utf-8"))
    return weights(data["act"]), weights(data["call"])


def weights(data: Mapping[str, Any]) -> Weights:
    return Weights(data["bias"], data["weights"], tuple((raw, calibrated) for raw, calibrated in data["knots"]))
