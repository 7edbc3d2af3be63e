"""A sample of the matrix (`python -m tests.handoff` plays it all): real server, emulated Twilio and org, HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.handoff.desk import desk, emulated_twilio
from tests.handoff.matrix import play

pytestmark = pytest.mark.process


def test_no_caller_and_no_summary_is_lost_however_the_person_fares(tmp_path: Path) -> None:
    with emulated_twilio(tmp_path) as twilio, desk(tmp_path, twilio, routed=False) as here:
        rows = play(here, "built-in", rest_up=True, cases=["answered", "declined", "busy", "abandoned", "lost"])
    assert [row.outcome for row in rows] == ["answered", "declined", "busy", "abandoned", "failed"]
    assert all(row.end and row.told and row.filed for row in rows), rows
