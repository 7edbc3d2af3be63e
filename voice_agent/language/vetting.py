"""What a model may not say: success without a record, a secret asked for aloud, its instructions, deadly advice.

Words pass as they stream. Only a sentence that begins to sound like one of these is held, from the word that gives it
away to its end, and then judged as a whole; so an ordinary reply is not delayed by a single word. What is held back is
replaced by a sentence of the server's, once in a reply.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from voice_agent.language.utterance import without_accents

Fault = Literal["claim", "secret", "leak", "danger"]

# Participles and verbs by which a change is called made; "ee" is a final é: "cancelé" is "I did".
_MADE = {
    "en": (
        r"(?:re)?booked|(?:re)?scheduled|moved|pushed|swapped|cancell?ed|called off|changed|updated|corrected|confirmed"
        r"|saved|noted|recorded|logged|reported|registered|submitted|filed|entered|sent|texted|emailed|ordered"
        r"|requested|reserved|transferred|completed|closed|marked|added|dispatched|placed|processed|forwarded|passed"
        r"|notified|informed|alerted|arranged|refunded|credited|waived|deleted|removed|created|opened|set|done"
        r"|finished|handled|resolved|fixed|made|put|left|taken care|through|successful(?:ly)?|locked in|good to go"
        r"|now"
    ),
    "es": (
        r"(?:re)?agendad[oa]s?|(?:re)?programad[oa]s?|reservad[oa]s?|movid[oa]s?|cambiad[oa]s?|cancelad[oa]s?"
        r"|anulad[oa]s?|actualizad[oa]s?|confirmad[oa]s?|guardad[oa]s?|anotad[oa]s?|registrad[oa]s?|reportad[oa]s?"
        r"|enviad[oa]s?|mandad[oa]s?|pedid[oa]s?|solicitad[oa]s?|transferid[oa]s?|completad[oa]s?|cerrad[oa]s?"
        r"|marcad[oa]s?|agregad[oa]s?|avisad[oa]s?|hech[oa]s?|list[oa]s?|arreglad[oa]s?|cread[oa]s?|abiert[oa]s?"
        r"|puest[oa]s?|agendee|reservee|movi|cambiee|cancelee|anulee|actualicee|confirmee|guardee|anotee|registree|reportee"
        r"|enviee|mandee|pedi|solicitee|marquee|agreguee|avisee|hice|quedo|exito"
    ),
}
# What stands before such a word when it is claimed: "I have just", "has been", "you're all", nothing at all.
_CLAIMS = {
    "en": re.compile(
        r"(?:\b(?:i|we)(?:ve| have|d| had)?(?: \w+){0,3}|\b(?:is|are|was|were|has|have|been|being|its|thats|youre"
        r"|whats|got|gets|all|just|already|consider (?:it|that)|went|it|that|visits?|appointments?|jobs?|orders?)"
        r"(?: \w+){0,2}"
        r"|^(?: ?(?:ok|okay|great|sure|alright|perfect|good|right|there|and|so|yes|well))*) $"
    ),
    "es": re.compile(
        r"(?:\b(?:he|hemos|ha|han|esta|estan|queda|quedan|quedo|fue|ya|todo|le|lo|la|se|su|cita|visita|con)"
        r"(?: \w+){0,3}"
        r"|^(?: ?(?:ok|bueno|bien|perfecto|claro|muy|ya|y|si|pues))*) $"
    ),
}
_OPEN = {
    "en": re.compile(
        r"\b(?:if|once|when|until|before|after|unless|whether|will|would|ill|well|youll|itll|can|could|should|shall"
        r"|may|might|must|to be|to get|to have|going to|want|wants|need|needs|like|wish|let me|lets|please|about to"
        r"|trying)\b"
    ),
    "es": re.compile(
        r"\b(?:si (?!ya)|cuando|hasta|antes|despues|sera|seria|puedo|podria|quiere|quisiera|necesita|voy a|va a|vamos a"
        r"|para|debe|deberia|por favor|en cuanto|una vez)\b"
    ),
}
_NOT = {
    "en": re.compile(
        r"\b(?:not|never|nothing|nobody|no|cannot|cant|couldnt|isnt|arent|wasnt|hasnt|havent|didnt|dont|wont|yet)\b"
    ),
    "es": re.compile(r"\b(?:no|nunca|nada|nadie|tampoco|todavia|aun)\b"),
}
_FRIENDLY_NO = re.compile(
    r"\b(?:no problem|no worries|no doubt|no question|sin duda|not a problem|not only|no hay problema"
    r"|ningun problema)\b"
)
_BY_US = {
    "en": re.compile(r"\b(?:i|ive|we|weve)\b"),
    "es": re.compile(r"\b(?:he|hemos)\b"),
}
_OURS = frozenset(
    "agendee reservee movi cambiee cancelee anulee actualicee confirmee guardee anotee registree reportee enviee "
    "mandee pedi solicitee marquee agreguee avisee hice".split()
)
"""Spanish for "I did": what a tool found out supports no act of ours, only a commit does."""
_OF_MANY = frozenset("now closed opened cerrado cerrada abierto abierta".split())
"""Said of offices and doors, too."""
_NOW_IS = re.compile(
    r"\b(?:visit|appointment|job|order|status|ticket|case|time|slot|it|thats?|its|cita|visita|trabajo|orden|caso) "
    r"(?:is |are |s |has been |esta |queda |quedo |ha sido )?$"
)
_OF_KIND: dict[str, tuple[str, ...]] = {
    "cancel": ("cancel_visit",), "anul": ("cancel_visit",), "called off": ("cancel_visit",),
    "resched": ("reschedule",), "rebook": ("reschedule",), "moved": ("reschedule",), "movi": ("reschedule",),
    "reprogram": ("reschedule",), "reagend": ("reschedule",), "book": ("reschedule",), "agend": ("reschedule",),
    "reserv": ("reschedule",),
}  # fmt: skip
"""Words that name one kind of change, by their beginning: only a commit of that kind supports them."""

_SECRET = re.compile(
    r"\b(?:pin|passcode|password|security code|card(?: number)?|cvv|social security|one time code|codes?|contrasena"
    r"|clave|codigo|tarjeta|seguro social)\b"
)
_ASKED_FOR = re.compile(
    r"\b(?:tell|say|give|read|speak|spell|whats|what is|what are|repeat|share|dime|diga|digame|deme|cual es|lea|leame"
    r"|deletree|repita)\b"
)
_BY_KEY = re.compile(
    r"\b(?:keypad|press|enter|key|keys|never|dont|do not|cannot|cant|teclado|pulse|marque|teclas?|teclee|nunca|no)\b"
)
_OTHER_CODES = re.compile(
    r"\b(?:gate|door|entry|zip|area|error|postal|garage|access) codes?"
    r"|codigo (?:postal|de error|de la puerta|del porton)"
)
_DEADLY = re.compile(
    r"\b(?:(?:stay|remain|wait|keep|sit) (?:\w+ ){0,2}(?:inside|indoors|there"
    r"|in (?:the|your) (?:house|home|building|room))|go back (?:in|inside)|back in(?:to|side)? the|light(?: a| the| it)"
    r"|lighter|match|re ?light"
    r"|switch (?:it|the|on|off)|turn (?:it|the|on|off|down|up)|(?:its|it is|youre|you are|thats|should be|probably) "
    r"(?:probably |all )?"
    r"(?:safe|fine|ok|okay|nothing|harmless)|no need to|dont (?:need to|have to|leave|call|worry|go)|need not|ignore"
    r"|find the leak|look for|use water|pour water|touch (?:it|the|them)|reset the"
    r"|quedese|permanezca|espere (?:adentro|dentro|ahi|en)|vuelva a entrar|regrese a la casa|encienda|prenda|apague"
    r"|no (?:hace falta|necesita|es necesario|salga|llame|se preocupe)|esta (?:a salvo|bien|seguro)|es seguro|ignore"
    r"|busque la fuga|toque)\b"
)
_COMPLETE_END = re.compile(r"[.!?]+[\"')\]]*(?=\s)")
_LAST_WORD = re.compile(r"[^\W\d_][\w’']*$")
_CLAUSES = re.compile(r"[,;:—–…]|\b(?:and|but|so|y|pero)\b")
MOST_HELD = 400
"""Characters: a sentence that will not end is judged there."""


@dataclass(slots=True)
class Vetting:
    """For one run of a model. `feed` gives what may be said now, `flush` the rest; `found` is what was kept back.

    `supports(kind)` tells whether the records bear a claim out: `kind` names tools, empty for any change. `quoted`
    tells whether a tool's own sentence says this word. `instead` are the server's sentences by fault. `mark` is the
    word in the instructions that nobody is to hear; with `danger` every sentence is judged before it is heard.
    """

    lang: str
    supports: Callable[[tuple[str, ...]], bool]
    quoted: Callable[[str], bool]
    instead: Callable[[Fault], str]
    mark: str = ""
    danger: bool = False
    found: list[str] = field(default_factory=list)
    _out: str = ""
    """Of the present sentence, what was given back already."""
    _held: str = ""
    _silent: bool = False

    def feed(self, text: str) -> str:
        if self._silent:
            return ""
        self._held += text
        if self.mark and self.mark in self._held.lower():
            return self._cut_off()
        said = ""
        while (end := _COMPLETE_END.search(self._held)) is not None or len(self._held) > MOST_HELD:
            cut = end.end() if end is not None else len(self._held)
            said += self._judged(self._held[:cut])
            self._held = "" if self._silent else self._held[cut:]
        free = self._free()
        said += self._held[:free]
        self._out += self._held[:free]
        self._held = self._held[free:]
        return said

    def _cut_off(self) -> str:
        """The mark of the instructions has come: what is before it in this piece goes with the rest of the reply."""
        first, self._held, self._silent = not self.found, "", True
        self.found.append("leak")
        return f"… {self.instead('leak')}" if first else ""

    def flush(self) -> str:
        if self._silent or not (self._held or self._out):
            return ""
        held, self._held = self._held, ""
        return self._judged(held)

    def _free(self) -> int:
        """How much of what is held cannot become part of anything that must be kept back."""
        if self.danger or not self._held:
            return 0
        begun_before = _LAST_WORD.search(self._out) if self._held[0].isalpha() else None
        before = begun_before.group() if begun_before is not None else ""
        if (trigger := _TRIGGERS[self._tongue].search(before + self._held)) is not None:
            return max(0, trigger.start() - len(before))
        word = _LAST_WORD.search(self._held)
        if word is None:
            return len(self._held)
        begun = without_accents(word.group().lower())
        stub = begun in _STUBS[self._tongue] or self.mark.startswith(begun)
        return word.start() if stub else len(self._held)

    def _judged(self, held: str) -> str:
        sentence, self._out = self._out + held, ""
        fault, word = self._fault(sentence)
        if fault is None:
            return held
        first = not self.found
        self.found.append(f"{fault}:{word}" if word else fault)
        lead = "" if not sentence[: len(sentence) - len(held)].strip() else "…"
        return f"{lead} {self.instead(fault)}" if first else lead

    def _fault(self, sentence: str) -> tuple[Fault | None, str]:
        flat = _flat(sentence)
        if self.danger and _DEADLY.search(flat):
            return "danger", ""
        if _SECRET.search(_OTHER_CODES.sub(" ", flat)) and _ASKED_FOR.search(flat) and not _BY_KEY.search(flat):
            return "secret", ""
        if (word := self._claimed(sentence)) is not None:
            return "claim", word
        return None, ""

    def _claimed(self, sentence: str) -> str | None:
        """The word by which the sentence says that something was done of which there is no record."""
        if sentence.rstrip().endswith("?"):
            return None
        for clause in _CLAUSES.split(sentence):
            flat = _FRIENDLY_NO.sub(" ", _flat(clause))
            for made in _WORDS[self._tongue].finditer(flat):
                before, word = flat[: made.start()], made.group()
                if word in _OF_MANY and not (_NOW_IS.search(before) or _BY_US[self._tongue].search(before)):
                    continue
                open_yet = _OPEN[self._tongue].search(before) or _NOT[self._tongue].search(flat)
                if open_yet or not _CLAIMS[self._tongue].search(f"{before}" if before else " "):
                    continue
                kind = next((tools for stem, tools in _OF_KIND.items() if word.startswith(stem)), ())
                by_us = _BY_US[self._tongue].search(before) or word in _OURS
                if not self.supports(kind) and (by_us or not self.quoted(word)):
                    return word
        return None

    @property
    def _tongue(self) -> str:
        return "es" if self.lang == "es" else "en"


def _flat(text: str) -> str:
    """Lower case, no marks, no accents but that of a final e: words between single blanks, a blank at the end."""
    accented = re.sub(r"é\b", "ee", text.lower())
    words = re.sub(r"[^a-z0-9 ]", " ", without_accents(accented).replace("'", "").replace("’", ""))
    return " ".join(words.split()) + " "


_SECRET_WORDS = r"pin|passcode|password|security|card|cvv|social|codes?|contrase\w+|clave|c[oó]digo|tarjeta"
_WORDS = {lang: re.compile(rf"\b(?:{words})\b") for lang, words in _MADE.items()}
_ACCENTS = {"a": "[aá]", "e": "[eé]", "i": "[ií]", "o": "[oó]", "u": "[uú]"}


def _as_written(words: str) -> str:
    """The same words as they may be written, with accents."""
    out, inside = [], 0
    for c in words.replace("ee", "e"):
        inside += (c == "[") - (c == "]")
        out.append(_ACCENTS.get(c, c) if not inside else c)
    return "".join(out)


_TRIGGERS = {
    lang: re.compile(rf"\b(?:{_as_written(words) if lang == 'es' else words}|{_SECRET_WORDS})\b", re.IGNORECASE)
    for lang, words in _MADE.items()
}


def _stubs(words: str) -> frozenset[str]:
    """Every beginning of a word that gives a sentence away: a piece of a word may still become it."""
    plain = re.sub(r"\(\?:re\)\?", "", words).replace("ee", "e")
    plain = re.sub(r"\[oa\]s\?", "o", plain).replace("(?:ly)?", "ly").replace("cancell?ed", "cancelled|canceled")
    every = set(plain.split("|")) | {f"re{option}" for option in ("booked", "scheduled", "programado")}
    every |= {option[:-1] + "as" for option in every if option.endswith("o")} | {"reagendado"}
    first = {option.split(" ")[0] for option in every} | set(
        "pin passcode password security card cvv social codes".split()
    )
    first |= set("contrasena clave codigo tarjeta".split())
    return frozenset(word[:n] for word in first for n in range(2, len(word) + 1))


_STUBS = {lang: _stubs(words) for lang, words in _MADE.items()}
