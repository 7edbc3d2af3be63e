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

from voice_agent.language.claiming import TRIGGERS, claims, flat

Fault = Literal["claim", "secret", "leak", "danger"]

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
_END = re.compile(r"[.!?]+[\"')\]]*(?=\s)")
_WORD = re.compile(r"[^\W\d_][\w’']*")
_LAST_WORD = re.compile(r"[^\W\d_][\w’']*$")
_MARKS = frozenset(".!?\"')]")
MOST_HELD = 400
"""Characters: a sentence that will not end is judged there."""
_SECRET_WORDS = frozenset(
    "pin passcode password security card cvv social code codes contrasena clave codigo tarjeta".split()
)


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
        if not self._held and self._harmless(text):
            self._out += text
            return text
        self._held += text
        if self.mark and self._marked():
            return self._cut_off()
        said = ""
        while (end := self._sentence_end()) is not None:
            said += self._judged(self._held[:end])
            self._held = "" if self._silent else self._held[end:]
        free = self._free()
        self._out += self._held[:free]
        said += self._held[:free]
        self._held = self._held[free:]
        return said

    def flush(self) -> str:
        if self._silent or not (self._held or self._out):
            return ""
        held, self._held = self._held, ""
        return self._judged(held)

    def _harmless(self, text: str) -> bool:
        """A blank and a plain word inside a sentence that gives nothing away: most tokens of a model."""
        word = text[1:]
        if self.danger or text[:1] != " " or not (word.isascii() and word.isalpha()) or self._out[-1:] in _MARKS:
            return False
        word = word.lower()
        return word not in TRIGGERS[self._tongue] and word not in _SECRET_WORDS and not self.mark.startswith(word[:2])

    def _marked(self) -> bool:
        """The mark has come, perhaps begun in a piece that was said already."""
        return self.mark in (self._out[-len(self.mark) :] + self._held).lower()

    def _cut_off(self) -> str:
        """The mark of the instructions has come: what is before it in this piece goes with the rest of the reply."""
        first, self._held, self._silent = not self.found, "", True
        self.found.append("leak")
        return f"… {self.instead('leak')}" if first else ""

    def _sentence_end(self) -> int | None:
        """Where in what is held the present sentence ends; it may have been its mark that was said already."""
        if self._out and self._out[-1] in _MARKS and self._held[:1].isspace() and _END.search(f"{self._out} "):
            return 0
        if (end := _END.search(self._held)) is not None:
            return end.end()
        return len(self._held) if len(self._held) > MOST_HELD else None

    def _free(self) -> int:
        """How much of what is held cannot become part of anything that must be kept back."""
        if self.danger or not self._held:
            return 0
        begun = _LAST_WORD.search(self._out) if self._out and self._held[0].isalpha() else None
        earlier = begun.group() if begun is not None else ""
        for word in _WORD.finditer(earlier + self._held):
            if self._gives_away(word.group(), earlier, word.end()):
                return max(0, word.start() - len(earlier))
        last = _LAST_WORD.search(self._held)
        if last is not None and self.mark and len(last.group()) > 1 and self.mark.startswith(last.group().lower()):
            return last.start()
        return len(self._held)

    def _gives_away(self, word: str, earlier: str, end: int) -> bool:
        """Whether from this word on the sentence must be heard out first: a secret, or a claim nothing bears out."""
        plain = _accentless(word)
        if plain in _SECRET_WORDS:
            return True
        if plain not in TRIGGERS[self._tongue]:
            return False
        so_far = self._out + self._held[: end - len(earlier)]
        return any(self._unfounded(word, by_us) for word, by_us in claims(so_far, self._tongue))

    def _judged(self, held: str) -> str:
        sentence, self._out = self._out + held, ""
        if not held:
            return held
        fault, word = self._fault(sentence)
        if fault is None:
            return held
        first = not self.found
        self.found.append(f"{fault}:{word}" if word else fault)
        lead = "" if not sentence[: len(sentence) - len(held)].strip() else "…"
        return f"{lead} {self.instead(fault)}" if first else lead

    def _fault(self, sentence: str) -> tuple[Fault | None, str]:
        said = flat(sentence)
        if self.danger and _DEADLY.search(said):
            return "danger", ""
        if _SECRET.search(_OTHER_CODES.sub(" ", said)) and _ASKED_FOR.search(said) and not _BY_KEY.search(said):
            return "secret", ""
        for word, by_us in claims(sentence, self._tongue):
            if self._unfounded(word, by_us):
                return "claim", word
        return None, ""

    def _unfounded(self, word: str, by_us: bool) -> bool:
        """No record bears the word out: a commit of its kind does, and what a tool read, if it is no act of ours."""
        kind = next((tools for stem, tools in _OF_KIND.items() if word.startswith(stem)), ())
        return not self.supports(kind) and (by_us or not self.quoted(word))

    @property
    def _tongue(self) -> str:
        return "es" if self.lang == "es" else "en"


def _accentless(word: str) -> str:
    lowered = word.lower()
    return lowered if lowered.isascii() and "'" not in lowered else flat(lowered).strip()
