"""PIN hashes as the org stores them."""

from __future__ import annotations

import pytest

from voice_agent.salesforce.pins import hash_pin, verify_pin

STORED = hash_pin("471199", salt=b"sixteen bytes of")


def test_the_right_pin_and_only_that_is_accepted() -> None:
    assert verify_pin(STORED, "471199")
    assert not verify_pin(STORED, "471198")
    assert not verify_pin(STORED, "")


def test_the_format_names_its_costs() -> None:
    assert STORED.startswith("scrypt$16384$8$1$")


@pytest.mark.parametrize(
    "stored",
    [
        None,
        "",
        "471199",
        "scrypt$16384$8$1$only-salt",
        "md5$1$1$1$YQ==$YQ==",
        "scrypt$x$8$1$YQ==$YQ==",
        "scrypt$16384$8$1$!!$YQ==",
        "scrypt$1073741824$8$1$YQ==$" + "A" * 43 + "=",
        STORED[:-8],
    ],
)
def test_a_malformed_hash_is_never_right_and_never_costly(stored: str | None) -> None:
    assert not verify_pin(stored, "471199")
