"""How long a drive takes, guessed from a straight line: no route engine, so the answers are kept cautious. Pure."""

from __future__ import annotations

from datetime import timedelta
from math import asin, cos, radians, sin, sqrt

Point = tuple[float, float]
"""Latitude and longitude in degrees."""

EARTH_KM = 6371.0
DETOUR = 1.3
"""Road over straight line (sheet 3.2)."""
TOWN_KM_PER_HOUR = 42.0
"""Within the 35-50 km/h of 3.4 rule 6."""
SETTING_OFF = 7.0
"""Minutes to pack, park and find the door (5-10, 3.4 rule 6)."""
SAME_SITE_KM = 0.1


def kilometres(a: Point, b: Point) -> float:
    """Great-circle distance."""
    lat1, lon1, lat2, lon2 = map(radians, (*a, *b))
    h = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(min(1.0, h)))


def drive_minutes(a: Point, b: Point) -> float:
    return kilometres(a, b) * DETOUR / TOWN_KM_PER_HOUR * 60


def between(a: Point | None, b: Point | None, *, otherwise: float) -> timedelta:
    """Time to plan between two sites in whole minutes; `otherwise` minutes when a place is not known."""
    if a is None or b is None:
        return timedelta(minutes=round(otherwise))
    if kilometres(a, b) < SAME_SITE_KM:
        return timedelta()
    return timedelta(minutes=round(drive_minutes(a, b) + SETTING_OFF))
