"""Intents: both languages, two in a sentence, priors that never gate, calibration on sentences never trained on."""

from __future__ import annotations

import json

import pytest

from training.held_out import read_set
from training.report import answer, calibration
from voice_agent.language import detect_language, read
from voice_agent.language.reading import INTENTS
from voice_agent.language.understand import understand


@pytest.mark.parametrize(
    ("text", "role", "intent"),
    [
        ("im on my way to job four five one two", "technician", "report_status"),
        ("i used two flame sensors on this one", "technician", "parts_used"),
        ("do we have any contactors in the warehouse", "technician", "parts_inquiry"),
        ("what time is the technician coming", "customer", "eta"),
        ("can we move my appointment to thursday", "customer", "reschedule"),
        ("i need to cancel my appointment", "customer", "cancel"),
        ("id like to confirm my appointment for tomorrow", "customer", "confirm"),
        ("i have a question about my bill", "customer", "billing_other"),
        ("let me talk to a real person", "unknown", "request_human"),
        ("theres smoke coming out of my furnace", "unknown", "emergency"),
        ("can you say that again", "unknown", "repeat"),
        ("yes thats right", "unknown", "yes"),
        ("no thats wrong", "unknown", "no"),
        ("four five one two", "unknown", "number"),
        ("my ac isnt cooling can you send someone", "customer", "new_problem"),
        ("whats my next job", "technician", "next_job"),
        ("im running about thirty minutes late", "technician", "running_late"),
        ("whats the gate code for job three oh nine", "technician", "job_details"),
        ("transfer a capacitor from the warehouse to my truck", "technician", "request_transfer"),
        ("tell the technician to use the back door", "customer", "message"),
        ("good morning how are you", "unknown", "none"),
        ("ya termine el trabajo", "technician", "report_status"),
        ("a que hora llega el tecnico", "customer", "eta"),
        ("quiero cambiar mi cita para el viernes", "customer", "reschedule"),
        ("quiero hablar con una persona", "unknown", "request_human"),
        ("puede repetir por favor", "unknown", "repeat"),
        ("cual es mi siguiente trabajo", "technician", "next_job"),
    ],
)
def test_each_wish_is_told_apart(text: str, role: str, intent: str) -> None:
    assert read(text, role=role).intent == intent


@pytest.mark.parametrize(
    ("text", "intents"),
    [
        ("jobs done and i need a new blower belt tomorrow", {"report_status", "parts_inquiry"}),
        ("im done here whats my next job", {"report_status", "next_job"}),
        ("ya termine y que sigue", {"report_status", "next_job"}),
    ],
)
def test_a_sentence_with_two_wishes_gives_both(text: str, intents: set[str]) -> None:
    reading = read(text, role="technician")
    assert {reading.intent, reading.also} == intents


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("ask dispatch if somebody can bring a second ladder", "technician"),
        ("ask the dispatcher whether i can go home", "technician"),
        ("pregúntele a despacho si alguien puede traer otra escalera", "technician"),
        ("could you text me that please", "customer"),
        ("me lo puede mandar por mensaje", "customer"),
    ],
)
def test_what_is_to_be_passed_on_or_texted_is_a_message_and_no_wish_for_a_person(text: str, role: str) -> None:
    reading = read(text, role=role)
    assert reading.intent == "message"
    assert not reading.wants_human


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("i want to know when the technician is coming", "eta"),
        ("me puede decir cuándo viene el técnico", "eta"),
    ],
)
def test_the_lead_in_of_a_question_is_no_wish_of_its_own(text: str, intent: str) -> None:
    reading = read(text, role="customer")
    assert (reading.intent, reading.also) == (intent, None)


def test_an_answer_is_not_lost_behind_a_new_wish() -> None:
    reading = read("no i said thursday", expecting="yes_no")
    assert {reading.intent, reading.also} == {"no", "reschedule"}
    assert reading.affirms is False


def test_the_last_question_is_a_prior_and_never_a_gate() -> None:
    assert read("four", expecting="digits").intent == "number"
    assert read("there is a fire in my kitchen", expecting="digits").intent == "emergency"
    assert read("let me talk to a human", expecting="yes_no").wants_human


def test_a_yes_and_a_no_affirm_and_deny() -> None:
    assert read("yeah go ahead").affirms is True
    assert read("no dont do that").affirms is False
    assert read("si esta bien").affirms is True
    assert read("what time is it").affirms is None


def test_the_emergency_intent_follows_the_triage() -> None:
    assert read("how much for a carbon monoxide detector").intent != "emergency"
    assert read("my carbon monoxide alarm wont stop and we are dizzy").intent == "emergency"


@pytest.mark.parametrize(
    ("text", "previous", "lang"),
    [
        ("i need a technician", "es", "en"),
        ("necesito un tecnico", "en", "es"),
        ("no", "es", "es"),
        ("no", "en", "en"),
        ("", "es", "es"),
        ("the panel esta sacando chispas y humo", "en", "es"),
    ],
)
def test_the_language_is_that_of_the_words_and_else_stays(text: str, previous: str, lang: str) -> None:
    assert detect_language(text, previous) == lang


def test_held_out_languages_are_told_apart() -> None:
    judged = [s for s in read_set("intents_test") if len(s.text.split()) >= 3]
    assert sum(detect_language(s.text) == s.lang for s in judged) / len(judged) >= 0.97


def test_unseen_sentences_keep_the_floors() -> None:
    """The measured figures stand in docs/language/report.md; these floors catch a slip of the data or the weights."""
    answers = answer(read_set("intents_test"), roles=True)
    shares = {}
    for lang in ("en", "es"):
        mine = [a for a in answers if a.wanted.lang == lang]
        shares[lang] = sum(a.right for a in mine) / len(mine)
    assert shares["en"] >= 0.86
    assert shares["es"] >= shares["en"] - 0.05
    assert calibration(answers)[0] <= 0.05


def test_understand_prints_the_contract() -> None:
    printed = [
        json.loads(json.dumps(entry)) for entry in understand(["i smell gas\n", "\n", "job is done"], role="technician")
    ]
    assert [entry["urgency"] for entry in printed] == ["life_safety", "routine"]
    assert list(printed[0]) == ["text", "lang", "urgency", "intent", "confidence", "also", "slots"]
    assert all(entry["intent"] in INTENTS and 0 <= entry["confidence"] <= 1 for entry in printed)
