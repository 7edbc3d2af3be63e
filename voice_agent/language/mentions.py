"""Who and what a caller speaks about: a name, the person or desk they want, the matter of a general question."""

from __future__ import annotations

import re

from voice_agent.language import calendar_words as cal
from voice_agent.language.numbers import NUMBER_WORDS, Lang
from voice_agent.language.spelling import spelt_name
from voice_agent.language.utterance import Utterance

# Openers by how surely a name follows: always; only with more proof (`_introduced`); in a place ("the mueller job").
_FIRM = {
    "en": (
        re.compile(
            r" (?:(?:my|the|his|her|their|our)(?: \w+)? |last |first |full )?names? (?:is |was "
            r"|on the account is )?(?:is )?|(?: names) | (?:named|name of|under|goes by) "
        ),
        re.compile(r" (?:mister|missus|misses|mrs|mr|ms|miss|doctor|dr) "),
        re.compile(r" (?:customer|client|caller|homeowner)(?:s name)? (?:is |named )(?:named )?"),
        re.compile(r" (?:for|with|at|about) (?:the )?(?:customer|client) (?!service|support|care)"),
    ),
    "es": (
        re.compile(
            r" (?:me llamo|(?:mi |su |el )?nombre es|a nombre de(?: el| la)?|(?:mi )?apellido(?: es)?|se llama"
            r"|de parte de|soy de nombre) "
        ),
        re.compile(r" (?:el |la |al |del )?(?:senor|senora|senorita|don|dona|sr|sra|doctor|doctora) "),
        re.compile(r" (?:el |la |del |al )?client[ea] (?:es |se llama )"),
        re.compile(
            r" (?:en (?:la )?casa de|(?:el |del |al )?trabajo de|(?:con )?la familia|(?:lo )?de los)(?: los| la"
            r"| el)?(?: senores| senora| senor)? "
        ),
    ),
}  # fmt: skip
_LOOSE = {
    "en": re.compile(r" (?:this is|its|it is|im|i am|speaking with|calling for) "),
    "es": re.compile(r" (?:soy|habla|le habla|aqui habla) "),
}
_TELL = {
    "en": re.compile(r" (?:tell|let) \w+(?: know)?(?: that)? | "),
    "es": re.compile(r" (?:diga|digale|dile|avise|avisele) (?:a \w+ )?que (?:llamo )?| llamo | "),
}
_CALLED = re.compile(r"^ (?:called|phoned|rang|is calling|was calling|left a message|llamo|hablo)\b")
_PLACE = re.compile(
    r" (?:the|at the|for the|to the|from the|with the) (?=\w+(?: \w+)? (?:job|place|house|residence|family"
    r"|property|account|appointment|home) )"
)
_FAMILY = re.compile(r" (?:at|for|with|to|from) the (?P<family>\w+(?:s|z)) $")
_NOT_NAMES = frozenset(
    "between before after when whens until since how are was let during digo "
    "im ive id ill youre were theyre hes shes warranty contract plan guarantee insurance "
    # English
    "the a an is was not no yes yeah it its on in at my your his her our their this that these those here "
    "there now just still also done finished almost running "
    "late going gonna calling trying having heading waiting ready good fine okay ok sorry sure about for from "
    "to with and but or so because if when what where "
    "why how who which first second third next last one two home alone sick out back stuck not never ever very "
    "really too being been job jobs place house same "
    "customer customers client address account order work part parts truck van warehouse office site tech "
    "technician dispatcher manager unit system furnace "
    "heater boiler water gas power leak leaking broken working urgent emergency off up down wondering looking "
    "interested unable able available busy leaving "
    "driving arriving starting starting stopping paused all set complete completed free afraid aware happy "
    "glad mad angry upset tired cold hot freezing "
    "number name bill billing invoice appointment visit schedule schedule time day date week month morning "
    "afternoon evening today tomorrow correct right "
    "wrong great like more another other any some every everything nothing something someone anyone nobody way "
    "on-site halfway time again only already "
    "pound hash supervisor human person somebody talking speaking you me him them us we he she they i door "
    "yard company house's kitchen basement "
    "thermostat filter pump valve dispatch hospital school church store shop airport stairs units pipes parts "
    "filters buildings landlord tenant neighbor owner husband wife mother father daughter son end future "
    "record rest stuff thing two-hour entire whole new old "
    "call called calls text texted reach phone please thanks thank can could would do does did has have had "
    "isn't isnt wants needs needed asked left said says got "
    "works lives moved over under regarding concerning from live tomorrow tonight yesterday email "
    # Spanish
    "el la los las un una unos unas de del al y o pero en por para con sin que no si ya mi su tu es esta estoy "
    "este esto ese aqui ahi alli alla yo usted ellos cliente "
    "tecnico orden trabajo cita casa numero nombre nuevo nueva muy bien mal tarde listo lista dueno duena "
    "vecino inquilino urgente de alguien nadie algo "
    "una persona supervisor gerente hoy manana ayer todo todos nada mas otro otra quien cual como cuando donde "
    "porque estamos hay tengo necesito "
    "llame llamo llameme llamame llamar quiero quisiera vivo tengo favor gracias digale puede pueden marque "
    "hablo quiere necesita dejo dijo mande le me se "
    "llegando saliendo terminando calentador caldera agua gas luz fuga puerta patio oficina compania".split()
)
_PARTICLES = frozenset("de del la las los van von der den di da le mac mc san st".split())
_OPENING_PARTICLES = frozenset("de van von mac di da san st".split())
_INTRODUCED = {
    "this is": re.compile(
        r"^ (?:$|(?:calling|from|here|again|with|at|and|i|im|ive|my|id|we|can|could|speaking|the|over|on|please"
        r"|do|is|whats|just|got|about|for|in|its|tech|technician|id|badge)\b)"
    ),
    "its": re.compile(r"^ (?:calling|from|here|again|with|over|at|speaking)\b"),
}
_PLACE_WORDS = frozenset("job place house residence family property account appointment home".split())
_NEVER_PLACES = frozenset(
    "supply parts pump rental apartment town open empty vacant white green blue brick "
    "customers customer neighbors parents guest nursing group funeral rest tree ware wrong right previous "
    "current big small".split()
)


