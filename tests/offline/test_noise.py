"""A sample of the campaign: other people's wordings, and a line that mishears a tenth of the words."""

from __future__ import annotations

import asyncio

import pytest

from tests.offline import campaign, wordings
from tests.salesforce.emulated_org import EmulatedOrg


@pytest.mark.process
def test_other_wordings_of_the_same_jobs_reach_their_end(org: EmulatedOrg) -> None:
    chosen = [*wordings.scripts()][::5]
    tally = asyncio.run(campaign.run(org, chosen, [0.0], 1))[0.0]
    assert tally.ends["wrong"] == 0, tally.worst
    assert tally.ends["reached"] >= 0.9 * tally.total, tally.worst


@pytest.mark.process
def test_misheard_words_never_become_a_wrong_write(org: EmulatedOrg) -> None:
    chosen = campaign.every_script()[3::14]
    tally = asyncio.run(campaign.run(org, chosen, [0.1], 1))[0.1]
    assert tally.ends["wrong"] == 0, tally.worst
    assert tally.ends["reached"] + tally.ends["person"] >= 0.85 * tally.total, tally.worst
