"""Charts as inline SVG, drawn on the server: shapes and classes only, so that colours come from the page. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, HEIGHT = 560.0, 168.0
LEFT, RIGHT, TOP, BOTTOM = 40.0, 8.0, 8.0, 22.0
ROW, BAR_LEFT, BAR_MOST = 24, 190.0, 300.0
MOST_LABELS = 8


@dataclass(frozen=True, slots=True)
class Series:
    """One line or one layer of columns. None is a gap."""

    name: str
    values: Sequence[float | None]
    tone: str
    """Class that gives it its colour: one, two, three, bad, quiet."""

    def at(self, place: int, label: str, unit: str) -> Markup:
        return tag("title", f"{self.name}, {label}: {told(self.values[place], unit)}")


def lines(
    labels: Sequence[str], series: Sequence[Series], *, unit: str, title: str, top: float | None = None
) -> Markup:
    """Values over days, from zero; `unit` is %, ms, s, $ or nothing."""
    highest = top or nice(max((value for one in series for value in one.values if value is not None), default=1.0))
    parts = _frame(labels, highest, unit)
    for one in series:
        points = [(_x(at, len(labels)), _y(value or 0.0, highest)) for at, value in enumerate(one.values)]
        for run in _runs(one.values):
            path = "L".join(f"{points[at][0]:.1f} {points[at][1]:.1f}" for at in run)
            parts.append(tag("path", d=f"M{path}", cls=f"line {one.tone}"))
        joined = {at for run in _runs(one.values) for at in run}
        for at, (x, y) in enumerate(points):
            if one.values[at] is not None:
                inside = one.at(at, labels[at], unit)
                parts.append(tag("circle", inside, cx=x, cy=y, r=2.6 if at in joined else 4.0, cls=f"dot {one.tone}"))
    return _svg(parts, HEIGHT, title)


def columns(labels: Sequence[str], series: Sequence[Series], *, unit: str, title: str) -> Markup:
    """Layers upon each other, a column a day."""
    sums = [sum(one.values[at] or 0.0 for one in series) for at in range(len(labels))]
    highest = nice(max(sums, default=1.0))
    wide = min(34.0, (WIDTH - LEFT - RIGHT) / max(len(labels), 1) * 0.66)
    parts = _frame(labels, highest, unit)
    for at, label in enumerate(labels):
        below = 0.0
        for one in series:
            value = one.values[at] or 0.0
            if value <= 0:
                continue
            x, y, foot = _x(at, len(labels)) - wide / 2, _y(below + value, highest), _y(below, highest)
            inside, high = one.at(at, label, unit), max(foot - y - 0.8, 0.6)
            parts.append(tag("rect", inside, x=x, y=y, width=wide, height=high, rx=1.5, cls=f"fill {one.tone}"))
            below += value
    return _svg(parts, HEIGHT, title)


def bars(rows: Sequence[tuple[str, float, str]], *, title: str) -> Markup:
    """(label, value, value as told), one below the other, as long as the largest allows."""
    longest = max((value for _, value, _ in rows), default=1.0) or 1.0
    parts = []
    for at, (label, value, shown) in enumerate(rows):
        y, wide = at * ROW, max(value / longest * BAR_MOST, 1.5)
        parts.append(tag("text", label, x=0, y=y + 16, cls="label"))
        parts.append(tag("rect", x=BAR_LEFT, y=y + 6, width=wide, height=13, rx=3, cls="fill one"))
        parts.append(tag("text", shown, x=BAR_LEFT + wide + 7, y=y + 16.5, cls="value"))
    return _svg(parts, len(rows) * ROW + 2, title)


def told(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    match unit:
        case "%":
            return f"{value * 100:.0f} %"
        case "ms":
            return f"{value:.0f} ms" if value < 1000 else f"{value / 1000:.2f} s"
        case "s":
            return f"{value:.0f} s"
        case "$":
            return f"${value:.2f}"
    return f"{value:.0f}" if value == round(value) else f"{value:.1f}"


def nice(value: float) -> float:
    """The round figure at or above a value: 1, 2, 2.5 or 5 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next((step * power for step in (1.0, 2.0, 2.5, 5.0) if step * power >= value * 0.999), 10.0 * power)


def tag(name: str, inside: str | Markup = "", **attributes: object) -> Markup:
    """One element; figures are cut to tenths, `cls` is the class."""
    shown = "".join(
        f' {"class" if key == "cls" else key}="{escape(f"{value:.1f}" if isinstance(value, float) else str(value))}"'
        for key, value in attributes.items()
    )
    return Markup("<{0}{1}>{2}</{0}>").format(name, Markup(shown), inside)


def _frame(labels: Sequence[str], highest: float, unit: str) -> list[Markup]:
    parts = []
    for part in (0.0, 0.5, 1.0):
        y = _y(highest * part, highest)
        parts.append(tag("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, cls="grid"))
        parts.append(tag("text", told(highest * part, unit), x=LEFT - 6, y=y + 3.5, cls="axis end"))
    every = max(1, math.ceil(len(labels) / MOST_LABELS))
    for at, label in enumerate(labels):
        if at % every == 0:
            parts.append(tag("text", label, x=_x(at, len(labels)), y=HEIGHT - 6, cls="axis middle"))
    return parts


def _runs(values: Sequence[float | None]) -> list[list[int]]:
    """Places of values that follow each other without a gap, two and more."""
    runs: list[list[int]] = []
    for at, value in enumerate(values):
        if value is None:
            continue
        if runs and runs[-1][-1] == at - 1:
            runs[-1].append(at)
        else:
            runs.append([at])
    return [run for run in runs if len(run) > 1]


def _x(at: int, count: int) -> float:
    return LEFT + (at + 0.5) * (WIDTH - LEFT - RIGHT) / max(count, 1)


def _y(value: float, highest: float) -> float:
    return HEIGHT - BOTTOM - min(value / highest, 1.0) * (HEIGHT - TOP - BOTTOM)


def _svg(parts: Sequence[Markup], height: float, title: str) -> Markup:
    box = f"0 0 {WIDTH:.0f} {height:.0f}"
    return tag("svg", Markup("").join(parts), viewBox=box, cls="chart", role="img", **{"aria-label": title})
