"""Where a stream of text is cut into spoken clauses, and which words of one were heard before a cut."""

import re

COMMA_SPLITS_FROM = 40
"""Characters before a comma for it to end a clause: recorded at 45, not at 34 or 15 (queued-digits, operator leg)."""

_STOP = re.compile(r"[.?!;:]+[\"'”’)\]]*(?=\s|$)")
_COMMA = re.compile(r",\s+")
_WORD = re.compile(r"\S+")


def next_clause(text: str, *, complete: bool, settled: bool) -> str | None:
    """The first clause of `text`, spaces kept as Twilio keeps them, or None while its end is not known yet.

    A stop ends a clause and leaves the space after it to the next one; a comma, late enough, ends a clause and takes
    the space along. `complete` says that nothing can follow `text`; `settled` that nothing has come for a while, so a
    stop at its very end may be trusted.
    """
    stop = _STOP.search(text)
    while stop is not None and stop.end() == len(text) and not (complete or settled):
        stop = None
    comma = next((found for found in _COMMA.finditer(text) if found.start() >= COMMA_SPLITS_FROM), None)
    if comma is not None and comma.end() == len(text) and not complete:
        comma = None
    if comma is not None and (stop is None or comma.start() < stop.start()):
        return text[: comma.end()]
    if stop is not None:
        rest = text[stop.end() :]
        return text if complete and not rest.strip() else text[: stop.end()]
    return text if complete else None


def heard_part(clause: str, seconds: float, per_character: float) -> str:
    """What of `clause` was heard when it was cut after `seconds`: whole words, no space in front.

    The words that were over by then at the speaking rate, and always the first one: this gives all four recorded
    fragments (interrupt, greeting-dtmf, dial-string-pin, preempt-marked), also "This" after 15 ms.
    """
    position = seconds / per_character
    words = list(_WORD.finditer(clause))
    over = [word for word in words if word.end() <= position] or words[:1]
    return clause[: over[-1].end()].lstrip() if over else ""
