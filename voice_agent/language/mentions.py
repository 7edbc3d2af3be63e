"""Who and what a caller speaks about: a name, the person or desk they want, the matter of a general question."""

from __future__ import annotations

import re

from voice_agent.language import calendar_words as cal
from voice_agent.language.numbers import NUMBER_WORDS, Lang
from voice_agent.language.spelling import spelt_name
from voice_agent.language.utterance import Utterance

_NAMED = {
    "en": (
        re.compile(r" (?:(?:my|the|his|her|customers?|clients?|last|first|full)? ?(?:last |first |full )?names?(?: is|s| was)?(?: on the account is)?|named|name of) (?:is )?"),
        re.compile(r" (?:mister|missus|misses|mrs|mr|ms|miss|doctor|dr) "),
        re.compile(r" (?:(?:customer|client|caller|homeowner)(?:s name)?(?: is| named)|(?:for|with|at|about) (?:customer|client)) (?=\w)"),
        re.compile(r" (?:this is|its|it is|im|i am|speaking with|under|goes by|calling for|calling about) (?=\w)"),
        re.compile(r" (?:at|for|with|to|from) the (?=\w+(?: (?:place|house|residence|home|job|property|account|family|appointment))? )"),
        re.compile(r" the (?=\w+ (?:job|place|house|residence|family|property|account|appointment) )"),
    ),
    "es": (
        re.compile(r" (?:me llamo|mi nombre es|su nombre es|nombre es|a nombre de|el nombre es|mi apellido es|apellido|se llama|de parte de|nombre) "),
        re.compile(r" (?:el |la |al |del )?(?:senor|senora|senorita|don|dona|sr|sra|doctor|doctora) "),
        re.compile(r" (?:el |la |del |al )?client[ea](?: es| se llama)? (?=\w)"),
        re.compile(r" (?:soy|habla|le habla|aqui habla|con) (?=\w)"),
        re.compile(r" (?:en (?:la )?casa de|(?:el )?trabajo de|(?:con )?la familia|(?:lo )?de los) (?:los |la |el )?(?:senores |senora |senor )?"),
    ),
}  # fmt: skip
# Openers after which an ordinary word is likelier than a name.
_LOOSE = {"en": 3, "es": 3}
_NOT_NAMES = frozenset(
    # English
    "the a an is was not no yes yeah it its on in at my your his her our their this that these those here there now just still also done finished almost running "
    "late going gonna calling trying having heading waiting ready good fine okay ok sorry sure about for from to with and but or so because if when what where "
    "why how who which first second third next last one two home alone sick out back stuck not never ever very really too being been job jobs place house same "
    "customer customers client address account order work part parts truck van warehouse office site tech technician dispatcher manager unit system furnace "
    "heater boiler water gas power leak leaking broken working urgent emergency off up down wondering looking interested unable able available busy leaving "
    "driving arriving starting starting stopping paused all set complete completed free afraid aware happy glad mad angry upset tired cold hot freezing "
    "number name bill billing invoice appointment visit schedule schedule time day date week month morning afternoon evening today tomorrow correct right "
    "wrong great like more another other any some every everything nothing something someone anyone nobody way on-site halfway time again only already "
    "pound hash supervisor human person somebody talking speaking you me him them us we he she they i door yard company house's kitchen basement "
    "thermostat filter pump valve landlord tenant neighbor owner husband wife mother father daughter son end future record rest stuff thing two-hour entire whole new old "
    "call called calls text texted reach phone please thanks thank can could would do does did has have had isn't isnt wants needs needed asked left said says got "
    "works lives moved over under regarding concerning from live tomorrow tonight yesterday email "
    # Spanish
    "el la los las un una unos unas de del al y o pero en por para con sin que no si ya mi su tu es esta estoy este esto ese aqui ahi alli alla yo usted ellos cliente "
    "tecnico orden trabajo cita casa numero nombre nuevo nueva muy bien mal tarde listo lista dueno duena vecino inquilino urgente de alguien nadie algo "
    "una persona supervisor gerente hoy manana ayer todo todos nada mas otro otra quien cual como cuando donde porque estamos hay tengo necesito "
    "llame llamo llameme llamame llamar quiero quisiera vivo tengo favor gracias digale puede pueden marque hablo quiere necesita dejo dijo mande le me se "
    "llegando saliendo terminando calentador caldera agua gas luz fuga puerta patio oficina compania".split()
)
_KNOWN_AFTER = re.compile(r"^ (?:job|place|house|residence|family|property|account|appointment)\b")
_PARTICLES = frozenset("de del la van von der den di da le mac mc o el san st".split())


