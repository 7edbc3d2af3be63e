"""Triage: negation, tense, idiom, trade talk and mis-hearing, and the floors on sentences never trained on."""

from __future__ import annotations

import pytest

from training.held_out import Judged, read_set
from voice_agent.language import read_urgency
from voice_agent.language.reading import LIFE_HAZARDS, URGENT_HAZARDS, Urgency


def level(judged: Judged) -> str:
    label = judged.labels[0]
    if label in LIFE_HAZARDS:
        return "life_safety"
    return "urgent" if label in URGENT_HAZARDS else "routine"


@pytest.mark.parametrize(
    ("text", "hazard"),
    [
        ("um i smell gas in the kitchen", "gas"),
        ("the carbon monoxide alarm keeps going off", "co"),
        ("theres smoke coming out of the breaker box", "fire"),
        ("my son got shocked by the outlet", "shock"),
        ("a power line is down in my yard", "downed_line"),
        ("water is dripping through the light fixture", "water_electric"),
        ("we are stuck in the elevator", "trapped"),
        ("the relief valve is blowing steam and the boiler is rumbling", "pressure"),
        ("huele a gas en la cocina", "gas"),
        ("sale humo del tablero", "fire"),
        ("estamos atrapados en el elevador", "trapped"),
        ("me dio la corriente la lavadora", "shock"),
    ],
)
def test_a_present_hazard_is_life_safety_and_named(text: str, hazard: str) -> None:
    urgency = read_urgency(text)
    assert (urgency.level, urgency.hazard) == ("life_safety", hazard)
    assert urgency.evidence


@pytest.mark.parametrize(
    ("text", "hazard"),
    [
        ("no gas smell but theres smoke coming out of the panel", "fire"),
        ("i dont see any smoke but it smells like gas in here", "gas"),
        ("no huele a gas pero hay mucho humo en la sala", "fire"),
        ("nobody is hurt but the outlet is sparking", "fire"),
    ],
)
def test_a_denied_hazard_does_not_hide_the_present_one(text: str, hazard: str) -> None:
    assert read_urgency(text).hazard == hazard


@pytest.mark.parametrize(
    "text",
    [
        "no there is no gas smell the pilot just wont stay lit",
        "there isnt any smoke or fire it just stopped",
        "no hay humo ni huele a gas nomas no prende",
        "the elevator is out but nobody is in it",
    ],
)
def test_a_denied_hazard_alone_is_not_life_safety(text: str) -> None:
    assert read_urgency(text).level != "life_safety"


@pytest.mark.parametrize(
    "text",
    [
        "we had a gas leak last year and it got fixed i just want the inspection",
        "the fire department came and cleared it we just need the unit reset",
        "ya arreglaron la fuga de gas solo necesito la factura",
        "i replaced the gas valve and leak tested it job is done",
    ],
)
def test_what_is_past_and_solved_is_not_life_safety(text: str) -> None:
    assert read_urgency(text).level != "life_safety"


def test_a_repair_after_which_it_smells_again_is_life_safety() -> None:
    assert read_urgency("they fixed the stove yesterday but now it smells like gas again").level == "life_safety"


@pytest.mark.parametrize(
    "text",
    [
        "i almost had a heart attack when i saw the bill",
        "my boss is going to explode if im late",
        "casi me da un infarto con la factura",
        "how much to install a gas line for my stove",
        "do you sell carbon monoxide detectors",
        "the smoke detector chirps once a minute i think its the battery",
        "i ran out of gas ill be late to the next one",
    ],
)
def test_idioms_products_and_batteries_are_not_life_safety(text: str) -> None:
    assert read_urgency(text).level != "life_safety"


@pytest.mark.parametrize(
    "text",
    [
        "its probably nothing but i smell a little gas by the stove",
        "not an emergency or anything but theres smoke coming from the furnace",
        "i dont know if its gas but it smells like rotten eggs in the basement",
        "my mom says her kitchen smells like gas",
    ],
)
def test_understatement_doubt_and_second_hand_reports_never_lower(text: str) -> None:
    assert read_urgency(text).level == "life_safety"


@pytest.mark.parametrize(
    "text",
    [
        "the carbon mono oxide alarm is going off",
        "smell of guess in the basement its strong",
        "the car bon monoxide thing wont stop beeping",
        "theres smock coming out of the furnish",
        "there is black smock in the hallway",
        "el detector de mono oxido no para de sonar",
        "theres smoke saliendo del panel",
    ],
)
def test_misheard_nouns_and_mixed_languages_are_understood(text: str) -> None:
    assert read_urgency(text).level == "life_safety"


@pytest.mark.parametrize(
    ("text", "hazard"),
    [
        ("a pipe burst and water is everywhere", "burst_pipe"),
        ("sewage is coming up in the shower", "sewage"),
        ("no heat its ten below and i have a newborn", "no_heat"),
        ("the ac is out its a hundred and five and my mother is ninety", "no_cooling"),
        ("se revento un tubo y se inunda la casa", "burst_pipe"),
    ],
)
def test_what_cannot_wait_is_urgent(text: str, hazard: str) -> None:
    assert read_urgency(text) == Urgency("urgent", hazard, read_urgency(text).evidence)


