"""A call-back number as people say it, and as it must be dialled."""

from __future__ import annotations

import pytest

from tools.messages import e164


@pytest.mark.parametrize(
    ("said", "near", "number"),
    [
        ("7735550188", "+13125550100", "+17735550188"),
        ("773 555 0188", "", "+17735550188"),
        ("17735550188", "+13125550100", "+17735550188"),
        ("07700900203", "+447700900003", "+447700900203"),
        ("+447700900203", "+13125550100", "+447700900203"),
        ("5550188", "+13125550100", None),
        ("4512", "+13125550100", None),
        ("", "", None),
        ("77355501887735550188", "+13125550100", None),
    ],
)
def test_a_number_is_completed_from_the_country_called_from_or_asked_for_again(
    said: str, near: str, number: str | None
) -> None:
    assert e164(said, near) == number
