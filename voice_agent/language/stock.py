"""Which part a caller asks for, and in whose stock: "do we have a blower belt on the truck"."""

from __future__ import annotations

import re
from collections.abc import Container

from voice_agent.language.numbers import Lang
from voice_agent.language.part_names import ADJECTIVES, count, measured, part_name, singular
from voice_agent.language.utterance import Utterance

_ASKED = {
    "en": re.compile(
        r" (?:any(?! chance| luck| way| idea| word| news| reason| of)|(?:weve|ive|theyve) got|i could use"
        r"|what do we have for|availability of|check (?:the|my|your) \w+ for|wheres|where is|where are|(?:do"
        r"|does|did|would) (?:i|we|you|they|the \w+|anyone|anybody|jake|he|she) (?:still |happen to |even "
        r"|already )*(?:have|got|carry|stock|need)|have (?:we|you|i|they)(?: got)?"
        r"|is there|are there|there is|there are|how many|need(?: to (?:get|order|borrow|find|request|grab"
        r"|pick up))?|looking for|look for|check (?:for|on|if there is|if we have|the stock (?:on|of|for)"
        r"|stock (?:on|of|for)|"
        r"whether we have)|find(?: me| out)?|got|gimme|give me|get me|get|order(?: me)?|running (?:low"
        r"|out) (?:on|of)|out of|transfer(?: of| me)?|borrow|send me|have|has|want|request(?: of)?|bring me"
        r"|pick up|grab|where can i (?:get|find)|who has|anybody got) "
        r"(?=(?:any|a|an|the|another|some|more|\w+) )"
    ),
    "es": re.compile(
        r" (?:hay|tengo|tenemos|tienen|tiene|tendran|tendra|habra|queda|quedan|cuant[oa]s|necesito|necesitamos"
        r"|ocupo|busco|buscando|me falta|me faltan|hace falta|pedir|pido|pedirte|quiero|transferir"
        r"|transferencia de|traspasar|traspaso de"
        r"|conseguir|consigo|mandar|mandame|manden|mandenme|enviar|enviame|traigan|traiganme|prestar"
        r"|existencia de|existencias de|inventario de|puedo (?:recoger|encontrar)|encuentro|quien tiene) "
    ),
}
_ASK_OPENERS = {
    "en": frozenset(
        "borrow find grab pick up use order request transfer that this any a an the those these another some more "
        "one my our extra spare of new me us to get order".split()
    ),
    "es": frozenset(
        "algun alguna algunos algunas un una unos unas el la los las otro otra otros otras mas de alguno "
        "disponible disponibles "
        "todavia aun mi a me en existencia pedir que transferir conseguir recoger traer tenemos "
        "transfieran traigan manden envien pasen presten".split()
    ),
}
_STOCKED = {
    "en": re.compile(
        r" (?:in stock|availability|on (?:the|my) (?:truck|van)|available|at the warehouse|in the warehouse|left)\b"
    ),
    "es": re.compile(r" (?:en existencia|en el almacen|en la bodega|en la camioneta|en el camion|disponible)"),
}


_QUESTION = {
    "en": re.compile(
        r" (?:looking for|do (?:we|you|i|they) (?:still )?(?:have|carry|stock)|does \w+ have|is there|are there"
        r"|theres|how many|i need|need an?"
        r"|need to order|where (?:can|would|do) i|in stock|any chance|who has|whos got|can i (?:get|have"
        r"|borrow)|send me|transfer|check"
        r"|who \w+ have|what about an?) "
    ),
    "es": re.compile(
        r" (?:busco|buscando|necesito|ocupo|hay|habra|tienen|tiene|tenemos|tengo|quien (?:tiene|trae)"
        r"|cuant[oa]s|donde (?:consigo|hay|puedo)"
        r"|mandame|mandeme|mande|manden|traigan|me falta|me hace falta|pide|pideme|transferir) "
    ),
}


