"""Parts and amounts: what was used ("two flame sensors and a gallon of refrigerant"), what is asked for, and where.

Part names stay the caller's words, in the singular, without article; a unit that was spoken stays in front of them as it
was said ("gallons of refrigerant"). Nothing denied ("I didn't need the belt") counts as used.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass

from voice_agent.language.identifiers import CORRECTION
from voice_agent.language.numbers import Lang, amount, fraction_tail, plain_value
from voice_agent.language.utterance import Utterance

_UNITS = {
    "en": frozenset(
        "gallon gallons liter liters litre litres quart quarts pint pints pound pounds lb lbs ounce ounces oz kilo kilos gram "
        "grams foot feet inch inches meter meters metre metres yard yards roll rolls box boxes bag bags can cans bottle bottles "
        "tube tubes pack packs packet packets case cases sheet sheets bucket buckets length lengths spool spools coil coils tank "
        "tanks cylinder cylinders jug jugs stick sticks set sets kit kits section sections piece pieces carton cartons strip strips "
        "tub tubs drum drums bundle bundles".split()
    ),
    "es": frozenset(
        "galon galones litro litros cuarto cuartos libra libras onza onzas kilo kilos gramo gramos pie pies pulgada pulgadas metro "
        "metros yarda yardas rollo rollos caja cajas bolsa bolsas lata latas botella botellas tubo tubos paquete paquetes hoja hojas "
        "cubeta cubetas tanque tanques cilindro cilindros juego juegos pieza piezas tramo tramos carrete carretes bote botes "
        "tira tiras".split()
    ),
}
_STOPS = {
    "en": frozenset(
        "and but on for from at in to with is was were are that which because cause so then plus also today tomorrow yesterday off "
        "out i we it its im ive he she they there the a an my his her our no not sorry please if when while installed used replaced "
        "swapped done finished going had have has into here now just too total each left this need needs needed still or ok okay yes "
        "yeah as by up over under before after during until about thats you do does did dont available anywhere job work order wait "
        "actually i'm complete completed all well only another per right correct make couple dozen pair half of how can could "
        "would should will be been being thanks thank everything its instead anymore left inside around me him them "
        "us another some any around put took used".split()
    ),
    "es": frozenset(
        "y e pero en para por del a al que con sin porque es fue son la el los las un una unos unas mi su ya listo lista hoy manana "
        "ayer tambien use usé utilice puse instale cambie reemplace gaste no si perdon digo o u esta esto ese este mas nada todo "
        "quedo quedaron disponible disponibles orden trabajo cita gracias favor tengo hay tiene tienen necesito cuando donde "
        "como lo le se me nos termine espera solo media medio docena par uno ahi aqui alla desde hasta".split()
    ),
}
_NOT_PARTS = {
    "en": re.compile(
        r"^(?:minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?|times?|oclock|percent|degrees?|people|guys?|visits?|things?|jobs?"
        r"|trips?|photos?|pictures?|stops?|calls?|ones?|units? down|am|pm|dollars?|bucks|questions?|floors?|moments?|seconds?|secs?|bit"
        r"|lot|while|problem|issue|customer|message|work|little|good|great|part|parts|hand|second|break|few|person|human|manager|dispatcher"
        r"|supervisor|text|call|street|avenue|mistake|return visit|return trip|follow)\b"
    ),
    "es": re.compile(
        r"^(?:minutos?|horas?|dias?|semanas?|mes(?:es)?|anos?|veces|vez|por ciento|grados?|personas?|visitas?|cosas?|trabajos?|viajes?|fotos?"
        r"|llamadas?|dolares|preguntas?|momentos?|segundos?|rato|poco|problema|cliente|mensaje|parte|partes|pieza|piezas|supervisor|favor)\b"
    ),
}
_DIMENSION = {
    "en": frozenset(
        "inch foot amp amps ampere volt volts ton microfarad mfd micro farad hp horse watt watts psi gauge by pole gallon ohm pound "
        "stage speed wire port mil".split()
    ),
    "es": frozenset("amperios amperes amps voltios volts pulgadas pulgada microfaradios vatios watts polos".split()),
}
_ADJECTIVES = frozenset(
    "new brand old extra spare more other additional used nuevo nueva nuevos nuevas otro otra otros otras".split()
)

_USED = {
    "en": re.compile(
        r" (?:used|using|installed|install|replaced|put in|put on|put|swapped(?: out| in)?|changed(?: out)?|went through|consumed|took|added|fitted|charged(?: it)? with"
        r"|topped (?:it |off )?(?:off )?with|ended up using|needed|parts (?:used )?(?:were|are|was)|that took|it took|threw in|stuck in|popped in|dropped in) "
    ),
    "es": re.compile(
        r" (?:use|utilice|usamos|utilizamos|instale|instalamos|puse|pusimos|cambie|cambiamos|reemplace|reemplazamos|gaste|gastamos|ocupe|ocupamos|consumi|le puse|le meti"
        r"|coloque|agregue|se usaron|se uso|usando|he usado|se me fueron|lleve|partes? usadas?(?: fueron)?|piezas usadas(?: fueron)?) "
    ),
}
_NOT_USED = {
    "en": re.compile(
        r" (?:didnt|did not|havent|have not|never|dont|do not|wont|not|without|instead of|out of|need|needs|order|waiting (?:on|for)|missing|returned"
        r"|returning|wasnt|will need|going to need|gonna need|need to order|have to order|had to order|rather than|not using|no|out)"
        r"(?: (?:have to|need to|actually|even|end up|really|any|to))*(?: (?:use|using|used|need|install|installed|replace|replaced|get|put in))? $"
    ),
    "es": re.compile(
        r" (?:no|sin|nunca|ni|en vez de|en lugar de|necesito|necesitamos|falta|faltan|falto|hace falta|hacen falta|esperando|me falta|pedir|ocupo|no me)"
        r"(?: (?:he|hemos|tuve que|hubo que|alcance a))?(?: (?:use|usar|usado|utilice|necesite|instale|instalar|cambie|cambiar|puse|poner|reemplace))? $"
    ),
}


@dataclass(frozen=True, slots=True)
class Part:
    """An amount of a part as the caller names it, and the words it covers."""

    name: str
    qty: float
    first: int
    last: int
    head: int
    """Where the name begins (the words before it are amount and article)."""

    def slot(self) -> dict[str, object]:
        return {"part": self.name, "qty": plain_value(self.qty)}


def used_parts(heard: Utterance, lang: Lang, taken: Container[int], *, expected: bool) -> list[Part]:
    """The parts a sentence says were used. Without `expected` only what follows a verb of use counts."""
    region = 0 if expected else _first_use(heard, lang)
    if region is None:
        return []
    found: list[Part] = []
    i = region
    while i < len(heard.words):
        part = _item(heard, i, lang, taken, after_verb=_after_verb(heard, i, lang))
        if part is None:
            i += 1
            continue
        i = part.last
        if _denied(heard, part, found, lang):
            continue
        i = _take(heard, found, part, lang)
    return found


def _first_use(heard: Utterance, lang: Lang) -> int | None:
    match = _USED[lang].search(heard.flat)
    return None if match is None else heard.span(match.start() + 1, match.end() - 1)[1]


def _after_verb(heard: Utterance, i: int, lang: Lang) -> bool:
    before = heard.before(i)
    return any(match.end() == len(before) for match in _USED[lang].finditer(before)) or (
        re.search(r" (?:and|y) $", before) is not None and _USED[lang].search(before) is not None
    )


def _denied(heard: Utterance, part: Part, found: Sequence[Part], lang: Lang) -> bool:
    before = heard.before(part.first)
    if _NOT_USED[lang].search(before):
        return not (
            found and CORRECTION[lang].match(heard.flat[heard.offset(found[-1].last) - 1 : heard.offset(part.first)])
        )
    return False


def _take(heard: Utterance, found: list[Part], part: Part, lang: Lang) -> int:
    """Add a part, or put it in the place of the one it corrects; the index to read on from."""
    if found:
        between = heard.flat[heard.offset(found[-1].last) - 1 : heard.offset(part.first)]
        if CORRECTION[lang].match(between):
            found[-1] = Part(part.name, part.qty, found[-1].first, part.last, part.head)
            return _corrected_tail(heard, found, lang)
    found.append(part)
    return _corrected_tail(heard, found, lang)


_TIMES = {"en": frozenset({"times", "x", "quantity", "qty"}), "es": frozenset({"por", "cantidad"})}


def _corrected_tail(heard: Utterance, found: list[Part], lang: Lang) -> int:
    """What may follow a part: "times two", "two of them", ", no, four", "I mean belts"."""
    part = found[-1]
    words, i = heard.plain, part.last
    if i < len(words) and words[i] in _TIMES[lang]:
        count = amount(words, i + 1, lang)
        if count is not None:
            found[-1] = Part(_singular(part.name, lang), count[0], part.first, count[1], part.head)
            return _corrected_tail(heard, found, lang)
    count = amount(words, i, lang)
    if count is not None and list(words[count[1] : count[1] + 2]) in (["of", "them"], ["de", "ellos"], ["de", "ellas"]):
        found[-1] = Part(_singular(part.name, lang), count[0], part.first, count[1] + 2, part.head)
        return count[1] + 2
    for j in range(i + 1, min(i + 6, len(words)) + 1):
        between = heard.flat[heard.offset(i) - 1 : heard.offset(j)] if j < len(words) else ""
        if j >= len(words) or not CORRECTION[lang].match(between):
            continue
        count = amount(words, j, lang)
        if count is None or _item(heard, j, lang, (), after_verb=False) is not None:
            continue
        found[-1] = Part(part.name, count[0], part.first, count[1], part.head)
        return count[1]
    return part.last


def _item(heard: Utterance, i: int, lang: Lang, taken: Container[int], *, after_verb: bool) -> Part | None:
    if i in taken:
        return None
    counted = _count(heard.plain, i, lang)
    if counted is None and after_verb and heard.plain[i] in ("the", "my", "his", "her", "el", "la", "su"):
        counted = 1.0, i + 1
    if counted is None:
        return _sized(heard, i, lang, taken) if after_verb else None
    qty, j = counted
    counted = _recounted(heard, j, lang)
    if counted is not None:
        qty, j = counted
    name, end = part_name(heard, j, lang, taken, qty=qty)
    if not name:
        return None
    if name.startswith("\0"):  # "a pound and a half of refrigerant"
        return None
    return Part(name, qty, i, end, j)


def _recounted(heard: Utterance, j: int, lang: Lang) -> tuple[float, int] | None:
    """The amount after a slip in the amount: "two, no, three flame sensors"."""
    for k in range(j + 1, min(j + 4, len(heard.words) - 1) + 1):
        if CORRECTION[lang].match(heard.flat[heard.offset(j) - 1 : heard.offset(k)]):
            counted = _count(heard.plain, k, lang)
            if counted is not None:
                return counted
    return None


def _count(words: Sequence[str], i: int, lang: Lang) -> tuple[float, int] | None:
    """An amount with its article and "dozen", "pair", "couple", "half": value and the index of what is counted."""
    spoken = " ".join(words[i : i + 5])
    for pattern, value in _COUNTS[lang]:
        match = pattern.match(spoken + " ")
        if match:
            return value, i + len(match[0].split())
    found = amount(words, i, lang)
    if found is None:
        return None
    value, j = found
    if j < len(words) and words[j] in ("dozen", "docenas", "docena"):
        value, j = value * 12, j + 1
    elif j < len(words) and words[j] in ("pair", "pairs", "pares"):
        value, j = value * 2, j + 1
    if j < len(words) and words[j] == ("of" if lang == "en" else "de"):
        j += 1
    elif lang == "en" and list(words[j : j + 2]) == ["more", "of"]:
        j += 2
    return value, j


def _compiled(table: Sequence[tuple[str, float]]) -> tuple[tuple[re.Pattern[str], float], ...]:
    return tuple((re.compile(rf"(?:{pattern}) "), value) for pattern, value in table)


_COUNTS = {
    "en": _compiled(
        (
            (r"(?:a )?half (?:a )?dozen(?: of)?", 6), (r"a dozen and a half(?: of)?", 18), (r"(?:a|one) dozen(?: of)?", 12),
            (r"(?:a|one) pair of", 2), (r"(?:a )?couple(?: of)?", 2), (r"(?:a )?half of an?", 0.5),
            (r"(?:a )?half (?:an?|of)", 0.5), (r"half", 0.5), (r"a half", 0.5), (r"(?:a )?quarter (?:of )?an?", 0.25),
            (r"three quarters of an?", 0.75), (r"(?:an? additional|a single|just one|only one|one more|another)", 1),
            (r"an?", 1),
        )
    ),
    "es": _compiled(
        (
            (r"media docena(?: de)?", 6), (r"una docena(?: de)?", 12), (r"un par(?: de)?", 2), (r"medi[oa]", 0.5),
            (r"un cuarto de(?= galon| litro| libra| kilo)", 0.25), (r"tres cuartos de", 0.75), (r"otr[oa]", 1),
            (r"uno? solo|una sola", 1), (r"una?", 1),
        )
    ),
}  # fmt: skip


def _sized(heard: Utterance, i: int, lang: Lang, taken: Container[int]) -> Part | None:
    """ "Replaced 20 amp breaker": the number belongs to the name."""
    return None


def part_name(heard: Utterance, i: int, lang: Lang, taken: Container[int], *, qty: float = 1) -> tuple[str, int]:
    """The name of a part at `i`, unit included, and the index after it; "" when there is none."""
    words = heard.plain
    while i < len(words) and words[i] in _ADJECTIVES:
        i += 1
    first, j, unit = i, i, ""
    if i < len(words) and words[i] in _UNITS[lang]:
        tail = fraction_tail(words, i + 1, lang)
        link = tail[1] if tail else i + 1
        if link < len(words) and words[link] == ("of" if lang == "en" else "de"):
            unit, j = heard.said(i, i + 1) + (" of " if lang == "en" else " de "), link + 1
            first = j
            while j < len(words) and words[j] in ("the", "el", "la"):
                first = j = j + 1
        elif (
            lang == "en"
            and i + 1 < len(words)
            and words[i] in ("pounds", "feet", "gallons", "rolls", "boxes")
            and not _stops(heard, i + 1, lang)
        ):
            unit, first, j = heard.said(i, i + 1) + " ", i + 1, i + 1
    while j < len(words) and j not in taken and j - first < 7 and not _stops(heard, j, lang):
        if _new_amount(words, j, lang) and j > first:
            break
        j += 1
    while j > first and words[j - 1] in ("de", "of"):
        j -= 1
    name = heard.said(first, j)
    if (
        not name
        or _NOT_PARTS[lang].match(heard.flat[heard.offset(first) : heard.offset(j)])
        or not _speaks(words[first:j])
    ):
        return "", i
    name = re.sub(r" (?:nuev[oa]s?|viej[oa]s?|us[oa]d[oa]s?)$", "", name)
    if unit:
        return _refrigerant(unit + name), j
    return _refrigerant(_singular(name, lang) if qty != 1 else name), j


def _speaks(words: Sequence[str]) -> bool:
    return any(len(word) > 1 and word.isalpha() for word in words)


def _stops(heard: Utterance, j: int, lang: Lang) -> bool:
    word = heard.plain[j]
    if heard.words[j].pause and j:
        return True
    if lang == "es" and word == "de" and j + 1 < len(heard.plain):
        return heard.plain[j + 1] in ("la", "el", "mi", "los", "las", "su")
    if lang == "en" and word == "by" and j and _is_number(heard.plain, j - 1):
        return False
    return word in _STOPS[lang]


def _is_number(words: Sequence[str], i: int) -> bool:
    return amount(words, i, "en") is not None


def _new_amount(words: Sequence[str], j: int, lang: Lang) -> bool:
    """A number inside a name opens the next part, unless it gives a size: "two twenty amp breakers"."""
    found = amount(words, j, lang)
    if found is None:
        return False
    after = words[found[1]] if found[1] < len(words) else ""
    return after not in _DIMENSION[lang] and words[j - 1] not in ("by", "r", "type", "tipo", "de")


_REFRIGERANT_WORDS = re.compile(
    r"\br (?:(4(?:10|04|07|54)|134|22|32)|(four ten)|(twenty two)|(thirty two))(?: ([abc]))?\b"
)


def _refrigerant(name: str) -> str:
    """ "r 410 a" and "r four ten a" are one name: r410a."""

    def joined(match: re.Match[str]) -> str:
        digits = match[1] or ("410" if match[2] else "22" if match[3] else "32")
        return f"r{digits}{match[4] or ''}"

    return _REFRIGERANT_WORDS.sub(joined, name)


_EN_SAME = frozenset("gas brass glass refrigerant freon pliers gloves press bus compress access chassis lens".split())


def _singular(name: str, lang: Lang) -> str:
    return _singular_en(name) if lang == "en" else _singular_es(name)


def _singular_en(name: str) -> str:
    head, _, last = name.rpartition(" ")
    if last in _EN_SAME and last != "gloves":
        return name
    if last.endswith("ies") and len(last) > 4:
        last = last[:-3] + "y"
    elif last.endswith(("ches", "shes", "xes", "sses", "zes")):
        last = last[:-2]
    elif last.endswith("s") and not last.endswith(("ss", "us", "is")) and len(last) > 3:
        last = last[:-1]
    return f"{head} {last}".strip()


_ES_ENDING = re.compile(r"[aeiouáéíóú][rnldzsy]es$")


def _singular_es(name: str) -> str:
    words = name.split()
    for index, word in enumerate(words):
        if word in ("de", "para", "con"):
            break
        words[index] = _singular_word_es(word)
    return " ".join(words)


def _singular_word_es(word: str) -> str:
    if len(word) < 4 or not word.endswith("s"):
        return word
    if word.endswith("ces"):
        return word[:-3] + "z"
    if word.endswith("ones"):
        return word[:-4] + "ón"
    return word[:-2] if _ES_ENDING.search(word) else word[:-1]


_ASKED = {
    "en": re.compile(
        r" (?:(?:do|does|did|would) (?:i|we|you|they|the \w+|anyone|anybody|jake|he|she) (?:still |happen to |even |already )*(?:have|got|carry|stock|need)|have (?:we|you|i|they)(?: got)?"
        r"|is there|are there|there is|there are|how many|need(?: to (?:get|order|borrow|find|request|grab|pick up))?|looking for|look for|check (?:for|on|if there is|if we have|the stock (?:on|of|for)|stock (?:on|of|for)|"
        r"whether we have)|find(?: me| out)?|got|gimme|give me|get me|get|order(?: me)?|running (?:low|out) (?:on|of)|out of|transfer(?: of| me)?|borrow|send me|have|has|want|request(?: of)?|bring me|pick up|grab|where can i (?:get|find)|who has|anybody got) "
        r"(?=(?:any|a|an|the|another|some|more|\w+) )"
    ),
    "es": re.compile(
        r" (?:hay|tengo|tenemos|tienen|tiene|tendran|tendra|habra|queda|quedan|cuant[oa]s|necesito|necesitamos|ocupo|busco|buscando|me falta|me faltan|hace falta|pedir|pido|pedirte|quiero|transferir|transferencia de|traspasar|traspaso de"
        r"|conseguir|consigo|mandar|mandame|manden|mandenme|enviar|enviame|traigan|traiganme|prestar|existencia de|existencias de|inventario de|puedo (?:recoger|encontrar)|encuentro|quien tiene) "
    ),
}
_ASK_OPENERS = {
    "en": frozenset("any a an the another some more one my our extra spare of new me us to get order".split()),
    "es": frozenset("algun alguna algunos algunas un una unos unas el la los las otro otra otros otras mas de alguno disponible disponibles "
                    "todavia aun mi a me en existencia pedir que".split()),
}  # fmt: skip
_STOCKED = {
    "en": re.compile(r" (?:in stock|on (?:the|my) (?:truck|van)|available|at the warehouse|in the warehouse|left)\b"),
    "es": re.compile(r" (?:en existencia|en el almacen|en la bodega|en la camioneta|en el camion|disponible)"),
}


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
    return best


def _named_from(heard: Utterance, i: int, lang: Lang, taken: Container[int]) -> str | None:
    words = heard.plain
    qty = 1.0
    while i < len(words) and i not in taken:
        counted = _count(words, i, lang)
        if counted is not None and counted[1] < len(words) and words[i] not in ("half",):
            qty, i = counted
        elif words[i] in _ASK_OPENERS[lang] or words[i] in _ADJECTIVES:
            qty = 2 if words[i] in ("any", "some", "more", "algunos", "algunas", "unos", "unas", "the") else qty
            i += 1
        else:
            break
    name, _ = part_name(heard, i, lang, taken, qty=qty)
    if not name:
        return None
    name = re.split(r" (?:left|available|stock|disponibles?|quedan?)\b", name)[0]
    return _singular(name, lang)


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
        rf" (?:{preps}) (?:(?:{owners}) )?(?:(?P<truck>{_TRUCK[lang]})|(?P<warehouse>{_WAREHOUSE[lang]})|(?P<other>{other}))\b"
    )
    for lang, preps, owners, other in (
        (
            "en",
            "on|in|off|off of|from|at|aboard|inside|out of|to",
            r"my|the|your|his|her|our|this|main|any|another|\w+s",
            "shop",
        ),
        ("es", "en|de|del|desde|a|al", "mi|la|el|su|nuestra|nuestro|tu", "taller|tienda"),
    )
}


def place(heard: Utterance, lang: Lang) -> str | None:
    """ "truck", "warehouse" or another stock place by its own name; where parts come from wins over where they go."""
    found: list[tuple[bool, str]] = []
    for match in _PLACE[lang].finditer(heard.flat):
        name = "truck" if match["truck"] else "warehouse" if match["warehouse"] else match["other"]
        found.append((match[0].startswith((" to ", " a ", " al ")), name))
    return min(found, key=lambda entry: entry[0])[1] if found else None
