"""The wish to get no more text messages, in whatever words: it may be spoken or written, and holds at once. Pure."""

from __future__ import annotations

import re

NO_MORE = re.compile(
    r"(?i)\b(?:stop|quit)\b(?! by)[^.,;]{0,15}\b(?:texts|texting|messages|messaging)\b"
    r"|\b(?:no more|don'?t|do not)\b[^.,;]{0,25}\b(?:text|texts|texting|messages|messaging)\b"
    r"|\bopt(?:ing)?[ -]?out\b|\bunsubscribe\b|\btake me off (?:your|the) (?:text|list|messages)"
    r"|\bno (?:quiero|deseo|me (?:mande|manden|envíe|envíen|envie|envien|escriba|escriban))\b[^.,;]{0,25}"
    r"\b(?:mensajes?|textos?|sms|más|mas)\b"
    r"|\b(?:dejen|deje) de (?:escribir|mandar|enviar|molestar)\w*"
)
ASKS_FOR_ONE = re.compile(
    r"(?i)\b(?:why|didn'?t|did not|haven'?t|have not|never|not) (?:\w+ ){0,2}(?:get|got|receive|received)\b"
)
"""Who misses a text wants one."""


def refuses_texts(text: str) -> bool:
    """Whether this sentence, spoken or written, says that no more texts are wanted."""
    return NO_MORE.search(text) is not None and ASKS_FOR_ONE.search(text) is None
