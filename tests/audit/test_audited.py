"""What of a call goes into the audit log: decisions and their grounds, redacted, and none of the noise."""

from __future__ import annotations

from typing import Any

import pytest

from voice_agent.audited import KINDS, change, happening
from voice_agent.salesforce.plans import Touch, WritePlan


@pytest.mark.parametrize("kind", ["played", "first_words", "key", "model", "agent", "confidence"])
def test_what_decides_nothing_is_no_entry(kind: str) -> None:
    assert happening(kind, "CA1", {"text": "words", "digit": "1"}) is None


@pytest.mark.parametrize(
    ("kind", "values", "fact"),
    [
        ("tool", {"turn": 2, "tool": "reschedule", "arguments": '{"slot":"slot 1"}'}, ("tool", "reschedule")),
        ("write", {"proposal": "ab", "status": "applied", "note": "reschedule: committed."}, ("status", "applied")),
        ("secret", {"accepted": False, "level": 0}, ("accepted", False)),
        ("hand_off", {"reason": "caller_asked"}, ("reason", "caller_asked")),
        ("evidence", {"turn": 1, "tool": "update_job", "found": "ungrounded:job"}, ("found", "ungrounded:job")),
    ],
)
def test_every_decision_is_an_entry_with_its_fact(kind: str, values: dict[str, Any], fact: tuple[str, Any]) -> None:
    entry = happening(kind, "CA1", values)
    assert entry is not None and (entry.kind, entry.call_sid) == (KINDS[kind], "CA1")
    assert entry.facts[fact[0]] == fact[1] and entry.facts["what"] == kind


def test_words_can_be_erased_and_facts_hold_none_of_them() -> None:
    said = "my card is 4111 1111 1111 1111 and I live at 12 Oak Street"
    entry = happening("caller", "CA1", {"turn": 1, "text": said, "intent": "eta"})
    assert entry is not None
    assert "Oak" not in str(entry.facts) and "4111" not in str(entry) and entry.personal["text"].startswith("my card")


def test_a_change_says_who_asked_for_it_why_and_what_becomes_of_what() -> None:
    touch = Touch("WorkOrder", "0WO1", "4512", {"Status": "In Progress"}, {"Status": "Completed"})
    plan = WritePlan("report", (), (touch,))
    audit = {
        "call_sid": "CA1",
        "tool": "update_job",
        "request": '{"job":"4512"}',
        "decision": "confirmed by the caller",
        "verified_level": "2",
        "summary": "job 4512 is done\nyes",
        "model": "gpt",
        "prompt_version": "abc",
        "contact_id": None,
    }
    entry = change(plan, "CA1:key", audit)
    assert entry.facts == {
        "key": "CA1:key",
        "change": "report",
        "tool": "update_job",
        "decision": "confirmed by the caller",
        "verified_level": "2",
        "model": "gpt",
        "prompt_version": "abc",
    }
    assert '"In Progress"' in entry.personal["before"] and '"Completed"' in entry.personal["after"]
    assert entry.personal["said"].endswith("yes") and entry.contact == ""