def customer_name(heard: Utterance, lang: Lang, *, expected: bool, own: bool = True) -> str | None:
    """The name a caller gives, in lower case without title; spelt letters win over the recogniser's guess.

    Without `own` an introduction ("this is mike") is passed over: it names the technician, not the customer.
    """
    spelt = _spelt(heard)
    if spelt is not None:
        return spelt
    for pattern in _FIRM[lang]:
        for match in pattern.finditer(heard.flat):
            name, _ = _name_at(heard, _index_at(heard, match.end()))
            if name is not None:
                return name
    for match in _LOOSE[lang].finditer(heard.flat) if own else ():
        name, end = _name_at(heard, _index_at(heard, match.end()))
        if name is not None and _introduced(match[0].strip(), heard, name, end):
            return name
    for match in _TELL[lang].finditer(heard.flat):
        name, end = _name_at(heard, _index_at(heard, match.end()))
        if name is not None and (match[0].endswith("llamo ") or _CALLED.match(heard.after(end))):
            return name
    if lang == "en":
        found = _place_name(heard)
        if found is not None:
            return found
    return _name_at(heard, 0)[0] if expected and 1 <= len(heard.words) <= 4 else None


def _index_at(heard: Utterance, offset: int) -> int:
    """The first word that begins at or after an offset in `flat`."""
    return next((i for i in range(len(heard.words)) if heard.offset(i) >= offset), len(heard.words))


def _spelt(heard: Utterance) -> str | None:
    """A name said letter by letter; letters in front of digits are a part number."""
    words = heard.plain
    for i in range(len(words)):
        found = spelt_name(words, i)
        if found is not None:
            name, end = found
            digits = end < len(words) and (
                words[end].isdigit() or words[end] in NUMBER_WORDS["en"] | NUMBER_WORDS["es"]
            )
            return None if digits else name
    return None


def _name_at(heard: Utterance, i: int) -> tuple[str | None, int]:
    """Up to four words of a name at `i` and the index after them; no name gives None."""
    words = heard.plain
    if i < len(words) and words[i] in _TITLES:
        i += 1
    first = i
    while i < len(words) and i - first < 4 and _may_be_name(heard, i, first):
        i += 1
    while i > first and words[i - 1] in _PARTICLES:
        i -= 1
    if i == first:
        return None, first
    said = heard.said(first, i).removesuffix("'s")
    return said[:-2] if said.endswith("s'") else said, i


_TITLES = frozenset("mister missus mrs mr ms miss senor senora senorita don dona sr sra doctor doctora".split())


def _may_be_name(heard: Utterance, i: int, first: int) -> bool:
    word = heard.plain[i]
    if word in _PARTICLES and (i > first or word in _OPENING_PARTICLES):
        rest = next((w for w in heard.plain[i + 1 : i + 4] if w not in _PARTICLES), "")
        return rest.isalpha() and rest not in _NOT_NAMES and rest not in _PLACE_WORDS
    if not word.isalpha() or len(word) < 2 or word in _NOT_NAMES or word in _PLACE_WORDS:
        return False
    if len(word) > 5 and word.endswith(("ing", "ous", "ible", "able", "ando", "iendo")):
        return False
    if i > first and heard.words[i].pause:
        return False
    return not any(word in NUMBER_WORDS[lang] or word in cal.WEEKDAYS[lang] for lang in ("en", "es"))