def customer_name(heard: Utterance, lang: Lang, *, expected: bool) -> str | None:
    """The name a caller gives, in lower case without title; spelt letters win over the recogniser's guess."""
    spelt = _spelt(heard)
    if spelt is not None:
        return spelt
    for rank, pattern in enumerate(_NAMED[lang]):
        loose = rank >= _LOOSE[lang]
        for match in pattern.finditer(heard.flat):
            i = heard.span(match.start(), match.end())[1]
            if match[0].endswith(" ") and heard.offset(i) < match.end():
                i += 1
            name = _name_at(heard, _index_at(heard, match.end()), lang, loose=loose, opener=match[0])
            if name is not None:
                return name
    if expected and 1 <= len(heard.words) <= 4:
        return _name_at(heard, 0, lang, loose=False, opener="")
    return None


def _index_at(heard: Utterance, offset: int) -> int:
    """The first word that begins at or after an offset in `flat`."""
    return next((i for i in range(len(heard.words)) if heard.offset(i) >= offset), len(heard.words))


def _spelt(heard: Utterance) -> str | None:
    words = heard.plain
    for i in range(len(words)):
        found = spelt_name(words, i)
        if found is not None:
            name, end = found
            if end < len(words) and (words[end].isdigit() or words[end] in NUMBER_WORDS["en"] | NUMBER_WORDS["es"]):
                return None
            return name if len(name) >= 3 else None
    return None


def _name_at(heard: Utterance, i: int, lang: Lang, *, loose: bool, opener: str) -> str | None:
    words = heard.plain
    if i < len(words) and words[i] in (
        "mister",
        "missus",
        "mrs",
        "mr",
        "ms",
        "miss",
        "senor",
        "senora",
        "don",
        "dona",
        "sr",
        "sra",
    ):
        i += 1
        loose = False
    first = i
    while i < len(words) and i - first < 4 and _may_be_name(heard, i, lang, first):
        i += 1
    while i > first and words[i - 1] in _PARTICLES:
        i -= 1
    if i == first:
        return None
    said = heard.said(first, i)
    if said.endswith("'s"):
        said = said[:-2]
    after = heard.after(i)
    if opener.strip() == "the" or opener.endswith(" the "):
        named = _KNOWN_AFTER.match(after) or (
            lang == "en"
            and opener.strip() != "the"
            and re.search(r"(?:s|z)$", said)
            and i == first + 1
            and i == len(words)
        )
        if not named or i - first > 2:
            return None
        if not _KNOWN_AFTER.match(after) and said.endswith("s"):
            said = said.removesuffix("s")
        return said
    if loose and opener.strip() not in ("this is", "soy", "habla", "le habla", "aqui habla"):
        leftover = len(words) - i
        return said if i - first >= 2 and leftover == 0 and first <= 2 else None
    if loose and i - first == 1 and opener.strip() == "this is" and after.startswith(" s "):
        return None
    return said


def _may_be_name(heard: Utterance, i: int, lang: Lang, first: int) -> bool:
    word = heard.plain[i]
    if (
        word in _PARTICLES
        and i > first - 1
        and i + 1 < len(heard.words)
        and heard.plain[i + 1] not in _NOT_NAMES
        and (i > first or word in ("de", "van", "von", "mac", "di", "da", "san", "st"))
    ):
        return True
    if not word.isalpha() or len(word) < 2 or word in _NOT_NAMES or word.endswith("ing"):
        return False
    if i > first and heard.words[i].pause:
        return False
    return word not in NUMBER_WORDS[lang] and word not in cal.WEEKDAYS[lang]


