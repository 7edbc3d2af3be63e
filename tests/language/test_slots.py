"""The slot readers against sentences people would say, written apart from the grammars."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.language.slot_report import NOW, Labelled, marks, sentences
from voice_agent.language.numbers import NUMBER_WORDS
from voice_agent.language.slots import extract

NUMERALS = NUMBER_WORDS["en"] | NUMBER_WORDS["es"] | {"double", "triple", "doble", "no"}


def read(text: str, **known: Any) -> dict[str, Any]:
    return extract(text, now=NOW, **known)


def exactness(labelled: Sequence[Labelled]) -> float:
    found = list(marks(list(labelled)))
    return sum(mark.exact for mark in found) / len(found)


def test_development_sentences_are_read_exactly() -> None:
    assert exactness(sentences("dev")) >= 0.98


@pytest.mark.parametrize("lang", ["en", "es"])
def test_sentences_apart_from_the_rules_are_read_exactly(lang: str) -> None:
    assert exactness([row for row in sentences("test") if row.lang == lang]) >= 0.90
    assert exactness([row for row in sentences("fresh") if row.lang == lang]) >= 0.95


@pytest.mark.parametrize("text", ["i have to pause job 4512", "tengo que pausar la 4512"])
def test_what_somebody_has_to_do_is_no_reason(text: str) -> None:
    assert "reason" not in read(text, intent="report_status")


NOT_DONE = {
    "en": (
        "it's not done",
        "not done yet",
        "i'm not finished",
        "we aren't finished",
        "it isn't complete",
        "i haven't finished",
        "haven't completed it",
        "hasn't been completed",
        "never got it done",
        "almost done",
        "nearly finished",
        "about done",
        "it'll be done soon",
        "i will be done in an hour",
        "gonna be done by noon",
        "should be done soon",
        "i'd be done if the part came",
        "when i'm done i'll call",
        "once it's finished i'll tell you",
        "if it's done great",
        "is it done",
        "is it finished yet",
        "was it done",
        "i thought it was done",
        "i wish it was done",
        "i hope it's done soon",
        "trying to get it done",
        "i need to get it done",
        "far from done",
        "nowhere near finished",
        "half done",
        "partly finished",
        "can't be done",
        "can't say it's done",
        "i don't think it's done",
        "don't mark it complete",
        "do not close it out",
        "i couldn't get it completed",
        "not even close to done",
        "the part is in but the job isn't finished",
        "isnt done",
        "havent finished",
        "aint finished",
        "wont be finished",
        "wasnt completed",
        "done not yet",
        "finished no not yet",
        "it's done no wait it's not done",
        "nothing is done",
        "supposed to be done by now",
        "it would be done already if you'd sent the part",
        "unfinished",
        "incomplete",
        "the unit is fixed but the job is not complete",
        "it should have been finished yesterday",
        "not all done",
        "hardly finished",
        "before i finish i need a part",
        "until it's done i'm staying",
        "no it's not complete",
        "who says it's done",
        "don't think i'm finished here",
        "finished not even close",
        "work order 4512 not completed",
        "4512 isn't done",
        "close to done",
        "i can't close it out",
        "done in ten minutes",
    ),
    "es": (
        "no está terminado",
        "todavía no está listo",
        "aún no termino",
        "no he terminado",
        "no terminé",
        "no lo terminé",
        "no hemos acabado",
        "casi termino",
        "casi listo",
        "ya casi está listo",
        "falta poco para terminar",
        "por terminar",
        "estoy por terminar",
        "sin terminar",
        "cuando termine le aviso",
        "si estuviera listo le diría",
        "estaría listo si tuviera la pieza",
        "espero que esté listo",
        "no creo que esté terminado",
        "no la marque como completada",
        "no cierre la orden",
        "va a estar listo mañana",
        "voy a terminar en una hora",
        "tengo que terminar",
        "no pude terminar",
        "no quedó listo",
        "no ha quedado terminada",
        "terminado todavía no",
        "lista no está",
        "a medias",
        "incompleto",
        "no se ha completado",
        "nunca se terminó",
        "ni terminado ni nada",
        "debería estar listo",
        "la pieza está pero el trabajo no está terminado",
        "a punto de terminar",
        "todavía no he acabado",
        "no está completa la orden",
        "para terminar necesito una pieza",
        "ojalá estuviera listo",
        "antes de terminar necesito el filtro",
        "no está hecho",
        "tampoco está terminado",
        "apenas empecé no está listo",
        "dudo que esté terminado",
    ),
}


@pytest.mark.parametrize(("lang", "text"), [(lang, text) for lang, texts in NOT_DONE.items() for text in texts])
@pytest.mark.parametrize("intent", ["report_status", None])
def test_nothing_denied_unsure_or_yet_to_come_is_read_as_completed(lang: str, text: str, intent: str | None) -> None:
    assert read(text, lang=lang, intent=intent).get("status") != "completed"


DONE = {
    "en": (
        "done",
        "it's done",
        "all done here",
        "job's done",
        "i'm finished",
        "finished up",
        "it's complete",
        "all wrapped up",
        "no it's done",
        "yes it's finished",
        "i wasn't sure but it's done now",
        "not a problem it's all done",
        "the dog was no problem and it's done",
        "mark it complete please",
        "you can close it out",
        "i need to mark this as complete",
        "it wasn't easy but it's finished",
    ),
    "es": (
        "ya terminé",
        "está listo",
        "terminado",
        "ya quedó listo",
        "no ya está listo",
        "orden completada",
        "márquela como completada",
        "ya acabé",
    ),
}


@pytest.mark.parametrize(("lang", "text"), [(lang, text) for lang, texts in DONE.items() for text in texts])
def test_what_is_plainly_done_is_read_as_completed(lang: str, text: str) -> None:
    assert read(text, lang=lang, intent="report_status").get("status") == "completed"


@pytest.mark.parametrize(
    ("text", "expecting", "slot", "value"),
    [
        ("four five one two", "work_order", "work_order", "4512"),
        ("four five one two", "digits", "digits", "4512"),
        ("four five one two", None, "digits", "4512"),
        ("the second one", "slot_choice", "digits", "2"),
        ("two", "slot_choice", "digits", "2"),
        ("two", "time", "time_from", "14:00"),
        ("mueller", "name", "customer_name", "mueller"),
        ("two flame sensors", "parts", "parts", [{"part": "flame sensor", "qty": 2}]),
        ("friday", "date", "date", "2026-11-27"),
    ],
)
def test_what_was_asked_decides_what_a_bare_answer_is(
    text: str, expecting: str | None, slot: str, value: object
) -> None:
    assert read(text, expecting=expecting)[slot] == value


def test_an_answer_to_another_question_than_the_one_asked_is_still_read() -> None:
    slots = read("job 4512 is done", expecting="parts", intent="report_status")
    assert slots == {"work_order": "4512", "status": "completed"}


@pytest.mark.parametrize("text", ["", "   ", "um uh", "...", "hello", "thank you so much", "gracias"])
def test_a_sentence_that_says_nothing_gives_no_slots(text: str) -> None:
    assert read(text) == {}


def test_today_is_the_callers_day_not_utcs() -> None:
    evening = datetime(2026, 11, 24, 21, 0, tzinfo=ZoneInfo("America/Los_Angeles"))
    assert extract("tomorrow", intent="reschedule", now=evening)["date"] == "2026-11-25"


@pytest.mark.parametrize(
    ("now", "text", "day"),
    [
        (datetime(2027, 3, 13, 23, 30, tzinfo=ZoneInfo("America/Chicago")), "tomorrow", "2027-03-14"),
        (datetime(2027, 3, 13, 23, 30, tzinfo=ZoneInfo("America/Chicago")), "in two days", "2027-03-15"),
        (datetime(2026, 10, 31, 23, 30, tzinfo=ZoneInfo("America/Chicago")), "tomorrow", "2026-11-01"),
        (datetime(2026, 10, 31, 23, 30, tzinfo=ZoneInfo("America/Chicago")), "a week from tomorrow", "2026-11-08"),
    ],
)
def test_a_change_of_the_clocks_moves_no_day(now: datetime, text: str, day: str) -> None:
    assert extract(text, intent="reschedule", now=now)["date"] == day


def test_without_a_clock_days_keep_their_words_and_get_no_date() -> None:
    assert extract("friday morning", intent="reschedule") == {
        "date_phrase": "friday",
        "time_phrase": "morning",
        "time_from": "08:00",
        "time_to": "12:00",
    }


def test_a_weekday_said_on_that_weekday_is_a_week_away_but_this_one_is_today() -> None:
    tuesday = NOW
    assert read("tuesday", intent="reschedule")["date"] == (tuesday + timedelta(days=7)).date().isoformat()
    assert read("this tuesday", intent="reschedule")["date"] == tuesday.date().isoformat()


def test_one_moment_in_two_zones_is_two_days_however_often_it_is_asked() -> None:
    late = datetime(2026, 11, 23, 23, 30, tzinfo=ZoneInfo("America/Los_Angeles"))
    east = late.astimezone(ZoneInfo("America/New_York"))
    days = [extract("tomorrow", intent="reschedule", now=now)["date"] for now in (late, east, late, east)]
    assert days == ["2026-11-24", "2026-11-25"] * 2


def test_who_changes_what_was_read_changes_it_for_nobody_else() -> None:
    first = extract("i used two flame sensors", intent="parts_used")
    first["parts"][0]["qty"] = 9
    first.clear()
    assert extract("i used two flame sensors", intent="parts_used")["parts"][0]["qty"] == 2


@pytest.mark.parametrize("seed", range(4))
def test_hesitating_and_saying_a_word_twice_change_nothing(seed: int) -> None:
    chance = random.Random(seed)
    rows = sentences("dev") + sentences("test")
    changed = 0
    for row in rows:
        words = row.text.split()
        at = chance.randrange(len(words))
        fillers = ("um", "uh", "er", "you know") if row.lang == "en" else ("eh", "mmm", "pues", "a ver")
        twice = words[at] if words[at].isalpha() and words[at] not in NUMERALS else ""
        words.insert(at, chance.choice([*fillers, twice]))
        said = " ".join(words)
        changed += extract(said, lang=row.lang, intent=row.intent, now=NOW) != row.slots
    assert changed <= 0.03 * len(rows)
