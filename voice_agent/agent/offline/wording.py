"""What intents and slots leave over: places in a list, a number kept, where from, which day not; in both languages."""

from __future__ import annotations

import re
from typing import Any

from voice_agent.language.numbers import Lang, amount
from voice_agent.language.utterance import Utterance


def whole_words(alternatives: str) -> re.Pattern[str]:
    """Whole words: one of a list that is separated by semicolons and may be broken into lines behind `;` or `|`."""
    parts = re.sub(r"\s*\n\s*", "", alternatives).split(";")
    return re.compile(" (?:" + "|".join(part.strip() for part in parts if part.strip()) + ") ")


def flat(text: str) -> str:
    return Utterance.of(text).flat


LATER = whole_words(
    r"""
    what else(?: do you have| is there| have you got)?; anything else; que mas (?:tiene|hay);
    (?:any(?:thing)?|something|sometime|a) ?later; later; none of (?:those|them|these); neither; other times?;
    different (?:times?|day); something else; another (?:day|time); more (?:times|options); mas tarde; (?:otro|
    otros|otra|otras) (?:dia|dias|hora|horas|horario|horarios|opcion|opciones); ninguno; ninguna; none; despues
    """
)
FIRST = whole_words(
    r"""
    (?:the )?(?:earliest|soonest|first available); (?:any|either)(?: (?:of them|one|time|is fine|works))*;
    whatever; as soon as possible; asap; (?:la|el) (?:mas pronto|mas temprano|mas temprana|antes posible);
    lo antes posible; cualquiera; doesnt matter; me da igual; you (?:choose|pick)
    """
)
LAST = whole_words(
    r"""
    (?:the )?last(?: one)?; (?:la|el) ultim[ao]
    """
)
SAME_NUMBER = whole_words(
    r"""
    (?:this|same|that|my)(?: \w+){0,2} (?:same|one|number|phone|line); number(?: \w+){0,3} calling from;
    this; same; yes; yeah; yep; sure; the (?:number|
    one|phone) (?:im|i am|that im)(?: \w+)*; (?:este|el) mismo(?: numero)?;
    mismo(?: \w+)? numero; este(?: \w+)? numero; (?:este|a este)(?: numero|
    telefono)?; si; claro; (?:desde )?(?:el|este) que (?:le )?llamo
    """
)
WHOLE_DAY = whole_words(
    r"""
    (?:my|the|whole|entire|full|rest of the|rest of my) (?:day|schedule|route|list); today; tomorrow; schedule;
    agenda; all (?:of )?(?:my|the) (?:jobs|stops|calls); how many (?:jobs|stops|calls|more)(?: \w+)*; (?:mi|el|
    todo el) dia; hoy; manana; (?:todos )?mis trabajos; cuantos trabajos; ruta
    """
)
WANTS_PART = whole_words(
    r"""
    (?:i|we|ill|we ll|ill)? ?(?:need|order|request|want|require)(?: \w+)*; (?:can|could) (?:you|i|
    we) (?:please )?(?:get|order|request|send|have|bring)(?: \w+)*; (?:send|bring|get) me(?: \w+)*; (?:necesito|
    ocupo|pedir|pida|pideme|pidame|quiero|ordenar|mandame|mandeme|requiero|hace falta|me falta|
    me faltan)(?: \w+)*
    """
)
ASKS_WHERE = whole_words(
    r"""
    do (?:i|we) (?:still |even )?(?:have|got); (?:have|has) (?:i|we|he|anyone|anybody); how many; how much;
    is there; are there; where; who has; whos got; any left; in stock; (?:tengo|tenemos|hay|queda|quedan|cuanto|
    cuantos|cuanta|cuantas|donde|quien tiene)
    """
)
ARRIVAL_NOTE = whole_words(
    r"""
    (?:gate|door|access|entry|garage) code(?: \w+)*; (?:my |the |we have a |there is a |theres a |
    beware of the |big )*dogs?; park(?:ing)?; ring the (?:bell|doorbell); knock; back door; side (?:door|gate);
    (?:leave|add|make|put) (?:a |an )?(?:\w+ )?note; tell the technician(?: \w+)*; (?:codigo|clave) (?:de|
    del) (?:la )?(?:puerta|porton|reja|entrada|acceso); perros?; estacion\w*; toque el timbre;
    puerta (?:trasera|de atras); (?:dejar|deje|agregue|ponga|anote) (?:una |un )?nota; digale al tecnico
    """
)
REPORTS = whole_words(
    r"""
    report(?:ing)?(?: \w+){0,2} (?:job|work order|status|order|call); (?:update|close|close out|log|
    enter)(?: \w+){0,2} (?:job|work order|status|order); (?:reportar|actualizar|cerrar|informar|
    registrar)(?: \w+){0,2} (?:trabajo|orden|estado|servicio)
    """
)
ORDERS = whole_words(r"order; request; need; necesito; pedir; pida; ordenar; pedido; ocupo; solicitar")
NOTES = whole_words(
    r"""
    (?:add|put|leave|make|enter|write)(?: \w+){0,2} note; note (?:on|for|to); (?:agreg\w+|dej\w+|pon\w*|anot\w+|
    haz|haga)(?: \w+){0,2} nota; nota (?:en|para|al)
    """
)
ASKS_FOR_PART = whole_words(
    r"""
    (?:please )?request; (?:can|could|would) you order; (?:please )?order (?:me|us); i (?:want|need) to order;
    (?:quiero|necesito|quisiera) (?:pedir|ordenar|solicitar); pidame; pideme
    """
)
PUT_IN = whole_words(
    r"used; use; installed; replaced; put in; changed; swapped; use; puse; instale; cambie; reemplace; done; finished"
)
ASKS_ABOUT = whole_words(
    r"""
    jobs?; next; stops?; address; customers?; clients?; where; whats?; which; when; who; details?; info\w*;
    notes?; (?:work )?orders?; tickets?; calls?; schedule; days?; today; tomorrow; route; appointments?;
    visits?; list; am i; do i; site; trabajos?; proximo; proxima; siguiente; direccion; clientes?; donde; cual;
    cuales; que; cuando; quien; detalles?; informacion; notas?; orden; ordenes; agenda; dia; hoy; manana; ruta;
    citas?; visitas?; toca; tengo
    """
)
AND_NEXT = whole_words(
    r"""
    whats (?:my |the )?next(?: \w+)*; what is (?:my |the )?next(?: \w+)*; whats after (?:that|this);
    where (?:to|do i go|am i going) (?:next|now); where to; who(?:s| is) next; cual es (?:mi |el )?(?:proximo|
    siguiente)(?: \w+)*; que sigue; que me toca(?: ahora| despues)?; adonde voy(?: ahora)?
    """
)
NEXT = whole_words(r"next; proxim[oa]; siguiente")
NOTES = whole_words(
    r"""
    (?:add|leave|put|make|write|take|deja|deje|dejar|dejo|agrega|agregue|agregar|pon|ponga|poner|anota|anote|haz|
    haga) (?:a |an |una |un |la |this |esta )?(?:quick |short )?(?:notes?|notas?)
    """
)
A_JOB = whole_words(r"(?:this|that|next|the|which) (?:\w+ )?job; (?:este|ese|proximo|siguiente|el) trabajo")
A_VISIT = whole_words(r"visit; appointment; it; service; call; slot; booking; cita; visita; servicio; la; turno")
MOVES = whole_words(
    r"""
    rebook; reschedule; re schedule; move; change; push; postpone; delay; another (?:day|time|date);
    different (?:day|time|date); cambiar; cambie; mover; mueva; reprogramar; posponer; aplazar;
    otr[oa] (?:dia|hora|fecha|horario)
    """
)
CANCELS = whole_words(r"cancel\w*; call off; anul\w*; dont need; no longer need; ya no (?:necesito|quiero)(?: \w+)*")
ASKS_VISITS = whole_words(
    r"""
    is (?:my|the) (?:appointment|visit)(?: \w+)*; sigue en pie(?: \w+)*;
    do (?:i|we) (?:still )?have (?:any|an|a)(?: \w+)? (?:appointments?|visits?|service)(?: \w+)*; (?:what|which|
    how many) (?:appointments|visits)(?: \w+)*; (?:tengo|tenemos) (?:alguna|una)(?: \w+)? (?:cita|
    visita)(?: \w+)*; (?:que|cuales|cuantas) (?:citas|visitas)(?: \w+)*
    """
)
TEXT_ME = whole_words(
    r"""
    text (?:it|them|that|those|me|us)(?: \w+)*; (?:send|get|shoot|forward)(?: \w+){0,6} (?:text|sms|text message|
    in writing)(?: \w+)*; (?:by|per|as a|in a) (?:text|sms|text message); in writing; mand\w+(?: \w+){0,5} (?:por|en un|
    un) (?:mensaje|mensajes|sms|texto|escrito)(?: \w+)*; envi\w+(?: \w+){0,5} (?:por|en un|un) (?:mensaje|sms|texto|
    escrito)(?: \w+)*; por (?:sms|escrito|mensaje de texto); (?:mandeme|enviame|enviemelo|mandamelo|mandemelo|
    enviemelos|mandemelos) (?:los |las )?(?:detalles|datos)(?: \w+)*
    """
)
NO_TEXT = whole_words(r"(?:dont|do not|stop|no more|never|no) (?:text\w*|send\w*|mande\w*|envie\w*)(?: \w+)*")
DETAILS = whole_words(
    r"""
    (?:details?|particulars|info|information) (?:of|for|about|on|to) (?:my|the|our|this|that) (?:\w+ )?(?:appointment|
    visit|booking|service|job)(?: \w+)*; (?:appointment|visit|booking) details; what (?:is the )?address(?: \w+)*;
    which address(?: \w+)*; whats the address(?: \w+)*; work order number;
    (?:detalles|datos) (?:de|sobre) (?:mi|la) (?:cita|visita|servicio)(?: \w+)*;
    (?:que|cual es la) direccion(?: \w+)*; numero de (?:la )?orden(?: de trabajo)?
    """
)
PREFERS = whole_words(
    r"""
    preferred (?:times?|days?|hours?)(?: \w+)*; my preference(?: \w+)*; (?:note|put|write|
    jot)(?: \w+){0,3} (?:i|we) (?:d |would )?(?:prefer|rather|like)(?: \w+)*;
    (?:tell|let) (?:the |your )?planners?(?: \w+)*; horarios? (?:preferidos?|de preferencia)(?: \w+)*;
    mi preferencia(?: \w+)*; (?:anote|apunte|ponga)(?: \w+){0,3} (?:que )?(?:prefiero|preferimos|preferiria)(?: \w+)*;
    (?:diga|digale|avise|avisele)s? a (?:los|quienes) planific\w+(?: \w+)*
    """
)
GET_ONE = whole_words(
    r"""
    (?:get|order|request|send|bring) (?:me |us )?(?:one|two|three|four|five|six|it|them|some|a few|
    a couple)(?: of (?:those|them|these))?(?: (?:please|then|for me|over))?;
    (?:need|ill take|i want) (?:one|two|three|it|them)(?: of (?:those|
    them|these))?; (?:pid\w+|deme|dame|mand\w+|ordene?me|consig\w+) (?:un[oa]?|dos|tres|cuatro|l[oa]s?)(?: por favor)?;
    pidel[oa]s?; pidamel[oa]s?; solicitel[oa]s?
    """
)
ASKS_DISPATCH = whole_words(
    r"""
    (?:ask|tell) (?:the |our |my )?(?:dispatch|dispatcher|dispatchers|office|planner|planners|supervisor)(?: \w+)*;
    let (?:the |our )?(?:dispatch|dispatcher|dispatchers|office|planner|planners) know(?: \w+)*;
    question for (?:the |our )?(?:dispatch|dispatcher|dispatchers|office)(?: \w+)*; (?:pregunt\w+|dig\w+|avis\w+) (?:al|
    a la|a los|a) (?:despachador|despachadores|despachadora|despacho|oficina|planificador|supervisor)(?: \w+)*;
    pregunta para (?:el |la |los )?(?:despacho|despachador|despachadores|oficina)(?: \w+)*
    """
)
ADDS_WORK = whole_words(
    r"""
    add(?: \w+){0,2} (?:line item|line|work item|task)(?: \w+)*; (?:add|enter|put in|book) (?:some |an? )?(?:more |
    extra |additional |another |new )?work(?: \w+)*;
    (?:extra|additional|more|new) work (?:on|to|for|found|needed)(?: \w+)*;
    (?:found|there is|theres|discovered) (?:another|a second|a new|one more|an additional) (?:problem|issue|fault|thing|
    defect)(?: \w+)*; (?:agreg\w+|anad\w+|pon\w*) (?:una |un |otra |otro )?(?:linea|partida|trabajo|tarea)(?: \w+)*;
    trabajo (?:extra|adicional|nuevo)(?: \w+)*;
    (?:encontre|hay|vi|descubri) (?:otro|un nuevo|un segundo) (?:problema|defecto|fallo|detalle)(?: \w+)*
    """
)
ADDS = whole_words(
    r"""
    and; also; plus; another; tambien; ademas; y; otro; otra
    """
)

