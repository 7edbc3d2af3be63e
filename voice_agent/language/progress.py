"""What a technician claims about the job: its status.

A status is only read from words that claim it. Whatever is denied, almost, conditional, future, asked or wished for is
never `completed`: a job closed by mistake bills a customer for work not done.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass

from voice_agent.language.claims import (
    ASKS,
    BREAK,
    DENIED_AFTER,
    DENY,
    FRESH,
    LINE_ENDS_NO,
    ORDERED,
    RANK,
    REFUSED,
    RELATED,
    SAYING,
    claim_patterns,
)
from voice_agent.language.identifiers import CORRECTION
from voice_agent.language.numbers import Lang
from voice_agent.language.utterance import Utterance


@dataclass(frozen=True, slots=True)
class Claim:
    """A status somebody may have claimed, by its place in the flat sentence."""

    status: str
    start: int
    end: int


def status(heard: Utterance, lang: Lang, taken: Container[int] = ()) -> str | None:
    """The status the sentence claims for the job, else None; words already `taken` (digits) say nothing about it.

    A claim that corrects an earlier one takes its place; of several the furthest counts.
    """
    flat = heard.without(taken)
    claims: list[Claim] = []
    last_denial = -1
    for name, pattern in claim_patterns(lang):
        for match in pattern.finditer(flat):
            if any(c.start <= match.start() and match.end() <= c.end for c in claims if c.status != name):
                continue
            if _claimed(flat, name, match, lang):
                claims.append(Claim(name, match.start(), match.end()))
            elif name == "completed":
                last_denial = max(last_denial, match.start())
    claims = [claim for claim in claims if claim.status != "completed" or claim.start > last_denial]
    if not claims:
        return None
    claims.sort(key=lambda claim: claim.start)
    kept: list[Claim] = []
    for claim in claims:
        if kept and CORRECTION[lang].match(_between(flat, kept[-1], claim)):
            kept.pop()
        kept.append(claim)
    names = {claim.status for claim in kept}
    return next(name for name in RANK if name in names)


def _between(flat: str, left: Claim, right: Claim) -> str:
    gap = flat[left.end : right.start]
    return re.sub(r" (?:im|i am|its|it is|estoy|esta|voy|we are|were|just|still) $", " ", gap) if gap.strip() else gap


def _claimed(flat: str, name: str, match: re.Match[str], lang: Lang) -> bool:
    before, after = flat[: match.start()], flat[match.end() :]
    if name == "cannot_complete":
        return not re.search(r" (?:if|if theres|hope|what if|si|ojala que) $", before)
    if name != "completed":
        if name == "in_progress" and re.match(
            r"almost|nearly|about|bout|just about|not|isnt|still|casi|ya casi|todavia|aun|no ", match[0]
        ):
            return True
        return RELATED[lang].search(before) is None and not _hypothetical(before, lang)
    return not denied(before, after, lang)


def _hypothetical(before: str, lang: Lang) -> bool:
    pattern = (
        r" (?:if|when|once|will be|ill be|until|before|should be|supposed to be|is he|is she|are they"
        r"|is the \w+|is my \w+|is someone|is anybody|will)(?: (?:i|im|i am|you|youre|he|hes|they|theyre|be|get"
        r"|getting|someone|we|were|the|tech|technician))*"
        if lang == "en"
        else (
            r" (?:si|cuando|hasta que|antes de|deberia|va a|ya viene|esta el tecnico|viene)(?: (?:estoy|este|voy"
            r"|vaya|esta|estar|yo|el|tecnico|que))*"
        )
    )
    return re.search(pattern + " $", before) is not None


def denied(before: str, after: str, lang: Lang) -> bool:
    """Whether "done" between `before` and `after` is denied, partial, asked, wished, conditional or still to come."""
    after = " " + after.lstrip()
    if DENIED_AFTER[lang].match(after) or LINE_ENDS_NO[lang].search(after):
        return True
    if FRESH[lang].search(before):
        return False
    clause = _own_clause(before, lang)
    if ORDERED[lang].search(clause):
        return REFUSED[lang].search(clause) is not None
    window = " " + " ".join(clause.split()[-9:]) + " "
    return DENY[lang].search(window) is not None or ASKS[lang].match(clause) is not None


def _own_clause(before: str, lang: Lang) -> str:
    """The clause that ends `before`: what follows its last "but", "and", "so"... unless a verb of saying carries on."""
    last = 0
    while (match := BREAK[lang].search(before, last)) is not None:
        last = match.end() - 1
    clause = before[last:]
    return before if SAYING.search(clause) else clause
