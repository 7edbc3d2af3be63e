"""A wish for a person, by its words alone: heard through a bad line too, and whatever else the sentence says.

It stands beside the trained reading, which knows more ways to say it; either of them is enough.
"""

from __future__ import annotations

import re

from voice_agent.language.utterance import without_accents

_PERSON = {
    "en": r"(?:an? |the |some ?|your |to an? |any ?|with )*(?:real |live |actual |human |hue man )*"
          r"(?:perso?n?s?|parsons?|purse on|human(?: being)?|hue man|humans|agen\w?s?|asian|operat\w*|representatives?|"
          r"rep|dispatcher|dispatch|this patch|dis patch|manager|supervisor|somebody|someone|someone else|"
          r"customer service|customer support|advisor|colleague|a body|people|live one)",
    "es": r"(?:con )?(?:una? |el |la |alguna? |su |algun |otra |a )*(?:pers|person[ao]?s?|persna|presona|humano|humana|"
          r"ser humano|agente|operador|operadora|representante|asesor|asesora|ejecutivo|ejecutiva|despachador|despacho|"
          r"gerente|encargad[oa]|supervisora?|alguien|senorita|servicio al cliente)(?: real| de verdad| humana?)?",
}  # fmt: skip
_ASKS = {
    "en": r"(?:(?:talks?|speaks?|talking|speaking|chat|talked|peak|took|tock|walk|tuck|stalk) "
          r"(?:to|too|two|toa|with|ta|so|too?a)|(?:get|give|got|getting) me|put me (?:through|threw|on)(?: to| with)?|"
          r"(?:transfer|connect|switch|patch)(?: me)?(?: over)?(?: to| with| two)?|pass me(?: on)? to|hand me over to|"
          r"i (?:want|need|would like|demand)|id (?:like|rather have|prefer)|"
          r"(?:is there|can i have|can i get|may i have)|get|just)",
    "es": r"(?:hablar|ablar|hable|habla|hablo|comunicar\w*|comunique\w*|comunica\w*|pasar?me|paseme|pasame|"
          r"conect[ae]\w*|transfier\w*|transfer\w*|deme|dame|ponga\w*|pongame|quiero|quisiera|necesito|prefiero|"
          r"me (?:puede|puedes) (?:pasar|comunicar|poner)|atienda|atender)",
}  # fmt: skip
_BARE = {
    "en": r"(?:(?:um|uh|er|well|so|like|no|okay|yes|yeah|please|just|i said|i want|a|an|the|any|real|live|actual|"
          r"human) )*(?:perso?n?|parson|human|agen\w?|operat\w*|representative|rep|dispatcher|supervisor|manager|"
          r"customer service)(?: pleases?| now| you| um| uh)*",
    "es": r"(?:(?:este|eh|pues|bueno|o sea|si|no|ya|solo|dije|un|una|el|la|con|quiero|por favor) )*"
          r"(?:pers|person[ao]?|humano|agente|operad\w*|representante|asesor|supervisor|gerente)"
          r"(?: por favor| por| favor| para| ya| este| eh| bueno)*",
}  # fmt: skip
_FILL = r"(?: (?:um|uh|er|eh|este|like|you know|so|well|please|por favor|just|now|ya))*"
_NOT_BEFORE = r"(?! (?:who(?! can| knows| speaks)|that|came|called|was|for|fee|of the|que|vino|llamo|para que))"
_WISH = tuple(re.compile(rf"\b{_ASKS[lang]}{_FILL} {_PERSON[lang]}\b{_NOT_BEFORE}") for lang in ("en", "es"))
_GLUED = re.compile(
    r"(?:talk|speak|hablar|comuniquen?me|paseme|pongame|connectme|transferme)(?:to|too|two|with|con|a)?(?:an?|una?|el|the)?"
    r"(?:real|live)?(?:person|human|agent|representative|someone|somebody|dispatcher|supervisor|humano|agente|alguien|"
    r"encargado|operador)"
)
"""The same where a recogniser ran words together; looked for with all blanks gone."""
_VAGUE = re.compile(
    r"\b(?:someone|somebody|people|alguien|a body)\b(?! else| real| (?:at|in|from) (?:the|your) (?:office|shop))"
)
"""Such a word needs talking: "i need someone to come" is about a technician."""
_TALKS = re.compile(
    r"\b(?:talk|speak|talking|speaking|connect|transfer|hand me over|pass me|hablar|hable|comuni\w+|pas[ae]me|"
    r"transfi\w+)\b"
)
_NO_WISH = re.compile(
    r"\b(?:dont|do not|didnt|did not|not|never|no)(?: \w+){0,2} (?:want|need|talk|speak|like|quiero|necesito|hablar)\b|"
    r"\b(?:customer|client|he|she|they|cliente|ella) (?:wants?|wanted|needs?|asked|quiere|queria|pide)\b|"
    r"\bno (?:quiero|necesito|hace falta)\b|\b(?:spoke|talked|was talking|hable) (?:to|with|con)\b.*\b(?:yesterday|"
    r"before|already|last|ayer|antes|ya)\b"
)
_RIGHT = re.compile(rf"(?:{_BARE['en']}|{_BARE['es']})")
_JUNK = re.compile(r"[^a-z0-9 ]+")


def asks_for_person(text: str) -> bool:
    """Whether these words ask for a human being instead of the agent."""
    said = " ".join(_JUNK.sub(" ", without_accents(text)).split())
    if _RIGHT.fullmatch(said):
        return True
    found = next((match for pattern in _WISH if (match := pattern.search(said))), None)
    if _NO_WISH.search(said):
        return False
    if found is None:
        return _GLUED.search(said.replace(" ", "")) is not None
    return not _VAGUE.search(found.group()) or _TALKS.search(found.group()) is not None
