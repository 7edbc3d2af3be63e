"""Work orders, appointments, keypad-like digits and part numbers, however they were read out.

People group digits as they please, double them, say "oh", correct themselves in the middle, and spell letters by name,
by a word ("K as in kilo") or with the radio alphabet. What comes out is the identifier alone, leading zeros kept.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

from voice_agent.language.numbers import HOMOPHONES, Lang, digit_group, literal
from voice_agent.language.units import UNITS
from voice_agent.language.utterance import Utterance


@dataclass(frozen=True, slots=True)
class DigitRun:
    """Digits said in one breath (or corrected into one), and the words they cover."""

    digits: str
    first: int
    last: int
    groups: int


# What people say between a slip and its mend. "no" alone is enough between two numbers.
_MARKS = {
    "en": r"no|nope|sorry|wait|hold on|hang on|i mean|i meant|scratch that|strike that|correction|make that|make it"
    r"|rather"
    r"|or rather|actually|oops|whoops|excuse me|my bad|my mistake|pardon|let me start over|start over"
    r"|let me start again"
    r"|not that|thats wrong|that is wrong|i should say|i misspoke|oh|instead",
    "es": r"no|perdon|perdone|perdona|disculpe|disculpa|digo|mejor dicho|espera|espere|espereme|corrijo|correccion"
    r"|quise decir"
    r"|quiero decir|me equivoque|o sea|mas bien|borre eso|borra eso|no espera|empiezo de nuevo|ay",
}
_LEAD_INS = {
    "en": r"its|it is|that is|thats|i said|its actually|should be|the|number|is|was|work order|order|job|not that one"
    r"|that one|ticket"
    r"|appointment|part|part number|it was|to|at|on|for",
    "es": r"es|era|la|el|numero|son|las|los|orden|orden de trabajo|trabajo|cita|pieza|dije|seria|a|para|de",
}
CORRECTION = {
    lang: re.compile(rf"^ (?:(?:{_MARKS[lang]}) )+(?:(?:{_LEAD_INS[lang]}) )*$") for lang in ("en", "es")
}  # between two values: the second one is meant
_RESTART = re.compile(r"start over|start again|empiezo de nuevo|not that one|make that|make it")

_JOINTS = frozenset("dash hyphen guion space espacio then luego and y".split())
_HARD_JOINTS = _JOINTS - {"and", "y"} | frozenset("like well so yeah este pues bueno entonces como ok okay".split())

# "one" that counts nothing.
_POINTING_EN = re.compile(
    r"\b(?:(?:that|this|the|which|another|next|other|first|second|third|last|new|old|right|wrong|only|any|no"
    r"|each|every|good|big"
    r"|same|different|later|earlier|morning|afternoon) one(?! (?:zero|oh|one|two|three|four|five|six|seven"
    r"|eight|nine)\b)"
    r"|one (?:of|more|moment|second|sec|minute|thing|other|another))\b"
)

_WORK_ORDER = re.compile(
    r" (?:(?:work ?|service )?orders?|w o|wo|jobs?|tickets?|cases?|calls?"
    r"|(?:la |el )?(?:orden(?:es)?(?: de (?:trabajo|servicio))?|trabajos?|tiquete|folio|caso|servicio|reporte))"
    r"(?: (?:number|numbers|num|nr|no|id|is|its|it is|thats|that is|would be|should be|was|uh|the|called|numero"
    r"|nro|es|la|el|de|que es"
    r"|con el|con|#))* $"
)
_WORK_ORDER_AFTER = re.compile(
    r"^ (?:is |es |that is |thats )?(?:(?:my|the|our|a|mi|la|el) )?(?:work ?order|job number|job|ticket|orden)\b"
)
_APPOINTMENT = re.compile(
    r" (?:(?:service )?appointments?|appts?|visits?|s a|sa|(?:la |mi )?(?:citas?|visitas?))"
    r"(?: (?:number|num|no|id|is|its|it is|would be|the|numero|nro|es|la|el|de|#))* $"
)
_CODE = re.compile(
    r" (?:pin|code|passcode|password|phone(?: number)?|employee(?: number| id)?|badge(?: number)?|zip(?: code)?|account"
    r"|cell(?: number)?|callback|me(?: back)? at|extension|option|press|digits|choice|clave|codigo(?: postal)?"
    r"|telefono|celular"
    r"|numero de empleado|empleado|cuenta|opcion|marca|oprimo|extension)"
    r"(?: (?:number|num|no|id|is|its|it is|would be|the|numero|es|la|el|de|#))* $"
)
_NUMBER_AFTER_LABEL = re.compile(r" (?:number|numero|#) $")

_TERMINATOR = {
    "en": re.compile(r" (?:hash(?:tag)?|pound(?: (?:key|sign))|number sign|#)(?: key| sign)? | (?<=.)pound(?= $)"),
    "es": re.compile(r" (?:numeral|gato|almohadilla|michi|#|tecla numeral) "),
}


def digit_runs(heard: Utterance, lang: Lang, taken: Container[int] = ()) -> list[DigitRun]:
    """Every run of digits outside the words already `taken`, corrections resolved, in the order they were said."""
    words = heard.plain
    pointing = pointing_words(heard, lang)
    runs: list[DigitRun] = []
    i = 0
    while i < len(words):
        group = None if i in taken or i in pointing else _group(words, i, lang)
        if group is None:
            i += 1
            continue
        run = _run_from(words, i, lang, taken, pointing)
        runs.append(run)
        i = run.last
    return _mend(heard, runs, lang)


def pointing_words(heard: Utterance, lang: Lang) -> frozenset[int]:
    if lang != "en":
        return frozenset(i for i, word in enumerate(heard.plain) if word in ("un", "una", "unos", "unas"))
    found: set[int] = set()
    for match in _POINTING_EN.finditer(heard.flat):
        first, last = heard.span(match.start(), match.end())
        found.update(i for i in range(first, last) if heard.plain[i] in ("one", "second"))
    return frozenset(found)


def _group(words: Sequence[str], i: int, lang: Lang) -> tuple[str, int] | None:
    return digit_group(words, i, lang)


def _run_from(
    words: Sequence[str], start: int, lang: Lang, taken: Container[int], pointing: Container[int]
) -> DigitRun:
    digits, i, groups = "", start, 0
    while i < len(words) and i not in taken and i not in pointing:
        group = _group(words, i, lang)
        if group is not None and len(digits) == 4 and len(group[0]) <= 2 and _counts_things(words, group[1]):
            break
        if group is not None:
            digits, i, groups = digits + group[0], group[1], groups + 1
            continue
        homophone = HOMOPHONES[lang].get(words[i])
        follows = i + 1 < len(words) and i + 1 not in taken and _starts_digits(words, i + 1, lang)
        if homophone is not None and follows and _continues(words, i + 1):
            digits, i, groups = digits + homophone, i + 1, groups + 1
        elif words[i] in _HARD_JOINTS and follows and groups:
            i += 1
        else:
            break
    if len(digits) == groups and 2 <= groups <= 3:
        return _with_edges(words, DigitRun(digits, start, i, groups), lang)
    return DigitRun(digits, start, i, groups)


def _loose(words: Sequence[str], run: DigitRun, lang: Lang) -> DigitRun:
    """After a label homophones on both sides are digits too if that makes the usual four ("order four ate won to")."""
    digits, last, groups = run.digits, run.last, run.groups
    while last < len(words) and len(digits) < 4:
        group = digit_group(words, last, lang)
        if group is None and words[last] in HOMOPHONES[lang]:
            group = HOMOPHONES[lang][words[last]], last + 1
        if group is None:
            break
        digits, last, groups = digits + group[0], group[1], groups + 1
    return DigitRun(digits, run.first, last, groups) if len(digits) == 4 else run


_ANNOUNCE = frozenset("order job number ticket is its orden trabajo numero".split())


def _with_edges(words: Sequence[str], run: DigitRun, lang: Lang) -> DigitRun:
    """ "for five one to" is 4512: at the edges a homophone is a digit only if it completes the usual four."""
    missing = 4 - len(run.digits)
    left = HOMOPHONES[lang].get(words[run.first - 1]) if run.first else None
    right = HOMOPHONES[lang].get(words[run.last]) if run.last < len(words) else None
    if left is not None and run.first > 1 and words[run.first - 2] not in _ANNOUNCE:
        left = None
    if right is not None and right not in ("8", "1") and run.last + 1 < len(words) and not (left and missing == 2):
        right = None
    if missing == 1 and (left or right):
        if left:
            return DigitRun(left + run.digits, run.first - 1, run.last, run.groups + 1)
        return DigitRun(run.digits + (right or ""), run.first, run.last + 1, run.groups + 1)
    if missing == 2 and left and right:
        return DigitRun(left + run.digits + right, run.first - 1, run.last + 1, run.groups + 2)
    return run


def _counts_things(words: Sequence[str], i: int) -> bool:
    """What follows is a plural or a measure: "4512 | two filters", "5512 | ten minutes ago"."""
    word = words[i] if i < len(words) else ""
    plural = len(word) > 3 and word.endswith("s") and word not in _NOT_PLURAL
    if plural and (digit_group(words, i, "es") or digit_group(words, i, "en")):
        return False  # "dieciséis" goes on with the number
    return plural or word in UNITS["en"] or word in UNITS["es"]


_NOT_PLURAL = frozenset(
    "this yes gracias thanks this tres seis dos was has its adios menos ingles press address status".split()
)


def _starts_digits(words: Sequence[str], i: int, lang: Lang) -> bool:
    return _group(words, i, lang) is not None or (
        words[i] in HOMOPHONES[lang] and i + 1 < len(words) and _group(words, i + 1, lang) is not None
    )


def _continues(words: Sequence[str], i: int) -> bool:
    """A number of several figures after "for" or "to" is its own: "from 8 to 12", "done for 4512"."""
    figures = literal(words[i])
    return figures is None or len(figures) == 1


def _mend(heard: Utterance, runs: Sequence[DigitRun], lang: Lang) -> list[DigitRun]:
    mended: list[DigitRun] = []
    for run in runs:
        if mended:
            last = mended[-1]
            between = heard.flat[heard.offset(last.last) - 1 : heard.offset(run.first)]
            if CORRECTION[lang].match(between):
                restart = _RESTART.search(between) is not None
                digits = run.digits if restart else corrected(last.digits, run.digits)
                mended[-1] = DigitRun(digits, last.first, run.last, run.groups)
                continue
        mended.append(run)
    return mended


def corrected(said: str, mend: str) -> str:
    """What "`said`, no, `mend`" means: a new start, or the tail said again.

    "4 5, no, 4 6 1 2" is 4612; "4 5 1 9, no, 1 2" is 4512; "4 5 1 2, no, 3" is 4513.
    """
    if len(mend) >= 4 or mend[0] == said[0]:
        return mend
    position = said.rfind(mend[0])
    if position > 0 and position + len(mend) >= len(said):
        return said[:position] + mend
    return mend if len(mend) >= len(said) else said[: len(said) - len(mend)] + mend


@dataclass(frozen=True, slots=True)
class References:
    """Identifiers of a sentence by slot name, and the words they took."""

    slots: dict[str, str]
    taken: frozenset[int]


def labelled(heard: Utterance, lang: Lang) -> References:
    """Identifiers announced by their kind: "work order 4512", "my appointment is 22", "the code is 881204"."""
    slots: dict[str, str] = {}
    taken: set[int] = set()
    runs = digit_runs(heard, lang)
    for index, run in enumerate(runs):
        kind = _kind(heard, run)
        if kind is None and len(run.digits) >= 7:  # nothing but a telephone number or a code is that long
            kind = "digits"
        if kind is None or (
            len(run.digits) == 1 and kind != "digits" and not _NUMBER_AFTER_LABEL.search(_lead(heard, run))
        ):
            continue
        if kind in slots and not _withdrawn(heard, runs[index - 1] if index else None, run):
            continue
        if _denied(heard, run) and len(runs) > index + 1:
            taken.update(range(run.first, run.last))
            continue
        slots[kind] = run.digits
        taken.update(range(run.first, run.last))
    return References(slots, frozenset(taken))


def _lead(heard: Utterance, run: DigitRun) -> str:
    return heard.flat[: heard.offset(run.first)]


def _kind(heard: Utterance, run: DigitRun) -> str | None:
    before, after = _lead(heard, run), heard.after(run.last)
    if _WORK_ORDER.search(before):
        return "work_order"
    if _APPOINTMENT.search(before):
        return "appointment"
    if _CODE.search(before):
        return "digits"
    if len(run.digits) >= 3 and _WORK_ORDER_AFTER.match(after):
        return "work_order"
    return None


def _withdrawn(heard: Utterance, earlier: DigitRun | None, run: DigitRun) -> bool:
    """The earlier number was taken back: "... not 4512 but job 4513"."""
    return earlier is not None and _denied(heard, earlier)


def _denied(heard: Utterance, run: DigitRun) -> bool:
    before = _lead(heard, run)
    return (
        re.search(
            r" (?:not|isnt|no es|no era|no)(?: (?:the|la|el|for|work order|job|orden|de trabajo|order))* $", before
        )
        is not None
    )


_BEFORE_TIMES = re.compile(
    r" (?:at|by|before|after|around|between|from|until|till|to|a las?|de las?|antes de las?|las?) $"
)


def long_runs(heard: Utterance, lang: Lang, taken: Container[int], *, named: bool) -> frozenset[int]:
    """The words of numbers with four digits or more that no time of day opens: in talk of a job they name it.

    `named` says the sentence asks about one job: three digits do, after "at" too.
    """
    found: set[int] = set()
    for run in digit_runs(heard, lang, taken):
        after = heard.plain[run.last] if run.last < len(heard.words) else ""
        if after in ("am", "pm", "oclock") or len(run.digits) < (3 if named else 4):
            continue
        if named or not _BEFORE_TIMES.search(_lead(heard, run)):
            found.update(range(run.first, run.last))
    return frozenset(found)


def bare(
    heard: Utterance, lang: Lang, taken: Container[int], *, intent: str | None, expecting: str | None, working: bool
) -> References:
    """Digits nobody announced. `working` says the sentence speaks of a job (a status, parts), so long ones name it."""
    runs = _all_digits(heard, lang) or [run for run in digit_runs(heard, lang, taken) if run.digits]
    answering = expecting in ("digits", "work_order", "slot_choice") or intent == "number"
    words_outside = [w for i, w in enumerate(heard.plain) if not any(r.first <= i < r.last for r in runs)]
    alone = len(words_outside) <= 1 and intent in (None, "yes", "no", "repeat")
    enough = 3 if working or alone or intent in (None, "number") else 4
    kept = [run for run in runs if len(run.digits) >= enough or answering or alone]
    kept = [run for run in kept if not _denied(heard, run)] or kept
    if not kept:
        return References({}, frozenset())
    run = max(kept, key=lambda r: min(len(r.digits), 3))
    if answering and len(kept) > 1 and all(len(r.digits) < 3 for r in kept):
        run = kept[-1]
    if answering and len(kept) > 1 and _only_joints(heard, kept):
        run = replace(kept[0], digits="".join(r.digits for r in kept), last=kept[-1].last)
    kind = "digits"
    if expecting == "work_order" or (
        expecting not in ("digits", "slot_choice") and working and 3 <= len(run.digits) <= 8
    ):
        kind = "work_order"
    return References({kind: run.digits}, frozenset(range(run.first, run.last)))


_LEAD_IN = frozenset("its it is the number thats es la el numero yeah yes ok okay si uh sure".split())


def _all_digits(heard: Utterance, lang: Lang) -> list[DigitRun]:
    """A sentence of nothing but digits and their homophones ("ate too won oh") is one number."""
    words = heard.plain
    first = next((i for i, word in enumerate(words) if word not in _LEAD_IN), len(words))
    digits, i, groups = "", first, 0
    while i < len(words):
        group = digit_group(words, i, lang)
        if group is None and words[i] in HOMOPHONES[lang]:
            group = HOMOPHONES[lang][words[i]], i + 1
        if group is None:
            return []
        digits, i, groups = digits + group[0], group[1], groups + 1
    return [DigitRun(digits, first, len(words), groups)] if groups >= 3 else []


def _only_joints(heard: Utterance, runs: Sequence[DigitRun]) -> bool:
    return all(
        set(heard.plain[left.last : right.first]) <= _JOINTS for left, right in zip(runs, runs[1:], strict=False)
    )


def terminator(heard: Utterance, lang: Lang) -> str | None:
    """ "#" when the caller names the key that ends an entry; "pound" only at the end, where it is no weight."""
    for pattern in (_TERMINATOR[lang], _TERMINATOR["en" if lang == "es" else "es"]):
        if pattern.search(heard.flat):
            return "#"
    return None
