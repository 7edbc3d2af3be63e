"""A mistake in the prompts folder stops the start with a sentence that names file, line and field."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import pytest

import prompts
from tests.edges.doorstep import settings
from voice_agent import lines
from voice_agent.app import build
from voice_agent.errors import ConfigurationError

SHIPPED = Path(str(prompts.__file__)).parent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "prompts"
    shutil.copytree(SHIPPED, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def edit(folder: Path, old: str, new: str, file: str = "lines.toml") -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def complaint(folder: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        build(settings(PROMPTS_DIR=str(folder)))
    said = str(caught.value)
    assert "\n" not in said and "Traceback" not in said
    return said


def test_a_copy_of_the_shipped_folder_is_read_like_it(folder: Path) -> None:
    assert [line.name for line in lines.load(str(folder)).lines] == [line.name for line in lines.load().lines]


ZONE, NUMBER, HOURS = 'zone = "America/Chicago"', 'number = "+13125550100"', 'monday = ["07:00", "19:00"]'


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("hold = 0.0", "holdd = 0.0", "line customer: holdd is not a setting of a line"),
        ("hold = 0.0", 'hold = "long"', "line customer: hold must be seconds"),
        ("hold = 0.0", "hold = -1", "line customer: hold must be seconds from 0"),
        ("hold = 0.0", "hold = nan", "line customer: hold must be seconds from 0"),
        ("keypad_pause = 1.5", "keypad_pause = true", "line customer: keypad_pause must be seconds"),
        ("speculate = false", "speculate = 1", "line customer: speculate must be true or false"),
        ("silence = [6.0, 12.0]", "silence = []", "line customer: silence must be rising seconds"),
        ("silence = [6.0, 12.0]", "silence = [12.0, 6.0]", "line customer: silence must be rising seconds"),
        ("silence = [6.0, 12.0]", "silence = [6.0, 6.0]", "line customer: silence must be rising seconds"),
        ("silence = [6.0, 12.0]", 'silence = ["six"]', "line customer: silence must be rising seconds"),
        ("silence = [6.0, 12.0]", "silence = [true]", "line customer: silence must be rising seconds"),
        ("silence = [6.0, 12.0]", "silence = 6", "line customer: silence must be a list of seconds"),
        ('silence_ends_in = "hangup"', 'silence_ends_in = "sleep"', "line customer: silence_ends_in is 'sleep'"),
        (NUMBER, 'number = "3125550100"', "line customer: number is '3125550100'; write it as +13125550100"),
        (NUMBER, 'number = "+1312555010a"', "line customer: number is"),
        (NUMBER, 'number = "+٣٣٣٣٣٣٣٣"', "line customer: number is"),
        (NUMBER, "number = 13125550100", "line customer: number must be the number"),
        (NUMBER, "", "line customer: number must be the number"),
        (NUMBER, 'number = "+13125550101"', "number +13125550101 is used by two lines"),
        ('name = "customer"', 'name = "technician"', "name technician is used by two lines"),
        ('name = "customer"', "", "[[line]] number 1: name must be a short word"),
        ('name = "customer"', 'name = ""', "[[line]] number 1: name must be a short word"),
        ('role = "customer"', 'role = "boss"', "line customer: role is 'boss'"),
        (ZONE, 'zone = "Mars/Base"', "line customer: zone is 'Mars/Base'"),
        (ZONE, 'zone = ""', "line customer: zone is ''"),
        (ZONE, 'zone = "America"', "line customer: zone is 'America'"),
        (ZONE, 'zone = "../../etc/passwd"', "line customer: zone is"),
        (HOURS, 'monday = ["19:00", "07:00"]', "line customer: hours.monday must be two times"),
        (HOURS, 'monday = ["7", "19"]', "line customer: hours.monday must be two times"),
        (HOURS, 'monday = ["07:00"]', "line customer: hours.monday must be two times"),
        (HOURS, 'monday = "07:00"', "line customer: hours.monday must be two times"),
        (HOURS, 'monday = ["07:00+02:00", "19:00+02:00"]', "line customer: hours.monday must be two times"),
        (HOURS, 'mondays = ["07:00", "19:00"]', "line customer: hours.mondays is no day"),
        ('languages = ["en", "es"]', 'languages = ["en", "fr"]', "line customer: languages names 'fr'"),
        ('languages = ["en", "es"]', "languages = []", "line customer: languages must name at least"),
        ('languages = ["en", "es"]', "languages = [1]", "line customer: languages must be a list"),
        ('greeting = "greeting.customer"', 'greeting = "greeting.nobody"', "greeting is 'greeting.nobody'"),
        ('greeting = "greeting.customer"', "", "line customer: greeting must be the name of a phrase"),
        ('prompt = "customer.md"', 'prompt = "nowhere.md"', "line customer: prompt is 'nowhere.md'"),
        ('prompt = "customer.md"', 'prompt = "."', "line customer: prompt is '.'"),
        ('hand_off = "dispatch"', 'hand_off = ""', "line customer: hand_off must name a queue"),
        ('"my_visits"', '"my_visitors"', "line customer: tools names 'my_visitors'; there are"),
        ('"my_visits"', "7", "line customer: tools must be a list of tool names"),
        ("dtmf_detection = true", "dtmf_detektion = true", "relay.dtmfDetektion is no attribute Twilio documents"),
        ("dtmf_detection = true", "eot_threshold = 0.7", 'relay.eotThreshold works with speech_model = "flux" only'),
        ("dtmf_detection = true", 'url = "wss://evil.example"', "relay.url is no attribute"),
        ("dtmf_detection = true", "dtmf_detection = {a = 1}", "line customer: relay.dtmf_detection must be a text"),
        ('code = "en-US"', 'kode = "en-US"', "language.kode is no attribute Twilio documents"),
        ('code = "en-US"', "", "line customer: language.code is missing"),
        ('company = "Brightwater Home Services"', 'company = ""', "company is missing"),
        ("[line.hours]", "[line.hours", "lines.toml: not valid TOML"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_the_mistake_is_named(folder: Path, old: str, new: str, told: str) -> None:
    edit(folder, old, new)
    assert told in complaint(folder)


def test_the_line_of_the_mistake_is_named_not_the_first(folder: Path) -> None:
    edit(folder, 'opening_keypad = "pin"', 'opening_keypad = "voice"')
    assert complaint(folder).startswith("lines.toml: line technician: opening_keypad is 'voice'")


@pytest.mark.parametrize("text", ["", 'company = "A"', 'company = "A"\nline = 5', 'company = "A"\nline = []'])
def test_a_file_without_a_line_is_refused(folder: Path, text: str) -> None:
    (folder / "lines.toml").write_text(text, encoding="utf-8")
    assert "lines.toml" in complaint(folder)


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    for path in (tmp_path / "nowhere", tmp_path / "file", tmp_path):
        assert "PROMPTS_DIR must name a folder" in complaint(path)


def test_flux_attributes_are_good_where_the_model_is_flux(folder: Path) -> None:
    edit(
        folder, 'speech_model = "nova-3-general"\nspeech_timeout', 'speech_model = "flux-general-multi"\nspeech_timeout'
    )
    edit(folder, "dtmf_detection = true", "dtmf_detection = true\neot_threshold = 0.7\neager_eot_threshold = 0.5")
    assert lines.load(str(folder)).lines[0].relay["eotThreshold"] == "0.7"


# -- phrases ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("goodbye = ", "good_bye = ", "phrases.en.toml: goodbye is missing"),
        ("[silence]", "[silent]", "phrases.en.toml: silence.again is missing"),
        ('general = "Sorry', 'general = "{sorry} Sorry', "error.general has the hole {sorry}, which nothing fills"),
        ("call {emergency_number}", "call {emergency}", "greeting.after_hours has the hole {emergency}"),
        ('limit = "', 'limit = 7 # "', "phrases.en.toml: limit must be a sentence"),
        ('limit = "', 'limit = "" # "', "phrases.en.toml: limit must be a sentence"),
        ("limit = ", "limit = [] # ", "phrases.en.toml: limit must be a sentence"),
        ('limit = "', "limit = ", "phrases.en.toml: not valid TOML"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_phrase_that_would_fail_in_a_call_stops_the_start(folder: Path, old: str, new: str, told: str) -> None:
    edit(folder, old, new, "phrases.en.toml")
    assert told in complaint(folder)


def test_a_phrase_not_translated_yet_is_said_in_the_language_of_the_line(folder: Path) -> None:
    edit(folder, "limit = ", "limits = ", "phrases.es.toml")
    found = lines.load(str(folder))
    assert found.lines[0].script.line("limit", "es") == found.phrases["en"]["limit"][0]


def test_text_that_is_not_utf_8_is_named(folder: Path) -> None:
    (folder / "customer.md").write_bytes(b"\xff\xfe")
    assert "prompt is 'customer.md', which is not UTF-8" in complaint(folder)
    (folder / "phrases.es.toml").write_bytes(b"a = '\xff'")
    assert "phrases.es.toml: not UTF-8" in complaint(folder)


def test_a_folder_without_phrases_is_refused(folder: Path) -> None:
    for file in folder.glob("phrases.*.toml"):
        file.unlink()
    assert "no phrases.<language>.toml" in complaint(folder)


# -- hours -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-23T12:59:59+00:00", False),
        ("2026-11-23T13:00:00+00:00", True),
        ("2026-11-24T00:59:59+00:00", True),
        ("2026-11-24T01:00:00+00:00", False),
        ("2026-11-22T18:00:00+00:00", False),
        ("2026-07-06T12:00:00+00:00", True),
    ],
    ids=["before", "opens", "last second", "closes", "a Sunday", "summer time"],
)
def test_hours_are_those_of_the_zone(moment: str, is_open: bool) -> None:
    assert lines.load().lines[0].is_open(datetime.fromisoformat(moment)) is is_open
