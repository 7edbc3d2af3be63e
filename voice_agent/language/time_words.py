"""The words of the clock and of the parts of a day, as patterns over flat words, English and Spanish.

Named groups carry a number: a range holds two clocks. What a match means is decided in `times`.
"""

from __future__ import annotations

import re
from functools import cache

Minutes = int
"""Minutes after midnight."""

MORNING, NOON, CLOSE, EVENING = 8 * 60, 12 * 60, 17 * 60, 20 * 60
PARTS_OF_DAY: dict[str, tuple[Minutes | None, Minutes | None]] = {
    "morning": (MORNING, NOON), "early morning": (MORNING, 10 * 60), "late morning": (10 * 60, NOON),
    "afternoon": (NOON, CLOSE), "early afternoon": (NOON, 15 * 60), "late afternoon": (15 * 60, CLOSE),
    "after lunch": (13 * 60, CLOSE), "lunch": (NOON, 13 * 60), "evening": (CLOSE, EVENING),
    "day": (MORNING, CLOSE), "any": (None, None),
}  # fmt: skip

_PARTS: dict[str, tuple[tuple[str, str], ...]] = {
    "en": (
        (
            r"first thing(?: in the morning)?|(?:bright and )?early in the morning|early (?:that "
            r"|in the )?mornings?|early in the day"
         r"|(?:as )?early as (?:possible|you can)|before work", "early morning"),
        (r"before lunch(?:time)?|before noon|before midday|(?:in )?the am|this morning", "morning"),
        (r"(?:late|later)(?: in the| that)? mornings?|mid ?morning", "late morning"),
        (r"in the mornings?|(?<!good )mornings?", "morning"),
        (r"early(?: in the)? afternoons?", "early afternoon"),
        (
            r"(?:late|later)(?: in the| this)? afternoons?|(?:at the )?end of (?:the )?day|late in the day"
            r"|later in the day", "late afternoon"),
        (r"after lunch(?:time)?|after noon time", "after lunch"),
        (r"around lunch(?:time)?|(?:at|during|over) lunch(?:time)?|lunchtime|lunch time", "lunch"),
        (r"this afternoon|in the afternoons?|(?<!good )afternoons?", "afternoon"),
        (r"after (?:work|school|hours|dinner)"
         r"|this evening|tonight|in the evenings?|(?<!good )evenings?|at night", "evening"),
        (r"all day|during the day|whole day", "day"),
        (r"any ?time(?! (?:before|after|between|from|on|next|this))", "any"),
    ),
    "es": (
        (
            r"a primera hora(?: de la manana)?|(?:bien |muy )?temprano(?: (?:por|en|de) la manana)?|tempranito"
            r"|lo mas temprano posible"
         r"|lo antes posible en la manana", "early morning"),
        (r"antes (?:del almuerzo|de almorzar|del mediodia|de(?:l)? medio dia|de comer|de la comida)", "morning"),
        (r"a media manana|(?:a )?fin(?:es)? de la manana", "late morning"),
        (r"(?:por|en|a|de) la manana|esta manana|las mananas|(?:por|en) las mananas", "morning"),
        (r"temprano (?:por|en) la tarde", "early afternoon"),
        (
            r"a ultima hora(?: de la tarde| del dia)?|al final de(?:l dia| la tarde)|mas tarde en el dia"
            r"|tarde en la tarde", "late afternoon"),
        (r"despues (?:del almuerzo|de almorzar|de comer|de la comida)", "after lunch"),
        (r"a la hora (?:del almuerzo|de (?:la )?comida|de comer|de almorzar)", "lunch"),
        (r"(?:por|en|a|de) la tarde|esta tarde|las tardes|(?:por|en) las tardes|la tarde", "afternoon"),
        (r"(?:por|en|a|de) la noche|esta noche|las noches|(?:por|en) las noches|despues del trabajo", "evening"),
        (r"todo el dia", "day"),
        (r"(?:a )?cualquier hora|a la hora que sea", "any"),
    ),
}  # fmt: skip
TODAY = re.compile(r"this (?:morning|afternoon|evening)|tonight|esta (?:manana|tarde|noche)")

