"""How many parts a text message has (sheet section 6.6)."""

import pytest

from voice_agent.demo.twilio.segments import count_segments


@pytest.mark.parametrize(
    ("body", "segments"),
    [
        ("", 1),
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ñ" * 160, 1),
        ("’" * 70, 1),
        ("’" * 71, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 67, 3),
    ],
)
def test_segments_are_counted_in_the_units_of_their_encoding(body: str, segments: int) -> None:
    """160 or 153 each in GSM-7, 70 or 67 in UCS-2; extended characters and emoji cost two and are not split."""
    assert count_segments(body) == segments