_VAN_OF = re.compile(
    r"(?:(?:from|off|out of|del?)\s+(?:la\s+(?:camioneta|van)\s+de\s+)?(\w+?)(?:'s|s')?\s*(?:truck|van|camioneta)|"
    r"(?:from|off|out of)\s+(\w+?)(?:'s|s')?\s*$)",
    re.I,
)
_VAN_DE = re.compile(r"camioneta\s+de\s+(\w+)", re.I)
_NO_NAME = frozenset(
    "my the his her their a another other mi su la el un una otro otra otra camioneta van truck".split()
)


def source_in(text: str, location: Any, asked: str | None) -> str | None:
    """Where a part is to come from: "warehouse", a colleague's first name, or "nearest"; None if nothing was said."""
    said = flat(text)
    if location == "warehouse" or re.search(r" (?:warehouse|depot|shop|almacen|bodega) ", said):
        return "warehouse"
    for pattern in (_VAN_DE, _VAN_OF):
        if (match := pattern.search(text)) and (name := match.group(match.lastindex or 1)).lower() not in _NO_NAME:
            return name
    if re.search(r" (?:nearest|closest|anywhere|wherever|another|other|cercana|cercano|cualquier\w*|otra|otro) ", said):
        return "nearest"
    if asked == "ask.transfer_source" and (match := re.search(r"(\w+)(?:'s|s')? (?:truck|van)", text, re.I)):
        return match.group(1) if match.group(1).lower() not in _NO_NAME else "nearest"
    return None


