"""How many parts a text message is sent in (sheet section 6.6)."""

_BASIC = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = set("^{}\\[~]|€\f")


def count_segments(body: str) -> int:
    """Parts of `body`: GSM-7 in 160, or 153 each; anything outside of it in UCS-2, 70, or 67 each. At least 1."""
    if all(character in _BASIC or character in _EXTENDED for character in body):
        sizes = [2 if character in _EXTENDED else 1 for character in body]
        return _parts(sizes, 160, 153)
    sizes = [2 if ord(character) > 0xFFFF else 1 for character in body]
    return _parts(sizes, 70, 67)


def _parts(sizes: list[int], single: int, part: int) -> int:
    if sum(sizes) <= single:
        return 1
    parts, used = 1, 0
    for size in sizes:
        # A character of two units is not split between parts.
        if used + size > part:
            parts, used = parts + 1, 0
        used += size
    return parts
