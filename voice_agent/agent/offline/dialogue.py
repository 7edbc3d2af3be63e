"""Where a conversation stands, read from its transcript alone: what the caller is after and what they just did.

`follow` walks through the moments of a call once. It decides nothing about what to say; that is replies.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from voice_agent.agent.model import Situation
from voice_agent.agent.offline import choosing, topics, wording
from voice_agent.agent.offline.frames import ABOUT_A_JOB, ABOUT_A_PART, STATUS_KEYS, WRITES, Frame, gather
from voice_agent.agent.offline.heard import PROOF_NEEDED, PROPOSED, Agent, Caller, Moment, Note, Used
from voice_agent.agent.offline.questions import EXPECTING, Questions
from voice_agent.language.reading import Lang, Reading, Urgency
from voice_agent.language.slots import extract

Read = Callable[[str, str | None], Reading]
"""A caller's sentence and what was asked before it, read by rule."""


class Move(StrEnum):
    """What the caller's last words did."""

    NONE = "none"
    WANTS = "wants"
    """They brought something up or added to it: the frame says what."""
    CONFIRMED = "confirmed"
    DENIED = "denied"
    UNCLEAR = "unclear"
    """Several of the options fit, or none."""
    YES = "yes"
    NOTHING_MORE = "nothing_more"
    CHAT = "chat"
    HUMAN = "human"
    REPEAT = "repeat"
    MENU = "menu"
    EMERGENCY_MENU = "emergency_menu"
    HAZARD = "hazard"
    LOST = "lost"


ASKED_FOR = {
    "ask.which_job": "job",
    "job.none": "job",
    "job.none_current": "job",
    "ask.status": "status",
    "update_job.nothing": "status",
    "ask.cannot_reason": "reason",
    "ask.parts": "parts",
    "ask.part": "part",
    "part.none": "part",
    "ask.delay": "minutes",
    "menu.late": "minutes",
    "ask.note": "note",
    "ask.problem": "problem",
    "ask.message": "message",
    "ask.callback": "callback_number",
    "message.no_number": "callback_number",
    "message.bad_number": "callback_number",
    "ask.when": "when",
    "ask.transfer_source": "source",
    "ask.day": "date_from",
    "slots.none": "date_from",
    "slots.offer": "date_from",
    "slots.instead": "date_from",
    "slots.instead_day": "date_from",
}
FREE_ANSWERS = frozenset({"ask.note", "ask.problem", "ask.message", "ask.when", "ask.cannot_reason"})
SAME_NUMBER = "same_number"
BY_KEYS = "by_keys"
MENUS: dict[str, dict[str, tuple[str, dict[str, Any]]]] = {
    "customer": {
        "1": ("eta", {}),
        "2": ("free_slots", {}),
        "3": ("confirm_visit", {}),
        "4": ("cancel_visit", {}),
        "5": ("take_message", {}),
    },
    "technician": {
        "1": ("update_job", {}),
        "2": ("job_details", {"job": "next"}),
        "3": ("my_day", {}),
        "4": ("running_late", {}),
        "5": ("take_message", {}),
    },
    "after_hours": {"1": ("take_message", {})},
}
EMERGENCY_KEY = "9"
HAZARD_KEYS = {
    "1": "gas",
    "2": "fire",
    "3": "co",
    "4": "shock",
    "5": "water_electric",
    "6": "trapped",
}


