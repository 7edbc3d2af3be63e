"""The REST API as the official Node client sees it (sheet section 7); needs `npm ci` in `node/` once."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from voice_agent.demo.twilio.exchange import DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN

from .processes import emulator

NODE = Path(__file__).parent / "node"

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed on this machine"),
    pytest.mark.skipif(
        not (NODE / "node_modules" / "twilio").is_dir(),
        reason="the Node client is not installed: run `npm ci` in tests/twilio_emulator/node",
    ),
]


@pytest.fixture(scope="module")
def seen() -> Any:
    """What the script saw of one emulator."""
    with emulator() as base_url:
        arguments = [base_url, DEMO_ACCOUNT_SID, DEMO_AUTH_TOKEN, "+15550100001", "+15550100002"]
        done = subprocess.run(
            ["node", str(NODE / "conformance.js"), *arguments], capture_output=True, text=True, timeout=90, check=False
        )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_node_reads_accounts_numbers_and_calls(seen: Any) -> None:
    """Sheet sections 7.2 and 7.4: dates become Date objects, numbers stay text."""
    assert seen["account"] == "active"
    assert seen["number"] == {"phoneNumber": "+15550100001", "voice": True}
    assert seen["call"] == {"status": "queued", "direction": "outbound-api", "created": True}
    assert seen["over"]["ended"] and int(seen["over"]["duration"]) >= 0 and seen["listed"]


def test_node_walks_through_pages(seen: Any) -> None:
    """Sheet section 7.1, paging of 2010."""
    assert seen["bodies"] == [f"message {number}" for number in (4, 3, 2, 1, 0)]


def test_node_finds_and_ends_a_waiting_call(seen: Any) -> None:
    """Sheet section 5.4."""
    assert seen["front"] and seen["completed"] == "completed"


def test_node_turns_refusals_into_its_own_errors(seen: Any) -> None:
    """Sheet section 7.1: status and code."""
    assert (seen["missing"]["status"], seen["missing"]["code"]) == (404, 20404)
    assert (seen["tooLong"]["status"], seen["tooLong"]["code"]) == (400, 21617)