_DESKS = {
    "en": re.compile(
        r" (?P<desk>dispatch(?:er|ers)?|super ?visor|manager|the boss|billing department|billing|accounting|accounts|sales|scheduling|scheduler|warehouse|parts (?:department|desk|counter)|customer (?:service|care|support)"
        r"|tech(?:nical)? support|service (?:department|manager|desk)|the office|front desk|office|foreman|lead tech(?:nician)?|(?:the |my |a )?technician|on ?call (?:tech(?:nician)?|manager|person)|warranty department|claims|human resources|the owner|owner)\b"
    ),
    "es": re.compile(
        r" (?P<desk>despacho|despachador[a]?|supervisor[a]?|gerente|jefe|jefa|encargad[oa]|facturacion|contabilidad|ventas|almacen|bodega|oficina|atencion al cliente|servicio al cliente|soporte tecnico|soporte|recepcion|cobranza|garantias|programacion|central"
        r"|tecnico|dueno)\b"
    ),
}
_WANTS = {
    "en": re.compile(
        r" (?:talk|speak|transfer|connect|put|patch|get|reach|call|need|want|give|hand|send|through|switch|over|to|let|have|ask|page|is there|hold for) "
    ),
    "es": re.compile(
        r" (?:hablar|hable|pasar|paseme|pasame|pase|comunicar|comuniqueme|comunicame|comuniquenme|comunique|conectar|conecteme|transferir|transfierame|transfieran|transfiera|quiero|necesito|llamar|ponga|pongame|contactar|con|dame|deme) "
    ),
}


def target(heard: Utterance, lang: Lang) -> str | None:
    """The desk or role a caller asks to speak with ("dispatch"); None for just "a person"."""
    found = list(_DESKS[lang].finditer(heard.flat))
    if not found or (len(heard.words) > 3 and not _WANTS[lang].search(heard.flat)):
        return None
    match = found[-1]
    first, last = heard.span(*match.span("desk"))
    return re.sub(r"^(?:the|my|a) ", "", heard.said(first, last))


_TOPICS = {
    "en": re.compile(
        r" (?P<topic>billing|bill|invoice|charges?|charged|overcharged|refund|payment plan|payments?|autopay|receipt|warranty|guarantee|prices?|pricing|quote|estimate|rates?|cost|contract|membership|maintenance plan|service plan|financing"
        r"|discount|rebate|deposit|account balance|balance|statement|insurance|complaint|credit|hours|opening hours|business hours|permit|license|service area|careers?|job opening)\b"
    ),
    "es": re.compile(
        r" (?P<topic>facturacion|factura|recibo|cobro|cobraron|cargos?|reembolso|devolucion|pagos?|plan de pagos|garantia|precios?|cotizacion|presupuesto|estimado|tarifas?|costo|contrato|membresia|plan de mantenimiento|financiamiento"
        r"|descuento|deposito|saldo|estado de cuenta|cuenta|seguro|queja|credito|horario|horarios|permiso)\b"
    ),
}
_BILLING = {"bill": "billing", "charge": "billing", "charges": "billing", "charged": "billing", "overcharged": "billing"} | {
    "cobraron": "facturación", "cargo": "facturación", "cargos": "facturación", "cobro": "facturación", "facturacion": "facturación",
}  # fmt: skip


def topic(heard: Utterance, lang: Lang) -> str | None:
    """What a general question is about: "billing" for bills and charges, else the caller's own word ("warranty")."""
    match = _TOPICS[lang].search(heard.flat)
    if match is None:
        return None
    said = heard.said(*heard.span(*match.span("topic")))
    return _BILLING.get(match["topic"], said)
