"""A client of another family: jsforce on Node (API v50 paths, SOAP login, collections, search, streaming)."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.salesforce_emulator.conftest import Emulator

HERE = Path(__file__).parent / "node"
pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed"),
    pytest.mark.skipif(
        not (HERE / "node_modules" / "jsforce").is_dir(),
        reason="jsforce is not installed: run `npm ci --ignore-scripts` in tests/salesforce_emulator/node",
    ),
]


def test_jsforce_works_against_the_org(emulator: Emulator) -> None:
    """Sheet 2.2 SOAP, 2.3, 2.5, 2.6 collections, 4 CometD with replay, all by jsforce's own code."""
    info = emulator.get("/emulator/info")["salesforce"]
    given = [emulator.url, info["client_id"], info["client_secret"], info["username"], info["password"]]
    done = subprocess.run(
        ["node", "conformance.mjs", *given], cwd=HERE, capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen.pop("objects") > 50
    assert seen.pop("visitFields") > 60
    assert seen == {
        "soapInstance": emulator.url,
        "version": "50.0",
        "oauthCount": 30,
        "children": ["Gonzalez", "Ibrahim"],
        "site": "x",
        "many": [True, True, True],
        "found": ["Many 1", "Many 2", "Many 3"],
        "upsertCreated": True,
        "upsertAgain": True,
        "searched": ["Maria Gonzalez"],
        "deleted": [True, True, True],
        "badField": "INVALID_FIELD",
        "missing": "REQUIRED_FIELD_MISSING",
        "usage": "number",
        "events": [["CREATE", None, True], ["UPDATE", "x", True], ["UPDATE", "heard", True]],
        "replayIdsRise": True,
    }
