"""Where a caller can be handed to: the `[hand_off]` tables of lines.toml, the only place that names phones to dial.

Speech, keys, records and the model can choose none of these (threat T9): they can ask for a person, and a line names
the one target that means. Numbers must lie in the allowed countries; a mistake stops the start.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from voice_agent.errors import ConfigurationError

KINDS = ("queue", "number", "sip", "studio")
FIELDS = frozenset(
    (*KINDS, "phones", "ring_after", "ring_seconds", "longest_wait", "passes", "then", "assign", "call_back_after")
)
ASSIGNS = ("call", "dequeue", "conference", "redirect", "accept")
CALL_BACK_AFTER = (120.0, 600.0, 1800.0, 3600.0, 3 * 3600.0)
MOST_CALL_BACKS = 10
MOST_CONVERSATIONS = 2
"""With people, in one call (T9)."""
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
FLOW = re.compile(r"FW[0-9a-fA-F]{32}", re.ASCII)
SIP = re.compile(r"sips?:[A-Za-z0-9._~!$&'()*+,;=-]+@[A-Za-z0-9.-]+(:\d{2,5})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Target:
    """One place people answer. Seconds unless the name says otherwise."""

    name: str
    kind: str
    """`queue` (TaskRouter's, if a workflow is set), `number`, `sip` or `studio`."""
    address: str
    """The queue's name, the number, the SIP address, the flow's SID."""
    phones: tuple[str, ...] = ()
    """Called in turn while a caller waits in the queue and nobody has accepted in the console."""
    ring_after: float = 0.0
    ring_seconds: int = 20
    longest_wait: float = 300.0
    passes: int = 2
    """How often the phones are gone through before the wait is given up."""
    then: str = ""
    """The next target when this one fails; "" is the voicemail and a call-back."""
    assign: str = "call"
    """What TaskRouter is told to do with a reservation."""
    call_back_after: tuple[float, ...] = CALL_BACK_AFTER
    """Before each try to keep a promise to call back."""


@dataclass(frozen=True, slots=True)
class Targets:
    """All targets by name, and the countries (ISO 3166) that may be dialled at all."""

    by_name: Mapping[str, Target]
    countries: tuple[str, ...] = ("US", "CA")

    def dialable(self, phone: str) -> bool:
        """Whether `phone` may be called: a number of an allowed country that is no premium one, or a target's own
        SIP address. "+1" alone says little: it holds a score of island states, and 900."""
        if not E164.fullmatch(phone):
            return any(target.kind == "sip" and target.address == phone for target in self.by_name.values())
        import phonenumbers  # 60 ms, and needed only where somebody is to be called

        try:
            number = phonenumbers.parse(phone)
        except phonenumbers.NumberParseException:
            return False
        costly = (phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.SHARED_COST)
        return (
            phonenumbers.region_code_for_number(number) in self.countries
            and phonenumbers.number_type(number) not in costly
        )

    @property
    def phones(self) -> tuple[str, ...]:
        """Every phone that a target names, once."""
        named = (*(phone for target in self.by_name.values() for phone in target.phones),)
        direct = tuple(target.address for target in self.by_name.values() if target.kind == "number")
        return tuple(dict.fromkeys((*named, *direct)))

    def of(self, name: str) -> Target:
        """A name without a table is a queue of that name, with nobody to call."""
        return self.by_name.get(name) or Target(name, "queue", name)


def read(document: Mapping[str, Any]) -> Targets:
    """The `[hand_off]` table of lines.toml. ConfigurationError names the target and the field."""
    table = document.get("hand_off", {})
    if not isinstance(table, Mapping):
        raise ConfigurationError("lines.toml: hand_off must be a table")
    countries = table.get("countries", ["US", "CA"])
    if not isinstance(countries, list) or not countries or not all(_is_country(each) for each in countries):
        raise ConfigurationError('lines.toml: hand_off.countries must be a list of countries such as ["US", "CA"]')
    rest = {name: each for name, each in table.items() if name != "countries"}
    targets = Targets({name: _target(name, each) for name, each in rest.items()}, tuple(countries))
    for target in targets.by_name.values():
        phones = (*target.phones, *((target.address,) if target.kind == "number" else ()))
        if abroad := [phone for phone in phones if not targets.dialable(phone)]:
            raise _wrong(target.name, "phones", f"names {abroad[0]}, which is no ordinary number of an allowed country")
        _ends(targets, target)
    return targets


def _target(name: str, given: Any) -> Target:
    if not NAME.fullmatch(name):
        raise ConfigurationError(f"lines.toml: hand_off.{name}: a target's name is a short lower-case word")
    if not isinstance(given, Mapping):
        raise ConfigurationError(f"lines.toml: hand_off.{name} must be a table")
    if unknown := sorted(set(given) - FIELDS):
        raise _wrong(name, unknown[0], f"is not a setting of a target; there are {', '.join(sorted(FIELDS))}")
    kinds = [kind for kind in KINDS if kind in given]
    if len(kinds) != 1:
        raise _wrong(name, "queue", "or number, sip, studio: a target has exactly one of them")
    kind, address = kinds[0], given[kinds[0]]
    shape = {"number": E164, "sip": SIP, "studio": FLOW, "queue": re.compile(r".{1,64}")}[kind]
    if not isinstance(address, str) or not shape.fullmatch(address):
        raise _wrong(name, kind, f"is {address!r}, which is none")
    phones = given.get("phones", [])
    if not isinstance(phones, list) or not all(isinstance(each, str) and E164.fullmatch(each) for each in phones):
        raise _wrong(name, "phones", "must be a list of numbers such as +13125550180")
    assign = given.get("assign", "call")
    if assign not in ASSIGNS:
        raise _wrong(name, "assign", f"is {assign!r}; it must be one of {', '.join(ASSIGNS)}")
    waits = given.get("call_back_after", list(CALL_BACK_AFTER))
    if not isinstance(waits, list) or not 1 <= len(waits) <= MOST_CALL_BACKS or not all(map(_is_wait, waits)):
        raise _wrong(
            name, "call_back_after", f"must be a list of 1 to {MOST_CALL_BACKS} numbers of seconds, up to a day"
        )
    then = given.get("then", "")
    if not isinstance(then, str):
        raise _wrong(name, "then", "must name another target")
    return Target(
        name,
        kind,
        address,
        tuple(phones),
        ring_after=_number(name, given, "ring_after", 0.0, 0, 600),
        ring_seconds=int(_number(name, given, "ring_seconds", 20, 5, 120)),
        longest_wait=_number(name, given, "longest_wait", 300.0, 10, 3600),
        passes=int(_number(name, given, "passes", 2, 1, 10)),
        then=then,
        assign=assign,
        call_back_after=tuple(float(wait) for wait in waits),
    )


def _number(name: str, given: Mapping[str, Any], field: str, default: float, least: float, most: float) -> float:
    value = given.get(field, default)
    if type(value) not in (int, float) or not least <= value <= most:
        raise _wrong(name, field, f"must be a number from {least:g} to {most:g}")
    return float(value)


def _ends(targets: Targets, first: Target) -> None:
    seen, target = {first.name}, first
    while target.then:
        if target.then not in targets.by_name:
            raise _wrong(target.name, "then", f"names {target.then!r}, which is no target")
        if target.then in seen:
            raise _wrong(first.name, "then", "leads back to itself; a ladder has an end")
        seen.add(target.then)
        target = targets.by_name[target.then]


def _is_wait(value: Any) -> bool:
    return type(value) in (int, float) and 1 <= value <= 86_400


def _is_country(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[A-Z]{2}", value, re.ASCII) is not None


def _wrong(name: str, field: str, must: str) -> ConfigurationError:
    return ConfigurationError(f"lines.toml: hand_off.{name}: {field} {must}")
