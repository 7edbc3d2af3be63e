"""Samples of the other ways to a person (`python -m tests.handoff` plays them all)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.handoff.desk import emulated_twilio
from tests.handoff.ways import BY_NAME, open_desk, play

pytestmark = pytest.mark.process
SAMPLE = ("number", "sip_declined", "studio", "dequeue", "conference", "redirect", "reject")


def test_every_way_leads_to_the_person_it_names_and_none_into_silence(tmp_path: Path) -> None:
    with emulated_twilio(tmp_path) as twilio, open_desk(tmp_path, twilio) as desk:
        rows = play(desk, rest_up=True, ways=SAMPLE)
    assert {row.case: row.outcome for row in rows} == {name: BY_NAME[name].outcome for name in SAMPLE}
    assert all(row.end and row.told is not False and row.filed for row in rows), rows
