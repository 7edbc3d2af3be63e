"""Typing at the foot of the terminal: keys become lines, and what is no text never becomes any."""

from __future__ import annotations

import pytest

from voice_agent.talking.keyboard import Editor


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("hello\r", "hello"),
        ("hellp\x7fo\r", "hello"),
        ("rubbish\x15hello\r", "hello"),
        ("hello you\x17\x7f\r", "hello"),
        ("he\x1b[Dllo\x1b[3~\r", "hello"),
        ("he\x1bOAllo\r", "hello"),
        ("¿dónde está?\n", "¿dónde está?"),
        ("\t\x07hello\r", "hello"),
    ],
)
def test_keys_become_the_line_that_was_meant(keys: str, line: str) -> None:
    assert Editor().feed(keys) == [line]


def test_keys_may_come_one_by_one_or_all_at_once() -> None:
    editor = Editor()
    assert [lines for key in "a\x1b[A" for lines in editor.feed(key)] == []
    assert editor.feed("b\rcd\r") == ["ab", "cd"]


def test_control_d_ends_the_typing_only_on_an_empty_line() -> None:
    editor = Editor()
    assert editor.feed("a\x04") == []
    assert editor.feed("\r\x04") == ["a", None]
