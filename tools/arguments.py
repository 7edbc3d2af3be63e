"""The forms of what a model may pass to a tool. Descriptions are read by the model."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1, max_length=500)]

Visit = Annotated[
    str | None,
    Field(description='Handle such as "visit 1". Leave out when the caller has one visit, or has not said which.'),
]
SlotHandle = Annotated[str, Field(min_length=1, description='Handle from the last free_slots, such as "slot 2".')]
Job = Annotated[
    str,
    Field(
        min_length=1,
        max_length=40,
        description='Handle such as "job 1", the digits or customer as they were said, "current" or "next".',
    ),
]
Status = Annotated[
    Literal["en_route", "on_site", "in_progress", "paused", "completed", "cannot_complete"] | None,
    Field(description="The new status, only if the technician said so."),
]
PartOfDay = Annotated[
    Literal["morning", "afternoon", "evening"] | None, Field(description="Only if the caller wished for it.")
]
Day = Annotated[date | None, Field(description="YYYY-MM-DD, from the caller's own words.")]
TimeOfDay = Annotated[time | None, Field(description="HH:MM, 24 hours, from the caller's own words.")]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PartName = Annotated[
    str, Field(min_length=1, max_length=80, description="The part in the technician's words, or its part number.")
]
Quantity = Annotated[float, Field(gt=0, le=1000, description="How many, as the technician said.")]
OwnWords = Annotated[Text, Field(description="The caller's own words, without comment.")]


class UsedPart(BaseModel):
    """One line of parts used."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    part: PartName
    quantity: Quantity
