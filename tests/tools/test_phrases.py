"""The words of the business: complete in both languages, fit for the ear, and safe."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import prompts
import tools
import voice_agent
from voice_agent import lines
from voice_agent.errors import VoiceAgentError
from voice_agent.language.reading import LIFE_HAZARDS, URGENT_HAZARDS

LINES = lines.load()
PHRASES = LINES.phrases
EVERY = [(lang, key, text) for lang, table in PHRASES.items() for key, texts in table.items() for text in texts]
ROOTS = [Path(str(module.__file__)).parent for module in (voice_agent, tools)]
SPOKEN_HOLES = frozenset({"emergency_number", "company"})


def holes(texts: tuple[str, ...]) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", " ".join(texts)))


def keys_in_code() -> set[str]:
    """Phrase keys as they stand in calls of speak, phrase, Say and say, and in the error tree."""
    found: set[str] = set()
    for root in ROOTS:
        for file in root.rglob("*.py"):
            text = file.read_text()
            if {"demo", "console", "bench"} & set(file.parts):
                continue
            found |= set(re.findall(r"(?:speak|phrase|Say|line)\(\s*\"([a-z_]+(?:\.[a-z_]+)*)\"", text))
            found |= set(re.findall(r"\"((?:error|ask|chat|lost|slots|eta|emergency|proof)\.[a-z_.]+)\"", text))
    return found - {"slots.extract"}


def subclasses(kind: type[VoiceAgentError]) -> set[type[VoiceAgentError]]:
    below = {kind}
    for child in kind.__subclasses__():
        below |= subclasses(child)
    return below


def test_both_languages_hold_the_same_phrases_with_the_same_holes() -> None:
    assert PHRASES["en"].keys() == PHRASES["es"].keys()
    for key, texts in PHRASES["en"].items():
        assert holes(texts) == holes(PHRASES["es"][key]), key


def test_every_phrase_the_code_names_is_written() -> None:
    named = {key for key in keys_in_code() if not key.endswith(".")}
    known = set(PHRASES["en"]) | {key.rpartition(".")[0] for key in PHRASES["en"]}
    assert sorted(named - known) == []


def test_every_error_has_words_for_the_caller() -> None:
    assert {kind.for_caller for kind in subclasses(VoiceAgentError)} <= PHRASES["en"].keys()


@pytest.mark.parametrize("lang", ["en", "es"])
def test_all_variants_of_a_phrase_fill_the_same_holes_or_fewer(lang: str) -> None:
    for key, texts in PHRASES[lang].items():
        if len(texts) > 1:
            every = holes(texts) - SPOKEN_HOLES
            assert all(holes((text,)) - SPOKEN_HOLES == every for text in texts), key


@pytest.mark.parametrize("lang", ["en", "es"])
def test_a_phrase_is_made_of_words_for_the_ear(lang: str) -> None:
    for _, key, text in (row for row in EVERY if row[0] == lang):
        assert not re.search(r"[*_#`<>\[\]|/\\&%$@]", re.sub(r"\{\w+\}", "", text)), key
        assert not re.search(r"https?:|www\.", text), key
        assert not re.search(r"\d{2,}", text), f"{key}: figures are read as amounts; write words or a hole"
        assert len(text) <= 330, key


@pytest.mark.parametrize("lang", ["en", "es"])
def test_a_sentence_ends_and_a_fragment_does_not_begin_one(lang: str) -> None:
    for key, texts in PHRASES[lang].items():
        for text in texts:
            ends = text.endswith((".", "?", "!", ":")) or text.endswith("}")
            assert ends or key.split(".")[0] in {
                "approval",
                "visit",
                "job",
                "status",
                "category",
                "part",
                "eta",
                "message",
                "when",
                "hazard",
                "withheld",
            }, key


@pytest.mark.parametrize("lang", ["en", "es"])
def test_every_greeting_says_that_a_machine_answers_and_may_record(lang: str) -> None:
    said = PHRASES[lang]["disclosure"][0].rstrip(".").lower()
    for line in ("customer", "technician", "after_hours"):
        for text in PHRASES[lang][f"greeting.{line}"]:
            assert said in text.lower()


@pytest.mark.parametrize("lang", ["en", "es"])
def test_nothing_claims_to_be_done_before_the_record_says_so(lang: str) -> None:
    """Only phrases that tools hand over as `done`, and those of the commit, may speak in the past of a change."""
    claims = r"\b(?:done|booked|saved|canceled)\b" if lang == "en" else r"\b(?:listo|reservado|guardado)\b"
    for key, texts in PHRASES[lang].items():
        if any(re.search(claims, text, re.I) for text in texts):
            told = key.split(".")[0] in {"write", "approval", "eta", "cancel", "day", "category", "status"}
            assert told or "done" in key or key in {"error.busy", "emergency.not_saved_yet"}, key


FORBIDDEN = {
    "gas": r"window|ventan|find the leak|busque la fuga|valve|válvula|relight|reencend",
    "co": r"reset|reinici|ventil|wait|esper",
    "fire": r"repair|repar|find out|extinguish",
    "trapped": r"climb out(?!\.)|pry|force the doors open|trepe",
    "no_heat": r"use (?:the|your) oven|use el horno",
    "pressure": r"reset|reinici",
    "burst_pipe": r"tape|solder|glue|cinta|repare",
}
"""From the "do not say" column of the guidance sheet."""
MUST_SAY = {
    "gas": (r"leave now", r"salga ahora"),
    "co": (r"fresh air", r"aire libre"),
    "fire": (r"get out", r"salga"),
    "shock": (r"don't touch", r"no toque"),
    "downed_line": (r"thirty-five feet", r"once metros"),
    "water_electric": (r"out of the water", r"no entre en el agua"),
    "trapped": (r"stay calm.*don't force", r"calma.*no fuerce"),
    "pressure": (r"keep everyone away", r"nadie se acerque"),
    "chemical": (r"fresh air.*don't go back in", r"aire libre.*no vuelva"),
    "injury": (r"hang up and call", r"cuelgue y llame"),
    "exposure": (r"hang up and call", r"cuelgue y llame"),
    "burst_pipe": (r"clockwise", r"derecha"),
    "sewage": (r"stop using all water", r"deje de usar toda el agua"),
}


@pytest.mark.parametrize("hazard", [*LIFE_HAZARDS, *URGENT_HAZARDS])
def test_guidance_stands_for_every_hazard_and_advises_nothing_forbidden(hazard: str) -> None:
    for lang in ("en", "es"):
        (text,) = PHRASES[lang][f"guidance.{hazard}"]
        assert not re.search(FORBIDDEN.get(hazard, r"(?!)"), text, re.I)


@pytest.mark.parametrize("hazard", sorted(MUST_SAY))
def test_guidance_says_what_the_sources_say(hazard: str) -> None:
    for lang, pattern in zip(("en", "es"), MUST_SAY[hazard], strict=True):
        assert re.search(pattern, PHRASES[lang][f"guidance.{hazard}"][0], re.I)


@pytest.mark.parametrize("hazard", LIFE_HAZARDS)
def test_guidance_for_life_names_the_emergency_number(hazard: str) -> None:
    assert all("{emergency_number}" in PHRASES[lang][f"guidance.{hazard}"][0] for lang in ("en", "es"))


def test_the_shipped_lines_are_one_of_each_role_and_the_night_line_never_opens() -> None:
    assert [line.role for line in LINES.lines] == ["customer", "technician", "after_hours"]
    assert all(hours is None for hours in LINES.lines[2].hours)
    assert all(line.script.speaks("en") and line.script.speaks("es") for line in LINES.lines)


def test_every_tool_a_line_names_exists_there_and_everybody_can_reach_a_person() -> None:
    controls = {schema["function"]["name"] for schema in tools.CONTROLS}
    for line in LINES.lines:
        offered = {tool.name for tool in tools.TOOLS if line.role in tool.lines} | controls
        assert line.tool_names <= offered
        assert controls <= line.tool_names


def test_the_instructions_leave_no_hole_unfilled_and_stay_short() -> None:
    for file in Path(str(prompts.__file__)).parent.glob("*.md"):
        text = file.read_text()
        assert holes((text,)) <= {"company", "language", "caller", "identity", "today", "time", "open", "emergency"}
        assert len(text) < 3_500, f"{file.name} is sent with every request"
