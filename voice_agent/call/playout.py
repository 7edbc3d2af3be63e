"""What the caller has heard so far of what was sent, told by Twilio where it tells, else estimated.

Twilio speaks clause by clause and reports a clause after it was played (`tokensPlayed`). Whole clauses keep their
spaces, a cut fragment is trimmed at the front, so fragments are searched from the played offset, never compared at it.
Without reports the estimate is 0.36 s + 43 ms a character for each clause (67 recorded clauses, worst miss 0.32 s).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

CLAUSE_SECONDS = 0.36
CHARACTER_SECONDS = 0.043
FIRST_AUDIO_SECONDS = 0.3
"""First `text` frame to first sound: 0.25-0.48 s recorded."""
REPORT_SLACK = 2.0
"""How long after its estimated end speech may still be believed to go on when no report says otherwise."""
SAME_FRAGMENT_SECONDS = 0.25
"""`tokensPlayed` with the cut fragment and its `interrupt` come within a few ms; repeated words need this window."""

_CLAUSE_END = re.compile(r"[.?!;:]+(?=\s|$)|\n")


def speech_seconds(text: str) -> float:
    """Estimated time to speak `text`, in seconds."""
    text = text.strip()
    if not text:
        return 0.0
    clauses = len(_CLAUSE_END.findall(text)) + (0 if text[-1] in ".?!;:" else 1)
    return clauses * CLAUSE_SECONDS + len(text) * CHARACTER_SECONDS


def locate(text: str, fragment: str, start: int) -> int | None:
    """End offset of the first `fragment` in `text` at or after `start`; blanks may differ. None if it is not there."""
    fragment = fragment.strip()
    if not fragment:
        return None
    found = text.find(fragment, start)
    if found >= 0:
        return found + len(fragment)
    pattern = r"\s*".join(map(re.escape, "".join(fragment.split())))
    match = re.compile(pattern).search(text, start)
    return match.end() if match else None


@dataclass(slots=True)
class Utterance:
    """One reply as it was sent. `heard` is how many characters of it were surely played; only a prefix ever is."""

    turn: int
    starts_at: float
    """Estimated moment of its first sound: after everything in front of it."""
    text: str = ""
    heard: int = 0
    ends_at: float = 0.0
    """Estimated moment of its last sound, as far as it was sent."""
    stretches: list[tuple[int, float]] = field(default_factory=list)
    """(offset, moment): where speech begins anew, because the words before it had run out."""
    settled: bool = False
    """Nothing more of it will be heard: played to its end, cut, or passed over."""
    cut: bool = False

    @property
    def heard_text(self) -> str:
        return self.text[: self.heard]

    def grow(self, text: str, at: float) -> None:
        """More words are sent: spoken behind the others, or once they arrive if those have been spoken already."""
        if not self.stretches or at > self.ends_at:
            begin = max(self.starts_at, at + FIRST_AUDIO_SECONDS)
            self.stretches.append((len(self.text), begin))
            self.ends_at = begin + CLAUSE_SECONDS
        self.text += text
        self.ends_at += len(text) * CHARACTER_SECONDS
        if text and text[-1] in ".?!;:":
            self.ends_at += CLAUSE_SECONDS

    def _settle_if_whole(self) -> None:
        if not self.text[self.heard :].strip():
            self.heard = len(self.text)
            self.settled = True


@dataclass(slots=True)
class Playout:
    utterances: list[Utterance] = field(default_factory=list)
    reported: bool = False
    """Twilio sends info frames on this call."""
    _last_fragment: tuple[str, Utterance, float] | None = None

    def begin(self, turn: int, at: float) -> Utterance:
        """A reply's first text frame leaves. It will sound after all that is still unheard."""
        before = max((u.ends_at for u in self.utterances[-3:] if not u.settled), default=0.0)
        utterance = Utterance(turn, max(at + FIRST_AUDIO_SECONDS, before))
        self.utterances.append(utterance)
        return utterance

    def played(self, text: str, at: float) -> None:
        """`tokensPlayed`. Text that was never sent (echoed digits) is nobody's."""
        self.reported = True
        for position, utterance in enumerate(self.utterances):
            if utterance.settled:
                continue
            end = locate(utterance.text, text, utterance.heard)
            if end is None:
                continue
            for passed in self.utterances[:position]:
                if not passed.settled:  # a later text pre-empted it: what was not reported was not heard
                    passed.settled = passed.cut = True
            utterance.heard = end
            utterance._settle_if_whole()
            self._last_fragment = (text.strip(), utterance, at)
            return

    def interrupted(self, heard: str, at: float, *, keep_from: int | None = None) -> list[Utterance]:
        """The caller cut in: settle what was unheard and say which utterances lost words.

        `keep_from`: utterances from this index on were sent after the key that interrupts and still play.
        """
        if not self.reported:
            self._settle_by_time(at)
        fresh = self._last_fragment
        counted = fresh is not None and fresh[0] == heard.strip() and at - fresh[2] <= SAME_FRAGMENT_SECONDS
        cut = []
        for utterance in self.utterances[: keep_from if keep_from is not None else len(self.utterances)]:
            if utterance.settled:
                continue
            if not counted:
                start = utterance.heard if self.reported else self._nearest(utterance, heard, at)
                end = locate(utterance.text, heard, start)
                if end is not None:
                    utterance.heard = end
                    counted = True
            utterance.settled = utterance.cut = True
            cut.append(utterance)
        return cut

    def _settle_by_time(self, at: float) -> None:
        """Without reports: all but the newest utterance is over once its estimated time is."""
        for utterance in [u for u in self.utterances if not u.settled][:-1]:
            if utterance.ends_at <= at:
                utterance.heard = len(utterance.text)
                utterance.settled = True

    def _nearest(self, utterance: Utterance, heard: str, at: float) -> int:
        """Without reports: where to start looking, so that of several equal phrases the one about now is taken."""
        estimate = self._estimated_offset(utterance, at)
        best, start = utterance.heard, utterance.heard
        while (end := locate(utterance.text, heard, start)) is not None:
            begin = end - len(heard.strip())
            if abs(end - estimate) <= abs(best + len(heard) - estimate) or best == utterance.heard:
                best = max(begin, utterance.heard)
            start = max(end, start + 1)
        return best

    def _estimated_offset(self, utterance: Utterance, at: float) -> int:
        """Characters of `utterance` that have probably been spoken by `at`; whole words."""
        if at >= utterance.ends_at:
            return len(utterance.text)
        begun = [(offset, moment) for offset, moment in utterance.stretches if moment <= at]
        if not begun:
            return utterance.heard
        start, moment = begun[-1]
        return max(start + _spoken_within(utterance.text[start:], at - moment), utterance.heard)

    def finish(self, at: float) -> list[Utterance]:
        """The call is over: keep what is known to have been heard, or without reports what time allowed."""
        lost = []
        for utterance in self.utterances:
            if utterance.settled:
                continue
            if not self.reported:
                utterance.heard = self._estimated_offset(utterance, at)
                utterance._settle_if_whole()
            if not utterance.settled:
                utterance.settled = utterance.cut = True
                lost.append(utterance)
        return lost

    def unheard(self, at: float) -> bool:
        """Is the caller still being spoken to?"""
        return any(not u.settled and u.text.strip() and at < self.believed_until(u) for u in self.utterances[-4:])

    def believed_until(self, utterance: Utterance) -> float:
        """Latest moment at which `utterance` may still be sounding: a bound on waiting for a report."""
        return utterance.ends_at + (REPORT_SLACK if self.reported else 0.0)

    def quiet_at(self, at: float) -> float:
        """Estimated moment at which everything sent will have been spoken; `at` if it already has."""
        return max((u.ends_at for u in self.utterances[-4:] if not u.settled and u.ends_at > at), default=at)

    def all_reported(self) -> bool:
        return self.reported and all(u.settled for u in self.utterances[-4:])


def _spoken_within(text: str, seconds: float) -> int:
    """How many characters of `text` are spoken in `seconds`, clause by clause; whole words."""
    offset = 0
    for clause in re.findall(r".*?(?:[.?!;:]+(?=\s|$)|\n|$)\s*", text, flags=re.S):
        needed = speech_seconds(clause)
        if not clause or seconds < needed:
            inside = clause[: int(len(clause) * seconds / needed)] if clause and needed else ""
            return offset + inside.rfind(" ") + 1
        seconds -= needed
        offset += len(clause)
    return offset
