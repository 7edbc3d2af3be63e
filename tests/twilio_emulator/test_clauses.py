"""Where speech is cut into clauses and what of one is heard (README of the recordings)."""

import pytest

from voice_agent.demo.twilio.relay.clauses import heard_part, next_clause

FOX = "the quick brown fox jumps over the lazy dog while the spike keeps talking so you can interrupt it."


def clauses(text: str) -> list[str]:
    found = []
    while text:
        clause = next_clause(text, complete=True, settled=True)
        assert clause
        found.append(clause)
        text = text[len(clause) :]
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"Sentence 1 of twelve: {FOX} Sentence 2 of twelve: {FOX}",
            ["Sentence 1 of twelve:", f" {FOX}", " Sentence 2 of twelve:", f" {FOX}"],
        ),
        (
            "I heard: Stop. Stop. Stop. I am interrupting you now.",
            ["I heard:", " Stop.", " Stop.", " Stop.", " I am interrupting you now."],
        ),
        (
            "This is a short reply of about eight seconds, so that digits queued behind it can still be heard by the "
            "gather on the caller leg before it times out.",
            [
                "This is a short reply of about eight seconds, ",
                "so that digits queued behind it can still be heard by the gather on the caller leg before it times "
                "out.",
            ],
        ),
        (
            "Count out loud from one to thirty, every single number.",
            ["Count out loud from one to thirty, every single number."],
        ),
        ("Stop stop stop, that is enough.", ["Stop stop stop, that is enough."]),
        ("It is 10:30 and costs 3.50 now", ["It is 10:30 and costs 3.50 now"]),
    ],
)
def test_stops_split_and_late_commas_split_with_their_spaces(text: str, expected: list[str]) -> None:
    """Recordings interrupt, busy-digits, queued-digits and operator-leg/barge-in, clause by clause."""
    assert clauses(text) == expected


def test_a_stop_at_the_end_of_the_stream_waits_until_it_is_settled() -> None:
    """Sheet section 2.6: speech starts before `last`, clause by clause; «3.» may still become «3.5»."""
    assert next_clause("It is 3.", complete=False, settled=False) is None
    assert next_clause("It is 3.", complete=False, settled=True) == "It is 3."
    assert next_clause("One moment", complete=False, settled=True) is None
    assert next_clause("One moment", complete=True, settled=False) == "One moment"


@pytest.mark.parametrize(
    ("clause", "milliseconds", "heard"),
    [
        (" Sentence 2 of twelve:", 684, "Sentence 2 of"),
        ("This is the spike. Say something, or press a key.", 15, "This"),
        ("Got 8 digits.", 127, "Got"),
        (f" {FOX}", 1573, "the quick brown fox jumps over the"),
    ],
)
def test_a_cut_fragment_is_made_of_whole_words_without_a_space_in_front(
    clause: str, milliseconds: int, heard: str
) -> None:
    """Recordings interrupt, greeting-dtmf, dial-string-pin and preempt-marked: all four fragments."""
    assert heard_part(clause, milliseconds / 1000, 0.043) == heard