def _introduced(opener: str, heard: Utterance, name: str, end: int) -> bool:
    """ "This is carol, I need ..." introduces, "this is ridiculous" does not, "I'm maria lopez" needs both names."""
    after = heard.after(end)
    if opener in ("its", "it is"):
        return _INTRODUCED["its"].match(after) is not None
    if opener == "this is":
        return " " in name or _INTRODUCED["this is"].match(after) is not None
    if opener in ("im", "i am"):
        return " " in name and len(heard.words) - end <= 2
    return True


def _place_name(heard: Utterance) -> str | None:
    """ "The mueller job", "at the hendersons"."""
    for match in _PLACE.finditer(heard.flat):
        i = _index_at(heard, match.end())
        name, end = _name_at(heard, i)
        if (
            name is not None
            and end < len(heard.words)
            and heard.plain[end] in _PLACE_WORDS
            and not _NEVER_PLACES & set(name.split())
        ):
            return name
    family = _FAMILY.search(heard.flat)
    if family is None:
        return None
    name, _ = _name_at(heard, len(heard.words) - 1)
    return None if name is None or name in _NEVER_PLACES else name.removesuffix("s")


_DESKS = {
    "en": re.compile(
        r" (?P<desk>dispatch(?:er|ers)?|super ?visor|manager|the boss|billing department|billing|accounting"
        r"|accounts|sales|scheduling|scheduler|warehouse|parts (?:department|desk|counter)|customer (?:service"
        r"|care|support)"
        r"|tech(?:nical)? support|service (?:department|manager|desk)|the office|front desk|office|foreman"
        r"|lead tech(?:nician)?|(?:the |my |a )?technician|on ?call (?:tech(?:nician)?|manager|person)"
        r"|warranty department|claims|human resources|the owner|owner)\b"
    ),
    "es": re.compile(
        r" (?P<desk>despacho|despachador[a]?|supervisor[a]?|gerente|jefe|jefa|encargad[oa]|facturacion"
        r"|contabilidad|ventas|almacen|bodega|oficina|atencion al cliente|servicio al cliente|soporte tecnico"
        r"|soporte|recepcion|cobranza|garantias|programacion|central"
        r"|tecnico|dueno)\b"
    ),
}
_WANTS = {
    "en": re.compile(
        r" (?:talk|speak|transfer|connect|put|patch|get|reach|call|need|want|give|hand|send|through|switch|over"
        r"|to|let|have|ask|page|is there|hold for) "
    ),
    "es": re.compile(
        r" (?:hablar|hable|pasar|paseme|pasame|pase|comunicar|comuniqueme|comunicame|comuniquenme|comunique"
        r"|conectar|conecteme|transferir|transfierame|transfieran|transfiera|quiero|necesito|llamar|ponga"
        r"|pongame|contactar|con|dame|deme) "
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
        r" (?P<topic>billing|bill|invoice|charges?|charged|overcharged|refund|payment plan|payments?|autopay"
        r"|receipt|warranty|guarantee|prices?|pricing|quote|estimate|rates?|cost|contract|membership"
        r"|maintenance plan|service plan|financing"
        r"|discount|rebate|deposit|account balance|balance|statement|insurance|complaint|credit|hours"
        r"|opening hours|business hours|permit|license|service area|careers?|job opening)\b"
    ),
    "es": re.compile(
        r" (?P<topic>facturacion|factura|recibo|cobro|cobraron|cargos?|reembolso|devolucion|pagos?"
        r"|plan de pagos|garantia|precios?|cotizacion|presupuesto|estimado|tarifas?|costo|contrato|membresia"
        r"|plan de mantenimiento|financiamiento"
        r"|descuento|deposito|saldo|estado de cuenta|cuenta|seguro|queja|credito|horario|horarios|permiso)\b"
    ),
}
_BILLING = dict.fromkeys(("bill", "charge", "charges", "charged", "overcharged"), "billing") | {
    "cobraron": "facturación", "cargo": "facturación", "cargos": "facturación", "cobro": "facturación",
    "facturacion": "facturación",
}  # fmt: skip


def topic(heard: Utterance, lang: Lang) -> str | None:
    """What a general question is about: "billing" for bills and charges, else the caller's own word ("warranty")."""
    match = _TOPICS[lang].search(heard.flat)
    if match is None:
        return None
    said = heard.said(*heard.span(*match.span("topic")))
    return _BILLING.get(match["topic"], said)
