"""Keypad PINs as the org stores them: `scrypt$16384$8$1$salt$hash`, salt and hash in base64."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

N, R, P, LENGTH = 16384, 8, 1, 32
MEMORY = 64 * 1024 * 1024
"""Bytes scrypt may use; a stored cost above it reads as malformed, so a row in the org cannot stall the server."""


def hash_pin(pin: str, *, salt: bytes | None = None) -> str:
    salt = secrets.token_bytes(16) if salt is None else salt
    digest = hashlib.scrypt(pin.encode(), salt=salt, n=N, r=R, p=P, dklen=LENGTH, maxmem=MEMORY)
    return f"scrypt${N}${R}${P}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def verify_pin(stored: str | None, pin: str) -> bool:
    """Whether `pin` is the one behind `stored`. About 40 ms of CPU: call it off the event loop.

    A missing or malformed hash costs the same time as a wrong PIN and is never right.
    """
    parsed = _parse(stored or "")
    n, r, p, salt, expected = parsed or (N, R, P, b"nobody's salt...", b"")
    digest = hashlib.scrypt(pin.encode(), salt=salt, n=n, r=r, p=p, dklen=LENGTH, maxmem=MEMORY)
    return hmac.compare_digest(digest, expected) and parsed is not None


def _parse(stored: str) -> tuple[int, int, int, bytes, bytes] | None:
    parts = stored.split("$")
    if len(parts) != 6 or parts[0] != "scrypt":
        return None
    try:
        n, r, p = (int(part) for part in parts[1:4])
        salt, expected = (base64.b64decode(part, validate=True) for part in parts[4:])
    except (ValueError, binascii.Error):
        return None
    affordable = n > 1 and n & (n - 1) == 0 and r > 0 and p > 0 and 128 * n * r * p <= MEMORY // 2
    return (n, r, p, salt, expected) if affordable and len(expected) == LENGTH else None
