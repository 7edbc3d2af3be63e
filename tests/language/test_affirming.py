"""Only a plain yes commits a change: both languages, as people say it on the phone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from voice_agent.language import read
from voice_agent.language.affirming import affirms

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)

YES = """yes|yeah|yep|yes please|yes that's right|yes go ahead|that's correct|correct|sure|okay|ok do it|yes save it|
yes i confirm|i confirm it|sounds good|perfect yes|uh yes|um yeah that's right|absolutely|
sí|si|claro|correcto|sí por favor|sí adelante|está bien|de acuerdo|sí confirmo|así es|dale"""
NO = """no|nope|no that's wrong|not that one|no don't|that's not right|wait no|no gracias|no espere|incorrecto|
no eso está mal|negative|yeah so nowrong if makes sense"""
NEITHER = """the first one|la primera|make it thursday|yes but make it friday|yes and i used three belts|option two|
what was that|which day|number 2|yes 4512|thursday afternoon|el jueves|sí pero el viernes|uh|hmm let me think|
cancel the visit instead|move it to next week|is that the morning|my name is miller"""


def said(block: str) -> list[str]:
    return [sentence.strip() for sentence in block.replace("\n", "").split("|")]


def lang(text: str) -> str:
    return (
        "es"
        if any(word in text for word in ("sí", "si", "claro", "está", "el ", "la ", "eso", "espere", "así"))
        else "en"
    )


def heard(text: str) -> bool | None:
    return affirms(read(text, lang=lang(text), role="customer", now=NOW, expecting="yes_no"))


@pytest.mark.parametrize("text", said(YES))
def test_a_plain_yes_is_one(text: str) -> None:
    assert heard(text) is True


@pytest.mark.parametrize("text", said(NO))
def test_a_no_is_never_a_yes(text: str) -> None:
    assert heard(text) is not True


@pytest.mark.parametrize("text", said(NEITHER))
def test_what_brings_something_new_commits_nothing(text: str) -> None:
    assert heard(text) is not True
