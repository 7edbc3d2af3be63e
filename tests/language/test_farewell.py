"""A farewell is known as one in both languages, and a wish beside it is heard."""

from __future__ import annotations

import pytest

from voice_agent.language.farewell import takes_leave


@pytest.mark.parametrize(
    "text",
    [
        "ok bye",
        "Goodbye!",
        "that's all, thanks",
        "no that is everything thank you",
        "nothing else",
        "Have a nice day.",
        "no I'm good, bye bye",
        "adiós",
        "eso es todo, gracias",
        "nada más por hoy",
        "que tenga un buen día",
    ],
)
def test_a_farewell_is_one(text: str) -> None:
    assert takes_leave(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no",
        "thanks",
        "that's all wrong, I said Thursday",
        "nothing else works in the basement",
        "is that everything you have",
        "by the way where is my technician",
        "eso es todo lo que tiene",
        "before you say goodbye can you tell me when the technician comes to my house",
    ],
)
def test_what_goes_on_is_none(text: str) -> None:
    assert not takes_leave(text)