@dataclass(slots=True)
class Dialogue:
    """`since` is what happened after the caller's last words; all else is what they were said into."""

    situation: Situation
    questions: Questions
    read: Read
    frame: Frame | None = None
    pending: list[Frame] = field(default_factory=list)
    options: tuple[dict[str, Any], ...] = ()
    chosen_from: Used | None = None
    proposed: bool = False
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
    last_said: str = ""
    turns: int = 0
    settled: bool = False
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

    # -- the agent's side --------------------------------------------------------------------------------------------

    def _spoke(self, text: str) -> None:
        self.last_said = text
        key = self.questions.last_in(text)
        if key is None:
            self.asked, self.streak = None, 0
            return
        key = key.removesuffix("_keys")
        self.streak = self.streak + 1 if key == self.asked else 1
        self.asked = key

    def _used(self, used: Used) -> None:
        if used.name not in WRITES | {
            "eta",
            "my_visits",
            "free_slots",
            "my_day",
            "find_job",
            "job_details",
            "part_stock",
        }:
            return
        extras = self.frame.extras if self.frame is not None and self.frame.tool == used.name else set()
        self.frame = Frame.of(used)
        self.frame.extras = extras
        self.proposed = used.status == PROPOSED
        if number := used.result.get("number"):
            self.job = str(number)
        elif used.name in ABOUT_A_JOB:
            self.job = self._job_in(used) or self.job
        if used.options:
            self.options, self.chosen_from = used.options, used
        elif not (self.proposed and used.name == "reschedule"):
            self.options, self.chosen_from = (), None
        if used.status in ("found", "over", "no_van", "failed", "refused") or (
            used.status == "none" and self._over(used)
        ):
            self._finish()

    def _job_in(self, used: Used) -> str | None:
        """Number of the job a call was about. "next" and "current" are named in the read-back, digit by digit."""
        said = str(used.arguments.get("job", ""))
        if said.isdigit():
            return said
        read_back = str(used.result.get("read_back", ""))
        named = extract(read_back, lang=self.situation.lang, intent="report_status").get("work_order")
        return str(named) if named else None

    @staticmethod
    def _over(used: Used) -> bool:
        """Nothing was found and nothing better can be said: no visits, no next job."""
        return used.name in ("eta", "my_visits", "my_day", "cancel_visit", "confirm_visit", "visit_note") or (
            used.name == "free_slots" and "visit" not in used.result
        )

    def _noted(self, text: str) -> None:
        """The end of a write is noted under the tool's name; an expired or withdrawn read-back is not."""
        name = self.frame.tool if self.frame is not None else ""
        if self.move is Move.CONFIRMED and not self.settled and text.startswith(f"{name}:"):
            self.settled = True
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
        self.caller, self.since, self.settled = caller, [], False
        self.turns += 1
        expecting = "yes_no" if self.proposed else EXPECTING.get(self.asked or "")
        reading = _pressed(caller, self.situation.lang) if caller.keys else self.read(caller.text, expecting)
        self.move, self.detail = self._understood(caller, reading)
        self.lost = self.lost + 1 if self.move is Move.LOST else 0
        if self.move is not Move.CONFIRMED:
            self.proposed = False

    def _understood(self, caller: Caller, reading: Reading) -> tuple[Move, str]:
        if reading.wants_human and not caller.keys:
            return Move.HUMAN, ""
        if self.proposed and (move := self._answered(caller, reading)) is not None:
            return move
        if self.options and (move := self._chose(caller, reading)) is not None:
            return move
        if caller.keys:
            return self._pressed(caller, reading)
        if reading.intent == "repeat":
            return Move.REPEAT, ""
        if (move := self._filled(caller, reading)) is not None:
            return move
        if (
            self.asked in ("ask.anything_else", "chat.yes_what", "ask.what")
            and (move := self._anything_else(caller, reading)) is not None
        ):
            return move
        small = wording.chat(caller.text)
        if small in ("insult", "robot") or (small and reading.intent in ("none", "yes", "no", "number", "repeat")):
            return (Move.NOTHING_MORE, "") if small == "bye" else (Move.CHAT, small)
        if self._topic(caller, reading):
            return Move.WANTS, ""
        if small:
            return (Move.NOTHING_MORE, "") if small == "bye" else (Move.CHAT, small)
        if self.asked == "ask.billing" and reading.affirms is True:
            self._start(Frame("take_message", {"desk": "billing"}))
            return Move.WANTS, ""
        if reading.affirms is not None:
            return (Move.YES, "") if reading.affirms else (Move.DENIED, "")
        return Move.LOST, ""

    def _answered(self, caller: Caller, reading: Reading) -> tuple[Move, str] | None:
        """Words or keys after a read-back: a yes, a correction, a no, or another matter."""
        assert self.frame is not None
        agrees = {"1": True, "2": False}.get(caller.keys) if caller.keys else reading.affirms
        if agrees is True:
            return Move.CONFIRMED, ""
        if not caller.keys:
            rest = wording.behind_no(caller.text)
            expecting = "slot_choice" if self.frame.tool == "reschedule" else None
            if rest and self._corrected(Caller(rest), self.read(rest, expecting)):
                return Move.WANTS, "corrected"
        if agrees is False:
            return (
                (Move.DENIED, "proposal") if not self._topic(caller, reading, sure=topics.CERTAIN) else (Move.WANTS, "")
            )
        if caller.keys or not self._topic(caller, reading):
            return Move.WANTS, "again"
        return Move.WANTS, ""

    def _corrected(self, caller: Caller, reading: Reading) -> bool:
        """ "No, three, not two": the same change with what was said instead."""
        frame = self.frame
        assert frame is not None
        if frame.tool == "reschedule":
            if self.options and (picked := choosing.choose(self.options, caller, reading)).option is not None:
                return frame.add({"slot": picked.option["slot"]})
            wish = self._gathered("free_slots", caller, reading)
            if wish:
                visit = frame.arguments.get("visit")
                self.frame = Frame("free_slots", wish | ({"visit": visit} if visit else {}))
            return bool(wish)
        new = self._gathered(frame.tool, caller, reading)
        if frame.tool == "update_job":
            new = self._corrected_parts(frame, new, caller)
        elif frame.tool in ABOUT_A_PART and "quantity" not in new and "part" not in new:
            number = wording.number_in(caller.text, self.situation.lang)
            new |= {"quantity": number} if number else {}
        elif frame.tool == "running_late" and "minutes" not in new:
            number = wording.number_in(caller.text, self.situation.lang)
            new |= {"minutes": int(number)} if number and 0 < number <= 600 else {}
        return frame.add(new)

    def _corrected_parts(self, frame: Frame, new: dict[str, Any], caller: Caller) -> dict[str, Any]:
        old = list(frame.arguments.get("parts") or ())
        if not old:
            return new
        parts = new.get("parts")
        if parts is None:
            number = wording.number_in(caller.text, self.situation.lang)
            if number and len(old) == 1 and "job" not in new and "status" not in new:
                new["parts"] = [{"part": old[0]["part"], "quantity": number}]
            return new
        named = {part["part"] for part in parts}
        adds = wording.ADDS.search(wording.flat(caller.text)) is not None
        kept = [part for part in old if part["part"] not in named] if adds or len(old) > 1 else []
        new["parts"] = kept + parts
        return new

    def _chose(self, caller: Caller, reading: Reading) -> tuple[Move, str] | None:
        picked = choosing.choose(self.options, caller, reading)
        if picked.option is not None:
            self._take(picked.option)
            return Move.WANTS, ""
        if picked.later and self.chosen_from is not None:
            self._later()
            return Move.WANTS, ""
        if picked.several:
            if self.frame is not None and self.frame.add(self._gathered("free_slots", caller, reading)):
                return Move.WANTS, ""
            return Move.UNCLEAR, ""
        if caller.keys:
            return Move.UNCLEAR, ""
        return None

    def _take(self, option: dict[str, Any]) -> None:
        """One of what was offered: it completes the call that offered it."""
        frame = self.frame
        if frame is None:
            return
        if "slot" in option:
            visit = self.chosen_from.result.get("visit") if self.chosen_from else None
            self.frame = Frame("reschedule", {"slot": option["slot"]} | ({"visit": visit} if visit else {}))
            return  # the others stay on offer: "no, the first one" after the read-back
        elif "visit" in option:
            frame.add({"visit": option["visit"]})
        elif "job" in option:
            frame.add({"job": option["job"]})
            self.job = str(option.get("number") or self.job or "") or None
        elif "part" in option:
            self._name_part(str(option.get("part_number") or option["part"]))
        self.options = ()

    def _name_part(self, name: str) -> None:
        """The part that was unclear, under the name it has."""
        frame = self.frame
        assert frame is not None
        if frame.tool != "update_job":
            frame.add({"part": name})
            return
        said = str(self.chosen_from.result.get("said", "")) if self.chosen_from else ""
        parts = [dict(part) for part in frame.arguments.get("parts") or ()]
        for part in parts:
            if part["part"] == said or len(parts) == 1:
                part["part"] = name
        frame.add({"parts": parts})

    def _later(self) -> None:
        assert self.chosen_from is not None
        wish = dict(self.chosen_from.arguments)
        for name in ("date_to", "date_from"):
            wish.pop(name, None)
        if later := self.chosen_from.result.get("later_from"):
            wish["date_from"] = later
        self.frame = Frame("free_slots", wish)

    def _pressed(self, caller: Caller, reading: Reading) -> tuple[Move, str]:
        """Keys where nothing was offered: an answer, a menu entry, a job number, or the wish for a menu."""
        if self.asked == "menu.emergency":
            hazard = HAZARD_KEYS.get(caller.keys)
            return (Move.HAZARD, hazard) if hazard else (Move.EMERGENCY_MENU, "")
        if (move := self._filled(caller, reading)) is not None:
            return move
        if caller.keys == EMERGENCY_KEY:
            return Move.EMERGENCY_MENU, ""
        if self._at_menu():
            if caller.keys in MENUS[self._line]:
                tool, arguments = MENUS[self._line][caller.keys]
                self._start(Frame(tool, dict(arguments), {BY_KEYS}))
                return Move.WANTS, ""
        if self._line == "technician" and len(caller.keys) >= 3:
            self._start(Frame("job_details", {"job": caller.keys}, {BY_KEYS}))
            return Move.WANTS, ""
        return Move.MENU, ""

    def _at_menu(self) -> bool:
        return (self.asked or "").startswith("menu.") and self.asked not in ("menu.late", "menu.emergency")

    def _filled(self, caller: Caller, reading: Reading) -> tuple[Move, str] | None:
        """An answer to a question about what is already in hand."""
        frame, asked = self.frame, self.asked
        if frame is None or frame.done:
            return None
        new = self._gathered(frame.tool, caller, reading)
        wanted = ASKED_FOR.get(asked or "")
        answers = wanted is not None and wanted in new
        if not answers and self._elsewhere(reading, frame) and asked not in FREE_ANSWERS:
            return None
        if asked in ("ask.callback", "message.no_number") and not answers and self._same_number(caller):
            frame.extras.add(SAME_NUMBER)
            return Move.WANTS, ""
        if asked in ("ask.when", "ask.message", "ask.note", "ask.problem") and wording.chat(caller.text) in (
            "bye",
            "wait",
        ):
            return None
        if asked in ("ask.parts",) and reading.intent == "no":
            frame.extras.add("no_parts")
            return Move.WANTS, ""
        if asked == "part.none" and "part" in new and frame.tool == "update_job":
            self._name_part(str(new.pop("part")))
            return Move.WANTS, ""
        if asked == "part.none" and "parts" in new and frame.tool == "update_job":
            self._name_part(str(new["parts"][0]["part"]))
            return Move.WANTS, ""
        if not new:
            return None
        frame.add(new)
        self._also_wants(caller, reading, frame)
        return Move.WANTS, ""

    def _also_wants(self, caller: Caller, reading: Reading, frame: Frame) -> None:
        """ "Job's done, and I need a blower belt" said where the status was asked for."""
        if reading.also is None:
            return
        tool = topics.tool_for(self._line, reading, reading.intent)
        other = topics.second(self._line, reading, frame.tool) if tool == frame.tool else tool
        if other is None or other == frame.tool or topics.tool_for(self._line, reading, reading.also) is None:
            return
        if topics.borne_out(other, reading, 0.0) or other in topics.SECOND:
            self.pending = [self._begun(other, caller, reading)]

    def _elsewhere(self, reading: Reading, frame: Frame) -> bool:
        """The sentence is surely about something else than what is in hand."""
        tool = topics.tool_for(self._line, reading, reading.intent)
        if tool is None or tool == frame.tool or reading.confidence < topics.CERTAIN:
            return False
        return not ({tool, frame.tool} <= ABOUT_A_PART or {tool, frame.tool} <= {"free_slots", "reschedule"})

    @staticmethod
    def _same_number(caller: Caller) -> bool:
        return caller.keys == "1" or (
            not caller.keys and wording.SAME_NUMBER.search(wording.flat(caller.text)) is not None
        )

    def _anything_else(self, caller: Caller, reading: Reading) -> tuple[Move, str] | None:
        said = wording.flat(caller.text)
        tool = topics.tool_for(self._line, reading, reading.intent)
        if tool is not None and reading.confidence >= topics.SURE_ENOUGH and reading.affirms is None:
            return None
        if wording.NOTHING_MORE.search(said) and len(said.split()) <= wording.LONGEST_CHAT and tool is None:
            return Move.NOTHING_MORE, ""
        if reading.affirms is False and len(said.split()) <= 4:
            return Move.NOTHING_MORE, ""
        return None

    def _topic(self, caller: Caller, reading: Reading, *, sure: float = 0.0) -> bool:
        """Start what this sentence asks for; True if it asks for anything."""
        line = self._line
        tool = topics.tool_for(line, reading, reading.intent)
        confidence = reading.confidence
        if tool is None and reading.also is not None:
            tool = topics.tool_for(line, reading, reading.also)
            confidence = max(confidence / 2, topics.SURE_ENOUGH) if tool else 0.0
        if tool is None or confidence < sure or not topics.borne_out(tool, reading, confidence):
            return sure == 0.0 and self._job_named(caller, reading)
        frames = [self._begun(tool, caller, reading)]
        if (also := topics.second(line, reading, tool)) is not None:
            frames.append(self._begun(also, caller, reading))
            if {tool, also} == {"update_job", "job_details"}:
                frames[0 if tool == "job_details" else 1].arguments["job"] = "next"
        frames.sort(key=lambda frame: topics.FIRST_SERVED.get(frame.tool, topics.SERVED_BETWEEN))
        self._start(*frames)
        return True

    def _job_named(self, caller: Caller, reading: Reading) -> bool:
        """A technician who names a job and nothing else has something to report about it."""
        if self._line != "technician" or not {"work_order", "appointment"} & reading.slots.keys():
            return False
        self._start(self._begun("update_job", caller, reading))
        return True

    def _begun(self, tool: str, caller: Caller, reading: Reading) -> Frame:
        line = self._line
        frame = Frame(tool, self._gathered(tool, caller, reading, first=True))
        if tool == "job_details" and "job" not in frame.arguments:
            frame.arguments["job"] = (
                "next" if reading.intent in ("next_job", "eta") or reading.also == "next_job" else ""
            )
        if tool == "take_message":
            if reading.urgency.level != "routine" or line == "technician":
                frame.arguments["desk"] = "dispatch"
            elif self.asked == "ask.billing" or reading.intent == "billing_other":
                frame.arguments["desk"] = "billing"
        return frame

    def _start(self, frame: Frame, *more: Frame) -> None:
        self.frame, self.pending, self.options, self.chosen_from = frame, list(more), (), None

    def _gathered(self, tool: str, caller: Caller, reading: Reading, *, first: bool = False) -> dict[str, Any]:
        now, lang = self.situation.now, self.situation.lang
        return gather(tool, caller, reading, asked=self.asked, lang=lang, now=now, first=first)

    @property
    def _line(self) -> str:
        return self.situation.line if self.situation.line in MENUS else "customer"


def _pressed(caller: Caller, lang: str) -> Reading:
    """Keys say digits and nothing else."""
    spoken: Lang = "es" if lang == "es" else "en"
    return Reading(caller.text, spoken, Urgency("routine"), "number", 1.0, None, {"digits": caller.keys.strip("*#")})


__all__ = ["BY_KEYS", "PROOF_NEEDED", "SAME_NUMBER", "STATUS_KEYS", "Dialogue", "Move"]
