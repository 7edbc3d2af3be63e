"""Phone numbers as people type them, reduced to what can be compared (sheet 2.5 "Phone search practice")."""

import re

_EXTENSION = re.compile(r"(?:x|ext\.?|#)\s*\d+\s*$", re.IGNORECASE)


def digits(written: str) -> str:
    """Nothing but the digits, the extension left off."""
    return re.sub(r"\D", "", _EXTENSION.sub("", written))


def e164(written: str, calling_code: str) -> str | None:
    """The international form of a number written in a country's own way, or None when it cannot be one.

    This is what the org's before-save flow puts into `Phone_E164__c`; it gives up on extensions, so that some
    contacts are only found by search.
    """
    if _EXTENSION.search(written):
        return None
    found = digits(written)
    if written.strip().startswith("+"):
        return f"+{found}" if 8 <= len(found) <= 15 else None
    if calling_code == "1":
        if len(found) == 11 and found.startswith("1"):
            return f"+{found}"
        return f"+1{found}" if len(found) == 10 else None
    if found.startswith("00"):
        return f"+{found[2:]}"
    if found.startswith("0") and 9 <= len(found) <= 12:
        return f"+{calling_code}{found[1:]}"
    return None
