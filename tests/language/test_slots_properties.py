"""Whatever number, code or day is said, in whatever habit, reads back as itself."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from voice_agent.language.numerals import digit_words, whole_words
from voice_agent.language.slots import extract
from voice_agent.language.spoken import say_date, say_number, say_part_number, say_time
from voice_agent.language.utterance import Utterance

LANGS = st.sampled_from(["en", "es"])
CHICAGO = ZoneInfo("America/Chicago")
NOWS = st.dates(date(2026, 1, 1), date(2029, 12, 31)).map(lambda day: datetime.combine(day, time(10, 30), CHICAGO))
QUICK = settings(max_examples=150, deadline=None)


@st.composite
def spoken_digits(draw: st.DrawFn) -> tuple[str, str, str]:
    """Digits, a way to say them, and the language: singles, pairs and teens, "oh", double, triple, figures, fillers."""
    lang = draw(LANGS)
    digits = draw(st.text("0123456789", min_size=3, max_size=8))
    said: list[str] = []
    i = 0
    while i < len(digits):
        rest = digits[i:]
        habits = ["single"]
        if len(rest) >= 2 and rest[0] == rest[1]:
            habits.append("double")
        if len(rest) >= 3 and rest[0] == rest[1] == rest[2]:
            habits.append("triple")
        if len(rest) >= 2 and rest[0] != "0" and not (rest[1] == "0" and rest[2:3] not in ("", "0")):
            habits.append("pair")
        habit = draw(st.sampled_from(habits))
        if habit == "double":
            said.append(f"{'double' if lang == 'en' else 'doble'} {digit_words(rest[0], lang)}")
            i += 2
        elif habit == "triple":
            said.append(f"triple {digit_words(rest[0], lang)}")
            i += 3
        elif habit == "pair":
            said.append(whole_words(int(rest[:2]), lang))
            i += 2
        else:
            zero = draw(st.sampled_from(["oh", "zero"])) if lang == "en" else "cero"
            said.append(zero if rest[0] == "0" else digit_words(rest[0], lang))
            i += 1
        if draw(st.integers(0, 9)) == 0:
            said.append(draw(st.sampled_from(["um", "uh", "eh"])))
    return digits, " ".join(said), lang


@QUICK
@given(spoken_digits())
@example(("1313", "thirteen thirteen", "en"))
@example(("1515", "quince quince", "es"))
@example(("2121", "veintiuno veintiuno", "es"))
@example(("0000016", "cero triple cero um cero dieciséis", "es"))
def test_digits_said_in_any_habit_read_back_to_themselves(spoken: tuple[str, str, str]) -> None:
    digits, said, lang = spoken
    assert extract(said, lang=lang, intent="number")["digits"] == digits
    label = "work order" if lang == "en" else "la orden"
    assert extract(f"{label} {said}", lang=lang, intent="report_status")["work_order"] == digits


@QUICK
@given(st.integers(1, 99_999), LANGS)
def test_a_number_said_whole_reads_back_to_itself(number: int, lang: str) -> None:
    said = say_number(number, lang)
    label = "work order number" if lang == "en" else "orden número"
    assert extract(f"{label} {said}", lang=lang, intent="report_status")["work_order"] == str(number)


@QUICK
@given(st.integers(10, 99), LANGS)
def test_hundreds_of_pairs_are_four_digits(pairs: int, lang: str) -> None:
    said = f"{whole_words(pairs)} hundred" if lang == "en" else whole_words(pairs * 100, "es")
    assert extract(said, lang=lang, intent="number")["digits"] == str(pairs * 100)


@QUICK
@given(st.text("0123456789", min_size=1, max_size=3), st.text("123456789", min_size=4, max_size=4), LANGS)
def test_a_number_begun_again_replaces_the_slip(slip: str, meant: str, lang: str) -> None:
    mark = "no" if lang == "en" else "perdón"
    said = f"{digit_words(slip, lang)} {mark} {digit_words(meant, lang)}"
    assert extract(said, lang=lang, intent="number")["digits"] == meant


@QUICK
@given(st.text("BCDFGHJKLMNPQRSTVWXZ", min_size=2, max_size=3), st.text("0123456789", min_size=3, max_size=5), LANGS)
def test_a_part_number_spoken_or_spelt_by_words_reads_back_to_itself(letters: str, digits: str, lang: str) -> None:
    code = letters + digits
    label = "part number" if lang == "en" else "número de parte"
    for radio in (False, True):
        said = say_part_number(code, lang, radio=radio).lower().replace(",", "")
        read = extract(f"{label} {said}", lang=lang, intent="parts_inquiry").get("part_number")
        assert read == code or code.startswith("R"), (said, read)
    assert extract(code.lower(), lang=lang, intent="parts_inquiry").get("part_number") in (
        code,
        None if code[0] == "R" else code,
    )


@QUICK
@given(NOWS, st.integers(0, 320), LANGS)
def test_a_day_said_aloud_resolves_to_itself(now: datetime, ahead: int, lang: str) -> None:
    day = now.date() + timedelta(days=ahead)
    said = say_date(day, now, lang).lower().replace(",", "")
    assert extract(said, lang=lang, intent="reschedule", now=now)["date"] == day.isoformat()


@QUICK
@given(NOWS, st.integers(0, 10), LANGS)
def test_any_weekday_named_is_within_the_next_two_weeks_and_never_before_tomorrow(
    now: datetime, pick: int, lang: str
) -> None:
    en = "monday tuesday wednesday thursday friday saturday sunday".split()
    es = "lunes martes miércoles jueves viernes sábado domingo".split()
    index = pick % 7
    bare = en[index] if lang == "en" else f"el {es[index]}"
    following = f"{en[index]} week" if lang == "en" else f"{es[index]} en ocho"
    first = date.fromisoformat(extract(bare, lang=lang, intent="reschedule", now=now)["date"])
    second = date.fromisoformat(extract(following, lang=lang, intent="reschedule", now=now)["date"])
    assert 1 <= (first - now.date()).days <= 7
    assert first.weekday() == index
    assert second - first == timedelta(days=7)


@QUICK
@given(st.integers(7 * 60, 18 * 60 + 59), LANGS)
def test_a_time_said_aloud_reads_back_to_itself(minutes: int, lang: str) -> None:
    when = datetime(2026, 11, 24, minutes // 60, minutes % 60, tzinfo=CHICAGO)
    said = say_time(when, lang)
    prefix = "at" if lang == "en" else "a"
    read = extract(f"{prefix} {said}", lang=lang, intent="reschedule", now=when)
    assert read["time_from"] == f"{minutes // 60:02d}:{minutes % 60:02d}", (said, read)


@QUICK
@given(st.integers(2, 90), LANGS)
def test_amounts_of_a_part_read_back_with_their_number(count: int, lang: str) -> None:
    said = (
        f"i used {whole_words(count)} flame sensors"
        if lang == "en"
        else f"usé {whole_words(count, 'es')} sensores de llama"
    )
    name = "flame sensor" if lang == "en" else "sensor de llama"
    read = extract(said, lang=lang, intent="parts_used")["parts"]
    assert len(read) == 1
    assert read[0]["qty"] == count
    assert read[0]["part"] in (name, name + "s")


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=120), LANGS)
def test_no_text_whatever_breaks_the_readers(text: str, lang: str) -> None:
    now = datetime(2026, 11, 24, 10, tzinfo=CHICAGO)
    for intent in (None, "reschedule", "parts_used", "report_status"):
        extract(text, lang=lang, intent=intent, now=now)


WORDS = st.sampled_from(
    "not no yes done finished two three hundred thousand double triple the third march monday next week between and "
    "to from before noon half past quarter a of gallon pair dozen used order number k x as in kilo work part my is "
    "i'm at on truck el la las dos mil ciento y media antes de mañana por jueves usé orden número terminé todavía "
    "perdón doble cuarto menos entre".split()
)


@settings(max_examples=300, deadline=None)
@given(st.lists(WORDS, max_size=25).map(" ".join), LANGS)
def test_no_heap_of_our_own_words_breaks_the_readers(text: str, lang: str) -> None:
    now = datetime(2026, 11, 24, 10, tzinfo=CHICAGO)
    for intent in (None, "reschedule", "parts_used", "parts_inquiry", "number"):
        extract(text, lang=lang, intent=intent, now=now)


@given(st.text(max_size=80))
def test_words_keep_their_place_in_the_text(text: str) -> None:
    for word in Utterance.of(text).words:
        assert 0 <= word.start < word.end
