"""The same jobs in many people's words: scripts made of pools of wordings, in both languages.

Written apart from the rules and from the sentences the readers were trained on.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle

from tests.offline.script import Script, Turn

ALEX, MARIA, NOBODY = "+13125550103", "+18475550103", "+17735550103"
DONE_AND_PARTS = frozenset(
    {"ServiceAppointment", "WorkOrder", "ProductConsumed", "ProductItem", "ProductItemTransaction"}
)
MOVED = frozenset({"ServiceAppointment"})
MAY_MOVE = frozenset({"ServiceAppointment", "AssignedResource"})

# said, what the read-back must hold, quantity consumed
PARTS_EN = [
    ("three flame sensors", "three flame sensors", "3.0"),
    ("two blower belts", "two blower belts", "2.0"),
    ("one hot surface igniter", "one hot surface igniter", "1.0"),
    ("two contactors", "two two-pole contactors", "2.0"),
    ("a condenser fan motor", "one condenser fan motor", "1.0"),
]
REPORTS_EN = [
    "job {n} is done i used {p}",
    "i just finished {n} and put in {p}",
    "work order {n} is complete used {p}",
    "hey {n} is all done i used {p} on it",
    "completed job {n} parts were {p}",
    "we're finished at {n} it took {p}",
    "you can close out {n} i installed {p}",
    "ok so job {n} is fixed and i used {p}",
    "mark {n} as completed with {p}",
    "just wrapped up job {n} used {p}",
    "that's job {n} finished i replaced {p}",
    "{n} completed used {p}",
]
NUMBERS_EN = ["4512", "forty five twelve", "four five one two", "four five twelve"]
REPORTS_ES = [
    "terminé el trabajo {n} usé {p}",
    "el trabajo {n} está listo y usé {p}",
    "ya acabé la orden {n} puse {p}",
    "completado el {n} con {p}",
    "el {n} quedó terminado usé {p}",
    "ya quedó el trabajo {n} instalé {p}",
]
NUMBERS_ES = ["4512", "cuarenta y cinco doce", "cuatro cinco uno dos"]
PARTS_ES = [
    ("tres sensores de llama", "tres.*flame sensor", "3.0"),
    ("dos sensores de llama", "dos.*flame sensor", "2.0"),
]

YES_EN = ["yes", "yeah that's right", "yep go ahead", "correct", "yes please", "sure"]
YES_ES = ["sí", "sí correcto", "claro que sí", "así es", "sí por favor"]

ARRIVALS_EN = [
    "when is my technician coming",
    "what time will you guys be here",
    "where is my tech",
    "i'm calling to find out when somebody's coming out",
    "how much longer till the repair man gets here",
    "can you tell me my appointment time",
    "is my technician on the way",
    "what's the eta on my service call",
    "do you know when he will arrive",
    "when's the guy supposed to show up",
    "i'd like to know the arrival window for my visit",
    "what day is somebody coming to fix my furnace",
]
ARRIVALS_ES = [
    "a qué hora llega el técnico",
    "cuándo vienen a mi casa",
    "dónde está el técnico",
    "quisiera saber a qué hora es mi cita",
    "cuánto falta para que llegue",
    "para cuándo está mi visita",
    "ya viene el técnico",
    "me puede decir cuándo van a venir",
]
MOVES_EN = [
    "i need to reschedule my appointment",
    "can i move my visit to another day",
    "i can't make it on wednesday i need a different time",
    "something came up can we change the appointment",
    "i'd like to push my appointment back",
    "could you find me another time",
    "i won't be home that day can we reschedule",
    "i have to change my service visit",
    "is it possible to get a different day",
    "please rebook my appointment",
]
MOVES_ES = [
    "necesito cambiar mi cita",
    "puedo mover la visita a otro día",
    "no voy a estar ese día quiero otra fecha",
    "quisiera reprogramar la cita",
    "me pueden dar otro horario",
    "hay que cambiar la visita por favor",
]
CHOICES_EN = [
    "the first one",
    "number two",
    "the second one please",
    "option one",
    "the last one",
    "i'll take number two",
]
CHOICES_ES = ["la primera", "la segunda", "el número dos", "la última", "el primero"]
THURSDAYS_EN = [
    "can you move it to thursday",
    "i'd like thursday instead",
    "let's do thursday morning",
    "any chance for thursday afternoon",
    "could the technician come on thursday",
    "switch my appointment to thursday please",
]
NEXT_EN = [
    "what's my next job",
    "where am i going next",
    "who's my next customer",
    "next stop please",
    "tell me the next one",
    "what do i have after this",
]
NEXT_ES = ["cuál es mi próximo trabajo", "qué sigue", "a dónde voy ahora", "cuál es el siguiente trabajo"]
DAYS_EN = [
    "what's on my schedule today",
    "read me my day",
    "how many jobs do i have today",
    "what does today look like",
]
LATE_EN = [
    ("i'm running twenty minutes late", "twenty minutes"),
    ("i'll be about half an hour late to the next one", "thirty minutes"),
    ("traffic is bad i'm going to be forty five minutes late", "forty five minutes"),
    ("tell the next customer i'm fifteen minutes behind", "fifteen minutes"),
    ("running behind by thirty minutes", "thirty minutes"),
]
LATE_ES = [
    ("voy veinte minutos tarde", "veinte minutos"),
    ("llego media hora tarde al siguiente", "treinta minutos"),
    ("estoy retrasado quince minutos", "quince minutos"),
]
STOCK_EN = [
    "do i have any flame sensors on the truck",
    "how many flame sensors are in my van",
    "where can i find a flame sensor",
    "who has flame sensors",
    "check stock on flame sensors",
]
PERSONS_EN = [
    "let me talk to a person",
    "representative please",
    "i want to speak to a human",
    "can i talk to somebody real",
    "get me an agent",
    "i'd rather speak with someone",
    "transfer me to customer service",
]
PERSONS_ES = [
    "quiero hablar con una persona",
    "páseme con un agente",
    "puedo hablar con alguien",
    "un representante por favor",
    "comuníqueme con un humano",
]
MESSAGES_EN = [
    "my thermostat screen stays dark and i'd like a visit",
    "the ice maker in my fridge stopped working",
    "i want to get a quote for a new water heater",
    "my garage door makes a grinding noise",
    "can somebody call me about the maintenance plan",
    "the washing machine won't spin anymore",
]
MESSAGES_ES = [
    "la lavadora no centrifuga y quiero una visita",
    "quiero un presupuesto para un calentador nuevo",
    "el refrigerador hace un ruido raro",
    "necesito que alguien me llame por el plan de mantenimiento",
]
DANGERS_EN = [
    ("i smell gas in the basement", "^if you smell gas"),
    ("there's smoke coming out of the breaker panel", "^get out now"),
    ("the carbon monoxide alarm keeps going off", "fresh air"),
    ("my husband got shocked by the water heater and he is on the floor", "^call 911"),
    ("we are stuck in the elevator", "^stay calm"),
    ("a power line is down in my yard and it is sparking", "thirty-five feet"),
]
DANGERS_ES = [
    ("huele a gas en toda la casa", "^si huele a gas"),
    ("sale humo del tablero eléctrico", "^salga ahora"),
    ("la alarma de monóxido de carbono no para de sonar", "aire libre"),
    ("estamos atrapados en el ascensor", "^mantenga la calma"),
]


def scripts() -> Iterator[Script]:
    yield from _reports()
    yield from _looking_up()
    yield from _moving()
    yield from _late()
    yield from _nights()


def _call(title: str, line: str, number: str, speaks: str, *turns: Turn) -> Script:
    pin = [Turn("press", "482913")] if line == "technician" else []
    return Script(title, line, number, speaks, [*pin, *turns])


def _reports() -> Iterator[Script]:
    for speaks, reports, numbers, parts, agrees, done in (
        ("en", REPORTS_EN, NUMBERS_EN, PARTS_EN, YES_EN, "done"),
        ("es", REPORTS_ES, NUMBERS_ES, PARTS_ES, YES_ES, "listo"),
    ):
        number, yes = cycle(numbers), cycle(agrees)
        for report, (said, heard, quantity) in zip(reports * 2, cycle(parts), strict=False):
            words = report.format(n=next(number), p=said)
            completed = "completed" if speaks == "en" else "completado"
            script = _call(
                f"report: {words}", "technician", ALEX, speaks,
                Turn("say", words, (f"{completed}.*{heard}",)), Turn("say", next(yes), (done,)),
            )  # fmt: skip
            script.changed = script.may_change = DONE_AND_PARTS
            script.became = [
                ("ServiceAppointment", "StatusCategory", "Completed"),
                ("ProductConsumed", "QuantityConsumed", quantity),
            ]
            yield script


def _looking_up() -> Iterator[Script]:
    for speaks, wordings, hear in (("en", ARRIVALS_EN, "wednesday.*dana"), ("es", ARRIVALS_ES, "miércoles.*dana")):
        for words in wordings:
            yield _call(f"arrival: {words}", "customer", MARIA, speaks, Turn("say", words, (hear,)))
    for speaks, wordings, hear in (
        ("en", NEXT_EN, "four five one six"),
        ("es", NEXT_ES, "cuatro cinco uno seis"),
        ("en", DAYS_EN, "four jobs today"),
        ("en", STOCK_EN, "van holds five flame sensors"),
    ):
        for words in wordings:
            yield _call(f"look-up: {words}", "technician", ALEX, speaks, Turn("say", words, (hear,)))
    for speaks, wordings in (("en", PERSONS_EN), ("es", PERSONS_ES)):
        for words in wordings:
            script = _call(f"person: {words}", "customer", MARIA, speaks, Turn("say", words))
            script.left = "hand_off"
            yield script


def _moving() -> Iterator[Script]:
    for speaks, wordings, choices, agrees, offer, ask, done in (
        ("en", MOVES_EN, CHOICES_EN, YES_EN, "number 1", "yes or press 1", "your visit is now|booked"),
        ("es", MOVES_ES, CHOICES_ES, YES_ES, "número 1", "sí o pulse 1", "su visita|reservado"),
        (
            "en",
            THURSDAYS_EN,
            CHOICES_EN[:4],
            YES_EN,
            "number 1.*thursday|have thursday",
            "thursday.*press 1",
            "thursday",
        ),
    ):
        choice, yes = cycle(choices), cycle(agrees)
        for words in wordings:
            script = _call(
                f"move: {words}", "customer", MARIA, speaks, Turn("say", words, (offer,)),
                Turn("say", next(choice), (ask,)), Turn("say", next(yes), (done,)),
            )  # fmt: skip
            script.changed, script.may_change = MOVED, MAY_MOVE
            yield script


def _late() -> Iterator[Script]:
    for speaks, wordings, job, done in (
        ("en", LATE_EN, "four five one six", "done"),
        ("es", LATE_ES, "cuatro cinco uno seis", "listo"),
    ):
        for words, minutes in wordings:
            yes = "yes" if speaks == "en" else "sí"
            hear = (minutes, job)
            script = _call(
                f"late: {words}", "technician", ALEX, speaks, Turn("say", words, hear), Turn("say", yes, (done,))
            )
            script.changed = script.may_change = frozenset({"ServiceAppointment", "FeedItem"})
            yield script


def _nights() -> Iterator[Script]:
    for speaks, wordings, number, when, yes, hears in (
        ("en", MESSAGES_EN, "773 555 0188", "tomorrow morning", "yes",
         ("number", "when|what time", "seven seven three.*yes or press 1", "call you back")),
        ("es", MESSAGES_ES, "siete siete tres cinco cinco cinco cero uno ocho ocho", "mañana por la mañana", "sí",
         ("número", "cuándo|hora", "siete siete tres.*sí o pulse 1", "llamar")),
    ):  # fmt: skip
        for words in wordings:
            turns = [Turn("say", said, (hear,)) for said, hear in zip((words, number, when, yes), hears, strict=True)]
            script = _call(f"message: {words}", "after_hours", NOBODY, speaks, *turns)
            script.changed = script.may_change = frozenset({"Case"})
            script.became = [("Case", "SuppliedPhone", "+17735550188")]
            yield script
    for speaks, dangers in (("en", DANGERS_EN), ("es", DANGERS_ES)):
        for words, hear in dangers:
            script = _call(f"danger: {words}", "after_hours", NOBODY, speaks, Turn("say", words, (hear,)))
            script.changed = script.may_change = frozenset({"Case", "WorkOrder"})
            script.became = [("WorkOrder", "Priority", "Critical")]
            yield script
