"""A bad line between caller and recogniser: about so many words of a hundred come out wrong, as they do on the phone.

Sound-alikes, letters that rhyme, teens heard as tens, numbers run together or taken apart, words lost, cut short, or
added; also a negation may be lost. Written apart from the channel that grew the readers' training data (training/).
"""

from __future__ import annotations

import random

SOUND_ALIKES = {
    "en": (
        "for four, to two too, ate eight, won one, oh zero o, their there, hour our, right write, weight wait, "
        "no know, not knot, yes yeah, sensor censor, belt built, flame frame, job jobs jab, done dun, site sight, "
        "route root, part park, parts pots, motor mortar, van fan, gas guess, van ban, needs knees, "
        "furnace furnish, heat eat, leak leek, water waiter, move moved, visit visits, day they, time times, "
        "thursday thirsty, tuesday choose day, friday fried day, monday mondays, wednesday when's day, "
        "morning mourning, noon new, tech text, technician technicians, appointment a pointment, "
        "cancel council, confirm conform, note notes, message massage, person parson, dispatch this patch, "
        "capacitor capacity, igniter lighter, contactor contractor, thermostat thermos tat, refrigerant refrigerator, "
        "thirteen thirty, fourteen forty, fifteen fifty, sixteen sixty, seventeen seventy, eighteen eighty, "
        "nineteen ninety, five nine, six sick, ten then, twelve twelfth, used use, late light, running run in, "
        "complete completed, finished finish, on own, in and, house how's, smell spell, sparks parks, smoke smock"
    ),
    "es": (
        "dos tos, tres tras, cinco sinco, seis seix, siete siente, ocho hoyo, nueve nuevo, doce dos, trece tres, "
        "sesenta setenta, cita sita, visita visitas, hora ora, llegar yegar, viene vienen, jueves juegos, "
        "viernes bienes, lunes luz, martes partes, mañana manzana, tarde tardes, sensor sensores, llama lama, "
        "trabajo trabajos, listo lista, usé use, puse puso, orden ordene, terminé termine, humo uno, gas más, "
        "fuga suga, agua aguas, casa caza, llave clave, técnico técnicos, persona personas, mensaje mensajes, "
        "cambiar cambia, mover mueve, confirmar confirma, cancelar cancela, nota notas, correa correo, "
        "filtro filtros, encendedor encender, repuesto puesto, almacén al mes, retraso atraso, minutos minuto, "
        "sí si, no nos, hay ahí, huele duele, cuándo cuanto, para por, calentador calentar"
    ),
}
FILLERS = {"en": "uh um like you know well so".split(), "es": "eh este pues o sea bueno".split()}
LETTERS = {**dict.fromkeys("bdegptvz", "bdegptvz"), "m": "n", "n": "m", "f": "s", "s": "f"}
NEGATIONS = frozenset("no not don't dont doesn't didn't can't cant never sin nunca nada tampoco".split())
SPLITS = {"en": {"twenty": "20", "thirty": "30", "forty": "40", "fifty": "50", "hundred": "100"},
          "es": {"veinte": "20", "treinta": "30", "cuarenta": "40", "cincuenta": "50", "cien": "100"}}  # fmt: skip


def _table(lang: str) -> dict[str, tuple[str, ...]]:
    """Word to what it is taken for; sound-alikes are so both ways, a group that holds blanks only from the front."""
    found: dict[str, tuple[str, ...]] = {}
    for group in SOUND_ALIKES[lang].split(", "):
        first, *rest = group.split()
        if len(rest) > 1 and first not in ("to", "oh", "job"):
            found[first] = (*found.get(first, ()), " ".join(rest))
            continue
        names = [first, *rest]
        for name in names:
            found[name] = (*found.get(name, ()), *(other for other in names if other != name))
    return found


_TABLES = {lang: _table(lang) for lang in SOUND_ALIKES}


def hear(text: str, rate: float, lang: str, rng: random.Random) -> str:
    """What the recogniser makes of `text` at that share of wrong words. Empty when nothing of it was recognised."""
    heard: list[str] = []
    for word in text.split():
        if rng.random() >= rate:
            heard.append(word)
            continue
        heard.extend(_wrong(word, lang, rng, heard))
    return " ".join(heard)


def _wrong(word: str, lang: str, rng: random.Random, before: list[str]) -> list[str]:
    slip, bare = rng.random(), word.strip(".,?!").lower()
    if bare in NEGATIONS:
        return [] if slip < 0.3 else [rng.choice(_TABLES[lang].get(bare, (bare,)))]
    if bare in _TABLES[lang] and slip < 0.55:
        return rng.choice(_TABLES[lang][bare]).split()
    if len(bare) == 1 and bare in LETTERS:
        return [rng.choice(LETTERS[bare])]
    if bare.isdigit() and len(bare) > 2:
        return _digits(bare, rng)
    if bare in SPLITS[lang] and slip < 0.8:
        return [SPLITS[lang][bare]]
    if slip < 0.3:
        return [rng.choice(FILLERS[lang]), word]
    if slip < 0.55:
        return []
    if slip < 0.8 and len(bare) > 4:
        return [bare[: rng.randrange(3, len(bare))]]
    if before and slip < 0.9:
        before[-1] += bare
        return []
    return [bare + "s"] if len(bare) > 3 and bare[-1] not in "s0123456789" else []


def _digits(number: str, rng: random.Random) -> list[str]:
    """A number taken apart, with a digit lost, or with one misheard."""
    at = rng.randrange(1, len(number))
    kind = rng.random()
    if kind < 0.5:
        return [number[:at], number[at:]]
    if kind < 0.75:
        return [number[:at] + number[at + 1 :]]
    return [number[:at] + str((int(number[at]) + rng.choice((4, 5))) % 10) + number[at + 1 :]]


def word_errors(said: str, heard: str) -> int:
    """Substitutions, insertions and deletions between the two, as word error rates are counted."""
    row = list(range(len(heard.split()) + 1))
    for i, a in enumerate(said.split(), 1):
        before, row[0] = row[0], i
        for j, b in enumerate(heard.split(), 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]
