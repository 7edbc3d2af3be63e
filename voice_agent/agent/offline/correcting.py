"""After a read-back: a yes, a no, "no, three, not two", or another matter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from voice_agent.agent.offline import courtesies, leads, topics, wording
from voice_agent.agent.offline.choosing import choose
from voice_agent.agent.offline.frames import ABOUT_A_PART, MOST_MINUTES_LATE, Frame
from voice_agent.agent.offline.heard import Caller
from voice_agent.agent.offline.moves import SAME_NUMBER, WANTS, Move, Understood
from voice_agent.language.reading import Reading
from voice_agent.language.slots import extract
from voice_agent.language.units import UNITS
from voice_agent.language.utterance import Utterance

if TYPE_CHECKING:
    from voice_agent.agent.offline.dialogue import Dialogue

AGREES = {"1": True, "2": False}
MEASURES = UNITS["en"] | UNITS["es"]


def answered(talk: Dialogue, caller: Caller, reading: Reading) -> Understood:
    """What was said to the question whether the change is right."""
    assert talk.frame is not None
    agrees = AGREES.get(caller.keys) if caller.keys else reading.affirms
    if agrees is True:
        return Move.CONFIRMED, ""
    if caller.keys:
        return (Move.DENIED, "proposal") if agrees is False else (Move.WANTS, "again")
    if courtesies.courtesy(caller.text) == "bye":
        return Move.NOTHING_MORE, ""
    rest = leads.behind_no(caller.text)
    expecting = "slot_choice" if talk.frame.tool == "reschedule" else None
    if rest and _corrected(talk, talk.frame, Caller(rest), talk.read(rest, expecting)):
        return WANTS
    if agrees is False:
        return WANTS if talk.begin(caller, reading, sure=topics.CERTAIN) else (Move.DENIED, "proposal")
    return WANTS if talk.begin(caller, reading, sure=topics.UNSURE) else (Move.WANTS, "again")


def _corrected(talk: Dialogue, frame: Frame, caller: Caller, reading: Reading) -> bool:
    """The same change with what was said instead; False when nothing of it was."""
    if frame.tool == "reschedule":
        return _another_time(talk, frame, caller, reading)
    new = talk.gathered(frame.tool, caller, reading)
    number = wording.number_in(caller.text, talk.situation.lang)
    if frame.tool == "update_job":
        new = _parts(talk, frame, new, caller, number)
    elif frame.tool in ABOUT_A_PART and number and not {"quantity", "part"} & new.keys():
        new["quantity"] = number
    elif frame.tool == "take_message":
        new = _callback(talk, new, caller, reading)
    elif frame.tool == "running_late" and number and "minutes" not in new and 0 < number <= MOST_MINUTES_LATE:
        new["minutes"] = int(number)
    return frame.add(new)


def _callback(talk: Dialogue, new: dict[str, Any], caller: Caller, reading: Reading) -> dict[str, Any]:
    """Other words, another number or another time for the call; what is not named stays as it was."""
    if said := leads.says_instead(caller.text):
        return {"message": said}
    when = " ".join(str(reading.slots[name]) for name in ("date_phrase", "time_phrase") if name in reading.slots)
    found: dict[str, Any] = {"when": when} if when else {}
    if "callback_number" in new:
        found["callback_number"] = new["callback_number"]
    if talk.frame is not None and not found and wording.SAME_NUMBER.search(wording.flat(caller.text)):
        talk.frame.extras.add(SAME_NUMBER)
        return {"callback_number": ""}
    if "callback_number" in found and talk.frame is not None:
        talk.frame.extras.discard(SAME_NUMBER)
    return found


def _another_time(talk: Dialogue, frame: Frame, caller: Caller, reading: Reading) -> bool:
    """One of the other times that were offered, or another day altogether. An hour alone is meant on the same day."""
    now = next((option for option in talk.options if option.get("slot") == frame.arguments.get("slot")), {})
    wish = talk.gathered("free_slots", caller, reading)
    same_day = "date_from" not in wish and bool({"time_from", "time_to"} & wish.keys()) and "date" in now
    offered = [option for option in talk.options if not same_day or option.get("date") == now["date"]]
    if offered and (picked := choose(offered, caller, reading)).option is not None:
        return frame.add({"slot": picked.option["slot"]})
    if same_day:
        wish |= {"date_from": now["date"], "date_to": now["date"]}
    if wish:
        visit = frame.arguments.get("visit")
        talk.frame = Frame("free_slots", wish | ({"visit": visit} if visit else {}))
    return bool(wish)


def _parts(talk: Dialogue, frame: Frame, new: dict[str, Any], caller: Caller, number: float | None) -> dict[str, Any]:
    """ "No, three": the quantity of the only part. "And two capacitors": one more. "No, two capacitors": instead."""
    old = list(frame.arguments.get("parts") or ())
    parts = [part for part in new.get("parts") or _counted(talk, caller) if not _only_a_measure(part["part"])]
    new.pop("parts", None)
    if not parts:
        if number and len(old) == 1 and not {"job", "status"} & new.keys():
            new["parts"] = [{"part": old[0]["part"], "quantity": number}]
        return new
    adds = wording.ADDS.search(wording.flat(caller.text)) is not None
    others = [part for part in old if not any(_same_part(part["part"], one["part"]) for one in parts)]
    new["parts"] = [*(others if len(parts) < len(old) or (adds and len(parts) == 1) else ()), *parts]
    return new


def _only_a_measure(name: str) -> bool:
    """ "No, two gallons": of what was read back."""
    return all(word in MEASURES for word in Utterance.of(name).plain)


def _counted(talk: Dialogue, caller: Caller) -> list[dict[str, Any]]:
    """Parts of a sentence that is about nothing else: "no, three feet of wire"."""
    now, lang = talk.situation.now, talk.situation.lang
    named = extract(caller.text, lang=lang, intent="parts_used", now=now, expecting="parts").get("parts", ())
    return [{"part": leads.without_unit(p["part"]), "quantity": p["qty"]} for p in named if p.get("qty", 0) > 0]


def _same_part(one: str, other: str) -> bool:
    """Names that share a telling word; a part number is like no name."""
    words, others = (
        {word.removesuffix("s") for word in Utterance.of(name).plain if len(word) > 3} for name in (one, other)
    )
    return bool(words & others)
