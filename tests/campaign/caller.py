"""A caller who listens, answers from what they know, agrees to what they meant only, and loses patience in the end."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.campaign import wording
from tests.campaign.casting import Case, starts, told
from tests.campaign.conversations import Manners
from tests.campaign.listening import Listener
from voice_agent.journal import CallRecord

MOST_TURNS = 18
MOST_SAME = 3
"""So often one question is answered before the caller would rather talk to a person."""
MOST_RESTATED = 3
CUTS = 0.35
"""Share of replies that an interrupting caller does not hear out."""
ASKS_CHOICE = ("slots.offer", "slots.only", "slots.only_instead", "slots.instead", "slots.instead_day", "ask.choose")
ASKS_WHICH = ("visit.which", "job.which", "part.which", "ask.choose_option")
ASKS_MORE = ("ask.anything_else", "ask.what", "chat.yes_what", "chat.fine")
REFUSES = ("error.general", "error.not_allowed", "error.crm", "error.refused", "chat.not_here", "cancel.refused",
           "reschedule.refused", "chat.closed", "slots.none", "visit.none")  # fmt: skip
LOST = ("lost.first", "lost.second", "lost.second_keys", "error.empty", "error.model", "silence.again")
PIN_ASKED = ("proof.pin.ask", "proof.pin.wrong", "greeting.technician")
KEYS_OF_STATUS = dict(zip("en_route on_site in_progress paused completed cannot_complete".split(), "123456"))  # noqa: B905
KEYS_OF_DELAY = {15: "1", 30: "2", 60: "3"}
ASKS_FOR_KEYS = re.compile(r"_keys$|^menu\.")


@dataclass(frozen=True, slots=True)
class Says:
    words: str


@dataclass(frozen=True, slots=True)
class Presses:
    keys: str


@dataclass(frozen=True, slots=True)
class HangsUp:
    pass


Move = Says | Presses | HangsUp


@dataclass
class Caller:
    """`next` is asked after every reply. `record` is the call's journal: what a tool offered stands there."""

    case: Case
    manners: dict[str, Manners]
    listener: Listener
    rng: random.Random
    record: CallRecord
    opened: bool = False
    served: bool = False
    """The agent has said that it is done, or has told what was asked."""
    asked_person: bool = False
    denied: bool = False
    turns: int = 0
    restated: int = 0
    agreed: int = 0
    mistaken: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    deaf_to: set[str] = field(default_factory=set)
    second: list[str] = field(init=False)
    agent_words: list[str] = field(default_factory=list)
    cut: set[str] = field(default_factory=set)
    """Questions they have cut off already; nobody does that twice."""
    questions: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.second = list(self.case.conversation.goal.then.get(self.case.lang, ()))

    @property
    def persona(self) -> str:
        return self.case.conversation.persona

    @property
    def lang(self) -> str:
        """What they speak now: a bilingual caller changes over once the call is under way."""
        first = self.case.lang
        if self.persona == "bilingual" and self.turns > 1:
            return "es" if first == "en" else "en"
        return first

    @property
    def agent_speaks(self) -> str:
        return "es" if re.search(r"[¿¡]| (?:el|la|su|de) ", self.agent_words[-1]) else "en"

    def cuts_off(self, text: str) -> str | None:
        """How much of the reply they let the agent say, if not all. A read-back is heard out by whoever wants it."""
        if self.persona != "interrupts" or not self.opened or self.rng.random() > CUTS or len(text) < 60:
            return None
        if (question := (self.listener.keys(text) or ("",))[-1]) in self.cut:
            return None
        self.cut.add(question)
        return text[: text.rfind(" ", 0, int(len(text) * 0.6))].strip()

    def next(self, text: str) -> Move:
        self.agent_words.append(text)
        self.turns += 1
        keys = self.listener.keys(text)
        asked = keys[-1] if keys else ""
        self.questions.append(asked)
        self.asked[asked] += 1
        if self.turns > MOST_TURNS or self.asked[asked] > MOST_SAME and asked not in ASKS_MORE:
            return self._a_person()
        if self._done_by(keys):
            self.served = True
        if self.persona == "hard_of_hearing" and asked not in self.deaf_to and self.opened and asked:
            self.deaf_to.add(asked)
            if asked not in PIN_ASKED:
                return Says(self._answer("repeat"))
        return self._react(asked, text, keys)

    def _react(self, asked: str, text: str, keys: tuple[str, ...]) -> Move:
        goal = self.case.conversation.goal
        if asked in PIN_ASKED or asked.startswith("proof.pin.employee"):
            return Presses(f"{self.case.facts.pin}#")
        if any(key in ("confirm.ask", "confirm.again") for key in keys):
            return self._to_read_back(text, keys)
        if goal.hazard and any(key.startswith("guidance.") for key in keys):
            return HangsUp()
        if not self.opened:
            return self._open()
        if asked in ASKS_CHOICE or (asked == "slots.offer_keys" and not ASKS_FOR_KEYS.match("")):
            return self._choose_time(text)
        if asked in ASKS_WHICH:
            return self._choose_which()
        if asked in ASKS_MORE and self.served:
            return self._more()
        if asked in REFUSES:
            return self._refused()
        if ASKS_FOR_KEYS.search(asked) and (keys_pressed := self._keys_for(asked)):
            return Presses(keys_pressed)
        if asked == "ask.correct":
            return self._corrects()
        self.case.doubtful = self._part_in(text)
        if asked in LOST or asked in ASKS_MORE or not self._has_answer(asked):
            return self._restate()
        return Says(answer) if (answer := self._answer(asked)) else self._restate()

    # -- single reactions ------------------------------------------------------------------------------------------

    def _open(self) -> Move:
        self.opened = True
        if self.persona == "keys":
            return Presses("8#" if self.case.conversation.goal.key != "0" else "0")
        return Says(self.case.fill(self.case.conversation.opening, self.rng, self.case.lang))

    def _to_read_back(self, text: str, keys: tuple[str, ...]) -> Move:
        goal = self.case.conversation.goal
        wrong = [what for what in goal.tells if not told(self.case, what, text, self.agent_speaks)]
        if not goal.reads or not any(key.startswith(goal.reads) for key in keys):
            wrong = ["other"]  # this caller asked for nothing of the kind
        if not goal.then and any("read_back" in key and not key.startswith(goal.reads or "-") for key in keys):
            wrong = ["other"]  # another matter than theirs, also behind the end of their own
        if goal.denies and not wrong:
            self.denied = True
            return self._no("no")
        if not wrong:
            self.agreed += 1
            return self._yes()
        what = wrong[0] if wrong[0] in self.manners[self.lang].corrections else "other"
        if what == "number" and "ask.callback" not in goal.says.get(self.case.lang, {}):
            what = "same_number"
        self.mistaken[what] += 1
        if what == "slot" and self.case.chosen:
            return Says(self._no_but_that_one())
        return self._no(what if self.mistaken[what] == 1 else "other")

    def _yes(self) -> Move:
        if self.persona == "keys" or self.rng.random() < 0.1:
            return Presses("1")
        return Says(self._answer("yes"))

    def _no(self, what: str) -> Move:
        if self.persona == "keys":
            return Presses("2")
        if what == "no":
            return Says(self._answer("no"))
        return Says(self._filled(self.manners[self.lang].corrections[what]))

    def _no_but_that_one(self) -> str:
        place = self.case.chosen["place"]
        return f"no {'the' if self.lang == 'en' else 'la'} {wording.ORDINALS[self.lang][place]}" + (
            " one" if self.lang == "en" else ""
        )

    def _corrects(self) -> Move:
        if self.denied:
            return Says(self._answer("nothing"))
        return self._restate()

    def _more(self) -> Move:
        if self.second:
            self.served = False
            return Says(self._filled((self.second.pop(0),)))
        if self.persona == "keys":
            return HangsUp()
        return Says(self._answer("bye"))

    def _refused(self) -> Move:
        answers = self.case.conversation.goal.says.get(self.lang, {})
        return Says(self._filled(answers["refused"])) if "refused" in answers else self._a_person()

    def _a_person(self) -> Move:
        if self.persona == "keys":
            self.asked_person = True
            return Presses("0")
        if self.asked_person and self.turns > MOST_TURNS + 3:
            return HangsUp()
        self.asked_person = True
        return Says(self._answer("person"))

    def _restate(self) -> Move:
        """Not understood, or asked anew what this is about: the whole wish, in simple words."""
        if self.served:
            return self._more() if self.restated == 0 or self.second else HangsUp()
        self.restated += 1
        if self.restated > MOST_RESTATED or self.denied:
            return HangsUp() if self.denied else self._a_person()
        if self.persona == "keys":
            return Presses("8#")
        return Says(self._answer("plain"))

    # -- offers ----------------------------------------------------------------------------------------------------

    def _offered(self) -> list[dict[str, Any]]:
        for entry in reversed(self.record.entries):
            if entry["kind"] == "tool_result":
                options = json.loads(entry["content"]).get("options") if entry["content"].startswith("{") else None
                if options:
                    return list(options)
        return []

    def _choose_time(self, text: str) -> Move:
        options, goal = self._offered(), self.case.conversation.goal
        assert self.case.visit is not None
        if not options or "date" not in options[0]:
            return self._restate()
        suits = [n for n, option in enumerate(options) if self._suits(option)]
        if not suits and goal.day and self.asked["wish"] < 2:
            self.asked["wish"] += 1
            if self.persona != "keys":
                return Says(self._filled(self.manners[self.lang].answers["ask.day"]))
        place = self.rng.choice(suits) if suits else 0
        option = options[place]
        self.case.chosen = {**option, "place": place, "start": starts(option, self.case.visit)}
        if self.persona == "keys" or self.rng.random() < 0.15:
            return Presses(str(place + 1))
        if len(options) == 1:
            return Says(self._answer("yes"))
        return Says(self._pointed(place, options))

    def _suits(self, option: dict[str, Any]) -> bool:
        goal = self.case.conversation.goal
        start = starts(option, self.case.visit)  # type: ignore[arg-type]  # asked only for visits
        if goal.day and wording.DAYS["en"][start.weekday()] != goal.day:
            return False
        return {"morning": start.hour < 12, "afternoon": 12 <= start.hour < 17}.get(goal.half, True)

    def _pointed(self, place: int, options: list[dict[str, Any]]) -> str:
        """One of a list: by its place, its number, or its day and hour."""
        lang, option = self.lang, options[place]
        nth, number = wording.ORDINALS[lang][place], wording.number(place + 1, lang)
        ways = [f"the {nth} one", f"number {number}"] if lang == "en" else [f"la {nth}", f"el número {number}"]
        hours = [other.get("from") for other in options]
        if option.get("from") and hours.count(option["from"]) == 1 and option["from"].endswith(":00"):
            hour = int(option["from"][:2])
            spoken = wording.number(hour % 12 or 12, lang)
            ways.append(f"the one at {spoken}" if lang == "en" else f"la de las {spoken}")
        return self.rng.choice(ways)

    def _choose_which(self) -> Move:
        options = self._offered()
        place = next((n for n, option in enumerate(options) if self._is_mine(option)), None)
        if place is None or place >= len(wording.ORDINALS["en"]):
            return Presses(str(place + 1)) if place is not None else self._restate()
        if self.persona == "keys" or self.rng.random() < 0.3:
            return Presses(str(place + 1))
        return Says(self._pointed(place, options))

    def _is_mine(self, option: dict[str, Any]) -> bool:
        case = self.case
        if "visit" in option:
            assert case.visit is not None and case.visit.start is not None
            same = str(option.get("about", "")).lower() == case.visit.about.lower()
            return same and option.get("date") == case.visit.start.date().isoformat()
        if "part" in option:
            return any(str(option["part"]).lower() == use.part.name.lower() for use in case.used)
        return case.job is not None and str(option.get("number", "")).endswith(case.job.number)

    # -- keys ------------------------------------------------------------------------------------------------------

    def _keys_for(self, asked: str) -> str:
        goal, case = self.case.conversation.goal, self.case
        match asked:
            case "menu.customer" | "menu.technician" | "menu.after_hours":
                if self.served:
                    return "0" if self.second else ""
                return f"{goal.key}#" if goal.key else ""
            case "menu.emergency":
                hazards = {"gas": "1", "fire": "2", "co": "3", "shock": "4", "water_electric": "5", "trapped": "6"}
                return f"{hazards.get(goal.hazard, '')}#"
            case "menu.late":
                return f"{KEYS_OF_DELAY.get(goal.minutes, '')}#"
            case "ask.status_keys":
                return f"{KEYS_OF_STATUS.get(goal.status, '')}#"
            case "ask.which_job_keys":
                return f"{case.job.number}#" if case.job else ""
            case "ask.delay_keys":
                return f"{goal.minutes}#"
            case "ask.callback_keys":
                return f"{case.callback}#" if "ask.callback" in goal.says.get(case.lang, {}) else "1#"
            case "ask.when_keys":
                return "1#"
            case _:
                return ""

    # -- words -----------------------------------------------------------------------------------------------------

    def _done_by(self, keys: tuple[str, ...]) -> bool:
        goal = self.case.conversation.goal
        if goal.hears and not goal.ends:
            heard = " ".join(self.agent_words)
            return all(told(self.case, what, heard, self.agent_speaks) for what in goal.hears)
        return self.agreed > 0 and any(re.search(r"\.done|_done", key) for key in keys)

    def _part_in(self, text: str) -> int:
        said = wording.plain(text)
        for n in range(len(self.case.used)):
            self.case.doubtful = n
            names = [self.case.fill("{part}", self.rng, lang) for lang in ("en", "es")]
            if any(wording.plain(name).strip() in said for name in names if name):
                return n
        return 0

    def _has_answer(self, key: str) -> bool:
        answers = self.case.conversation.goal.says.get(self.lang, {})
        return key in answers or key in self.manners[self.lang].answers

    def _answer(self, key: str) -> str:
        answers = self.case.conversation.goal.says.get(self.lang, {})
        ways = answers.get(key) or self.manners[self.lang].answers.get(key)
        if ways is None:  # nobody wrote the simple words in the other language
            ways = self.case.conversation.goal.says.get(self.case.lang, {}).get(key, ("",))
        return self._filled(ways)

    def _filled(self, ways: tuple[str, ...]) -> str:
        way = ways[0] if self.persona == "terse" else self.rng.choice(ways)
        if any(not self.case.fill(hole, self.rng, self.lang) for hole in re.findall(r"\{(?!x)\w+\}", way)):
            return ""  # asked for something this caller has nothing to say about
        words = self.case.fill(way, self.rng, self.lang)
        if self.persona == "rambling" and self.rng.random() < 0.6 and len(words.split()) > 1:
            return self.rng.choice(self.manners[self.lang].around).replace("{x}", words)
        return words