def test_fillers_and_politeness_change_nothing() -> None:
    plain = read_urgency("theres a gas smell in the basement")
    padded = read_urgency("um hi yeah so theres uh a gas smell in the the basement please thank you")
    assert (plain.level, plain.hazard) == (padded.level, padded.hazard)


@pytest.mark.parametrize("text", ["", "   ", "?!", "um", "🙂", "a" * 5000, "no " * 400])
def test_nothing_said_is_routine_and_never_an_error(text: str) -> None:
    assert read_urgency(text).level == "routine"


def test_urgency_only_rises() -> None:
    gas, routine, burst = Urgency("life_safety", "gas"), Urgency("routine"), Urgency("urgent", "burst_pipe")
    assert gas.at_least(routine) == gas
    assert routine.at_least(burst) == burst
    assert burst.at_least(gas) == gas


def test_unseen_sentences_keep_the_floors() -> None:
    """The measured figures stand in docs/language/report.md; these floors catch a slip of the data or the weights."""
    judged = read_set("urgency_test")
    pairs = [(level(sentence), read_urgency(sentence.text).level) for sentence in judged]
    life = [read_as for said, read_as in pairs if said == "life_safety"]
    routine = [read_as for said, read_as in pairs if said == "routine"]
    worse = [read_as for said, read_as in pairs if said != "routine"]
    assert life.count("life_safety") / len(life) >= 0.95
    assert routine.count("life_safety") / len(routine) <= 0.08
    assert 1 - worse.count("routine") / len(worse) >= 0.95
    assert sum(said == read_as for said, read_as in pairs) / len(pairs) >= 0.91


_PLACES = ("in my kitchen", "in the basement", "in the wall", "all over the house")
_FRAMES = (
    "there is {} {}",
    "i think theres {} {}",
    "hi um yeah we got {} {} what do i do",
    "no im fine but theres {} {}",
)
_DANGERS = ("a gas smell", "a gas leak", "smoke", "a fire", "sparks", "a burning smell", "a rotten egg smell")


@pytest.mark.parametrize("danger", _DANGERS)
def test_no_frame_or_place_hides_a_plain_report(danger: str) -> None:
    said = [frame.format(danger, place) for frame in _FRAMES for place in _PLACES]
    assert [text for text in said if read_urgency(text).level != "life_safety"] == []


@pytest.mark.parametrize("danger", ["gas smell", "gas leak", "smoke", "sparks", "burning smell"])
def test_no_tail_turns_a_denial_into_danger(danger: str) -> None:
    heads = ("theres no {} or anything like that", "i dont see or smell any {}", "no i dont have any {}")
    tails = ("i just need a tune up", "it just wont turn on", "i want to schedule a visit")
    said = [f"{head.format(danger)} {tail}" for head in heads for tail in tails]
    assert [text for text in said if read_urgency(text).level == "life_safety"] == []


@pytest.mark.parametrize(
    "said",
    [
        "the cat sat on the mat",
        "purple monkey dishwasher",
        "deja una nota en el trabajo 4512 que el filtro está roto",
        "deja una nota que el filtro esta roto",
    ],
)
def test_an_odd_sentence_that_names_no_danger_is_none(said: str) -> None:
    assert read_urgency(said).level != "life_safety"


@pytest.mark.parametrize(
    "text",
    [
        "cuatro cinco humo dos",
        "a ver déjeme pensar cuatro cinco humo doce",
        "el cuatro cinco uno tos creo yo",
        "necesito pedir tos capacitores",
        "four fire one two",
        "well it's forty five twelve i gas",
        "three feet of thermostat wire and one flame censor",
        "tres filtros y un pie de cable de termostato",
        "well no i said one gallon of refrigerant i guess",
        "hay un perro grande en el patio",
        "please park behind the house",
        "the key for the gate is under the mat",
        "la carcasa del filtro está rota",
        "my washing machine is broken call me back",
        "zero for crying out loud now my dishwasher is making a noise",
        "sorry there's a lot of noise here yes please",
        "nos",
        "pues dice thermostat wire no sé si me explico",
        "encontré otro problema la bandeja de drenaje está oxidada",
        "vendimos la casa y el plan tiene que pasar a los nuevos dueños",
    ],
)
def test_figures_parts_and_noise_are_no_danger(text: str) -> None:
    assert read_urgency(text).level == "routine"


@pytest.mark.parametrize(
    "text",
    [
        "hay humo",
        "hay un fire en la cocina",
        "fire at one two three oak street",
        "someone got shocked at sixteen oh one birch",
    ],
)
def test_the_same_words_outside_of_figures_are_a_danger(text: str) -> None:
    assert read_urgency(text).level == "life_safety"
