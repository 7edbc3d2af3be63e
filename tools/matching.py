"""Which part is meant by the words spoken: one, or a question. Never a guess between two that fit about as well."""

from __future__ import annotations

from collections.abc import Sequence

from tools import telling
from tools.jobs import caller
from voice_agent.agent.context import ToolContext
from voice_agent.agent.tool import Answer
from voice_agent.call.events import Ask, Keypad
from voice_agent.salesforce.records import StockedPart

CLEARLY_BETTER = 0.12
"""How far a part must lead by score before the next one is not asked about."""
MOST_OPTIONS = 4


async def match(ctx: ToolContext, said: str, *, van_first: bool) -> StockedPart | Answer:
    """The part called `said`: the best fit if it leads clearly. With `van_first` a good fit in the technician's own
    van beats an equally good one elsewhere."""
    found = sorted(await ctx.field.match_part(caller(ctx), said), key=lambda part: -part.score)
    if not found:
        return Answer({"status": "none", "part": said}, say=ctx.speak("part.none", part=telling.quoted(said)))
    best = found[0].score
    close = [part for part in found if best - part.score < CLEARLY_BETTER]
    if van_first and any(part.mine for part in close):
        close = [part for part in close if part.mine]
    exact = [part for part in close if part.score >= 1.0]
    if len(exact) == 1:
        close = exact
    return close[0] if len(close) == 1 else choice(ctx, said, close)


def choice(ctx: ToolContext, said: str, parts: Sequence[StockedPart]) -> Answer:
    offered = parts[:MOST_OPTIONS]
    options = [{"part": telling.part_name(part)} for part in offered]
    return Answer(
        {
            "status": "ambiguous",
            "said": said,
            "options": [{"part": telling.part_name(part), "part_number": part.code} for part in offered],
        },
        say=ctx.speak("part.which", options=telling.options(ctx, "part.option", options)),
        spoken=True,
        ask=Ask(Keypad.CHOICE, 1),
    )
