"""What a text says: prompts/texts.<language>.toml, checked at start and filled with values that are words only.

Values come from records that strangers may have written into. Links, control and direction characters are taken out of
them, and they are cut: nobody sends a message of theirs through us.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Formatter

from voice_agent import phrases as phrase_files
from voice_agent.errors import ConfigurationError

MOST_VALUE = 160
MOST_BODY = 640
"""Four parts of a long message; nothing we have to say is longer."""
OPT_OUT = "opt_out"
_LINK = re.compile(r"(?i)\b(?:https?://|www\.)\S+|\b[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}/\S*")


@dataclass(frozen=True, slots=True)
class Kind:
    """What is decided about a template in code, not by whoever edits its words."""

    holes: frozenset[str]
    asked: bool = False
    """The caller has asked for this very text on the phone: that is consent to it."""
    waits: bool = False
    """Nobody waits for it: it keeps the quiet hours of where it goes."""
    staff: bool = False
    """To somebody on duty: no consent, cap or switch stands between them and an emergency."""
    secret: bool = False
    """Its body is kept nowhere."""
    answers: bool = False
    """Says that a wish for texts, or for none, was heard; the carriers want that even behind a STOP."""
    plain: bool = False
    """No line on how to opt out: codes, pages, and the answers to such a wish."""


def _kind(holes: str = "", **about: bool) -> Kind:
    return Kind(frozenset(holes.split()), **about)


KINDS: Mapping[str, Kind] = {
    "code": _kind("code", asked=True, secret=True, plain=True),
    "visit_details": _kind("visits", asked=True),
    "rescheduled": _kind("about window"),
    "canceled": _kind("visit"),
    "completed": _kind("about work_order invoice_link", waits=True),
    "running_late": _kind("about minutes technician"),
    "write_outcome": _kind("outcome"),
    "approved": _kind("request", waits=True),
    "approved_edited": _kind("request", waits=True),
    "rejected": _kind("request", waits=True),
    "call_back": _kind("when", asked=True),
    "emergency_page": _kind("hazard place callback", staff=True, plain=True),
    "stopped": _kind(answers=True, plain=True),
    "started": _kind(answers=True, plain=True),
    "help": _kind(answers=True, plain=True),
}
LINKS = frozenset({"invoice_link"})
"""Holes that the server fills with an address of the business's own."""


class Wording:
    """language -> template -> text. One for the process."""

    def __init__(self, texts: Mapping[str, Mapping[str, str]], values: Mapping[str, str]) -> None:
        self._texts = texts
        self._values = values

    @property
    def languages(self) -> frozenset[str]:
        return frozenset(self._texts)

    def body(self, template: str, values: Mapping[str, str], lang: str) -> str:
        """The text as it is sent. ValueError when a hole is left open or there is no such template."""
        kind = KINDS.get(template)
        if kind is None:
            raise ValueError(f"there is no text {template}")
        table = self._texts.get(lang) or self._texts["en"]
        filled = {name: value if name in LINKS else cleaned(value) for name, value in values.items()}
        if missing := sorted(kind.holes - filled.keys()):
            raise ValueError(f"text {template}: nothing fills {{{missing[0]}}}")
        text = table[template].format_map({**self._values, **filled})
        if not kind.plain:
            text = f"{text} {table[OPT_OUT]}"
        return " ".join(text.split())[:MOST_BODY]


def cleaned(value: str) -> str:
    """A value that is words and nothing else: no link, nothing invisible, braces or breaks, and not endless."""
    visible = "".join(" " if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") else c for c in value)
    text = " ".join(_LINK.sub("", visible).split())
    return text if len(text) <= MOST_VALUE else f"{text[: MOST_VALUE - 3].rstrip()}..."


def load(folder: str | None, values: Mapping[str, str]) -> Wording:
    """Read texts.*.toml of the prompts folder, of the shipped one where that has none. ConfigurationError says why not.

    `values` fill {company} and the like.
    """
    root: Traversable = Path(folder) if folder else resources.files("prompts")
    if not any(_language(entry.name) for entry in root.iterdir()):
        root = resources.files("prompts")
    texts: dict[str, Mapping[str, str]] = {}
    for file in sorted(root.iterdir(), key=lambda entry: entry.name):
        if lang := _language(file.name):
            texts[lang] = _checked(phrase_files.toml(root, file.name), file.name, frozenset(values))
    if "en" not in texts:
        raise ConfigurationError("texts.en.toml is missing; copy the shipped one")
    return Wording(texts, values)


def _language(name: str) -> str:
    found = re.fullmatch(r"texts\.([a-z]{2})\.toml", name)
    return found[1] if found else ""


def _checked(table: Mapping[str, object], file: str, everywhere: frozenset[str]) -> Mapping[str, str]:
    texts: dict[str, str] = {}
    for name, text in table.items():
        if name != OPT_OUT and name not in KINDS:
            raise ConfigurationError(f"{file}: there is no text {name!r}; there are {', '.join(KINDS)}")
        if not isinstance(text, str) or not text.strip():
            raise ConfigurationError(f"{file}: {name} must be a sentence")
        allowed = everywhere | (KINDS[name].holes if name in KINDS else frozenset())
        try:
            holes = {hole for _, hole, _, _ in Formatter().parse(text) if hole is not None}
        except ValueError as error:
            raise ConfigurationError(f"{file}: {name}: {error}") from None
        if unknown := sorted(holes - allowed):
            raise ConfigurationError(f"{file}: {name} has the hole {{{unknown[0]}}}, which nothing fills")
        texts[name] = text
    if missing := sorted({*KINDS, OPT_OUT} - texts.keys()):
        raise ConfigurationError(f"{file}: {missing[0]} is missing; copy it from the shipped file")
    return texts
