"""A model that now and then asks for something else than the caller said: the stand-in for one that errs."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import orjson

from voice_agent.agent.model import Breathe, Emit, Model, ReplyRequest, ToolWanted, Usage, Words, at_ease

STATUSES = ("en_route", "on_site", "in_progress", "paused", "completed", "cannot_complete")
INVENTED = ("gate code is 4471", "unit is under warranty", "customer asked for a discount", "dog is friendly")
PARTS = ("capacitor", "thermostat", "air filter", "igniter", "flame sensor", "blower belt", "contactor")


@dataclass
class Mistaken:
    """`rate` of the tool calls of `model` get one argument changed. Deterministic by `rng`."""

    model: Model
    rate: float
    rng: random.Random

    @property
    def name(self) -> str:
        return self.model.name

    async def reply(self, request: ReplyRequest, emit: Emit, breathe: Breathe = at_ease) -> Usage:
        def pass_on(piece: Words | ToolWanted) -> None:
            if isinstance(piece, ToolWanted) and self.rng.random() < self.rate:
                piece = self._mistaken(piece)
            emit(piece)

        return await self.model.reply(request, pass_on, breathe)

    def _mistaken(self, piece: ToolWanted) -> ToolWanted:
        arguments = orjson.loads(piece.arguments)
        if piece.name in SWAPS and self.rng.random() < OTHER_TOOL:
            name, changed = SWAPS[piece.name](arguments)
            return replace(piece, name=name, arguments=orjson.dumps(changed).decode())
        return replace(piece, arguments=orjson.dumps(self._changed(arguments)).decode())

    def _changed(self, arguments: dict[str, Any]) -> dict[str, Any]:
        names = [name for name in arguments if name in CHANGES]
        if not names:
            return arguments
        name = self.rng.choice(names)
        return {**arguments, name: CHANGES[name](arguments[name], self.rng)}


def _digits(value: Any, rng: random.Random) -> Any:
    text = str(value)
    if not text.isdigit():
        return text
    at = rng.randrange(len(text))
    return text[:at] + str((int(text[at]) + rng.randrange(1, 10)) % 10) + text[at + 1 :]


def _day(value: Any, rng: random.Random) -> Any:
    try:
        return (date.fromisoformat(str(value)) + timedelta(days=rng.choice((-1, 1, 7)))).isoformat()
    except ValueError:
        return value


def _parts(value: Any, rng: random.Random) -> Any:
    if not isinstance(value, list) or not value:
        return value
    place = rng.randrange(len(value))
    line = dict(value[place])
    if rng.random() < 0.6:
        line["quantity"] = float(line.get("quantity", 1)) + rng.choice((1, 2))
    else:
        line["part"] = rng.choice(PARTS)
    return [*value[:place], line, *value[place + 1 :]]


def _handle(value: Any, rng: random.Random) -> Any:
    kind, _, number = str(value).partition(" ")
    return f"{kind} {int(number) % 3 + 1}" if number.isdigit() else value


OTHER_TOOL = 0.4
"""Share of the mistakes that are another tool altogether, where one is near."""
Arguments = dict[str, Any]
SWAPS: dict[str, Callable[[Arguments], tuple[str, Arguments]]] = {
    "confirm_visit": lambda a: ("cancel_visit", {"visit": a.get("visit", "visit 1")}),
    "eta": lambda a: ("confirm_visit", {"visit": a.get("visit", "visit 1")}),
    "free_slots": lambda a: ("confirm_visit", {"visit": a.get("visit", "visit 1")}),
    "visit_note": lambda a: ("report_problem", {"problem": a.get("note", "a problem")}),
    "report_problem": lambda a: ("visit_note", {"note": a.get("problem", "a note"), "visit": "visit 1"}),
    "take_message": lambda a: ("report_problem", {"problem": a.get("message", "a problem")}),
    "job_details": lambda a: ("update_job", {"job": a.get("job", "current"), "status": "in_progress"}),
    "part_stock": lambda a: ("request_part", {"part": a.get("part", "filter"), "quantity": 1}),
    "request_part": lambda a: ("part_stock", {"part": a.get("part", "filter")}),
    "job_note": lambda a: ("update_job", {"job": a.get("job", "current"), "status": "paused"}),
    "running_late": lambda a: ("job_note", {"job": a.get("job", "next"), "note": "running late"}),
}
CHANGES: dict[str, Callable[[Any, random.Random], Any]] = {
    "job": _digits,
    "callback_number": _digits,
    "date_from": _day,
    "needed_by": _day,
    "parts": _parts,
    "slot": _handle,
    "visit": _handle,
    "status": lambda value, rng: rng.choice([s for s in STATUSES if s != value]),
    "minutes": lambda value, rng: int(value) + rng.choice((5, 10, 15)),
    "quantity": lambda value, rng: float(value) + 1,
    "part": lambda value, rng: rng.choice([part for part in PARTS if part != value]),
    "note": lambda value, rng: f"{value}, {rng.choice(INVENTED)}",
    "message": lambda value, rng: f"{value}, {rng.choice(INVENTED)}",
    "problem": lambda value, rng: f"{value}, {rng.choice(INVENTED)}",
    "reason": lambda value, rng: rng.choice(INVENTED),
}
