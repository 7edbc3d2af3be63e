"""Record ids: 15 case-sensitive characters, and the 18-character form with its checksum (sheet 2.3 "Ids")."""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_POD = "Hq"


def mint(prefix: str, number: int) -> str:
    """The 18-character id of the numbered record of an object: prefix, instance, reserved zero, counter."""
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = ALPHABET[digit] + digits
    return lengthen(f"{prefix}{_POD}0{digits.rjust(9, '0')}")


def lengthen(short: str) -> str:
    """15 to 18 characters: each of the three last says which of five characters are capitals."""
    checks = ""
    for chunk in (short[0:5], short[5:10], short[10:15]):
        checks += _CHECK[sum(1 << place for place, char in enumerate(chunk) if "A" <= char <= "Z")]
    return short + checks


def normalise(value: str) -> str | None:
    """The 18-character form of an id in either form; None when it cannot be one.

    An 18-character id whose letters lost their case is restored from its checksum.
    """
    if not value.isalnum() or not value.isascii():
        return None
    if len(value) == 15:
        return lengthen(value)
    if len(value) != 18:
        return None
    restored = ""
    for chunk, check in zip((value[0:5], value[5:10], value[10:15]), value[15:].upper(), strict=True):
        bits = _CHECK.find(check)
        if bits < 0:
            return None
        for place, char in enumerate(chunk):
            restored += char.upper() if bits >> place & 1 else char.lower()
    long = lengthen(restored)
    return long if long[15:] == value[15:].upper() else None
