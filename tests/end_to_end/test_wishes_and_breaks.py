"""A person is reached at once with a summary, a broken line is mended, and a webhook sent twice is one call."""

from __future__ import annotations

import asyncio
from typing import Any
from xml.etree.ElementTree import Element

import aiohttp
import pytest
from defusedxml.ElementTree import fromstring

import voice_agent.demo.twilio.happenings as happened
from tests.end_to_end.running import RunningDemo, fetch
from tests.end_to_end.telephoning import call, hears
from voice_agent.demo.twilio.sids import new_sid
from voice_agent.demo.twilio.signature import sign
from voice_agent.talking.telephone import Telephone

TECHNICIAN, CUSTOMER, UNKNOWN = 0, 1, 2
TURN_SECONDS = 10.0
SOURCES = {"verified", "caller", "record", "agent", "not done"}

pytestmark = pytest.mark.process


@pytest.mark.parametrize(
    ("words", "said"),
    [("let me talk to a person", "person|colleague"), ("quiero hablar con una persona", "persona|colega|compañer")],
)
def test_a_wish_for_a_person_ends_in_the_queue_with_a_summary(running: RunningDemo, words: str, said: str) -> None:
    """Said, played to its end, `end` with data, `<Enqueue>`; every line of the summary has a source."""

    async def scenario() -> None:
        async with call(running, CUSTOMER) as phone:
            await phone.speak(words)
            assert await until(phone, happened.QueueEntered)
            entries = phone.call.journal.entries
            announced = next(e for e in entries if isinstance(e, happened.ClausePlayed) and e.source == "relay")
            ended = next(e for e in entries if isinstance(e, happened.FrameReceived) and _kind(e) == "end")
            assert announced.ms <= ended.ms, "the call was taken away before its words were heard"
            await hears(phone, said)
            assert "handoffData" in (ended.frame or {})
            handed = await _noted(running, phone, "handed_off")
            assert handed["queue"]
            assert {line["source"] for line in handed["summary"]} <= {
                "verified",
                "caller",
                "record",
                "agent",
                "not done",
                "suggested",
            }
            assert any(line["source"] == "caller" and words in line["text"] for line in handed["summary"])

    asyncio.run(scenario())


def test_a_broken_line_is_resumed_without_a_greeting_and_with_its_memory(running: RunningDemo) -> None:
    """Same call, new session, no welcome; the slots that were on offer still are."""

    async def scenario() -> None:
        async with call(running, CUSTOMER) as phone:
            await phone.speak("I need to move my appointment to another day")
            offered = await hears(phone, "number 1.*number 2.*\\?")
            phone.drop()
            await hears(phone, "cut off")
            assert "automated assistant" not in phone.heard
            await phone.press("2")
            read_back = await hears(phone, "yes or press 1")
            wanted = offered.split("Number 2:")[1].split(".")[0].strip()
            assert wanted.lower() in read_back.lower()
            sockets = [e for e in phone.call.journal.entries if isinstance(e, happened.SocketOpened)]
            assert len(sockets) == 2
            greetings = [e for e in phone.call.journal.entries if getattr(e, "source", "") == "greeting"]
            assert {e.ms for e in greetings if isinstance(e, happened.ClauseStarted)} == {greetings[0].ms}
            kinds = [entry["kind"] for entry in fetch(f"{running.url}/demo/calls/{phone.call.sid}")]
            assert kinds.count("call_started") == 1 and kinds.count("call_resumed") == 1

    asyncio.run(scenario())


def test_a_webhook_that_is_sent_again_gets_the_same_answer(running: RunningDemo) -> None:
    """Twilio repeats a webhook whose answer it did not get: one call, one ticket, the same words."""

    async def scenario() -> None:
        form = {
            "CallSid": new_sid("CA"),
            "AccountSid": running.info["twilio"]["account_sid"],
            "From": running.caller(CUSTOMER),
            "To": running.info["lines"][0]["number"],
            "CallStatus": "ringing",
            "Direction": "inbound",
            "StirVerstat": "TN-Validation-Passed-A",
        }
        first, second = await _post(running, form), await _post(running, form)
        assert first == second
        relay = _relay(first)
        assert relay.get("url", "").startswith("ws://127.0.0.1")
        other = await _post(running, form | {"CallSid": new_sid("CA")})
        assert _ticket(_relay(other)) != _ticket(relay)

    asyncio.run(scenario())


def test_a_technicians_pin_is_not_in_what_the_server_notes_or_logs(running: RunningDemo) -> None:
    """Keys of a secret are dots in the journal and nothing in the log."""
    pin = str(running.info["callers"][TECHNICIAN]["pin"])

    async def scenario() -> str:
        async with call(running, TECHNICIAN) as phone:
            await phone.press(f"{pin}#")
            await hears(phone, "thank")
            return phone.call.sid

    entries = running.journal(asyncio.run(scenario()))
    keys = [entry["digit"] for entry in entries if entry["kind"] == "key"]
    assert keys and set(keys[: len(pin)]) == {"•"}
    assert pin not in str(entries)
    assert pin not in running.log.read_text(encoding="utf-8", errors="replace").split("Ctrl-C ends it")[-1]


async def until(phone: Telephone, kind: type[happened.Happening]) -> bool:
    """Whether such a thing has happened, waiting for it a turn long."""
    async with asyncio.timeout(TURN_SECONDS):
        return await phone.call.journal.until(lambda entry: isinstance(entry, kind)) is not None


async def _noted(running: RunningDemo, phone: Telephone, kind: str) -> dict[str, Any]:
    """The server's own note of a kind."""
    entries = await asyncio.to_thread(running.journal, phone.call.sid)
    return next(entry for entry in entries if entry["kind"] == kind)


async def _post(running: RunningDemo, form: dict[str, str]) -> str:
    """A signed voice webhook and its TwiML."""
    url = f"{running.url}/twilio/voice"
    headers = {"X-Twilio-Signature": sign(running.info["twilio"]["auth_token"], url, form)}
    async with aiohttp.ClientSession() as session, session.post(url, data=form, headers=headers) as answer:
        assert answer.status == 200
        return await answer.text()


def _relay(document: str) -> Element:
    found = fromstring(document).find("Connect/ConversationRelay")
    assert isinstance(found, Element)
    return found


def _ticket(relay: Element) -> str | None:
    parameter = relay.find("Parameter")
    return None if parameter is None else parameter.get("value")


def _kind(frame: happened.FrameReceived) -> str:
    return str((frame.frame or {}).get("type"))
