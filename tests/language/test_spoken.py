"""Text for the ear: what a voice reads must be what was meant."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voice_agent.language import spoken
from voice_agent.language.numbers import whole_number
from voice_agent.language.spoken import EarFilter, contracted, for_ear
from voice_agent.language.utterance import without_accents

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=ZoneInfo("America/Chicago"))


def at(hour: int, minute: int = 0, day: date | None = None) -> datetime:
    return datetime.combine(day or NOW.date(), datetime.min.time(), NOW.tzinfo).replace(hour=hour, minute=minute)


@pytest.mark.parametrize(
    ("when", "english", "spanish"),
    [
        (at(10, 30), "ten thirty AM", "las diez y media de la mañana"),
        (at(14, 5), "two oh five PM", "las dos y cinco de la tarde"),
        (at(12), "noon", "las doce del mediodía"),
        (at(0), "midnight", "las doce de la noche"),
        (at(13, 15), "one fifteen PM", "la una y cuarto de la tarde"),
        (at(20), "eight PM", "las ocho de la noche"),
    ],
)
def test_times_are_said_as_people_say_them(when: datetime, english: str, spanish: str) -> None:
    assert spoken.say_time(when) == english
    assert spoken.say_time(when, "es") == spanish


def test_days_are_said_relative_when_near_and_in_full_when_not() -> None:
    assert spoken.say_date(NOW, NOW) == "today"
    assert spoken.say_date(NOW.date() + timedelta(days=1), NOW, "es") == "mañana"
    assert spoken.say_date(date(2026, 12, 3), NOW) == "Thursday, December third"
    assert spoken.say_date(date(2026, 12, 1), NOW, "es") == "el martes primero de diciembre"
    assert spoken.say_date(date(2028, 2, 29), NOW) == "Tuesday, February twenty ninth, twenty twenty eight"


def test_a_window_says_the_half_of_the_day_once_when_both_ends_share_it() -> None:
    assert spoken.say_window(at(8), at(10), NOW) == "today between eight and ten AM"
    assert spoken.say_window(at(10), at(12), NOW) == "today between ten AM and noon"
    assert spoken.say_window(at(8), at(10), NOW, "es") == "hoy entre las ocho y las diez de la mañana"
    assert spoken.say_window(at(11), at(13), NOW) == "today between eleven AM and one PM"


def test_identifiers_are_said_digit_by_digit_with_their_zeros() -> None:
    assert spoken.say_digits("4512") == "four five one two"
    assert spoken.say_digits("0042", "es") == "cero cero cuatro dos"
    assert spoken.say_digits("00004512") == "zero zero zero zero, four five one two"


def test_phones_and_part_numbers_are_said_in_groups() -> None:
    assert spoken.say_phone("+13125550142") == "three one two, five five five, zero one four two"
    assert spoken.say_part_number("KX-2210") == "K X, two two one zero"
    assert spoken.say_part_number("kx22", radio=True) == "K as in kilo, X as in xray, two two"


@pytest.mark.parametrize(
    ("value", "unit", "lang", "said"),
    [
        (2, "gallon", "en", "two gallons"),
        (1, "battery", "en", "one battery"),
        (3, "battery", "en", "three batteries"),
        (0.5, "gallon of refrigerant", "en", "half a gallon of refrigerant"),
        (1.5, "pound", "en", "one and a half pounds"),
        (2, "gallons of refrigerant", "en", "two gallons of refrigerant"),
        (4, "flame sensor", "en", "four flame sensors"),
        (2.25, "gallon", "en", "two point two five gallons"),
        (1, "libra", "es", "una libra"),
        (21, "galón", "es", "veintiún galones"),
        (21, "caja", "es", "veintiuna cajas"),
        (0.5, "galón de refrigerante", "es", "medio galón de refrigerante"),
        (1.5, "libra", "es", "una libra y media"),
        (3, "sensor de llama", "es", "tres sensores de llama"),
        (2, "luz", "es", "dos luces"),
    ],
)
def test_quantities_agree_with_their_noun(value: float, unit: str, lang: str, said: str) -> None:
    assert spoken.say_quantity(value, unit, lang) == said


@pytest.mark.parametrize(
    ("amount", "english", "spanish"),
    [
        ("12.50", "twelve dollars and fifty cents", "doce dólares con cincuenta centavos"),
        ("1", "one dollar", "un dólar"),
        ("0.01", "one cent", "un centavo"),
        ("1021", "one thousand twenty one dollars", "mil veintiún dólares"),
        ("0", "zero dollars", "cero dólares"),
        ("1000000", "one million dollars", "un millón de dólares"),
    ],
)
def test_money_is_said_in_words(amount: str, english: str, spanish: str) -> None:
    assert spoken.say_money(amount) == english
    assert spoken.say_money(Decimal(amount), "es") == spanish


def test_lengths_of_time_and_lists() -> None:
    assert spoken.say_duration_minutes(45) == "forty five minutes"
    assert spoken.say_duration_minutes(90) == "an hour and a half"
    assert spoken.say_duration_minutes(61, "es") == "una hora y un minuto"
    assert spoken.say_list(["a", "b", "c"]) == "a, b and c"
    assert spoken.say_list(["padre", "hijo"], "es") == "padre e hijo"
    assert spoken.say_list(["siete", "ocho"], "es", joint="o") == "siete u ocho"
    assert spoken.say_list([]) == ""


def test_addresses_lose_their_abbreviations() -> None:
    said = spoken.say_address("1420 N Main St Apt 4B, Austin, TX 78701")
    assert said == "fourteen twenty North Main Street, apartment four B, Austin, Texas, seven eight seven zero one"
    assert spoken.say_address("405 St Charles Ave") == "four oh five Saint Charles Avenue"
    assert spoken.say_address("7 Elm Dr #12") == "seven Elm Drive, number twelve"


@given(st.integers(0, 999_999), st.sampled_from(["en", "es"]))
def test_numbers_in_words_read_back_as_themselves(value: int, lang: str) -> None:
    words = without_accents(spoken.say_number(value, lang)).split()
    assert whole_number(words, 0, "es" if lang == "es" else "en") == (value, len(words))


@pytest.mark.parametrize(
    ("written", "heard"),
    [
        ("**Done!** See you at 10:30 AM.", "Done! See you at ten thirty AM."),
        ("Work order 4512 & appointment #22", "Work order four five one two and appointment number twenty two"),
        ("- one\n- two\n- three", "one. two. three"),
        ("1. First\n2. Second", "First. Second"),
        ("# Title\nText", "Title. Text"),
        ("That is $12.50, 50% off", "That is twelve dollars and fifty cents, fifty percent off"),
        ("Order 1234567 is ready", "Order one two three four five six seven is ready"),
        ("Great 😀 news 🎉!", "Great news!"),
        ("<speak>Hello <break time='1s'/>there</speak>", "Hello there"),
        ("See [our page](https://example.com/a_b) now", "See our page now"),
        ("Visit https://example.com/x?y=1 today", "Visit the link today"),
        ("`code` and _emphasis_ and ~~gone~~", "code and emphasis and gone"),
        ("between 8-10 AM", "between eight and ten AM"),
        ("8:00 AM – 10:00 AM", "eight AM to ten AM"),
        ("on 2026-12-02", "on December second"),
        ("Call 512-555-0142.", "Call five one two, five five five, zero one four two."),
        ("part KX2210", "part KX two two one zero"),
        ("2,500 parts", "two thousand five hundred parts"),
        ("in 2026", "in twenty twenty six"),
        ("about 72°F", "about seventy two degrees"),
        ("a < b and 3 > 2", "a b and three two"),
        ("it’s fine", "it’s fine"),
    ],
)
def test_what_a_model_writes_is_made_speakable(written: str, heard: str) -> None:
    assert for_ear(written) == heard


def test_spanish_figures_are_said_in_spanish() -> None:
    assert for_ear("Llega a las 10:30 AM, orden 4512, $21", "es") == (
        "Llega a las diez y media de la mañana, orden cuatro cinco uno dos, veintiún dólares"
    )


MARKUP = st.lists(
    st.sampled_from(
        "hello there your order 4512 is 10:30 AM 8-10 PM $12.50 50% # ## - * ** _ ` [a](b) https://x.y <b> </b> < > 😀 "
        "\n \n\n 1. 2) #22 512-555-0142 & ok. well, señor 3rd 2026-12-02 KX2210 72°F 1,234 "
        "| (so) https w ww. h".split(" ")
    ),
    max_size=14,
).flatmap(lambda parts: st.sampled_from(["", " "]).map(lambda glue: glue.join(parts)))


@settings(max_examples=300, deadline=None)
@given(MARKUP, st.lists(st.integers(1, 9), min_size=1, max_size=60), st.sampled_from(["en", "es"]))
def test_however_the_stream_is_cut_the_same_words_come_out(text: str, cuts: list[int], lang: str) -> None:
    ear, heard, at_char, turn = EarFilter(lang), "", 0, 0
    while at_char < len(text):
        size = cuts[turn % len(cuts)]
        heard += ear.feed(text[at_char : at_char + size])
        at_char, turn = at_char + size, turn + 1
    heard += ear.flush()
    assert heard.strip() == for_ear(text, lang)


@settings(max_examples=200, deadline=None)
@given(st.one_of(MARKUP, st.text(max_size=100)))
def test_no_markup_and_no_long_figures_ever_reach_the_voice(text: str) -> None:
    heard = for_ear(text)
    assert not re.search(r"[*_`#<>|\[\]{}~]", heard)
    assert not re.search(r"[0-9]", heard)


def test_plain_words_pass_at_once() -> None:
    ear = EarFilter()
    assert [ear.feed(piece) for piece in ("Hel", "lo", " there", ", friend", ".")] == [
        "Hel",
        "lo",
        " there",
        ", friend",
        ".",
    ]


def test_an_open_tag_or_number_is_held_only_until_it_is_clear() -> None:
    ear = EarFilter()
    assert ear.feed("At 10") == "At"
    assert ear.feed(":30 A") == ""
    assert ear.feed("M we") == " ten thirty AM we"
    assert ear.feed(" <br") == ""
    assert ear.feed("eak/> go") == " go"
    assert ear.flush() == ""


def test_an_unclosed_tag_does_not_swallow_the_reply() -> None:
    ear = EarFilter()
    text = "if a <b then " + "go on " * 80
    heard = "".join(ear.feed(piece) for piece in re.findall(r".{1,5}", text)) + ear.flush()
    assert heard.count("go on") == 80


def test_the_number_to_call_in_an_emergency_is_said_as_it_is_dialled() -> None:
    assert for_ear("Hang up and call 911 now.") == "Hang up and call nine one one now."
    assert for_ear("Cuelgue y llame al 911.", "es") == "Cuelgue y llame al nueve uno uno."


@pytest.mark.parametrize(
    ("put_together", "spoken"),
    [
        ("Agregaría este trabajo a el trabajo cuatro", "Agregaría este trabajo al trabajo cuatro"),
        ("Pasaría dos filtros de el almacén a su camioneta", "Pasaría dos filtros del almacén a su camioneta"),
        ("La casa de El Paso y lo de él", "La casa de El Paso y lo de él"),
    ],
)
def test_spanish_joins_the_article_to_the_word_before_it(put_together: str, spoken: str) -> None:
    assert contracted(put_together) == spoken
