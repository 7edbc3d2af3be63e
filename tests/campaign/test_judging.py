"""The judge and the bad line can fail: a campaign that cannot is no evidence."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.campaign import noise, wording
from tests.campaign.caller import Caller
from tests.campaign.casting import Case, cast, told
from tests.campaign.conversations import Conversation, conversations, manners
from tests.campaign.facts import Facts, Job, Part
from tests.campaign.judging import judge
from tests.campaign.listening import Listener
from voice_agent import lines as line_files
from voice_agent.journal import CallRecord

LINES = line_files.load()
LISTENER = Listener(LINES.phrases, LINES.values)
VAN = (Part("Flame sensor", "KX2210", "Each", 5.0, "item1", "product1"),
       Part("Blower belt", "BB4L360", "Each", 4.0, "item2", "product2"))  # fmt: skip
FACTS = Facts(
    "+13125550103", "482913",
    {"current": Job("4512", "visit1", "order1", "No heat", "Wrigley Books"),
     "next": Job("4516", "visit2", "order2", "No cold", "Bakery")},
    VAN, VAN, "van", "warehouse", (), (), (), "+17735550103",
)  # fmt: skip


def one(goal: str) -> Conversation:
    return next(c for c in conversations() if c.goal.name == goal and c.goal.line == "technician" and c.lang == "en")


def case_of(goal: str) -> Case:
    return cast(one(goal), manners()["en"], FACTS)


def verdict(case: Case, ledger: list[dict[str, Any]], left: str = "end") -> str:
    record = CallRecord("CA1", "technician", 0.0)
    caller = Caller(case, manners(), LISTENER, random.Random(1), record)
    caller.agent_words.append("Thank you for calling.")
    return judge(case, caller, ledger, left).end


def change(kind: str, record: str, **fields: Any) -> dict[str, Any]:
    return {"object": kind, "id": record, "change": "UPDATE", "fields": {n: [None, v] for n, v in fields.items()}}


def made(kind: str, **fields: Any) -> dict[str, Any]:
    return {**change(kind, "new", **fields), "change": "CREATE"}


def completed() -> list[dict[str, Any]]:
    return [
        change("ServiceAppointment", "visit1", Status="Completed", StatusCategory="Completed"),
        change("WorkOrder", "order1", Status="Completed", StatusCategory="Completed", IsClosed=True),
        made("AI_Interaction__c", Tool__c="update_job"),
    ]


def test_the_wanted_records_and_no_others_are_success() -> None:
    assert verdict(case_of("done_without_parts"), completed()) == "reached"


@pytest.mark.parametrize(
    "more",
    [
        change("ServiceAppointment", "visit2", StatusCategory="Completed"),
        change("ServiceAppointment", "visit1", DueDate="tomorrow"),
        change("WorkOrder", "order1", StatusCategory="Canceled"),
        made("ProductConsumed", QuantityConsumed=1.0),
        made("Task", Subject="Call back"),
        made("FeedItem", Body="to pause"),
    ],
)
def test_any_other_change_is_a_wrong_write(more: dict[str, Any]) -> None:
    assert verdict(case_of("done_without_parts"), [*completed(), more]) == "wrong"


def test_an_emergency_nobody_had_is_a_needless_alarm() -> None:
    alarm = made("Case", Subject="EMERGENCY (life safety): fire", Priority="High")
    assert verdict(case_of("done_without_parts"), [*completed(), alarm]) == "alarm"


def test_an_alarm_in_the_callers_words_is_neither_their_message_nor_a_second_one() -> None:
    wish = next(c for c in conversations() if c.goal.line == "after_hours" and c.goal.name == "message")
    case = cast(wish, manners()["en"], FACTS)
    message = made("Case", Subject="[service]", Description=case.text("message"), SuppliedPhone=case.number)
    alarm = made("Case", Subject="EMERGENCY: fire", Description=case.text("message"), SuppliedPhone=case.number)
    assert verdict(case, [message]) == "reached"
    assert verdict(case, [alarm]) == "alarm"
    assert verdict(case, [alarm, message]) == "alarm"
    assert verdict(case, [alarm, message, message]) == "wrong"


def test_the_same_record_made_twice_is_a_wrong_write() -> None:
    case = case_of("note")
    note = made("FeedItem", ParentId="visit1", Body=case.text("note"))
    assert verdict(case, [note]) == "reached"
    assert verdict(case, [note, note]) == "wrong"


def test_a_wrong_quantity_is_a_wrong_write_and_a_missing_part_no_success() -> None:
    case = case_of("parts_only")
    use = case.used[0]
    used = float(use.quantity)
    right = [
        made("ProductConsumed", WorkOrderId="order1", ProductItemId=use.part.item, QuantityConsumed=used),
        change("ProductItem", use.part.item, QuantityOnHand=use.part.on_hand - use.quantity),
        made("ProductItemTransaction", Quantity=-float(use.quantity)),
    ]
    assert verdict(case, right) == "reached"
    other = made("ProductConsumed", WorkOrderId="order1", ProductItemId=use.part.item, QuantityConsumed=99.0)
    assert verdict(case, [other, *right[1:]]) == "wrong"
    assert verdict(case, []) == "lost"
    assert verdict(case, [], "hand_off model_asked") == "person"


def test_a_caller_says_yes_only_to_their_own_job_parts_and_status() -> None:
    case = case_of("done_with_parts")
    use = case.used[0]
    amount = wording.number(use.quantity, "en")
    right = (
        f"I would set job four five one two to completed, and book {amount} {use.part.name.lower()}s. Is that right?"
    )
    assert all(told(case, what, right, "en") for what in case.conversation.goal.tells)
    for wrong in (
        right.replace("two to", "six to"),
        right.replace("completed", "paused"),
        right.replace(amount + " ", "nine "),
        right.replace("Is that", "And one blower belt. And one flame sensor. Is that"),
    ):
        assert not all(told(case, what, wrong, "en") for what in case.conversation.goal.tells), wrong


@pytest.mark.parametrize("lang", ["en", "es"])
@pytest.mark.parametrize("rate", [0.05, 0.1, 0.2])
def test_the_line_mishears_about_as_many_words_as_it_is_told_to(rate: float, lang: str) -> None:
    rng = random.Random(7)
    said = [c.opening for c in conversations() if c.lang == lang and c.persona != "keys"] * 12
    errors = sum(noise.word_errors(text, noise.hear(text, rate, lang, rng)) for text in said)
    assert 0.8 * rate <= errors / sum(len(text.split()) for text in said) <= 1.35 * rate


def test_a_clear_line_changes_nothing_and_a_seed_gives_the_same_words_again() -> None:
    text = "job four five one two is done i used two flame sensors"
    assert noise.hear(text, 0.0, "en", random.Random(1)) == text
    assert noise.hear(text, 0.3, "en", random.Random(5)) == noise.hear(text, 0.3, "en", random.Random(5))


def test_a_listener_knows_the_last_question_in_either_language() -> None:
    english = "Done. Job four five one two is completed. What else can I do for you?"
    spanish = "Disculpe, no le entendí. ¿Me lo puede decir de otra forma? ¿Qué debe decir la nota?"
    assert LISTENER.keys(english)[-1] == "ask.anything_else"
    assert LISTENER.keys(spanish)[-1] == "ask.note"
    assert LISTENER.keys(
        "Press one to leave a message and be called back, nine for an emergency, or zero for a person."
    )
