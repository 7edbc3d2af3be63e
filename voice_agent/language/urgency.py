"""Triage of one sentence: life_safety, urgent or routine, with the hazard and the words that decided.

A trained reader gives the probability of every hazard; reviewed patterns say how much of it is enough. The costs are
lopsided (a missed gas leak against a needless safety sentence), so a hazard that is named and not excused passes on a
hint. Sections 1 and 2 of the emergency sheet are the rules. No network, no clock, no memory: stickiness is the call's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from voice_agent.language.classifier import load
from voice_agent.language.features import Heard, features, hear, without_numbers
from voice_agent.language.hazards import Sign, sign_of
from voice_agent.language.reading import LIFE_HAZARDS, URGENT_HAZARDS, Level, Urgency

LIFE_BAR = {Sign.NAMED: 0.10, Sign.SILENT: 0.10, Sign.EVERYDAY: 0.40, Sign.EXCUSED: 0.40, Sign.FAINT: 0.60}
"""Probability of any life hazard from which guidance is spoken first; settled on lines held out of training."""
URGENT_BAR = dict.fromkeys(Sign, 0.40) | {Sign.FAINT: 0.60}
"""Probability of anything worse than routine from which someone is paged."""


def read_urgency(text: str, *, lang: str | None = None) -> Urgency:
    """Reads one final prompt, or a partial of more than three words. `lang` is not needed: both are read at once."""
    return urgency_of(hear(text))


def urgency_of(heard: Heard) -> Urgency:
    sign = sign_of(heard)
    chances = hazard_chances(heard)
    life = sum(chances[hazard] for hazard in LIFE_HAZARDS)
    if sign is Sign.NAMED and life < LIFE_BAR[sign] and (plain := without_numbers(heard)) is not heard:
        chances = hazard_chances(plain)  # figures are the talk of trade, unless they are the address of a fire
        life = sum(chances[hazard] for hazard in LIFE_HAZARDS)
    worse = life + sum(chances[hazard] for hazard in URGENT_HAZARDS)
    if life >= LIFE_BAR[sign]:
        return _found("life_safety", heard, LIFE_HAZARDS, chances)
    if worse >= URGENT_BAR[sign]:
        return _found("urgent", heard, URGENT_HAZARDS, chances)
    return Urgency("routine")


_UNTOLD = 0.2


def _found(level: Level, heard: Heard, hazards: Sequence[str], chances: Mapping[str, float]) -> Urgency:
    """The likeliest hazard; one that no undenied word tells of ("no gas smell, but smoke") must be far likelier."""
    told = {hazard: evidence(heard, hazard) for hazard in hazards}
    hazard = max(hazards, key=lambda name: chances[name] * (1.0 if told[name] else _UNTOLD))
    return Urgency(level, hazard, told[hazard])


def hazard_chances(heard: Heard) -> dict[str, float]:
    """Probability of every hazard and of every kind of routine talk; sums to 1."""
    model = load("urgency")
    chances = model.probabilities(features(heard), heard.meaning)
    return dict(zip(model.labels, chances.tolist(), strict=True))


_TELLING: dict[str, frozenset[str]] = {
    "gas": frozenset("GAS GASLINE SMELL ROTTEN HISS LEAK".split()),
    "co": frozenset("CO ALARM DIZZY DETECTOR".split()),
    "fire": frozenset("FIRE SMOKE BURN SPARK HOTTOUCH EXPLODE".split()),
    "shock": frozenset("SHOCK TINGLE VOLTAGE".split()),
    "downed_line": frozenset("POWERLINE DOWNED WIRE SPARK".split()),
    "water_electric": frozenset("WATER FLOOD POURING FIXTURE PANEL OUTLET LEAK".split()),
    "trapped": frozenset("TRAPPED ELEVATOR".split()),
    "pressure": frozenset("BOILER RELIEF STEAM RUMBLE PRESSURE EXPLODE".split()),
    "chemical": frozenset("REFRIGERANT CHEMICAL FUMES EYES BREATHE DIZZY COLLAPSE CONFINED".split()),
    "injury": frozenset("COLLAPSE BREATHE BLEED FALLEN HURT OXYGEN".split()),
    "exposure": frozenset("CONFUSED SHIVER COLD HOTDAY NOHEAT NOCOOL COLLAPSE DIZZY".split()),
    "burst_pipe": frozenset("PIPE BURST FLOOD POURING WATER LEAK".split()),
    "sewage": frozenset("SEWAGE BACKUP ONLYTOILET TOILET".split()),
    "no_heat": frozenset("NOHEAT COLD FURNACE BABY ELDERLY".split()),
    "no_cooling": frozenset("NOCOOL HOTDAY AC BABY ELDERLY".split()),
    "power_loss": frozenset("NOPOWER NEIGHBORSHAVE BRIGHTLIGHTS".split()),
    "critical_site": frozenset("CRITICAL SPOIL".split()),
}
_LONGEST_EVIDENCE = 10  # words


def evidence(heard: Heard, hazard: str) -> str | None:
    """The stretch of words from the first to the last undenied sign of the hazard."""
    signs = [c for c in heard.concepts if not c.denied and c.name in _TELLING[hazard]]
    if not signs:
        return None
    start = signs[0].start
    end = max(sign.end for sign in signs if sign.end - start <= _LONGEST_EVIDENCE or sign is signs[0])
    return " ".join(heard.words[start:end])
