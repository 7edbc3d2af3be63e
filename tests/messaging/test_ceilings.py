"""However often a text is forced, only so many leave: by call, number, block of numbers and day, across restarts."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.databases import database
from tests.messaging.office import EmulatedTwilio, Office, office
from tests.salesforce.emulated_org import EmulatedOrg
from voice_agent.messaging.texts import Recipient

pytestmark = pytest.mark.process


async def force(it: Office, count: int, number: str, call: str, first: int = 0) -> int:
    taken = 0
    for n in range(first, first + count):
        wanted = await it.wants("visit_details", Recipient(number), key=f"{call}-{n}", visits="x", call_sid=call)
        taken += wanted.accepted
    return taken


@pytest.mark.parametrize(("kind", "forced"), [("sqlite", 200), ("postgresql", 40)])
def test_forced_requests_stay_below_every_ceiling_also_after_a_restart(
    org: EmulatedOrg, twilio: EmulatedTwilio, tmp_path: Path, kind: str, forced: int
) -> None:
    """Half of them before the process ends, half behind it; ten calls, one number."""
    number = "+13125552201" if kind == "sqlite" else "+13125552202"

    async def whole(url: str) -> int:
        taken = 0
        for restart in range(2):
            async with office(org, twilio, tmp_path, database_url=url) as it:
                for call in range(10):
                    taken += await force(it, forced // 20, number, f"CA{call}", first=restart * forced)
                await it.work()
        return taken

    with database(kind, tmp_path) as url:
        assert asyncio.run(whole(url)) == 5
    assert len(twilio.texts(number)) == 5


def test_a_call_has_three_texts_and_an_hour_later_the_number_has_five_more(
    org: EmulatedOrg, twilio: EmulatedTwilio, tmp_path: Path
) -> None:
    async def whole() -> None:
        async with office(org, twilio, tmp_path) as it:
            assert await force(it, 20, "+13125552211", "CA1") == 3
            assert await force(it, 20, "+13125552212", "CA1", first=100) == 0, (
                "the call's three are used up for any number"
            )
            assert await force(it, 20, "+13125552211", "CA2") == 2
            assert await force(it, 20, "+13125552211", "CA3") == 0
            it.now += 3601
            assert await force(it, 20, "+13125552211", "CA4") == 3

    asyncio.run(whole())


def test_a_block_of_numbers_and_a_day_have_ceilings_of_their_own(
    org: EmulatedOrg, twilio: EmulatedTwilio, tmp_path: Path
) -> None:
    folder = tmp_path / "prompts"
    folder.mkdir()
    rules = (Path(__file__).parents[2] / "prompts" / "texting.toml").read_text()
    rules = rules.replace("per_prefix_an_hour = 60", "per_prefix_an_hour = 4").replace("per_day = 2000", "per_day = 6")
    (folder / "texting.toml").write_text(rules)

    async def whole() -> list[int]:
        async with office(org, twilio, tmp_path, PROMPTS_DIR=str(folder)) as it:
            block = [await force(it, 1, f"+1312555{n}", f"CB{n}") for n in range(2300, 2310)]
            elsewhere = [await force(it, 1, f"+1773555{n}", f"CC{n}") for n in range(2300, 2310)]
            return [sum(block), sum(elsewhere)]

    assert asyncio.run(whole()) == [4, 2]
