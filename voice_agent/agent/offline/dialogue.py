"""Where a conversation stands, read from its transcript alone: what the caller is after and what they just did.

`follow` walks through the moments of a call once. It decides nothing about what to say; that is replies.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from voice_agent.agent.model import Situation
from voice_agent.agent.offline import correcting, courtesies, filling, keys, offers, proving, topics, wording
from voice_agent.agent.offline.frames import ABOUT_A_JOB, ABOUT_A_PART, READS, WRITES, Frame, gather
from voice_agent.agent.offline.heard import PROPOSED, Agent, Caller, Moment, Note, Used
from voice_agent.agent.offline.moves import WANTS, Move, Understood
from voice_agent.agent.offline.questions import EXPECTING, Questions
from voice_agent.language.reading import Reading
from voice_agent.language.slots import extract

Read = Callable[[str, str | None], Reading]
"""A caller's sentence and what was asked before it, read by rule."""
OVER = frozenset({"found", "over", "no_van", "failed", "refused"})
"""Results after which the matter is no longer in hand."""
NOTHING_BETTER = frozenset({"eta", "my_visits", "my_day", "cancel_visit", "confirm_visit", "visit_note"})
"""Nothing was found, and saying it differently would not help."""
WHAT_ELSE = frozenset({"ask.anything_else", "chat.yes_what", "ask.what"})
NUMBER_ASKED = frozenset({"ask.callback", "message.no_number", "message.bad_number"})
MESSAGE_OFFERED = frozenset({"ask.billing", "chat.not_here", "chat.closed", "chat.hours"})
"""Offers of a message or a person. A yes to both takes the message: whoever wants a person says so."""
BESIDE = frozenset({"insult", "robot", "off_topic"})
"""Never part of a matter, whatever else the sentence seems to hold."""
FEW_WORDS = 4


