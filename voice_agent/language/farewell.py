"""Whether the caller takes leave: whoever says goodbye is let go, not handed on. English and Spanish, pure."""

from __future__ import annotations

import re

from voice_agent.language.utterance import without_accents

_BYE = re.compile(
    r"\b(?:(?:good ?)?bye(?: bye)?|see you|talk to you (?:later|soon|then)|take care|adios|chao|chau|nos vemos"
    r"|have a (?:good|nice|great) (?:\w+ )?(?:day|one|night|evening|weekend)|hasta (?:luego|pronto|manana|la vista)"
    r"|que (?:tenga|tengas|le vaya|te vaya|pase|este) (?:un |una )?(?:muy )?(?:buen|buena|buenas|bien|lindo)?"
    r"(?: dia| noche| tarde)?)\b"
)
_ALL = re.compile(
    r"^(?:(?:no|ok|okay|yeah|yes|great|good|fine|perfect|alright|thanks|thank you|gracias|bueno|bien|perfecto|nah"
    r"|then) )*"
    r"(?:thats (?:all|it|everything)|that (?:is|will be|was) (?:all|it|everything)|nothing (?:else|more)|were good"
    r"|im good|im all set|eso es todo|es todo|nada mas|seria todo|con eso (?:basta|esta bien))"
    r"(?: (?:for (?:now|today)|i need(?:ed)?|thanks|thank you|then|gracias|por hoy|por ahora))*$"
)
MOST_WORDS = 10
"""More than this is no mere farewell: a wish is in it."""


def takes_leave(text: str) -> bool:
    """True for "ok bye", "that's all, thanks", "adiós". A wish beside it makes it no farewell."""
    words = re.sub(r"[^a-z ]", " ", without_accents(text)).split()
    said = " ".join(words)
    return len(words) <= MOST_WORDS and (_ALL.match(said) is not None or _BYE.search(said) is not None)
