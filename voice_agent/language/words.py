"""What a recogniser wrote, brought into one form: lower case, no accents, no fillers, key nouns spelt as meant.

Recognisers on telephone audio split and swap the very nouns triage depends on ("carbon mono oxide", "gaz", "smell of
guess"). Repairs here are only those where the neighbouring words leave no doubt.
"""

from __future__ import annotations

import re
import unicodedata

FILLERS = frozenset("um umm uh uhh uhm er erm err hmm hm mm mmm eh ehh ah ahh em emm ehm".split())

_REPAIRS: tuple[tuple[str, str], ...] = (
    (
        r"\b(?:car ?bon|carbone|carburn|karbon|cardboard) mon(?:o|a|oh|no)? ?(?:x|ox|ax|ux)[a-z]*(?: ?ide)?\b",
        "carbon monoxide",
    ),
    (
        r"\bcarbon (?:mono|mon oxide|manoxide|monarch side|dioxide) (?=alarm|detector|monitor|sensor)",
        "carbon monoxide ",
    ),
    (r"\bmono ?(?:oxide|oxyde|xide|oxite|ox side|oxid)s?\b", "monoxide"),
    (r"\bmon[oa] ?[xs]id[oa]s?\b|\bmono oxido\b|\bmon oxido\b", "monoxido"),
    (
        r"\b(?:c o|c\.o\.?|see oh?|seo|cee oh|ceo|sea oh) "
        r"(?=alarm|detector|monitor|sensor|poison|leak|level|reading|is high)",
        "co ",
    ),
    (r"\b(alarma|detector|sensor) de (?:ce o|c o|seo)\b", r"\1 de co"),
    (r"\b(?:gaz|gass|gahs|gasss|gaas|gazz)\b", "gas"),
    (
        r"\b(smell(?:s|ing|ed)?(?: like| of| some| a lot of| strong)?|odou?r of|leaking|natural) "
        r"(?:guess|gus|guys|gaps|grass gas|cast)\b",
        r"\1 gas",
    ),
    (r"\b(?:guess|gus|guys|gap) (?=leak|line|smell|odou?r|meter|valve|company)", "gas "),
    (
        r"\b(huele|oliendo|olor|fuga|escape)( mucho| fuerte)?( a| de)? (?:gasto|gaste|gafas|gasa|gato|caz|ga|das)\b",
        r"\1\2\3 gas",
    ),
    (r"\b(i|please is) gas$", r"\1 guess"),
    (r"\bflames? (?:censors?|sense|sens|cents|center|sensing)\b", "flame sensor"),
    (r"\b(?:pro pain|pro pane|propain|pro-pane|propaine)\b", "propane"),
    (r"\b(?:rotting|rotton|rotan|rod and|rot an|written) eggs?\b", "rotten egg"),
    (r"\b(?:smok|smoak|smoke's|smokes)\b", "smoke"),
    (r"\bsmocks? (?=coming|in|from|out|everywhere|all|is|and|inside|pouring|filling|rising|alarm|detector)", "smoke "),
    (r"\b((?:smell(?:ing|ed)?|see(?:ing)?|got|black|thick|white|grey|gray)(?: some| the)?) smocks?\b", r"\1 smoke"),
    (r"\b(?:spark in|sparkin|sparkling) (?=from|at|out|inside|in the (?:panel|wall|outlet|box))", "sparking "),
    (r"\b(?:out let|outlit)\b", "outlet"),
    (r"\b(?:ele vator|elevater|elevate her|elivator)\b", "elevator"),
    (r"\b(?:el evador|elebador)\b", "elevador"),
    (r"\b(?:acensor|ascensora|asensor)\b", "ascensor"),
    (r"\b(?:electric|elected|electra) (?:cuted|cuting|kuted)\b|\belectricuted\b", "electrocuted"),
    (r"\b(?:on conscious|un conscious|unconcious|an conscious)\b", "unconscious"),
    (r"\b(?:brake|braker|breaking) (?=box|panel|tripp?)", "breaker "),
    (r"\b(?:furnish|furnest|furnas) (?=is|isnt|went|wont|quit|out|not|room|stopped|filter)", "furnace "),
    (r"\b(the|my|our|his|her|their) (?:furnish|furnest|furnas|furness)\b", r"\1 furnace"),
    (r"\b(?:sue ?age|sewidge|suage|sewerage)\b", "sewage"),
    (r"\b(?:sumo|umo|jumo) (?=en|de|sale|saliendo|negro|por)", "humo "),
    (r"\b(sale|saliendo|hay|veo|mucho) (?:umo|jumo|sumo)\b", r"\1 humo"),
)
_COMPILED = tuple((re.compile(pattern), replacement) for pattern, replacement in _REPAIRS)
# A cheap gate: only sentences with a fragment of a mangled noun pay for the repairs.
_SUSPECT = re.compile(
    r"mono|mon |mono|c o|see o|seo|cee|ceo|sea oh|\bga[zsahp]|gu[eysi]|cast|gasto|gaf|gato|\bda?s\b|caz"
    r"|pro ?p|rot|rod an|written|smo|spark|out ?l|el[ei]|acens|asens|ascensora|tricut|elect|conc|consc|br(?:ake|eaking)"
    r"|flame|furn|sue ?a|sew|suage|umo"
)

_STRIP = str.maketrans({"'": "", "’": "", "`": "", "´": ""})
_WORD = re.compile(r"[a-z]+|[0-9]+")


def plain(text: str) -> str:
    """Lower case without accents or apostrophes: "Aquí, there's" -> "aqui, theres". Same idea of length per word."""
    lowered = text.lower().translate(_STRIP)
    if lowered.isascii():
        return lowered
    return "".join(ch for ch in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(ch))


def heard_words(text: str) -> list[str]:
    """The words of a sentence after repair, without fillers and without a word stuttered twice."""
    flat = " ".join(_WORD.findall(plain(text)))
    if _SUSPECT.search(flat):
        for pattern, replacement in _COMPILED:
            flat = pattern.sub(replacement, flat)
    words: list[str] = []
    said = flat.split()
    for at, word in enumerate(said):
        if word in _SLIPS and _counts(said, at):
            word = _SLIPS[word]
        if word in FILLERS or (words and word == words[-1] and not word.isdigit() and word not in _MAY_REPEAT):
            continue
        words.append(word)
    return words


_NUMBERS = frozenset(
    "one two three four five six seven eight nine ten oh zero double triple hundred eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety "
    "uno dos tres cuatro cinco seis siete ocho nueve diez cero doble mil once doce trece catorce quince veinte "
    "treinta cuarenta cincuenta sesenta setenta ochenta noventa".split()
)
_SLIPS = {"humo": "uno", "umo": "uno", "tos": "dos", "fire": "five"}
"""What a digit is heard as on a bad line, and would be a danger anywhere but among digits."""


def _counts(said: list[str], at: int) -> bool:
    """Whether the word stands where a digit stands: behind a digit or a letter, and before digits or at the end."""
    return at > 0 and _number(said[at - 1]) and (at + 1 == len(said) or any(map(_number, said[at + 1 : at + 3])))


def _number(word: str) -> bool:
    return word.isdigit() or word in _NUMBERS or (len(word) == 1 and word in "bcdfghjklmnpqrstvwxz")


_MAY_REPEAT = frozenset(
    "one two three four five six seven eight nine oh zero o "
    "uno dos tres cuatro cinco seis siete ocho nueve cero".split()
)
