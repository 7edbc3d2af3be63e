"""STOP holds at once, in both languages and in any words, until START; and the org has it on record."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from tests.messaging.office import LINE, MARIA, EmulatedTwilio, Office, office
from tests.salesforce.emulated_org import EmulatedOrg
from voice_agent.jobs import Outbox
from voice_agent.messaging.arriving import wish_in
from voice_agent.messaging.consent import notes, record_consent
from voice_agent.messaging.texts import Recipient
from voice_agent.salesforce.consents import Given

pytestmark = pytest.mark.process


async def writes(it: Office, number: str, body: str, sid: str, **more: str) -> None:
    it.now += 1
    await it.arrivals.message({"From": number, "To": LINE, "Body": body, "MessageSid": sid, **more})


def test_stop_is_honoured_at_once_kept_in_the_org_and_undone_by_start(
    org: EmulatedOrg, twilio: EmulatedTwilio, tmp_path: Path
) -> None:
    async def whole() -> None:
        async with office(org, twilio, tmp_path) as it:
            opted_in = Recipient(MARIA, given=Given(True, it.now - 10_000))
            await writes(it, MARIA, "STOP", "SM1", OptOutType="STOP")
            assert not (await it.wants("canceled", opted_in, key="a", visit="x")).accepted, "before the org knows"
            await it.work()
            await writes(it, MARIA, "START", "SM2", OptOutType="START")
            assert (await it.wants("canceled", opted_in, key="b", visit="x")).accepted
            await it.work()

    asyncio.run(whole())
    rows = org.rows(
        f"SELECT Status__c, Contact__r.LastName FROM Opt_In__c WHERE Phone_E164__c = '{MARIA}' "
        "AND Source__c LIKE 'text%' ORDER BY Captured__c"
    )
    assert [(row["Status__c"], row["Contact__r"]["LastName"]) for row in rows] == [
        ("OptedOut", "Gonzalez"),
        ("OptedIn", "Gonzalez"),
    ]


def test_what_is_put_on_record_twice_is_there_once(org: EmulatedOrg, twilio: EmulatedTwilio, tmp_path: Path) -> None:
    async def whole() -> None:
        async with office(org, twilio, tmp_path) as it:
            await writes(it, MARIA, "stop", "SM1")
            (job,) = [row for row in Outbox(it.store).waiting() if row.name == "record_consent"]
            note = it.store.now(lambda connection: connection.execute(select(notes)).one()._mapping)
            assert await record_consent(it.workshop, job.key, job.data) == {"made": True}
            assert await record_consent(it.workshop, job.key, job.data) is None, "the note is gone"
            it.store.now(lambda connection: connection.execute(insert(notes).values(**note)))
            assert await record_consent(it.workshop, job.key, job.data) == {"made": False}

    asyncio.run(whole())


def test_an_answer_goes_only_to_those_we_have_texted_and_never_beside_twilios_own(
    org: EmulatedOrg, twilio: EmulatedTwilio, tmp_path: Path
) -> None:
    stranger, known = "+13125552401", "+13125552402"

    async def whole() -> None:
        async with office(org, twilio, tmp_path) as it:
            await it.wants("visit_details", Recipient(known), visits="furnace check")
            await writes(it, stranger, "ALTO", "SM1")
            await writes(it, known, "AYUDA", "SM2")
            await writes(it, known, "STOP", "SM3", OptOutType="STOP")
            await writes(it, known, "ALTO", "SM4")
            await it.work()

    asyncio.run(whole())
    assert twilio.texts(stranger) == []
    bodies = [text["body"] for text in twilio.texts(known)]
    assert len(bodies) == 2 and "mensajes sobre sus visitas" in bodies[0] and "no recibirá más" in bodies[1]


@pytest.mark.parametrize(
    ("body", "wish"),
    [
        ("STOP", "STOP"),
        ("Stop.", "STOP"),
        ("alto", "STOP"),
        ("BAJA", "STOP"),
        ("please stop texting me", "STOP"),
        ("don't send me any more messages", "STOP"),
        ("I want to opt out", "STOP"),
        ("no quiero más mensajes", "STOP"),
        ("dejen de escribirme", "STOP"),
        ("START", "START"),
        ("Alta", "START"),
        ("help", "HELP"),
        ("AYUDA", "HELP"),
        ("thanks, see you tomorrow", ""),
        ("why didn't I get the text message", ""),
        ("can you stop by and text me first", ""),
        ("no me llegó ningún mensaje", ""),
        ("can you stop by on friday", ""),
        ("I will be at the bus stop", ""),
        ("no puedo mañana", ""),
    ],
)
def test_a_wish_for_no_texts_is_understood_in_any_words(body: str, wish: str) -> None:
    assert wish_in(body) == wish
