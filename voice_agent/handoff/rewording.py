"""Lets a model put a summary into a few fluent sentences, and throws them away if they say anything the lines do not.

The lines written by rule stay what counts; the wording stands beside them. Nothing waits for it.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Iterable
from datetime import datetime

from voice_agent.agent.model import Model, ReplyRequest, Situation, ToolWanted, Words
from voice_agent.errors import ModelError
from voice_agent.handoff.summary import Section, Source, Summary
from voice_agent.language.utterance import without_accents

log = logging.getLogger(__name__)

SECONDS = 4.0
MOST_CHARACTERS = 600
NO_TOOLS = b"[]"

_NUMBERS = frozenset(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand half dozen twice both "
    "cero dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince veinte treinta cuarenta "
    "cincuenta sesenta setenta ochenta noventa cien ciento mil medio docena".split()
)
_DATES = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february march april june july august september "
    "october november december today tomorrow yesterday tonight noon midnight lunes martes miercoles jueves viernes "
    "sabado domingo enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre hoy "
    "manana ayer mediodia medianoche".split()
)
_CLAIMS = re.compile(
    r"\b(?:complet|commit|book|confirm|verif|approv|authori|cancel|resched|mov|schedul|resolv|fix|sen[td]|paid|pay|"
    r"record|agree|promis|sav|updat|finish|done|refund|guarant|registr|aprob|autoriz|verific|reserv|movi|cambi|"
    r"resuel|envi|pag|prometi|guard|termin|hech|confirm|actualiz)\w*"
)
"""Stems of words that claim that something was done, proven or allowed."""
_TAKEN_BACK = re.compile(
    r"\b(?:not|no|never|nothing|nobody|without|unverified|unconfirmed|wants?|asked|asks|wished?|would|tried|pending|"
    r"waiting|waits|sin|nada|nadie|quiere|pidio|pide|desea|intento|pendiente|espera)\b"
)
BEFORE = 5
"""Words in front of a claim in which a "not" or a "wants" takes it back."""
_WORD = re.compile(r"[^\W\d_]+|\d+")


class Rewording:
    """What is done with a summary once its caller is in the queue. `model` gives None while there is none to ask: the
    offline model holds conversations and can word nothing."""

    def __init__(self, model: Callable[[], Model | None], prompt: str, now: Callable[[], datetime]) -> None:
        self._model = model
        self._prompt = prompt
        self._now = now

    async def of(self, summary: Summary) -> str:
        """A wording that adds nothing; "" where there is none."""
        model = self._model()
        if model is None:
            return ""
        situation = Situation("dispatch", self._now(), lang=summary.lang)
        return (await reworded(summary, model, self._prompt, situation)).worded


async def reworded(summary: Summary, model: Model, prompt: str, situation: Situation) -> Summary:
    """The summary with a model's wording beside its lines, or as it was: too late, broken, or saying too much."""
    said: list[str] = []

    def emit(piece: Words | ToolWanted) -> None:
        if isinstance(piece, Words):
            said.append(piece.text)

    request = ReplyRequest(situation, [{"role": "user", "content": summary.as_text()}], NO_TOOLS, system=prompt)
    try:
        async with asyncio.timeout(SECONDS):
            await model.reply(request, emit)
    except (ModelError, TimeoutError) as error:
        log.info("summary not reworded", extra={"why": type(error).__name__})
        return summary
    text = " ".join("".join(said).split())[:MOST_CHARACTERS]
    if surplus := added(text, summary):
        log.warning("wording of a summary refused", extra={"added": len(surplus)})
        return summary
    return summary.with_wording(text) if text else summary


def added(text: str, summary: Summary) -> list[str]:
    """What `text` says that the lines do not bear out: numbers, dates, names, and claims that something was done."""
    told = _words(line.text for line in summary.lines)
    found = [word for word in _words([text]) if (word.isdigit() or word in _NUMBERS | _DATES) and word not in told]
    found += [name for name in _names(text) if without_accents(name) not in told]
    made = " ".join(_words(line.text for line in summary.lines if _vouched(line.source, line.section)))
    flat = " ".join(_WORD.findall(without_accents(text)))
    for claim in _CLAIMS.finditer(flat):
        before = " ".join(flat[: claim.start()].split()[-BEFORE:])
        if not _TAKEN_BACK.search(before) and claim.group()[:4] not in made:
            found.append(claim.group())
    return found


def _vouched(source: Source, section: Section) -> bool:
    """Only what the server did or proved may be told as a fact."""
    return source is Source.VERIFIED or (source is Source.AGENT and section in (Section.DONE, Section.DANGER))


def _words(texts: Iterable[str]) -> list[str]:
    return [word for text in texts for word in _WORD.findall(without_accents(text))]


def _names(text: str) -> list[str]:
    """Capitalised words inside a sentence."""
    names = []
    for sentence in re.split(r"(?<=[.!?:])\s+", text):
        names += [
            word for word in _WORD.findall(sentence)[1:] if word[:1].isupper() and word not in ("I", "PIN", "The")
        ]
    return names
