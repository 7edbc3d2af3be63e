"""The rule-based model holds each conversation against the org: what is heard, what changes, and nothing besides."""

from __future__ import annotations

import asyncio
import re

import pytest

from tests.offline.script import Script, scripts
from tests.offline.telephone import dial, exchange
from tests.salesforce.emulated_org import EmulatedOrg

CALLS = scripts()
AUDIT = "AI_Interaction__c"


@pytest.mark.process
@pytest.mark.parametrize("script", CALLS, ids=[script.title.replace(" ", "_") for script in CALLS])
def test_a_call_is_held_by_rule_alone(script: Script, org: EmulatedOrg) -> None:
    asyncio.run(_play(script, org))


async def _play(script: Script, org: EmulatedOrg) -> None:
    async with exchange(org.url, org.now) as service:
        phone = dial(service, script.line, script.number, org.now, speaks=script.speaks, attested=script.attested)
        await phone.ring()
        for turn in script.turns:
            text = turn.text.replace("{code}", await phone.code()) if "{code}" in turn.text else turn.text
            answer = await (phone.say(text) if turn.verb == "say" else phone.press(text))
            for pattern in turn.hear:
                assert re.search(pattern, answer, re.I), f"after {turn.text!r}: {pattern!r} not in {answer!r}"
    assert (phone.left or "").startswith(script.left), phone.left
    changed = set(org.changed())
    assert script.changed <= changed - {AUDIT} <= script.may_change
    assert (AUDIT in changed) == bool(changed)
    became = {
        (entry["object"], name, str(after)) for entry in org.ledger() for name, (_, after) in entry["fields"].items()
    }
    assert set(script.became) <= became