_H_EN = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|1[0-2]|0?[1-9])"
_MIN_EN = (
    r"(?:oh (?:five|one|two|three|four|six|seven|eight|nine)|(?:twenty|thirty|forty|fifty)(?: (?:one|two|three"
    r"|four|five|six|seven"
    r"|eight|nine))?|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|[0-5]\d|oclock)"
)
_HALF_EN = r"(?: (?P<half{0}>am|pm|a m|p m|in the morning|in the afternoon|in the evening|at night|tonight))?"
_CLOCK_EN = (
    r"(?:(?P<colon{0}>\d{{1,2}}:\d{{2}})|(?P<noon{0}>noon|midday|midnight|twelve noon|12 noon)"
    rf"|(?P<past{{0}}>half past|half|quarter past|quarter after|a quarter past|quarter to|a quarter to"
    rf"|quarter till|quarter til|quarter of"
    rf"|(?:five|ten|twenty|twenty five)(?: minutes)? (?:past|after|to|till|til)) (?P<ph{{0}}>{_H_EN})"
    rf"|(?P<h{{0}}>{_H_EN})(?: (?P<m{{0}}>{_MIN_EN}))?)(?: (?P<oclock{{0}}>oclock|o clock|sharp|on the dot))?"
    + _HALF_EN
)
_H_ES = r"(?:una|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|1[0-2]|0?[1-9])"
_MIN_ES = (
    r"(?:diez|once|doce|trece|catorce|quince|dieciseis|diecisiete|dieciocho|diecinueve|veinte|veinti\w+"
    r"|(?:treinta|cuarenta|cincuenta)(?: y (?:uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve))?|[0-5]\d)"
)
_FEW_ES = (
    r"(?:uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|cero (?:uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve))"
)
_CLOCK_ES = (
    r"(?:(?:la|las) )?(?:(?P<colon{0}>\d{{1,2}}:\d{{2}})|(?P<noon{0}>mediodia|medio dia|medianoche)"
    rf"|(?P<h{{0}}>{_H_ES})(?: (?P<past{{0}}>y media|y cuarto|menos cuarto|menos (?:cinco|diez|veinte|veinticinco))"
    rf"|(?: y)? (?P<m{{0}}>{_MIN_ES}|(?<= y ){_FEW_ES}))?)(?: (?P<oclock{{0}}>en punto))?"
    r"(?: (?P<half{0}>am|pm|a m|p m|de la manana|de la tarde|de la noche|por la manana|por la tarde"
    r"|por la noche|en la manana"
    r"|en la tarde|en la noche|del mediodia|del dia))?"
)
_CLOCK = {"en": _CLOCK_EN, "es": _CLOCK_ES}


def _clock(lang: str, name: str) -> str:
    return _CLOCK[lang].format(name)


