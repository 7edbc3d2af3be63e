"""How a caller sounds beside what they say: upset, pressed for time, frightened. Words only; no voice is heard here.

A sign, never a verdict: it is evidence for handing over and a hint for the person who takes over.
"""

from __future__ import annotations

import re
from typing import Literal

from voice_agent.language.utterance import without_accents

Feeling = Literal["upset", "pressed", "frightened"]

_SIGNS: tuple[tuple[Feeling, str], ...] = (
    (
        "frightened",
        r"im (?:so |really |very )?(?:scared|afraid|terrified|frightened)|please hurry|help me please|oh (?:my )?god|"
        r"im shaking|panicking|tengo (?:mucho )?miedo|estoy (?:muy )?asustad[oa]|ay dios|por favor apurense|auxilio|"
        r"ayudeme por favor",
    ),
    (
        "upset",
        r"ridiculous|unacceptable|outrageous|furious|fed up|sick of|tired of (?:this|waiting|calling)|angry|pissed|"
        r"(?:second|third|fourth|fifth) time (?:i|ive|we|this)|how many times|every single time|waste of (?:my )?time|"
        r"terrible service|worst (?:service|company)|(?:want|speak to|talk to|get) (?:a |your |the )?(?:manager|"
        r"supervisor)|i (?:already|just) (?:told|said)|you (?:are|re) not listening|not what i said|useless|stupid|"
        r"are you kidding|what the hell|god ?dammit|damn it|bullshit|"
        r"ridiculo|inaceptable|indignante|furios[oa]|hart[oa]|cansad[oa] de|enojad[oa]|molest[oa]|"
        r"(?:segunda|tercera|cuarta) vez que|cuantas veces|perdida de tiempo|pesimo servicio|mal servicio|"
        r"(?:hablar con|quiero a|paseme a) (?:un |el |su )?(?:gerente|supervisor|encargado)|ya (?:le|te|se lo) dije|"
        r"no me (?:esta )?(?:escuchando|escucha|entiende)|no (?:es|fue) lo que dije|inutil|estupid[oa]|que demonios|"
        r"carajo|mierda|es el colmo",
    ),
    (
        "pressed",
        r"hurry|quick(?:ly)? please|im (?:in a rush|late|running out)|dont have (?:all day|time|much time)|asap|"
        r"right (?:now|away)|no time|apurese|rapido por favor|tengo prisa|no tengo (?:todo el dia|tiempo)|"
        r"cuanto antes|ahora mismo|urge",
    ),
)
_PATTERNS = tuple((feeling, re.compile(rf"\b(?:{words})\b")) for feeling, words in _SIGNS)
_JUNK = re.compile(r"[^a-z0-9 ]+")


def distress(text: str) -> Feeling | None:
    """The strongest feeling the words betray, None for most of what is said."""
    plain = _JUNK.sub("", without_accents(text).replace("-", " "))
    return next((feeling for feeling, pattern in _PATTERNS if pattern.search(plain)), None)
