"""A wish for a person is heard in both languages, on a bad line too, and nothing else is taken for one."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from tests.campaign import noise
from voice_agent.language import detect_language, read
from voice_agent.language.person import asks_for_person

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
WISHES = {
    "en": (
        "let me speak to a human",
        "i want to talk to somebody",
        "can you put me through to a real person please",
        "operator",
        "just get me a person",
        "i'd rather talk to a human being if that's okay",
        "no i don't want the robot give me an agent",
        "transfer me to dispatch",
        "could you connect me with someone in the office",
        "this isn't working i need to speak with a representative",
        "is there a person i can talk to",
        "get me your supervisor right now",
        "i need a live agent",
        "hand me over to somebody who can help",
        "look i have job 4512 here but i'd like to talk to a dispatcher",
        "my visit is on thursday and i want to speak to a person about it",
        "yes but can i speak to someone first",
        "human please",
    ),
    "es": (
        "quiero hablar con una persona",
        "páseme con alguien por favor",
        "comuníqueme con un agente",
        "operadora",
        "necesito hablar con un ser humano",
        "me puede pasar con un representante",
        "prefiero hablar con una persona de verdad",
        "no quiero hablar con una máquina deme una persona",
        "transfiérame con el despachador",
        "quisiera hablar con el supervisor",
        "hay alguien con quien pueda hablar",
        "conécteme con servicio al cliente",
        "sí pero antes quiero hablar con alguien",
        "con una persona por favor",
        "póngame con el encargado",
    ),
}
NOT_WISHES = (
    "i need someone to come and fix my heater",
    "the person who came yesterday broke it",
    "i don't want to talk to a person",
    "nobody was home",
    "can i get a technician today",
    "is there a dispatch fee",
    "the customer wants to talk to the manager of the building",
    "i spoke to a person yesterday about it",
    "get me one filter from the warehouse",
    "necesito que alguien venga a reparar la calefacción",
    "quiero que venga una persona a arreglarlo",
    "no quiero hablar con una persona",
    "quiero cambiar mi cita",
    "hablé con alguien ayer",
    "dígale al despachador que voy tarde",
)


def heard_as_a_wish(text: str, lang: str) -> bool:
    """As the session decides it: either reading is enough."""
    reading = read(text, lang=detect_language(text, lang), role="customer", now=NOW, with_slots=False)
    return reading.wants_human or asks_for_person(text)


@pytest.mark.parametrize(("lang", "words"), [(lang, words) for lang, said in WISHES.items() for words in said])
def test_a_wish_for_a_person_is_heard(lang: str, words: str) -> None:
    assert heard_as_a_wish(words, lang)


@pytest.mark.parametrize("words", NOT_WISHES)
def test_what_only_sounds_like_one_is_none(words: str) -> None:
    assert not asks_for_person(words)


@pytest.mark.parametrize("lang", ["en", "es"])
def test_it_is_heard_on_a_bad_line_too(lang: str) -> None:
    """One word in ten wrong: what is lost is said again, so the second try counts as well."""
    rng = random.Random(f"person {lang}")
    missed = []
    for words in WISHES[lang] * 6:
        tries = [noise.hear(words, 0.1, lang, rng) for _ in range(2)]
        if not any(heard_as_a_wish(text, lang) for text in tries):
            missed.append(tries)
    assert not missed
