"""How far the agent's words were played, worked out from clauses and cuts; pure.

Blanks do not count: what comes back from the carrier is spaced its own way.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(slots=True)
class Spoken:
    """One reply as it was sent. The first `heard` characters were played; once `cut`, the rest never will be."""

    text: str
    heard: int = 0
    cut: bool = False
    wall: float = 0.0
    measured: bool = False
    """Whether the carrier reported what was played; without its word, all of an uncut reply is taken for heard."""

    @property
    def parts(self) -> tuple[str, str]:
        """What was heard, and what was not (yet)."""
        if not self.cut and not self.measured:
            return self.text, ""
        return self.text[: self.heard], self.text[self.heard :]


def played(replies: Sequence[Spoken], clause: str) -> None:
    """A clause was played: it is of the first reply that still holds it, one that was cut only if no other does."""
    for cut in (False, True):
        for reply in replies:
            if reply.cut is cut and (end := _end(reply.text, clause, reply.heard)) is not None:
                reply.heard, reply.measured = end, True
                return


def interrupted(replies: Sequence[Spoken], heard: str) -> None:
    """The caller spoke: `heard` was played of the clause then being spoken; nothing after it will be."""
    if heard.strip():
        for reply in replies:
            if not reply.cut and (end := _end(reply.text, heard, reply.heard)) is not None:
                reply.heard = end
                break
    for reply in replies:
        if reply.text[reply.heard :].strip() and (reply.measured or reply is replies[-1]):
            reply.cut = True


def _end(text: str, fragment: str, start: int) -> int | None:
    """Where `fragment` ends in `text` at or after `start`; None if it is not there."""
    wanted = fragment.strip()
    if not wanted:
        return None
    at = text.find(wanted, start)
    if at >= 0:
        return at + len(wanted)
    pattern = r"\s*".join(re.escape(letter) for letter in wanted if not letter.isspace())
    found = re.compile(pattern).search(text, start)
    return found.end() if found is not None else None