def has_number(text: str, lang: str) -> bool:
    words = Utterance.of(text).plain
    spoken: Lang = "es" if lang == "es" else "en"
    return any(amount(words, i, spoken) is not None for i in range(len(words)))


def number_of(text: str, lang: str) -> float | None:
    """The amount if the text is nothing else."""
    words = Utterance.of(text).plain
    spoken: Lang = "es" if lang == "es" else "en"
    found = amount(words, 0, spoken) if words else None
    return found[0] if found is not None and found[1] >= len(words) else None


def number_in(text: str, lang: str) -> float | None:
    """The first amount in a short answer: "three, not two" is three."""
    words = Utterance.of(text).plain
    spoken: Lang = "es" if lang == "es" else "en"
    found = [value for i in range(len(words)) if (value := amount(words, i, spoken)) is not None]
    return found[0][0] if found else None


_MEASURES = frozenset(
    "of de gallon gallons foot feet box boxes pair pairs galon galones caja cajas par pares pie pies litro litros "
    "metro metros liter liters litre litres".split()
)


def amount_of(part: str, text: str, lang: str) -> float | None:
    """How many of `part` were named: the amount right before it, "two" in "order me two igniters"."""
    words, name = Utterance.of(text).plain, Utterance.of(part).plain
    spoken: Lang = "es" if lang == "es" else "en"
    stem = name[0][:4] if name else ""
    for i in range(len(words)):
        if (found := amount(words, i, spoken)) is None:
            continue
        value, after = found
        if i + 1 < len(words) and words[i + 1] in _POLES and name[:1] == (words[i + 1],):
            value, after = (amount(words[: i + 1], i, spoken) or found)[0], i + 1
        while after < len(words) and words[after] in _MEASURES:
            after += 1
        if after < len(words) and stem and words[after].startswith(stem):
            return value
    return None


