"""The ladder with real processes: rung after rung is called, until somebody presses 1 and the caller hears of it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
import pytest
from yarl import URL

import prompts
from tests.end_to_end.running import RunningDemo, demo, fetch
from tests.end_to_end.telephoning import call, hears
from voice_agent.demo.twilio.signature import sign

FORM = "application/x-www-form-urlencoded"
pytestmark = pytest.mark.process
FIRST, SECOND, THIRD = "+13125550182", "+13125550183", "+13125550184"
LADDER = f"""
rounds = 1
[[rung]]
wait = 1
people = [{{ name = "Ann", number = "{FIRST}" }}]
[[rung]]
wait = 600
people = [{{ name = "Bob", number = "{SECOND}" }}, {{ name = "Cem", number = "{THIRD}" }}]
"""
SECONDS = 30.0


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    place = tmp_path_factory.mktemp("paging")
    folder = place / "prompts"
    shutil.copytree(Path(str(prompts.__file__)).parent, folder)
    (folder / "on_call.toml").write_text(LADDER)
    with demo(place, environment={"PROMPTS_DIR": str(folder)}) as started:
        yield started


def test_a_caller_still_on_the_line_hears_that_somebody_has_it(running: RunningDemo) -> None:
    async def scenario() -> None:
        async with call(running, 1) as phone:
            await phone.speak("there is a gas leak in my kitchen")
            await hears(phone, "person on call is being alerted")
            key = f"page-{phone.call.sid}-gas"
            assert "It is yours now" in await post(running, "key", key=key, who=FIRST, Digits="1")
            await hears(phone, "person on call has confirmed")

    asyncio.run(scenario())


def test_the_next_rung_is_called_until_somebody_takes_it(running: RunningDemo) -> None:
    async def scenario() -> None:
        async with call(running, 2) as phone:
            await phone.speak("my furnace is on fire")
            await hears(phone, "person on call is being alerted")
            key = f"page-{phone.call.sid}-fire"
        await until(lambda: called(running, key) == [FIRST, SECOND, THIRD])
        await until(lambda: {FIRST, SECOND, THIRD} <= texted(running))
        asked = await post(running, "leg", key=key, who=SECOND)
        assert "fire or smoke" in asked and "Press 1" in asked
        machine = await post(running, "leg", key=key, who=SECOND, AnsweredBy="machine_start")
        assert "<Gather" not in machine, "nobody can press a key on a voicemail"
        assert "It is yours now" in await post(running, "key", key=key, who=SECOND, Digits="1")
        assert "taken by Bob" in await post(running, "key", key=key, who=FIRST, Digits="1")
        assert "taken by Bob" in await post(running, "key", key=key, who=SECOND, Digits="1"), "said twice"

    asyncio.run(scenario())


def ledger(running: RunningDemo) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = fetch(f"{running.info['twilio']['base_url']}/emulator/ledger")
    return entries


def called(running: RunningDemo, key: str) -> list[str]:
    """Whose phones rang for a page: Twilio was told so by the callbacks of these calls."""
    rang = [entry for entry in ledger(running) if entry["effect"] == "webhook" and f"key={key}" in entry["url"]]
    sids = {entry["call_sid"] for entry in rang}
    placed = [entry for entry in ledger(running) if entry["effect"] == "call_placed" and entry["call_sid"] in sids]
    return sorted(str(entry["to_number"]) for entry in placed)


def texted(running: RunningDemo) -> set[str]:
    return {str(entry["to"]) for entry in ledger(running) if entry["effect"] == "message_sent"}


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not await asyncio.to_thread(holds):  # noqa: ASYNC110 - it holds in another process
            await asyncio.sleep(0.1)


async def post(running: RunningDemo, what: str, *, key: str, who: str, **form: str) -> str:
    """A signed webhook about a leg to somebody on call; the TwiML it is answered with."""
    url = f"{running.url}/twilio/page/{what}?key={key}&who={quote(who, safe='')}&tries=0"
    token = str(running.info["twilio"]["auth_token"])
    headers = {"X-Twilio-Signature": sign(token, url, list(form.items())), "Content-Type": FORM}
    async with (
        aiohttp.ClientSession() as http,
        http.post(URL(url, encoded=True), data=urlencode(form), headers=headers) as answer,
    ):
        assert answer.status == 200, await answer.text()
        return await answer.text()
