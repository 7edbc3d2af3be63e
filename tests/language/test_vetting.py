"""What a model says of success, secrets and safety is held to the records; all else passes word by word."""

from __future__ import annotations

import random
import re

import pytest

from voice_agent.agent.offline import OfflineModel
from voice_agent.language.vetting import Fault, Vetting
from voice_agent.lines import load

MARK = "bolitarekun"
SORRY = {"claim": "NOT SO.", "secret": "NO SECRETS.", "leak": "WHAT?", "danger": "LEAVE."}


def vetting(lang: str = "en", *, committed: tuple[str, ...] = (), read: str = "", danger: bool = False) -> Vetting:
    def supports(tools: tuple[str, ...]) -> bool:
        return any(tool in committed for tool in tools) if tools else bool(committed)

    def instead(fault: Fault) -> str:
        return SORRY[fault]

    return Vetting(lang, supports, lambda word: word in read, instead, mark=MARK, danger=danger)


def heard(text: str, vet: Vetting, pieces: int = 0) -> str:
    """What comes through when the text streams in words, or in pieces cut by chance."""
    if pieces:
        dice = random.Random(pieces)
        cuts = sorted({0, len(text), *(dice.randrange(len(text) + 1) for _ in range(pieces))})
        stream = [text[a:b] for a, b in zip(cuts, cuts[1:], strict=False)]
    else:
        stream = re.findall(r"\s*\S+", text)
    return "".join([*(vet.feed(piece) for piece in stream), vet.flush()])


FALSE = {
    "en": [
        "I've booked you for Thursday at nine.",
        "Done!",
        "All set, see you then.",
        "You're all set for Thursday.",
        "Your appointment has been cancelled.",
        "Your appointment is cancelled now.",
        "No problem, it's canceled.",
        "I went ahead and moved it to Friday.",
        "Okay, that's been rescheduled to Monday.",
        "I just updated the job to completed.",
        "Great, your visit is now Friday at two.",
        "I have sent you a text with the details.",
        "I've let the dispatcher know and noted it.",
        "Consider it done.",
        "It went through.",
        "The parts were ordered.",
        "That's taken care of.",
        "Your refund has been processed.",
        "We've waived the fee.",
        "I cancelled the visit for you",
        "I've moved it to Friday and no one needs to be home.",
        "I put a note on the job.",
        "I set it for Friday at two.",
        "We're all set.",
        "Alright, job 4512 is marked complete.",
        "Job forty five twelve is now complete.",
        "Okay, two gallons logged.",
        "Job 4512 completed.",
        "Your visit moved to Friday.",
        "Dispatch has been notified.",
    ],
    "es": [
        "Listo.",
        "Ya está hecho.",
        "Su cita ha sido cancelada.",
        "He cambiado su visita para el viernes.",
        "Ya quedó agendado.",
        "Le agendé la visita para el lunes.",
        "Su visita está confirmada.",
        "Muy bien, cancelé su cita.",
        "He enviado el mensaje.",
        "Perfecto, todo registrado.",
        "Trabajo completado.",
        "Su visita quedó para el viernes.",
        "La orden está cerrada.",
    ],
}
TRUE = {
    "en": [
        "Would you like it cancelled?",
        "I can move it to Friday if you like.",
        "Once it's booked you'll get a text.",
        "I have not changed anything.",
        "Nothing has been saved yet.",
        "Shall I mark it as done?",
        "Your technician arrives between two and four.",
        "I will have that moved in a moment.",
        "It can't be cancelled by phone.",
        "I see two visits. Which one do you mean?",
        "What is the gate code for the technician?",
        "Please enter your PIN on the keypad.",
        "I'm sorry to hear that. Let me look.",
        "The office is now closed.",
        "Stop. Stop. Stop. I am interrupting you now.",
        "Your technician is set to arrive at two and made good time.",
        "The order left our place early while that gets set up with our team.",
        "Scheduled maintenance takes an hour.",
        "Put simply, the part was left at the depot.",
        "I heard: job 4512 is done.",
        "So you finished job 4512 and used two gallons. Shall I record that?",
        "Completed jobs are listed in the app.",
    ],
    "es": [
        "¿Quiere que la cancele?",
        "Puedo cambiarla para el viernes.",
        "No he cambiado nada.",
        "Su técnico llega entre las dos y las cuatro.",
        "Cuando esté confirmado le aviso.",
        "Por favor marque su PIN en el teclado.",
        "El técnico está listo para salir.",
        "Entendí que terminó el trabajo.",
    ],
}


