"""Phones outside the account: how each one behaves when it is called."""

from dataclasses import dataclass

OUTCOMES = {"busy": "busy", "no_answer": "no-answer", "declined": "busy", "failed": "failed"}
"""What a phone that does not answer makes of the call's status. Declining looks like busy to the caller."""

ANSWERS = {"human", "manual", "voicemail", "fax"} | set(OUTCOMES)


class UnknownAnswer(ValueError):
    """The word for how a phone answers is none of ours."""


@dataclass(frozen=True, slots=True)
class PhoneHabits:
    """`answer` is one of human, manual, voicemail, fax, busy, no_answer, declined, failed; raises UnknownAnswer.

    A manual phone rings until somebody answers or declines it over the controls.
    """

    answer: str = "human"
    after: float | None = None
    """Seconds of ringing; None for the usual time."""
    says: str = ""
    """First words of whoever answers, as soon as something listens."""
    presses: str = ""
    """Keys that whoever answers presses as soon as something listens; `w` waits half a second."""
    hangs_up: bool = False
    """Whether they put the phone down as soon as they have pressed them."""

    def __post_init__(self) -> None:
        if self.answer not in ANSWERS:
            raise UnknownAnswer(f"{self.answer!r} is not one of {', '.join(sorted(ANSWERS))}")

    @property
    def outcome(self) -> str | None:
        """The CallStatus when nobody answers; None when somebody does."""
        return OUTCOMES.get(self.answer)

    @property
    def detection_seconds(self) -> float:
        """How long answering-machine detection takes (our figures)."""
        return 2.0 if self.answer in ("human", "manual") else 4.0

    def answered_by(self, detection: str) -> str:
        """AnsweredBy for `MachineDetection` Enable or DetectMessageEnd (sheet section 4.6)."""
        if self.answer == "voicemail":
            return "machine_end_beep" if detection == "DetectMessageEnd" else "machine_start"
        return "human" if self.answer == "manual" else self.answer
