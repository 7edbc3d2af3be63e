"""Twilio's identifiers: two letters and 32 hex digits (sheet section 0)."""

import secrets


def new_sid(prefix: str) -> str:
    return prefix + secrets.token_hex(16)