def asks(heard: Utterance, lang: Lang) -> bool:
    """The sentence plainly asks for a part."""
    return _QUESTION[lang].search(heard.flat) is not None


def asked_part(heard: Utterance, lang: Lang, taken: Container[int]) -> str | None:
    """The part a caller asks for ("do we have a blower belt on the truck"), else None."""
    best: str | None = None
    for match in _ASKED[lang].finditer(heard.flat):
        i = heard.span(match.start(), match.end())[1]
        if lang == "en" and re.search(r" (?:dont|do not|didnt|not|already) $", heard.flat[: match.start() + 1]):
            continue
        best = _named_from(heard, i, lang, taken) or best
        if best is not None and lang == "en" and not match[0].strip().startswith(("have", "get", "got", "has")):
            break
        if best is not None and lang == "es":
            break
    return best or _announced(heard, lang, taken)


def _announced(heard: Utterance, lang: Lang, taken: Container[int]) -> str | None:
    """A part named outright: "flame sensor availability", "two contactors to my truck"."""
    for i in range(len(heard.words)):
        counted = count(heard.plain, i, lang)
        if counted is not None:
            name, _ = part_name(heard, counted[1], lang, taken, qty=2)
            if name:
                return singular(name, lang)
    name, end = part_name(heard, 0, lang, taken, qty=2)
    stocked = end < len(heard.words) and _STOCKED[lang].match(heard.after(end))
    return singular(name, lang) if name and stocked else None


def _named_from(heard: Utterance, i: int, lang: Lang, taken: Container[int]) -> str | None:
    words = heard.plain
    qty = 1.0
    while i < len(words) and i not in taken:
        counted = count(words, i, lang)
        if counted is not None and counted[1] < len(words) and not measured(words, i, counted[1], lang):
            qty, i = counted
        elif words[i] in _ASK_OPENERS[lang] or words[i] in ADJECTIVES:
            qty = 2 if words[i] in ("any", "some", "more", "algunos", "algunas", "unos", "unas", "the") else qty
            i += 1
        else:
            break
    name, _ = part_name(heard, i, lang, taken, qty=qty)
    if not name:
        return None
    name = re.split(r" (?:left|available|stock|disponibles?|quedan?)\b", name)[0]
    return singular(name, lang)


_TRUCK = {
    "en": r"truck|van|vehicle|rig",
    "es": r"camioneta|camion|furgoneta|van|troca|vehiculo|unidad|camion cito|furgon",
}
_WAREHOUSE = {
    "en": r"warehouse|ware house|depot|stock ?room|main stock|central stock",
    "es": r"almacen|bodega|deposito|central",
}
_PLACE = {
    lang: re.compile(
        rf" (?:{preps}) (?:(?:{owners}) )?(?:(?P<truck>{_TRUCK[lang]})|(?P<warehouse>{_WAREHOUSE[lang]})"
        rf"|(?P<other>{other}))\b"
    )
    for lang, preps, owners, other in (
        (
            "en",
            "check|does|the|if the|on|in|off|off of|from|at|aboard|inside|out of|to",
            r"my|the|your|his|her|our|this|main|any|another|\w+s",
            "shop",
        ),
        (
            "es",
            "revise|revisa|checa|cheque|el|la|en|de|del|desde|a|al",
            "mi|la|el|su|nuestra|nuestro|tu",
            "taller|tienda",
        ),
    )
}


def place(heard: Utterance, lang: Lang) -> str | None:
    """ "truck", "warehouse" or another stock place by its own name; where parts come from wins over where they go."""
    found: list[tuple[bool, str]] = []
    for match in _PLACE[lang].finditer(heard.flat):
        name = "truck" if match["truck"] else "warehouse" if match["warehouse"] else match["other"]
        found.append((match[0].startswith((" to ", " a ", " al ")), name))
    return min(found, key=lambda entry: entry[0])[1] if found else None
