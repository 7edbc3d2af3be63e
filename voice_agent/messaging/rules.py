"""Where texts may go, how many, and at what hour: prompts/texting.toml, read once at start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from voice_agent import phrases as phrase_files
from voice_agent.errors import ConfigurationError
from voice_agent.tallies import Limit

FILE = "texting.toml"
HOUR, DAY = 3600.0, 24 * 3600.0
PREFIX_LESS = 3
"""Digits at the end by which neighbours of one number differ: pumped texts go to blocks of numbers."""
LOOK_AHEAD = timedelta(hours=48)
STEP = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class TextRules:
    countries: frozenset[str]
    """ISO codes."""
    per_call: int
    per_number_an_hour: int
    per_prefix_an_hour: int
    per_day: int
    from_hour: time
    to_hour: time
    """Texts that can wait leave between these, by the clock of where they go."""
    invoice_link: str

    def reachable(self, number: str) -> bool:
        """An ordinary number of a country we text to: no premium, shared-cost or toll-free one."""
        import phonenumbers  # 60 ms, and needed only when something is texted

        try:
            parsed = phonenumbers.parse(number)
        except phonenumbers.NumberParseException:
            return False
        possible = phonenumbers.is_possible_number_with_reason(parsed) == phonenumbers.ValidationResult.IS_POSSIBLE
        region = phonenumbers.region_code_for_number(parsed) or phonenumbers.region_code_for_country_code(
            parsed.country_code or 0
        )
        costly = phonenumbers.number_type(parsed) in (
            phonenumbers.PhoneNumberType.PREMIUM_RATE,
            phonenumbers.PhoneNumberType.SHARED_COST,
            phonenumbers.PhoneNumberType.TOLL_FREE,
            phonenumbers.PhoneNumberType.UAN,
        )
        return possible and region in self.countries and not costly

    def limits(self, number: str, call_sid: str) -> list[Limit]:
        limits = [
            Limit("text.day", "", self.per_day, DAY),
            Limit("text.prefix", number[:-PREFIX_LESS], self.per_prefix_an_hour, HOUR),
            Limit("text.number", number, self.per_number_an_hour, HOUR),
        ]
        return [*limits, Limit("text.call", call_sid, self.per_call, DAY)] if call_sid else limits

    def wait(self, number: str, now: float, zone: str = "") -> float:
        """Seconds until a text that can wait may leave; `now` is UNIX seconds.

        It is day where the number is only if it is day in every zone the number may be in.
        """
        zones = [ZoneInfo(zone)] if zone else _zones(number)
        moment = start = datetime.fromtimestamp(now, UTC)
        while moment - start < LOOK_AHEAD:
            if all(self.from_hour <= moment.astimezone(one).time() < self.to_hour for one in zones):
                return (moment - start).total_seconds()
            moment += STEP
        return LOOK_AHEAD.total_seconds()


def _zones(number: str) -> list[ZoneInfo]:
    import phonenumbers
    from phonenumbers import timezone

    try:
        names = timezone.time_zones_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        names = ()
    known = [ZoneInfo(name) for name in names if name != "Etc/Unknown"]
    return known or [ZoneInfo("America/New_York"), ZoneInfo("America/Los_Angeles")]


def load(folder: str | None) -> TextRules:
    """ConfigurationError names the field that is wrong, and the mend. A folder without the file has the shipped one."""
    root: Traversable = Path(folder) if folder else resources.files("prompts")
    if not (root / FILE).is_file():
        root = resources.files("prompts")
    table = phrase_files.toml(root, FILE)
    countries = table.get("countries")
    if not isinstance(countries, list) or not all(isinstance(c, str) and len(c) == 2 for c in countries):
        raise ConfigurationError(f'{FILE}: countries must be a list of two-letter codes such as ["US", "CA"]')
    hours = table.get("hours")
    try:
        first, last = (time.fromisoformat(str(hour)) for hour in hours or ())
    except (ValueError, TypeError):
        raise ConfigurationError(f'{FILE}: hours must be two times such as ["08:00", "21:00"]') from None
    link = table.get("invoice_link")
    if not isinstance(link, str) or "{work_order}" not in link:
        raise ConfigurationError(f"{FILE}: invoice_link must be an address that holds {{work_order}}")
    return TextRules(
        frozenset(country.upper() for country in countries),
        _count(table, "per_call"),
        _count(table, "per_number_an_hour"),
        _count(table, "per_prefix_an_hour"),
        _count(table, "per_day"),
        first,
        last,
        link,
    )


def _count(table: Mapping[str, Any], name: str) -> int:
    value = table.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ConfigurationError(f"{FILE}: {name} must be a number of texts, 0 or more")
    return value