@dataclass(slots=True)
class Dialogue:
    """`since` is what happened after the caller's last words; all else is what they were said into."""

    situation: Situation
    questions: Questions
    read: Read
    frame: Frame | None = None
    pending: list[Frame] = field(default_factory=list)
    """The second wish of a sentence, served once the first is."""
    options: tuple[dict[str, Any], ...] = ()
    chosen_from: Used | None = None
    """The call that made the offer which `options` are of."""
    last_used: Used | None = None
    proposed: bool = False
    """A change was read back, and the caller's next words answer it."""
    move: Move = Move.NONE
    detail: str = ""
    caller: Caller = Caller("")
    asked: str | None = None
    """The last question the caller heard, by its key."""
    streak: int = 0
    """How often in a row it was asked."""
    lost: int = 0
    """How often in a row the caller was not understood."""
    job: str | None = None
    """The job that was spoken of last."""
    part: str | None = None
    """The part that was spoken of last, by the name it was found under."""
    last_said: str = ""
    turns: int = 0
    settled: bool = False
    """The change that was agreed to has reached its end, and the caller has been told which."""
    proven: bool = False
    """The caller has just proven who they are."""
    since: list[Moment] = field(default_factory=list)

    @classmethod
    def follow(cls, moments: Iterable[Moment], situation: Situation, questions: Questions, read: Read) -> Dialogue:
        dialogue = cls(situation, questions, read)
        for moment in moments:
            match moment:
                case Caller():
                    dialogue._heard(moment)
                case Agent(text=text):
                    dialogue._spoke(text)
                case Used():
                    dialogue._used(moment)
                case Note(text=text):
                    dialogue._noted(text)
            if not isinstance(moment, Caller):
                dialogue.since.append(moment)
        return dialogue

    @property
    def line(self) -> str:
        return self.situation.line if self.situation.line in keys.MENUS else "customer"

    # -- the agent's side --------------------------------------------------------------------------------------------

    def _spoke(self, text: str) -> None:
        self.last_said = text
        used = self.last_used
        if used is not None and used.status == PROPOSED and not self.settled:
            self.proposed = (
                self.proposed or str(used.result.get("read_back") or "—") in text
            )  # the server read it again
        key = self.questions.last_in(text)
        if key is None:
            self.asked, self.streak = None, 0
            return
        if key == "silence.again" and self.asked is not None:
            return  # whether they are still there takes nothing back of what was asked
        key = key.removesuffix("_keys")
        self.streak = self.streak + 1 if key == self.asked else 1
        self.asked = key

    def _used(self, used: Used) -> None:
        if used.name not in WRITES | READS:
            return
        extras = self.frame.extras if self.frame is not None and self.frame.tool == used.name else set()
        self.frame, self.last_used = Frame.of(used), used
        self.frame.extras = extras
        self.proposed = used.status == PROPOSED
        self.job = self._job_in(used) or self.job
        if used.name in ABOUT_A_PART and used.status != "none":
            self.part = str(used.result.get("part") or used.arguments.get("part") or "") or self.part
        if used.options:
            self.options, self.chosen_from = used.options, used
        elif not (self.proposed and used.name == "reschedule"):
            self.options, self.chosen_from = (), None
        if used.status in OVER or (used.status == "none" and self._nothing_better(used)):
            self._finish()

    def _job_in(self, used: Used) -> str | None:
        """Number of the job a call was about. "next" and "current" are named in the read-back, digit by digit."""
        if number := used.result.get("number"):
            return str(number) if used.status == "found" else None
        said = str(used.arguments.get("job", ""))
        if used.name not in ABOUT_A_JOB or said.isdigit():
            return said if said.isdigit() and used.status != "none" else None
        read_back = str(used.result.get("read_back", ""))
        named = extract(read_back, lang=self.situation.lang, intent="report_status").get("work_order")
        return str(named) if named else None

    @staticmethod
    def _nothing_better(used: Used) -> bool:
        return used.name in NOTHING_BETTER or (used.name == "free_slots" and "visit" not in used.result)

    def _noted(self, text: str) -> None:
        """The end of a write is noted under the tool's name; an expired or withdrawn read-back is not."""
        self.proven = self.proven or text.startswith(proving.PROVEN)
        used = self.last_used
        if used is None or used.status != PROPOSED or self.settled or not text.startswith(f"{used.name}:"):
            return
        self.move, self.settled = Move.CONFIRMED, True  # whatever the answer seemed to be, it was taken for a yes
        if self.frame is not None and self.frame.tool == used.name:
            self._finish()

    def _finish(self) -> None:
        """What was wanted has been served; the second wish of the sentence is next."""
        self.proposed, self.options = False, ()
        if self.frame is not None:
            self.frame.done = True
        if self.pending:
            self.frame = self.pending.pop(0)

    # -- the caller's side -------------------------------------------------------------------------------------------

    def _heard(self, caller: Caller) -> None:
        self.caller, self.since, self.settled, self.proven = caller, [], False, False
        self.turns += 1
        expecting = "yes_no" if self.proposed else EXPECTING.get(self.asked or "")
        if expecting is None and self.options:
            expecting = "slot_choice"
        if caller.keys:
            reading = keys.reading_of(caller, self.situation.lang)
        else:
            reading = self.read(caller.text, expecting)
        self.move, self.detail = self._understood(caller, reading)
        self.lost = self.lost + 1 if self.move is Move.LOST else 0
        if self.move is not Move.CONFIRMED:
            self.proposed = False

    def _understood(self, caller: Caller, reading: Reading) -> Understood:
        """From the narrowest meaning to the widest: an answer to what was asked is never taken for a new matter."""
        if reading.wants_human and not caller.keys:
            return Move.HUMAN, ""
        if self.proposed and self.frame is not None:
            return correcting.answered(self, caller, reading)
        if (move := proving.understood(self, caller, reading)) is not None:
            return move
        if self.options and (move := offers.chose(self, caller, reading)) is not None:
            return move
        if caller.keys:
            return keys.pressed(self, caller, reading)
        if reading.intent == "repeat":
            return Move.REPEAT, ""
        if (move := filling.filled(self, caller, reading)) is not None:
            return move
        if self.asked in WHAT_ELSE and self._wants_nothing(caller, reading):
            return Move.NOTHING_MORE, ""
        return self._new(caller, reading)

    def _new(self, caller: Caller, reading: Reading) -> Understood:
        """Nothing that was asked for: small talk, a matter of its own, or nothing we understand."""
        small = courtesies.courtesy(caller.text)
        beside = (Move.NOTHING_MORE, "") if small == "bye" else (Move.CHAT, small or "")
        if small in BESIDE or (small and reading.intent in ("none", "yes", "no", "number", "repeat")):
            return beside
        if self.begin(caller, reading):
            return WANTS
        if small:
            return beside
        if self.asked in MESSAGE_OFFERED and reading.affirms is True:
            self.start(Frame("take_message", {"desk": "billing"} if self.asked == "ask.billing" else {}))
            return WANTS
        if reading.affirms is not None:
            return (Move.YES, "") if reading.affirms else (Move.DENIED, "")
        return Move.LOST, ""

    def _wants_nothing(self, caller: Caller, reading: Reading) -> bool:
        said = wording.flat(caller.text)
        if courtesies.LEAVES.search(said) and not set(reading.slots) - {"topic"}:
            return True
        tool = topics.tool_for(self.line, reading, reading.intent)
        if tool is not None and reading.confidence >= topics.SURE_ENOUGH and reading.affirms is None:
            return False
        words = len(said.split())
        if tool is None and words <= courtesies.LONGEST and courtesies.NOTHING_MORE.search(said):
            return True
        return reading.affirms is False and words <= FEW_WORDS

    # -- what is in hand ---------------------------------------------------------------------------------------------

    def begin(self, caller: Caller, reading: Reading, *, sure: float = 0.0) -> bool:
        """Take up what this sentence asks for; True if it asks for anything, with at least that probability."""
        if self.asked in NUMBER_ASKED and self.frame is not None and self.frame.tool == "take_message":
            if self.line == "after_hours" and not self.frame.done:
                return False  # a number that was not understood is no other message
        tool = topics.tool_for(self.line, reading, reading.intent)
        confidence = reading.confidence
        if tool is None and reading.also is not None:
            tool = topics.tool_for(self.line, reading, reading.also)
            confidence = max(confidence / 2, topics.SURE_ENOUGH) if tool else 0.0
        if tool is None or confidence < sure or not topics.borne_out(tool, reading, confidence):
            return sure == 0.0 and self._job_named(caller, reading)
        frames = [self.begun(tool, caller, reading)]
        if (also := topics.second(self.line, reading, tool)) is not None:
            frames.append(self.begun(also, caller, reading))
            if {tool, also} == {"update_job", "job_details"}:
                frames[0 if tool == "job_details" else 1].arguments["job"] = "next"
        frames.sort(key=lambda frame: topics.FIRST_SERVED.get(frame.tool, topics.SERVED_BETWEEN))
        self.start(*frames)
        return True

    def _job_named(self, caller: Caller, reading: Reading) -> bool:
        """A technician who names a job and nothing else has something to report about it."""
        if self.line != "technician" or not {"work_order", "appointment"} & reading.slots.keys():
            return False
        self.start(self.begun("update_job", caller, reading))
        return True

    def begun(self, tool: str, caller: Caller, reading: Reading) -> Frame:
        frame = Frame(tool, self.gathered(tool, caller, reading, first=True))
        if tool == "job_details" and "job" not in frame.arguments:
            asks_next = {"next_job", "eta"} & {reading.intent, reading.also} or wording.NEXT.search(
                wording.flat(caller.text)
            )
            frame.arguments["job"] = "next" if asks_next else ""
        if tool == "request_part" and self.part and not topics.names_part(reading):
            if wording.GET_ONE.search(wording.flat(caller.text)):
                number = wording.number_in(caller.text, self.situation.lang)
                frame.arguments |= {"part": self.part} | ({"quantity": number} if number else {})
        if tool == "take_message":
            if "message" not in frame.arguments and self.frame is not None and self.frame.tool == "report_problem":
                frame.add({"message": self.frame.arguments.get("problem", "")})
            if reading.urgency.level != "routine" or self.line == "technician":
                frame.arguments["desk"] = "dispatch"
            elif self.asked == "ask.billing" or reading.intent == "billing_other":
                frame.arguments["desk"] = "billing"
        return frame

    def start(self, frame: Frame, *more: Frame) -> None:
        self.frame, self.pending, self.options, self.chosen_from = frame, list(more), (), None

    def gathered(self, tool: str, caller: Caller, reading: Reading, *, first: bool = False) -> dict[str, Any]:
        """What this sentence says towards `tool`, given what was asked."""
        now, lang = self.situation.now, self.situation.lang
        return gather(tool, caller, reading, asked=self.asked, lang=lang, now=now, first=first)