@pytest.mark.parametrize(("lang", "text"), [(lang, text) for lang, texts in FALSE.items() for text in texts])
def test_success_without_a_record_is_never_heard(lang: str, text: str) -> None:
    for pieces in (0, 1, 2, 5, 12):
        vet = vetting(lang)
        said = heard(text, vet, pieces)
        assert "NOT SO." in said, said
        assert [fault.partition(":")[0] for fault in vet.found] == ["claim"]
        word = vet.found[0].partition(":")[2]
        assert word not in re.sub(r"\W+$", "", said.partition("…")[0].lower()).split() or word in ("now", "ya")


@pytest.mark.parametrize(("lang", "text"), [(lang, text) for lang, texts in TRUE.items() for text in texts])
def test_what_is_no_claim_passes_as_it_is(lang: str, text: str) -> None:
    for pieces in (0, 1, 3, 9):
        vet = vetting(lang)
        assert heard(text, vet, pieces) == text and not vet.found


def test_what_was_committed_may_be_said_and_nothing_else() -> None:
    moved = ("reschedule",)
    assert heard("I've moved it to Friday.", vetting(committed=moved)) == "I've moved it to Friday."
    assert "NOT SO." in heard("I've cancelled the other one too.", vetting(committed=moved))


def test_what_a_record_says_may_be_told_and_is_no_act_of_ours() -> None:
    read = '{"state":"canceled","say":"that visit was canceled."}'
    assert heard("That visit was canceled.", vetting(read=read)) == "That visit was canceled."
    assert "NOT SO." in heard("I have canceled it.", vetting(read=read))


@pytest.mark.parametrize(
    "text",
    [
        "Your technician Sam arrives between two and four",
        "No or not in for all that the order is on its way now and made it through before the team left",
        "We can put it on the list while that gets set up, book a slot, or do nothing",
    ],
)
def test_an_ordinary_sentence_is_not_delayed_by_a_word(text: str) -> None:
    vet = vetting()
    for word in re.findall(r"\s*\S+", text):
        assert vet.feed(word) == word


def test_one_correction_is_said_for_a_reply_full_of_claims() -> None:
    said = heard("Done. I've booked it. It's all confirmed. Anything else?", vetting())
    assert said.count("NOT SO.") == 1 and said.endswith("Anything else?") and "booked" not in said


@pytest.mark.parametrize(
    "text",
    [
        "Please tell me your PIN.",
        "What's your card number?",
        "Can you read me the code we sent you?",
        "Say your six digit PIN now.",
        "Dígame su clave.",
        "¿Cuál es su número de tarjeta?",
    ],
)
def test_nobody_is_asked_for_a_secret_aloud(text: str) -> None:
    lang = "es" if re.search("[áéíóúñ¿]", text) else "en"
    vet = vetting(lang)
    assert "NO SECRETS." in heard(text, vet) and vet.found == ["secret"]


@pytest.mark.parametrize("pieces", [0, 3, 8, 20])
def test_the_instructions_are_cut_off_at_their_first_word(pieces: int) -> None:
    text = f"My instructions are: ({MARK}) You answer the phone of Brightwater. Never tell."
    vet = vetting()
    said = heard(text, vet, pieces)
    assert MARK not in said.lower() and "Brightwater" not in said and vet.found == ["leak"]


@pytest.mark.parametrize(
    "text",
    [
        "It's probably nothing, stay inside.",
        "You can go back in now.",
        "Just light a match to check.",
        "No need to call anyone.",
        "Switch on the fan.",
        "Quédese en casa.",
        "Es seguro, no se preocupe.",
    ],
)
def test_in_danger_no_advice_of_a_model_keeps_anybody_there(text: str) -> None:
    lang = "es" if re.search("[áéíóúñ]", text) else "en"
    assert "LEAVE." in heard(text, vetting(lang, danger=True))
    assert heard("Is everyone outside?", vetting(danger=True)) == "Is everyone outside?"


def test_the_words_of_the_business_pass() -> None:
    """What the rule-based model says of its own accord, and what it reads out, sounds like none of these."""
    lines = load()
    assert OfflineModel(lines.phrases, lines.values).name
    of_the_model = ("ask.", "menu.", "can_do.", "lost.", "chat.", "slots.", "silence.", "visit.", "eta.p", "eta.m")
    for lang, phrases in lines.phrases.items():
        for key, texts in phrases.items():
            if key.startswith(of_the_model):
                for text in texts:
                    vet = vetting(lang)
                    assert heard(text, vet) == text, key
