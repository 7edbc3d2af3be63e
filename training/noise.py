"""What a telephone line and a recogniser do to a sentence: fillers, restarts, dropped and mis-heard words.

The same channel grows the training data and, at set severities, the scripted conversations of the offline model.
"""

from __future__ import annotations

import random

FILLERS = {
    "en": "um|uh|er|like|you know|i mean|so|well|hmm|ah|yeah|okay so|let me see|sort of".split("|"),
    "es": "eh|este|pues|o sea|bueno|mmm|ah|como|digo|a ver|fijese que|entonces".split("|"),
}
OPENERS = {
    "en": (
        "hi|hello|hey|yeah hi|um hi|hi there|good morning|good evening|listen|ok so|so|yeah so|uh yeah|hey its <name>|"
        "this is <name>|hi im calling because|im calling about|hello yes|oh hi|well|look|hey um|sorry to call so late|"
        "yes hello my name is <name>|hi this is <first>|alright so|hey man|excuse me|i was wondering|ok listen|"
        "sorry theres a lot of noise here|for crying out loud|oh okay let me think|honestly|its me again|right so|"
        "good evening i hope im not too late but"
    ).split("|"),
    "es": (
        "hola|buenas|buenos dias|buenas tardes|buenas noches|oiga|mire|si bueno|hola si|este|pues mire|oiga disculpe|"
        "si senorita|le hablo porque|hablo porque|soy <nombre>|mi nombre es <nombre>|"
        "fijese que|bueno|disculpe|hola que tal|perdon es que hay ruido aqui|a ver dejeme pensar|la verdad|ay dios|"
        "le cuento que|buenas noches disculpe la hora"
    ).split("|"),
}
CLOSERS = {
    "en": (
        "please|thanks|thank you|okay|what do i do|you know|if you can|can you help|alright|sir|i guess|is that okay|"
        "and yeah|so yeah|hello|can you hear me|"
        "if that makes sense|you know how it is|there you go"
    ).split("|"),
    "es": (
        "por favor|gracias|que hago|si me puede ayudar|ok|sabe|verdad|me oye|senorita|si es tan amable|"
        "no se si me explico|creo yo|ya sabe|me entiende"
    ).split("|"),
}
_SOUNDS_LIKE = {
    "four": "for", "for": "four", "two": "to", "to": "too", "eight": "ate", "one": "won", "oh": "o", "gas": "gaz",
    "smell": "smells", "its": "it is", "theres": "there is", "im": "i am", "cant": "can t", "dont": "don t",
    "there": "their", "hear": "here", "here": "hear", "leak": "leek", "pipe": "pipes", "breaker": "braker",
    "panel": "panels", "sparks": "parks", "heat": "heats", "furnace": "furnis", "technician": "technition",
    "tech": "text", "appointment": "a point meant", "cancel": "council", "capacitor": "capacity", "sensor": "censor",
    "flame": "frame", "part": "par", "job": "jobs", "site": "sight", "route": "root", "bill": "build",
    "sewage": "sue age",
    "monoxide": "mono oxide", "carbon": "car bon", "elevator": "elevate her", "smoke": "smoked", "fire": "fires",
    "outlet": "out let", "burning": "burnin", "water": "water s", "our": "are", "are": "our", "know": "no",
    "wont": "want", "want": "won t", "right": "write", "be": "b", "you": "u", "see": "c", "why": "y", "the": "a",
    "monoxido": "mono oxido", "huele": "uele", "hay": "ahi", "humo": "umo", "fuga": "fugas", "cita": "sita",
    "tecnico": "tecnicos", "quemado": "quemada", "ascensor": "acensor", "calefaccion": "calefacion", "no": "know",
    "boiler": "boyler", "luz": "lus", "agua": "awa", "casa": "caza", "llave": "yave", "hora": "ora", "cuando": "quando",
}  # fmt: skip
_KEEP = frozenset("no not dont doesnt isnt didnt never without cant wont sin nunca nada ni tampoco nadie".split())
"""Never dropped nor mis-heard in training: a sentence that lost its negation says something else."""


def hesitate(text: str, lang: str, rng: random.Random, names: dict[str, list[str]]) -> str:
    """Adds an opener, a closer, fillers or a restart; the words said stay the words meant."""
    words = text.split()
    if rng.random() < 0.35:
        words = _name(rng.choice(OPENERS[lang]), rng, names).split() + words
    if rng.random() < 0.15:
        words += rng.choice(CLOSERS[lang]).split()
    if rng.random() < 0.45:
        for _ in range(rng.choice((1, 1, 2, 3))):
            at = rng.randrange(len(words) + 1)
            words[at:at] = rng.choice(FILLERS[lang]).split()
    if rng.random() < 0.2 and len(words) > 3:
        at = rng.randrange(len(words) - 2)
        words[at:at] = words[at : at + rng.choice((1, 2))]
    return " ".join(words)


def mishear(text: str, rng: random.Random, severity: float) -> str:
    """Changes about `severity` of the words: sound-alikes, dropped, cut short, run together."""
    heard: list[str] = []
    for word in text.split():
        if word in _KEEP or rng.random() >= severity:
            heard.append(word)
            continue
        slip = rng.random()
        if word in _SOUNDS_LIKE and slip < 0.5:
            heard.append(_SOUNDS_LIKE[word])
        elif slip < 0.7:
            if len(word) > 4:
                heard.append(word)
        elif slip < 0.85 and len(word) > 4:
            at = rng.randrange(1, len(word) - 1)
            heard.append(word[:at] + word[at + 1 :])
        elif heard and heard[-1] not in _KEEP:
            heard[-1] += word
        else:
            heard.append(word)
    return " ".join(heard) or text


def _name(opener: str, rng: random.Random, names: dict[str, list[str]]) -> str:
    for pool in ("name", "first", "nombre"):
        opener = opener.replace(f"<{pool}>", rng.choice(names[pool]))
    return opener