_NOT_HOURS = (
    r"(?! (?:minutes?|mins?|hours?|days?|weeks?|months?|years?|dollars?|bucks|percent|degrees|feet|foot"
    r"|gallons?|pounds?|microfarads?|amps?|volts?|inch(?:es)?|tons?|psi|of|more"
    r"|other|people|units?|and a half|hundred|thousand|zero|oh|one|two|three|four|five|six|seven|eight|nine"
    r"|twenty|thirty|forty|fifty"
    r"|minutos?|horas?|dias?|semanas?|dolares|grados|galones|libras|cero|uno|dos|tres|cuatro|cinco|seis|siete"
    r"|ocho|nueve|mil|\d+"
    r"|(?:\w+ ){1,2}(?:street|st|avenue|ave|road|rd|drive|lane|boulevard|court|way))\b)"
)
_CLOCKS: dict[str, tuple[tuple[str, str], ...]] = {
    "en": (
        ("range", (
            rf"(?<= )(?:(?:any ?time |some ?time |somewhere )?(?P<lead>between|from) )?{_clock('en', '1')}"
            rf" (?P<joint>and|to|till|til|until|through|or) {_clock('en', '2')}{_NOT_HOURS}(?= )")),
        ("before", (
            rf"(?<= )(?:any ?time )?(?P<lead>before|by|no later than|not later than|until|till|not after"
            rf"|earlier than|not any later than"
            rf"|done by) {_clock('en', '1')}{_NOT_HOURS}(?= )")),
        ("after", (
            rf"(?<= )(?:any ?time |some ?time )?(?P<lead>not before|no earlier than|not earlier than|after|past"
            rf"|later than|from|starting at"
            rf"|starting) {_clock('en', '1')}(?: (?:and on|onwards?|or later|or after|and later))?{_NOT_HOURS}(?= )")),
        ("at", (
            rf"(?<= )(?:at |for )?(?P<lead>around|about|like|say|roughly|approximately|close to"
            rf"|near) {_clock('en', '1')}"
            rf"(?: ish| or so)?{_NOT_HOURS}(?= )")),
        ("at", (rf"(?<= )(?:at |for )?(?P<lead>){_clock('en', '1')}(?: ish)?{_NOT_HOURS}(?= )")),
    ),
    "es": (
        ("range", (
            rf"(?<= )(?P<lead>entre|de|desde)? ?{_clock('es', '1')} (?P<joint>y|a"
            rf"|hasta) {_clock('es', '2')}{_NOT_HOURS}(?= )")),
        ("before", (
            rf"(?<= )(?P<lead>antes de|antes del|hasta|no despues de|a mas tardar a|no mas tarde de|para antes de)"
            rf" {_clock('es', '1')}{_NOT_HOURS}(?= )")),
        ("after", (
            rf"(?<= )(?P<lead>no antes de|despues de|despues del|a partir de|desde|pasadas|luego de)"
            rf" {_clock('es', '1')}(?: en adelante)?{_NOT_HOURS}(?= )")),
        ("at", (
            rf"(?<= )(?P<lead>a eso de|como a|alrededor de|cerca de|sobre|hacia|tipo|mas o menos a|aproximadamente a)"
            rf" {_clock('es', '1')}{_NOT_HOURS}(?= )")),
        ("at", (rf"(?<= )(?P<lead>a |al |para )?{_clock('es', '1')}{_NOT_HOURS}(?= )")),
    ),
}  # fmt: skip


@cache
def clock_patterns(lang: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The clocks of a language by kind (range, before, after, at); compiled when a caller first speaks it."""
    return tuple((kind, re.compile(pattern)) for kind, pattern in _CLOCKS[lang])


@cache
def part_patterns(lang: str) -> tuple[tuple[re.Pattern[str], tuple[Minutes | None, Minutes | None]], ...]:
    """The parts of a day with their hours; compiled when a caller first speaks the language."""
    return tuple((re.compile(rf"(?<= )(?:{pattern})(?= )"), PARTS_OF_DAY[name]) for pattern, name in _PARTS[lang])


HINT = re.compile(
    r"\b(?:at|am|pm|a m|p m|before|after|between|from|by|until|till?|noon|midday|mediodia|medio dia|midnight"
    r"|lunch\w*|morning\w*|afternoon\w*"
    r"|evening\w*|tonight|night|past|quarter|half|oclock|clock|early|first thing|late|later|end of|around|about"
    r"|like|any ?time|all day|for|to|mid\w*"
    r"|las?|entre|antes|despues|manana\w*|tardes?|noches?|temprano\w*|hora|partir|hasta|desde|de|mediodia"
    r"|medianoche|all|day|through|starting|say|tipo|\d+:\d+"
    r"|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d{1,2})\b"
)