def whole_name(part: str, text: str, lang: str) -> str:
    """The part with the number that begins its name: in "one two-pole contactor" the two is no amount."""
    words, name = Utterance.of(text).plain, Utterance.of(part).plain
    spoken: Lang = "es" if lang == "es" else "en"
    for i in range(2, len(words)):
        before = words[i - 1]
        if name and words[i] == name[0] and before in _POLES and amount(words, i - 2, spoken) is not None:
            return f"{before} {part}"
    return part


_POLES = frozenset("two three single double 2 3 dos tres".split())
_USED = frozenset("used use installed replaced in instale puse cambie".split())


def amount_used(text: str, lang: str) -> float:
    """How many of something that is only named by its number: the amount behind "used", one if there is none."""
    words = Utterance.of(text).plain
    spoken: Lang = "es" if lang == "es" else "en"
    for i, word in enumerate(words[:-1]):
        if word in _USED and (found := amount(words, i + 1, spoken)) is not None:
            return found[0]
    return 1.0


_WEEKDAYS = {
    "monday": ("monday", "lunes"),
    "tuesday": ("tuesday", "martes"),
    "wednesday": ("wednesday", "miercoles"),
    "thursday": ("thursday", "jueves"),
    "friday": ("friday", "viernes"),
    "saturday": ("saturday", "sabado"),
    "sunday": ("sunday", "domingo"),
}


def weekdays_in(text: str) -> list[str]:
    said = flat(text)
    return [day for day, names in _WEEKDAYS.items() if any(re.search(rf" {name}s? ", said) for name in names)]


def open_ended(time_phrase: str) -> bool:
    """ "after three" leaves the end open; "around three" and "at three" do not."""
    return re.search(r" (?:after|later|from|past|despues|desde|partir) ", flat(time_phrase)) is not None
