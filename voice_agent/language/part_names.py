"""How parts are named and counted: amounts with dozens, pairs and halves, units, and where a name ends."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

from voice_agent.language.numbers import Lang, amount, digit_group, fraction_tail
from voice_agent.language.units import UNITS
from voice_agent.language.utterance import Utterance

_STOPS = {
    "en": frozenset(
        "and but on for from at in to with is was were are that which because cause so then plus also today "
        "tomorrow yesterday off "
        "out i we it its im ive he she they there the a an my his her our no not sorry please if when while "
        "installed used replaced "
        "swapped done finished going had have has into here now just too total each left this need needs "
        "needed still or ok okay yes "
        "yeah as by up over under before after during until about thats you do does did dont available "
        "anywhere job work order wait "
        "actually i'm complete completed all well only another per right correct make couple dozen pair half "
        "of how can could "
        "would should will be been being thanks thank everything its instead anymore left inside around me him them "
        "us another some any around put took used wheres whats hows whos moved needed times quantity qty weve "
        "ive am floating alright sir guess verdad sabe senorita available availability anybody anyone somebody "
        "someone alguien somewhere handy nearby laying "
        "lying around anymore transferred went goes going shipped sent delivered brought ordered with without".split()
    ),
    "es": frozenset(
        "y e pero en para por del a al que con sin porque es fue son la el los las un una unos unas mi su ya "
        "listo lista hoy manana "
        "ayer tambien use usé utilice puse instale cambie reemplace gaste no si perdon digo o u esta esto ese "
        "este mas nada todo "
        "quedo quedaron disponible disponibles orden trabajo cita gracias favor tengo hay tiene tienen "
        "necesito cuando donde "
        "como lo le se me nos termine espera verdad sabe senorita traigo traes aca alla tenemos tienes queda "
        "quedan quedaron transferir conseguir recoger "
        "nomas traer solo media medio docena par uno ahi aqui alla desde hasta".split()
    ),
}
_NOT_PARTS = {
    "en": re.compile(
        r"^(?:minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?|times?|oclock|percent|degrees?|people"
        r"|guys?|visits?|things?|jobs?"
        r"|trips?|photos?|pictures?|stops?|calls?|ones?|units? down|am|pm|dollars?|bucks|questions?|floors?"
        r"|moments?|seconds?|secs?|bit"
        r"|lot|while|problem|issue|customer|message|work|little|good|great|part|parts|hand|second|break|few"
        r"|person|human|manager|dispatcher"
        r"|supervisor|text|call|street|avenue|mistake|warehouse|truck|van|shop|dispatch|close|place|closest"
        r"|nearest|time|address|location|name"
        r"|return visit|return trip|follow)\b"
    ),
    "es": re.compile(
        r"^(?:minutos?|horas?|dias?|semanas?|mes(?:es)?|anos?|veces|vez|por ciento|grados?|personas?|visitas?"
        r"|cosas?|trabajos?|viajes?|fotos?"
        r"|llamadas?|dolares|preguntas?|momentos?|segundos?|rato|poco|problema|cliente|mensaje|parte|partes"
        r"|pieza|piezas|supervisor|favor)\b"
    ),
}
_DIMENSION = {
    "en": frozenset(
        "inch foot amp amps ampere volt volts ton microfarad mfd micro farad hp horse watt watts psi gauge by "
        "pole gallon ohm pound "
        "stage speed wire port mil".split()
    ),
    "es": frozenset("amperios amperes amps voltios volts pulgadas pulgada microfaradios vatios watts polos".split()),
}
ADJECTIVES = frozenset(
    (
        "last final entire whole ultimo ultima ultimos ultimas new brand old extra spare more other additional "
        "used nuevo nueva nuevos nuevas otro otra otros otras"
    ).split()
)


def _compiled(table: Sequence[tuple[str, float]]) -> tuple[tuple[re.Pattern[str], float], ...]:
    return tuple((re.compile(rf"(?:{pattern}) "), value) for pattern, value in table)


_COUNTS = {
    "en": _compiled(
        (
            (r"(?:a )?half (?:a )?dozen(?: of)?", 6), (r"a dozen and a half(?: of)?", 18),
            (r"(?:a|one) dozen(?: of)?", 12),
            (r"(?:a|one) pair of", 2), (r"(?:a )?couple(?: of)?", 2), (r"(?:a )?half of an?", 0.5),
            (r"(?:a )?half (?:an?|of)", 0.5), (r"(?:a )?half(?! inch)", 0.5),
            (r"(?:a )?quarter(?= pound| gallon| lb)", 0.25), (r"both(?: of)?(?: the)?", 2),
            (r"all three(?: of)?(?: the)?", 3), (r"(?:a )?quarter (?:of )?an?", 0.25),
            (r"three quarters of an?", 0.75), (r"(?:an? additional|a single|just one|only one|one more|another)", 1),
            (r"an?", 1),
        )
    ),
    "es": _compiled(
        (
            (r"media docena(?: de)?", 6), (r"una docena(?: de)?", 12), (r"un par(?: de)?", 2), (r"medi[oa]", 0.5),
            (r"un cuarto de(?= galon| litro| libra| kilo)", 0.25), (r"tres cuartos de", 0.75), (r"otr[oa]", 1),
            (r"uno? solo|una sola", 1), (r"una?", 1),
        )
    ),
}  # fmt: skip


_DEFINITE = frozenset("the those these my los las esos esas mis".split())


def count(words: Sequence[str], i: int, lang: Lang) -> tuple[float, int] | None:
    """An amount with its article and "dozen", "pair", "couple", "half": value and the index of what is counted."""
    spoken = " ".join(words[i : i + 5])
    for pattern, value in _COUNTS[lang]:
        match = pattern.match(spoken + " ")
        if match:
            return value, i + len(match[0].split())
    found = amount(words, i, lang)
    if found is None:
        return None
    value, j = found
    if j + 1 < len(words) and words[j] == words[i] and j == i + 1 and words[j + 1] not in _DIMENSION[lang]:
        j += 1  # "two two contactors"
    if j < len(words) and words[j] in ("dozen", "docenas", "docena"):
        value, j = value * 12, j + 1
    elif j < len(words) and words[j] in ("pair", "pairs", "pares"):
        value, j = value * 2, j + 1
    if j < len(words) and words[j] == ("of" if lang == "en" else "de"):
        j += (
            2
            if j + 1 < len(words) and words[j + 1] in ("the", "those", "these", "my", "los", "las", "esos", "esas")
            else 1
        )
    elif lang == "en" and list(words[j : j + 2]) == ["more", "of"]:
        j += 2
    return value, j


def part_name(heard: Utterance, i: int, lang: Lang, taken: Container[int], *, qty: float = 1) -> tuple[str, int]:
    """The name of a part at `i`, unit included, and the index after it; "" when there is none."""
    words = heard.plain
    while i < len(words) and (words[i] in ADJECTIVES or heard.words[i].said.endswith("'s")):
        i += 1
    first, j, unit = i, i, ""
    if i < len(words) and words[i] in UNITS[lang]:
        tail = fraction_tail(words, i + 1, lang)
        link = tail[1] if tail else i + 1
        if link < len(words) and words[link] == ("of" if lang == "en" else "de"):
            unit, j = heard.said(i, i + 1) + (" of " if lang == "en" else " de "), link + 1
            first = j
            while j < len(words) and words[j] in ("the", "el", "la"):
                first = j = j + 1
        elif (
            lang == "en"
            and i + 1 < len(words)
            and words[i] in ("pounds", "feet", "gallons", "rolls", "boxes")
            and not stops(heard, i + 1, lang)
        ):
            unit, first, j = heard.said(i, i + 1) + " ", i + 1, i + 1
    if unit and (code := _gas_number(words, j, lang)) is not None:
        return unit + code[0], code[1]
    while j < len(words) and j not in taken and j - first < 7 and not stops(heard, j, lang):
        size = _size(words, j, lang) if j > first else j + 1
        if size is None:
            break
        j = size
    while j > first and words[j - 1] in ("de", "of"):
        j -= 1
    name = heard.said(first, j)
    if (
        not name
        or _NOT_PARTS[lang].match(heard.flat[heard.offset(first) : heard.offset(j)])
        or not _speaks(words[first:j])
    ):
        return "", i
    name = re.sub(r" (?:nuev[oa]s?|viej[oa]s?|us[oa]d[oa]s?)$", "", name)
    if unit:
        return _refrigerant(unit + name), j
    return _refrigerant(singular(name, lang) if qty != 1 else name), j


def _gas_number(words: Sequence[str], i: int, lang: Lang) -> tuple[str, int] | None:
    """A refrigerant called by its number alone: "a pound of four ten a" is "410a"."""
    digits, j = "", i
    while (group := digit_group(words, j, lang)) is not None:
        digits, j = digits + group[0], group[1]
    if digits not in ("410", "404", "407", "134", "22", "32"):
        return None
    letter = (
        j < len(words) and words[j] in ("a", "c") and (j + 1 == len(words) or words[j + 1] not in ("new", "couple"))
    )
    return (digits + words[j], j + 1) if letter else (digits, j)


def _speaks(words: Sequence[str]) -> bool:
    return any(len(word) > 1 and word.isalpha() for word in words) or words[:1] == ("r",)


_PLACE_TUPLES = frozenset(
    (word,)
    for word in (
        "camion camioneta furgoneta van troca almacen bodega deposito taller tienda cliente trabajo orden casa unidad "
        "vehiculo"
    ).split()
)


def stops(heard: Utterance, j: int, lang: Lang) -> bool:
    word = heard.plain[j]
    if heard.words[j].pause and j:
        return True
    if lang == "es" and word == "de" and j + 1 < len(heard.plain):
        return heard.plain[j + 1] in ("mi", "su") or heard.plain[j + 2 : j + 3] in _PLACE_TUPLES
    if lang == "es" and word == "del":
        return heard.plain[j + 1 : j + 2] in _PLACE_TUPLES
    if lang == "es" and word in ("la", "el", "los", "las") and j and heard.plain[j - 1] == "de":
        return False
    if word in _INCH_FRACTIONS and heard.plain[j + 1 : j + 2] == ("inch",):
        return False
    if lang == "en" and word == "by" and j and amount(heard.plain, j - 1, lang) is not None:
        return False
    if word == "a" and j > 1 and "r" in heard.plain[j - 3 : j] and amount(heard.plain, j - 1, "en") is not None:
        return False
    return word in _STOPS[lang]


def measured(words: Sequence[str], i: int, end: int, lang: Lang) -> bool:
    """The number at `i`, ending before `end`, belongs to the name: "three inch valve", "half inch fitting"."""
    if end >= len(words) or (end == i + 1 and words[i] in ("a", "an", "un", "una")):
        return False
    inches = words[end] in _INCH_FRACTIONS and words[end + 1 : end + 2] == ("inch",)
    return inches or words[end] in _DIMENSION[lang]


_INCH_FRACTIONS = frozenset("half quarter quarters eighth eighths sixteenth sixteenths".split())


def _size(words: Sequence[str], j: int, lang: Lang) -> int | None:
    """The index after the word or size at `j`; None when a number there opens the next part.

    A number is a size before a measure ("two | twenty amp breakers"), after "by", and after the R of a refrigerant.
    """
    if words[j - 1] == "r":
        while (group := digit_group(words, j, lang)) is not None:
            j = group[1]
        return j if amount(words, j - 1, lang) else j + 1
    found = amount(words, j, lang)
    if found is None:
        return j + 1
    after = words[found[1]] if found[1] < len(words) else ""
    return found[1] if after in _DIMENSION[lang] or words[j - 1] in ("by", "type", "tipo", "number") else None


_REFRIGERANT_WORDS = re.compile(
    r"\br (?:(4(?:10|04|07|54)|134|22|32)|(four ten)|(twenty two)|(thirty two))(?: ([abc]))?\b"
)


def _refrigerant(name: str) -> str:
    """ "r 410 a" and "r four ten a" are one name: r410a."""

    def joined(match: re.Match[str]) -> str:
        digits = match[1] or ("410" if match[2] else "22" if match[3] else "32")
        return f"r{digits}{match[5] or ''}"

    return _REFRIGERANT_WORDS.sub(joined, name)


_EN_SAME = frozenset("gas brass glass refrigerant freon pliers gloves press bus compress access chassis lens".split())


def singular(name: str, lang: Lang) -> str:
    return _singular_en(name) if lang == "en" else _singular_es(name)


def _singular_en(name: str) -> str:
    head, _, last = name.rpartition(" ")
    if last in _EN_SAME and last != "gloves":
        return name
    if last.endswith("ies") and len(last) > 4:
        last = last[:-3] + "y"
    elif last.endswith(("ches", "shes", "xes", "sses", "zes")):
        last = last[:-2]
    elif last.endswith("s") and not last.endswith(("ss", "us", "is")) and len(last) > 3:
        last = last[:-1]
    return f"{head} {last}".strip()


_ES_ENDING = re.compile(r"[aeiouáéíóú][rnldzsy]es$")


def _singular_es(name: str) -> str:
    words = name.split()
    for index, word in enumerate(words):
        if word in ("de", "para", "con"):
            break
        words[index] = _singular_word_es(word)
    return " ".join(words)


def _singular_word_es(word: str) -> str:
    if len(word) < 4 or not word.endswith("s"):
        return word
    if word.endswith("ces"):
        return word[:-3] + "z"
    if word.endswith("ones"):
        return word[:-4] + "ón"
    return word[:-2] if _ES_ENDING.search(word) else word[:-1]
