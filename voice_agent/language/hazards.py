"""Reviewed signs of danger: which concepts together name a present hazard, and what excuses them.

The trained reader is asked how likely danger is; these patterns say how sure it must be. A named hazard that nothing
excuses needs little more than a hint, an excused one (past, solved, figurative, for sale) needs much.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from voice_agent.language.concepts import Concept
from voice_agent.language.features import FAMILY, Heard


class Sign(Enum):
    """What the patterns say about a sentence."""

    NAMED = "a hazard is named, undenied and unexcused"
    EXCUSED = "its hazard words are past, solved, figurative, for sale or part of the trade"
    SILENT = "no pattern applies"
    EVERYDAY = "all that means anything in it belongs to jobs, visits, parts or the office"
    FAINT = "a few words, none of which means anything to a dispatcher"


_HEATERS = "FURNACE APPLIANCE GASAPPLIANCE BOILER PIPE"
_LIVE_PARTS = "PANEL OUTLET BREAKER WIRE FIXTURE LIVEWIRE"
_SOMEONE = "PEOPLE FAMILY PETS BABY ELDERLY HUMAN TECHNICIAN"
_PATTERNS: tuple[tuple[str, ...], ...] = (
    # gas
    ("GAS GASLINE", "SMELL LEAK HISS BURST POURING ALARM SHUTOFF LEFTON UNLIT"),
    ("ROTTEN", "SMELL ROOM " + _HEATERS),
    ("HISS", "SMELL GASLINE GAS SHUTOFF " + _HEATERS),
    ("LEFTON", "UNLIT SMELL DIZZY"),
    # carbon monoxide
    ("CO", "ALARM BEEP DIZZY COLLAPSE ROOM CONFINED ONGOING SHUTOFF EVACUATE CALL911 READOUT PRESSURE"),
    ("DIZZY", "CO ALARM FUMES DETECTOR " + _HEATERS),
    # fire
    ("FIRE",),
    ("SMOKE",),
    ("SPARK",),
    ("BURN", f"SMELL ROOM AC INSIDE CEILING {_LIVE_PARTS} " + _HEATERS),
    ("HOTTOUCH", "CEILING SMELL " + _LIVE_PARTS),
    ("BUZZ", "PANEL"),
    # electricity
    ("SHOCK",),
    ("LIVEWIRE",),
    ("TINGLE", "WATER FAUCET APPLIANCE OUTLET VOLTAGE TOILET"),
    ("VOLTAGE", "WATER FAUCET TOILET BODYPART"),
    ("POWERLINE WIRE", "DOWNED"),
    ("POWERLINE", "SPARK FIRE BURST FALLEN BURN BUZZ WIRE VOLTAGE CEILING"),
    ("WATER FLOOD POURING LEAK", _LIVE_PARTS),
    # people shut in, pressure, chemicals
    ("TRAPPED",),
    ("ELEVATOR", "HELP ALARM INSIDE"),
    ("ELEVATOR", _SOMEONE, "PROBLEM BURST SHUTOFF BREATHE RUMBLE DOWNED ONGOING"),
    ("RELIEF", "STEAM RUMBLE PRESSURE POURING ONGOING"),
    ("STEAM", "RUMBLE POURING " + _HEATERS),
    ("RUMBLE EXPLODE SHIVER", "FURNACE GASAPPLIANCE BOILER PIPE"),
    ("CHEMICAL REFRIGERANT FUMES", "EYES BREATHE DIZZY COLLAPSE FUMES"),
    ("CHEMICAL", "LEAK SMELL"),
    ("CONFINED", "COLLAPSE DIZZY"),
    # bodies
    ("COLLAPSE",),
    ("BREATHE",),
    ("BLEED",),
    ("EYES", "BURN CHEMICAL FUMES REFRIGERANT SMELL"),
    ("FALLEN",),
    ("HURT",),
    ("MEDIC",),
    ("CONFUSED",),
    ("BODYPART", f"NUMB {_LIVE_PARTS} BURST"),
    ("DIZZY SHIVER", "HOTDAY COLD NOCOOL NOHEAT"),
    ("OXYGEN", "NOPOWER PROBLEM SHUTOFF BEEP DONE"),
)


def _by_first() -> Mapping[str, list[tuple[frozenset[str], ...]]]:
    """For every concept of a pattern's first group, the groups that must be there too."""
    needed: dict[str, list[tuple[frozenset[str], ...]]] = {}
    for first, *rest in _PATTERNS:
        for name in first.split():
            needed.setdefault(name, []).append(tuple(frozenset(group.split()) for group in rest))
    return needed


_BY_FIRST = _by_first()

_OVER = frozenset("PAST SOLVED FIGURATIVE GASOLINE".split())
_TRADE = frozenset("COMMERCE TRAINING CHIRP DONE BILL SCHEDULE OFFICEMATTER".split())
_OF_WORK = frozenset(name for name, family in FAMILY.items() if family in ("TRADE", "TALKING", "OFFICE"))
_BESIDE_WORK = frozenset(
    "NUMWORD NUMBERNOUN DAY TIMEOFDAY MINUTES GREETING THANKS YES NOANSWER NEG ROOM CUSTOMER DETAILS ANDALSO".split()
)
_BODY = frozenset("DIZZY COLLAPSE BREATHE BLEED CONFUSED".split())
_FEW_WORDS = 4
_BACK_TO_NOW = frozenset("BUT ONGOING".split())


def sign_of(heard: Heard) -> Sign:
    """What the patterns say of it. An excuse counts only if nothing after it comes back to the present ("fixed, but"),
    and no talk of trade excuses somebody who feels ill."""
    present = {concept.name for concept in heard.concepts if not concept.denied}
    if not any(_all_there(others, present) for name in present for others in _BY_FIRST.get(name, ())):
        named = {concept.name for concept in heard.concepts}
        if named & _OF_WORK and named <= _OF_WORK | _BESIDE_WORK:
            return Sign.EVERYDAY
        return Sign.SILENT if named or len(heard.words) > _FEW_WORDS else Sign.FAINT
    excuses = _OVER if _BODY & present else _OVER | _TRADE
    return Sign.EXCUSED if _excused(heard.concepts, excuses) else Sign.NAMED


def _all_there(groups: tuple[frozenset[str], ...], present: set[str]) -> bool:
    return all(not group.isdisjoint(present) for group in groups)


def _excused(concepts: list[Concept], excuses: frozenset[str]) -> bool:
    excuse = max((c.start for c in concepts if c.name in excuses and not c.denied), default=-1)
    back = max((c.start for c in concepts if c.name in _BACK_TO_NOW), default=-1)
    return excuse > back
