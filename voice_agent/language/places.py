"""Street addresses for the ear: abbreviations spelt out, house numbers in pairs, post codes digit by digit."""

from __future__ import annotations

import re

from voice_agent.language.numerals import digit_words, ordinal_words_en, whole_words

_STREETS = {
    "st": "Street", "ave": "Avenue", "av": "Avenue", "blvd": "Boulevard", "rd": "Road", "dr": "Drive", "ln": "Lane",
    "ct": "Court",
    "pl": "Place", "pkwy": "Parkway", "hwy": "Highway", "ter": "Terrace", "cir": "Circle", "sq": "Square",
    "trl": "Trail",
    "expy": "Expressway", "fwy": "Freeway", "rte": "Route",
}  # fmt: skip
_SIDES = {
    "n": "North", "s": "South", "e": "East", "w": "West", "ne": "Northeast", "nw": "Northwest", "se": "Southeast",
    "sw": "Southwest",
}  # fmt: skip
_UNITS = {
    "en": {"apt": "apartment", "ste": "suite", "fl": "floor", "bldg": "building", "rm": "room", "unit": "unit"},
    "es": {"apt": "apartamento", "ste": "oficina", "fl": "piso", "bldg": "edificio", "rm": "cuarto", "unit": "unidad"},
}
_STATES = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California", "CO": "Colorado",
    "CT": "Connecticut",
    "DE": "Delaware", "DC": "D C", "FL": "Florida", "GA": "Georgia", "HI": "Hawaii", "ID": "Idaho", "IL": "Illinois",
    "IN": "Indiana",
    "IA": "Iowa", "KS": "Kansas", "KY": "Kentucky", "LA": "Louisiana", "ME": "Maine", "MD": "Maryland",
    "MA": "Massachusetts",
    "MI": "Michigan", "MN": "Minnesota", "MS": "Mississippi", "MO": "Missouri", "MT": "Montana", "NE": "Nebraska",
    "NV": "Nevada",
    "NH": "New Hampshire", "NJ": "New Jersey", "NM": "New Mexico", "NY": "New York", "NC": "North Carolina",
    "ND": "North Dakota",
    "OH": "Ohio", "OK": "Oklahoma", "OR": "Oregon", "PA": "Pennsylvania", "RI": "Rhode Island", "SC": "South Carolina",
    "SD": "South Dakota", "TN": "Tennessee", "TX": "Texas", "UT": "Utah", "VT": "Vermont", "VA": "Virginia",
    "WA": "Washington",
    "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming",
}  # fmt: skip
_WORD = re.compile(r"#\s*|\d+(?:st|nd|rd|th)\b|\d{5}-\d{4}|\d+[A-Za-z]?\b|[^\W\d]+\.?|[,\n]|\S")


def spoken_address(address: str, lang: str = "en") -> str:
    """ "1420 N Main St Apt 4B, Austin, TX 78701" -> "fourteen twenty North Main Street, apartment four B, Austin,
    Texas, seven eight seven zero one"."""
    tokens = _WORD.findall(address)
    said: list[str] = []
    for i, token in enumerate(tokens):
        word, after = token.rstrip("."), tokens[i + 1] if i + 1 < len(tokens) else ""
        low = word.lower()
        if token in (",", "\n"):
            _pause(said)
        elif token.strip() == "#":
            _pause(said)
            said.append("number" if lang == "en" else "número")
        elif low in _UNITS[lang] and after and after[0] not in ",":
            _pause(said)
            said.append(_UNITS[lang][low])
        elif word in _STATES and said and (not after or after[0].isdigit() or after == "," or after == "\n"):
            _pause(said)
            said.append(_STATES[word])
        elif re.fullmatch(r"\d{5}(?:-\d{4})?", word) and said:
            _pause(said)
            said.append(digit_words(word, lang))
        elif word[:1].isdigit():
            said.append(house_number(word, lang))
        elif low in _SIDES and word.upper() == word:
            said.append(_SIDES[low])
        elif (
            low == "st"
            and after[:1].isupper()
            and after.rstrip(".").lower() not in {*_STREETS, *_UNITS["en"]}
            and not _named(said)
        ):
            said.append("Saint")
        elif low in _STREETS and _named(said):
            said.append(_STREETS[low])
        elif token.strip():
            said.append(word)
    return " ".join(said).replace(" ,", ",").strip(" ,")


def _pause(said: list[str]) -> None:
    if said and said[-1] != ",":
        said.append(",")


def _named(said: list[str]) -> bool:
    """A street type comes after the street's name; before it "St" is a saint."""
    words = [word for word in said if word not in _SIDES.values()]
    return bool(words) and words[-1] != "," and len(words) >= 2


def house_number(text: str, lang: str = "en") -> str:
    """ "1420" -> "fourteen twenty", "405" -> "four oh five", "4B" -> "four B", "21st" -> "twenty first"."""
    digits = re.match(r"\d+", text)
    figures = digits[0] if digits else ""
    suffix = text[len(figures) :]
    if suffix in ("st", "nd", "rd", "th"):
        from_ordinal = int(figures)
        return ordinal_words_en(from_ordinal) if lang == "en" else whole_words(from_ordinal, lang)
    words = _figures(figures, lang)
    return f"{words} {suffix.upper()}" if suffix else words


def _figures(figures: str, lang: str) -> str:
    value = int(figures) if figures else 0
    if len(figures) > 4 or figures.startswith("0"):
        return digit_words(figures, lang)
    if lang != "en" or len(figures) < 3:
        return whole_words(value, lang)
    head, tail = divmod(value, 100)
    if tail == 0:
        return f"{whole_words(head)} hundred" if head % 10 else whole_words(value)
    return f"{whole_words(head)} " + (f"oh {whole_words(tail)}" if tail < 10 else whole_words(tail))
