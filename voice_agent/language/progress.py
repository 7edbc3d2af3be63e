"""What a technician says about the job: its status, what stands in the way, and how many minutes are left.

A status is only read from words that claim it. Whatever is denied, almost, conditional, future, asked or wished for is
never `completed`: a job closed by mistake bills a customer for work not done.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass

from voice_agent.language.identifiers import CORRECTION
from voice_agent.language.numbers import Lang, amount, fraction_tail, plain_value
from voice_agent.language.utterance import Utterance


@dataclass(frozen=True, slots=True)
class Claim:
    """A status somebody may have claimed, by its place in the flat sentence."""

    status: str
    start: int
    end: int


_CLAIMS: dict[str, tuple[tuple[str, str], ...]] = {
    "en": (
        ("cannot_complete",
         r"(?:cant|cannot|can not|couldnt|could not|unable to|not able to|wont be able to|will not be able to|not gonna be able to|not going to be able to"
         r"|wasnt able to|was not able to|arent able to|am not able to|no way to|impossible to|had to leave without)(?: \w+)? (?:complete|completing|finish|finishing|do|fix|get (?:it|this|that|the \w+) done"
         r"|get (?:in|inside|into|access|to the)|gain access|access|repair|wrap|start|reach|perform|proceed|continue|make|close)\b"
         r"|(?:cant|cannot|can not|couldnt|could not) be (?:completed|finished|done|fixed|repaired)"
         r"|(?:wont|wouldnt|didnt|not|refuse[sd]?(?: to)?|wont even) let(?:ting)? (?:me|us) (?:in|inside|up|work|through)|no access|nobody(?:s| is| was)? (?:home|here|there|answering)|no ?ones? (?:is |was )?(?:home|here|there|answering)|no one answered|nobody answered|customer(?:s| is| was)?(?: not| isnt| wasnt) (?:home|here|there)"
         r"|incomplete|cant complete|no can do|not completable|customer (?:refused|sent me away|turned me away)"
         r"|(?:have|need|needs|gonna have|going to have|will have) (?:to )?(?:a )?(?:come back|return visit|return trip|reschedule this)"),
        ("completed",
         r"all done|all set|all finished|all wrapped up|all buttoned up|all good here|done and dusted|done deal|done|finished|completed|complete|clos(?:e|ed|ing)(?: out)?(?= (?:work|order|job|ticket|xx+)\b)|wrapped(?: it| this| that)?(?: all)? up|wrapped"
         r"|buttoned(?: it)? up|closed(?: it)? out|finish(?:ed)? up|finished up|good to go|knocked (?:it |that |this )?out|job complete|thats a wrap|taken care of|fixed|up and running"
         r"|close (?:it|this one|that one|out|the job|that job|this job)(?: out)?"),
        ("paused",
         r"paused|pausing|pause|on hold|on a break|taking (?:a|my) (?:lunch|break|quick break)|going (?:to|on) lunch|at lunch|on lunch|(?:break|breaking|stopping|stopped|stop) for (?:lunch|the day|now|today|tonight|a (?:bit|while|break|minute))"
         r"|waiting (?:on|for) (?:a |the |some |more )?(?:parts?|approval|delivery|customer|permit|supply|inspector)|put(?:ting)? (?:it|this|that|the job|this one|this job|that job)(?: \w+){0,3} on hold|stepping away|held up waiting|stopped work"),
        ("in_progress",
         r"in progress|underway|under way|(?:im |i am |we are |were |is |are |now |still |currently |just |already |be )?(?:working on|working (?:it|away)|work on it)|still working|getting started|get started|got started|just started|started(?: on| the| it| working| work)?"
         r"|starting(?: on| the| it| work| now| up)?|begun|beginning|began|resuming|resumed|back (?:at it|on it|to work|on the job)|in the middle of|halfway|half way|mid ?job|on it now|still at it|digging in|diving in|tearing into"
         r"|almost (?:done|finished|complete|there|wrapped)|nearly (?:done|finished|complete|there)|(?:about|just about|bout) (?:done|finished|complete|wrapped up)|(?:not|isnt|arent|havent|hasnt|havent gotten|aint|am not|im not)(?: \w+){0,2} (?:done|finished|complete|completed)(?: \w+){0,2} yet"
         r"|not yet (?:done|finished|complete)|not quite (?:done|finished|complete)|half done|half finished|wrapping(?: it| this| things)? up|finishing(?: it| this| things)? up|still (?:not|isnt|havent|hasnt)(?: \w+){0,2} (?:done|finished|complete|completed)|still going|partly done|partially (?:done|complete)"),
        ("on_site",
         r"on ?site|on location|on the (?:site|property|premises)|on scene|arrived|arriving now|just arrived|got here|got there|im here|i am here|were here|we are here|just here|here now|here at|pulled (?:up|in)|pulling (?:up|in|into)"
         r"|(?:im|i am|were|we are|just got|got|made it|now) (?:at|to) (?:the|their|my|his|her|mr|mrs|customers?|job)(?: \w+){0,3}|made it|at the (?:door|house|site|property|customers?|customers place|customer site|location|address|job|place|front door|gate)|parked (?:out ?front|outside)|checked in|checking in at|standing (?:outside|in front|at the)"),
        ("en_route",
         r"en ?route|in route|on route|n route|on root|on (?:my|our) way|on the way|omw|heading (?:to|over|out|there|that way|that direction|your way|toward|towards|for)|headed (?:to|over|out|there|that way|toward|towards|for)|driving (?:to|over|there|out|now)|rolling(?: to| out| now)?|leaving (?:now|for|the shop|here|the warehouse)|just left"
         r"|going (?:to|over to) (?:the )?(?:next|job|customer|site|work order|ticket)|in transit|travell?ing(?: to| now| there)?|hitting the road|on the road|dispatched myself|coming from"),
    ),
    "es": (
        ("cannot_complete",
         r"no (?:\w+ )?(?:puedo|pude|podemos|pudimos|se puede|se pudo|se va a poder|voy a poder|logre|logramos|alcance a|he podido|pudo)(?: \w+){0,2} (?:terminar\w*|completar\w*|acabar\w*|hacer\w*|entrar|reparar\w*|arreglar\w*|acceder|continuar|seguir|realizar\w*|finalizar\w*|empezar\w*|instalar\w*|cerrar\w*)"
         r"|(?:imposible|incapaz de) (?:terminar\w*|completar\w*|acabar\w*|hacer\w*|entrar|reparar\w*)|no (?:hay|habia) (?:nadie|acceso)|nadie (?:esta|contesta|abre|abrio|contesto|en casa|me abre)|no (?:abren|me abren|contestan|me dejan (?:entrar|pasar)|me dejaron (?:entrar|pasar)|esta el cliente|se encuentra(?: \w+){0,2})"
         r"|(?:el )?cliente no (?:esta|estaba|se encuentra|abre|abrio|contesta)|sin acceso|incompleto|incompleta|inconcluso|(?:tengo|tendre|tenemos|hay) que (?:volver|regresar)|no tengo acceso|no pude|no puedo con|no se pudo|queda pendiente|quedo pendiente"),
        ("completed",
         r"termine|terminamos|terminado|terminada|terminados|ya termino|he terminado|acabe|acabamos|acabado|acabada|complete|completamos|completado|completada|completo|completa|finalice|finalizado|finalizada|finalizamos|listo|lista|concluido|concluida|conclui|hecho|hecha|quedo listo"
         r"|quedo|cerrad[oa]|cerrar(?:lo|la)?|cerre|cerramos|cierro|cierra(?:lo|la)?|cierre(?:lo|la)?|arreglado|arreglada|reparado|reparada|resuelto|resuelta|ya esta(?! (?:en|aqui|por|casi))|todo bien con el trabajo"),
        ("paused",
         r"pausad[oa]|en pausa|pausa|pausar\w*|pause|detenid[oa]|en espera|en espera de|almorzando|a almorzar|a comer|comiendo|(?:tomando|tomar|tomo) (?:un|mi) (?:descanso|almuerzo|break)|descanso|esperando (?:la |el |una |un |las |los |unas |unos |por )?(?:piezas?|partes?|repuestos?|aprobacion|material(?:es)?|al cliente|entrega|permiso)|suspendid[oa]|parad[oa] por"),
        ("in_progress",
         r"en progreso|en proceso|en curso|trabajando(?: en)?|empece|empezamos|empezando|empiezo|comence|comenzamos|comenzando|comienzo|inicie|iniciando|inicio|arrancando|arranque|retomando|retome|reanud\w+|de vuelta en el trabajo|sigo (?:con|en|trabajando|aqui|dandole)|seguimos (?:con|en|trabajando)|a la mitad|a medias|todavia (?:ando|estoy) (?:con|en)|manos a la obra"
         r"|casi (?:termino|terminamos|terminado|terminada|acabo|acabado|acabada|listo|lista|completo|completa|esta|hecho|hecha|termine|acabe)|ya casi|ya merito(?: \w+)?|por terminar|a punto de (?:terminar|acabar|completar|finalizar)|terminando|acabando|me falta(?: \w+){0,2} (?:terminar|acabar|poco)|falta poco|me falta poco"
         r"|(?:todavia|aun) no(?: \w+){0,3} (?:termino|terminado|terminada|acabo|acabado|completado|completo|listo|lista|termine|acabe|completa|hecho|terminamos|completada|acabada|complete)|no(?: \w+){0,3} (?:terminado|terminada|listo|lista|acabado|completado|completada|completo|termine|acabe|termino|hecho)(?: \w+){0,2} (?:todavia|aun)"),
        ("on_site",
         r"en (?:el )?sitio|en el lugar|en la (?:propiedad|casa|direccion|ubicacion|obra)|en el (?:domicilio|edificio|trabajo|local)|llegue|llegamos|he llegado|acabo de llegar|acabamos de llegar|(?:ya |pues )?(?:estoy|ando|estamos|toy) (?:aqui|aca|ahi|en (?:la casa|casa|el|donde)|con el cliente|afuera|frente)(?: \w+){0,2}|aqui estoy|ya aqui|llegando ahorita|estacionad[oa] (?:afuera|enfrente)"),
        ("en_route",
         r"en camino|en ruta|(?:voy|vamos|iendo|ando) (?:para|hacia|a la|al|a casa|a su|con el cliente|en camino|rumbo|de camino|saliendo|llegando)(?: (?:alla|la|el|casa))?|de camino|camino a|rumbo a|manejando(?: a| hacia| para)?|saliendo(?: para| hacia| ahora| a| ahorita| del)?|salgo(?: para| hacia| ahora| a)?|ya sali|conduciendo|dirigiendome|me dirijo|ya voy|en trayecto|me encamino"),
    ),
}  # fmt: skip
_PATTERNS = {
    lang: tuple((status, re.compile(rf"(?<= )(?:{pattern})(?= )")) for status, pattern in table)
    for lang, table in _CLAIMS.items()
}
_RANK = ("cannot_complete", "completed", "paused", "in_progress", "on_site", "en_route")

# Before a claim, in its own clause: it is not claimed.
_DENIES = {
    "en": r"not|isnt|aint|arent|wasnt|werent|havent|hasnt|hadnt|didnt|dont|doesnt|never|cant|cannot|couldnt|wont|wouldnt|shouldnt|without|nothings?|nowhere|neither|nor|hardly|barely"
    r"|almost|nearly|about|bout|half|partly|partially|mostly|as good as|pretty much|basically|far from|close to|if|once|when|whenever|until|till|unless|before|after i|as soon as|will|ill|well be|itll|shell|hell|gonna|going to|gotta|got to|should|would|wouldve|couldve"
    r"|shouldve|could|might|may|id|wed|hope|hoping|hopefully|wish|want|wanna|wanted|need|needs|needed|try|trying|tried|supposed|wait for|expect|expecting|plan|planning|to be|to get|to|doubt|is it|is that|is he|is she|was it|are you|are they|did he|did she|did they|did you|has he|has she|have they|have you|is the|is my|is this|was the|anything but|instead of"
    r"|says|said hes|told|claims|thought|almost there|unable|refused|failed|less than|isnt even|no where near|yet to|than|hardly|rarely|have to|has to|havin?g to|got half|whos|why|what|how|tell me when|let me know when|call me when",
    "es": r"no|ni|nunca|jamas|sin|nada|nadie|tampoco|casi|por|medio|media|a medias|a punto de|si|cuando|hasta|antes de|apenas|en cuanto|una vez que|tan pronto|va a|voy a|vamos a|van a|ir a|estara|estaria|estuviera|habria|hubiera|debe|deberia|podria|puede|quiero|quisiera|necesito|falta|faltan|faltaria|tengo que|tiene que|hay que|trato de|tratando|intento|intentando"
    r"|ojala|espero|esperando|para|dudo|creia|pensaba|dijo|dice|lejos de|que este|que quede|quedara|todavia|aun|mitad|esta seguro|ya estara|dime cuando|avisame cuando|en vez de|menos",
}
_BREAKS = {
    "en": r"but|and|so|because|cause|cuz|now its|however|though|anyway|then|plus|actually its|ok|okay|yeah|yes|yep|already|finally|instead",
    "es": r"pero|porque|asi que|entonces|ahora si|ahora|ya|si|sin embargo|finalmente|por fin|pues|bueno|y",
}
_DENY = {lang: re.compile(rf" (?:{words}) ") for lang, words in _DENIES.items()}
_BREAK = {lang: re.compile(rf" (?:{words}) ") for lang, words in _BREAKS.items()}
# "no, it's done": a refusal of something else, then a new clause with its own subject. Not after verbs of saying.
_FRESH = {
    "en": re.compile(r" (?:no|nope|nah|no no|not a problem|no problem|no worries|no sir|no maam) (?:(?:its|it is|im|i am|were|we are|ive|i have|thats|that is|the job is|all|weve|this one is|this is|everythings|everything is|that ones|this ones|job|just|i just) )(?:(?:all|already|just|now|actually|been) )*$"),
    "es": re.compile(r" no (?:(?:esta|estoy|estamos|quedo|he|hemos) )?(?:ya|si)(?: (?:esta|estoy|lo|la|quedo|he|todo))* $"),
}  # fmt: skip
_SAYING = re.compile(
    r" (?:think|thinking|believe|say|saying|sure|know|guess|call|mark|tell|creo|crees|digo|diria|seguro|sabia|pienso|parece) "
)
_DENIED_AFTER = {
    "en": re.compile(
        r"^ (?:(?:it|yet|at all|by any means|with it|either)(?= |$)|not\b(?! a problem)|no(?: not| i lied| its not| it isnt| it aint| im not| we are not)\b|no $|isnt\b|or not|if (?:i|we|you|it|the|they|he|she)\b|once\b"
        r"|when (?:i|we|the|they|he|she|it)\b|as soon as|in (?:about |like |maybe |another |a |an |half |roughly |the next |just )*(?:\w+ ){1,3}(?:minutes?|mins?|hours?|hour|hr|hrs|bit|while|sec|second|minute)\b|by (?:noon|lunch|tomorrow|tonight|end|the end|\w+ (?:oclock|thirty|fifteen|am|pm))"
        r"|tomorrow|soon|later|yet|except|minus|apart from|besides|other than|with (?:the first|half|part|lunch|one of|the easy)|(?:for|with) (?:the day|today|now|lunch|this guy|you|him|her|these people|them)|eating|talking|waiting|arguing|dealing|driving|messing|i wish|my (?:butt|foot|ass)|yeah right|only|just kidding|psych|would be|forms?|denture|guess)"
    ),
    "es": re.compile(
        r"^ (?:(?:todavia|aun) no|no (?:esta|lo|la|todavia|aun|es|mentira|perdon)\b|no $|si (?:me|tuviera|llega|llegan|no|la|el)\b|cuando\b|en (?:unos |como |media |una |un |cuanto )*(?:\w+ ){0,2}(?:minutos|horas?|rato|ratito|hora)\b|manana|pronto|luego|mas tarde|excepto|menos|salvo|ojala|a medias|solo (?:la mitad|una parte)|por hoy|para (?:las|la|el|manana|irme|salir|empezar|comenzar|arrancar|entrar|el almuerzo)|con el almuerzo|de comer)"
    ),
}
_NOISE_COMPLETED = {
    "en": re.compile(r"(?:get|got|gets|getting|have|has|be|being|were|was|what|whats|havent|can) $"),
    "es": re.compile(r"(?:de|del) $"),
}
_LINE_ENDS_NO = {
    "en": re.compile(r" (?:not|no not yet|not yet) $"),
    "es": re.compile(r" (?:todavia no|aun no|no todavia|no aun) $"),
}
_RELATED = {
    "en": re.compile(
        r" (?:not|never|without|isnt|aint|arent|havent|hasnt|didnt|dont|doesnt|wont|wasnt|cant|not even|no) $"
    ),
    "es": re.compile(r" (?:no|nunca|sin|tampoco|ni)(?: (?:me|lo|la|le|se|he|hemos|esta|estoy|estamos|estaba|ha))* $"),
}


def status(heard: Utterance, lang: Lang, taken: Container[int] = ()) -> str | None:
    """The status the sentence claims for the job, else None; words already `taken` (digits) say nothing about it.

    A claim that corrects an earlier one takes its place; of several the furthest counts.
    """
    flat = heard.without(taken)
    claims: list[Claim] = []
    last_denial = -1
    for name, pattern in _PATTERNS[lang]:
        for match in pattern.finditer(flat):
            if any(c.start <= match.start() and match.end() <= c.end for c in claims if c.status != name):
                continue
            if _claimed(flat, name, match, lang):
                claims.append(Claim(name, match.start(), match.end()))
            elif name == "completed":
                last_denial = max(last_denial, match.start())
    claims = [claim for claim in claims if claim.status != "completed" or claim.start > last_denial]
    if not claims:
        return None
    claims.sort(key=lambda claim: claim.start)
    kept: list[Claim] = []
    for claim in claims:
        if kept and CORRECTION[lang].match(_between(flat, kept[-1], claim)):
            kept.pop()
        kept.append(claim)
    names = {claim.status for claim in kept}
    return next(name for name in _RANK if name in names)


def _between(flat: str, left: Claim, right: Claim) -> str:
    gap = flat[left.end : right.start]
    return re.sub(r" (?:im|i am|its|it is|estoy|esta|voy|we are|were|just|still) $", " ", gap) if gap.strip() else gap


def _claimed(flat: str, name: str, match: re.Match[str], lang: Lang) -> bool:
    before, after = flat[: match.start()], flat[match.end() :]
    if name == "cannot_complete":
        return not re.search(r" (?:if|if theres|hope|what if|si|ojala que) $", before)
    if name != "completed":
        if name == "in_progress" and re.match(
            r"almost|nearly|about|bout|just about|not|isnt|still|casi|ya casi|todavia|aun|no ", match[0]
        ):
            return True
        return _RELATED[lang].search(before) is None and not _hypothetical(before, lang)
    return not denied(before, after, lang)


def _hypothetical(before: str, lang: Lang) -> bool:
    pattern = (
        r" (?:if|when|once|will be|ill be|until|before|should be|supposed to be|is he|is she|are they|is the \w+|is my \w+|is someone|is anybody|will)(?: (?:i|im|i am|you|youre|he|hes|they|theyre|be|get|getting|someone|we|were|the|tech|technician))*"
        if lang == "en"
        else r" (?:si|cuando|hasta que|antes de|deberia|va a|ya viene|esta el tecnico|viene)(?: (?:estoy|este|voy|vaya|esta|estar|yo|el|tecnico|que))*"
    )
    return re.search(pattern + " $", before) is not None


def denied(before: str, after: str, lang: Lang) -> bool:
    """Whether "done" between `before` and `after` is denied, partial, asked, wished, conditional or still to come."""
    after = " " + after.lstrip()
    if _DENIED_AFTER[lang].match(after) or _LINE_ENDS_NO[lang].search(after):
        return True
    if _FRESH[lang].search(before):
        return False
    clause = _own_clause(before, lang)
    if _ORDERED[lang].search(clause):
        return _REFUSED[lang].search(clause) is not None
    window = " " + " ".join(clause.split()[-9:]) + " "
    return _DENY[lang].search(window) is not None or _ASKS[lang].match(clause) is not None


def _own_clause(before: str, lang: Lang) -> str:
    """The clause that ends `before`: what follows its last "but", "and", "so"... unless a verb of saying carries on."""
    last = 0
    while (match := _BREAK[lang].search(before, last)) is not None:
        last = match.end() - 1
    clause = before[last:]
    return before if _SAYING.search(clause) else clause


# "mark it as complete", "change the status to completed": an order to us, not a wish about the world.
_ORDERED = {
    "en": re.compile(
        r" (?:mark|set|put|change|update|switch|log|report|show|flag|list|move|make|call)(?: \w+){0,7}?(?: as| to| to be| in)? $"
    ),
    "es": re.compile(
        r" (?:marcar\w*|marca\w*|marque\w*|pon\w*|cambi\w*|reportar\w*|reporte\w*|registr\w+|actualiz\w+|deja\w*)(?: \w+){0,7}?(?: como| a| en)? $"
    ),
}
_REFUSED = {
    "en": re.compile(
        r" (?:not|dont|didnt|doesnt|never|cant|cannot|couldnt|wont|wouldnt|shouldnt|isnt|no|if|when|once|until|before|unless|almost|nearly"
        r"|why|who|did|has|have|tomorrow|later|tried|trying|hold off) "
    ),
    "es": re.compile(r" (?:no|nunca|ni|sin|si|cuando|hasta|antes|todavia|aun|casi|jamas|por que|quien|manana|luego) "),
}
_ASKS = {
    "en": re.compile(r"^ (?:is|are|was|were|did|has|have|does|will|when|whens|whos|arent|isnt|hasnt|didnt|wasnt) "),
    "es": re.compile(r"^ (?:cuando|acaso|que tan|a que hora) "),
}


_CAUSE = {
    "en": re.compile(
        r" (?:because of|because|cause of|cause|cuz|since|due to|on account of|the reason is|reason is|reason being|the problem is|seeing as|as in) (?P<why>.+)$"
    ),
    "es": re.compile(
        r" (?:porque|por que|debido a que|debido a|ya que|a causa de|la razon es|el motivo es|es que|por culpa de|motivo|por) (?P<why>.+)$"
    ),
}
_OBSTACLE = {
    "en": re.compile(
        r" (?:(?:theres|there is|there was|there are|ive got|we got|theyve got|they have|he has|she has|they got|ive got|we have|i have) (?P<thing>(?:an? |some |no |the )?.+)"
        r"|(?P<state>(?:nobodys?|no ones?|noone|customer|the customer|gates?|the gates?|doors?|the doors?|dog|the dog|dogs|power|the power|access|the access|basement|panel|the panel|waiting (?:on|for)|no access|no power|no key|wrong (?:part|unit)|missing|out of|short)\b.*))$"
    ),
    "es": re.compile(
        r" (?:(?:hay|habia|tienen|tiene|tengo) (?P<thing>.+)|(?P<state>(?:nadie|no hay|el cliente|la puerta|el porton|sin|no tengo|esperando|falta|faltan|el dueno|no esta|el acceso)\b.*))$"
    ),
}
_ARTICLE = re.compile(
    r"^(?:(?:that |que )?(?:theres|there is|there was|there are|there's|hay|habia|había) )?(?:(?:an?|the|some|un|una|el|la|los|las|unos|unas|of) )?"
)
_REASON_END = re.compile(
    r" (?:so|can (?:you|we|i)|could (?:you|we)|please|por favor|asi que|para que|puede|pueden|podemos|on (?:work order|job)|for (?:work order|job)|thanks|thank you|gracias"
    r"|and i (?:need|want|will|cant)|cant|couldnt|i couldnt|i can not|y (?:necesito|quiero|no puedo)|no puedo|no pude|but (?:i|we)|pero|ok|okay|bye|work order|orden de trabajo)\b.*$"
)


def reason(heard: Utterance, lang: Lang, *, obstacle: bool) -> str | None:
    """Why, in the caller's words without the opening article: after "because", or what stands in the way (`obstacle`)."""
    flat = heard.flat.rstrip()
    match = _CAUSE[lang].search(flat)
    span = match.span("why") if match else None
    if match and lang == "es" and match[0].startswith(" por ") and not (obstacle and _por_reason(match["why"])):
        match, span = None, None
    if span is None and obstacle:
        found = _OBSTACLE[lang].search(flat)
        if found:
            span = found.span("thing") if found["thing"] else found.span("state")
    if span is None:
        return None
    first, last = heard.span(*span)
    end = _REASON_END.search(heard.flat[heard.offset(first) - 1 : heard.offset(last)])
    if end:
        last = heard.span(heard.offset(first), heard.offset(first) + max(end.start() - 1, 0))[1]
    words = _ARTICLE.sub("", heard.said(first, last))
    return words.strip() or None


def _por_reason(why: str) -> str | None:
    return None if re.match(r"(?:la (?:manana|tarde|noche)|favor|hoy|ahora|aqui|el momento|telefono)", why) else why


_MINUTE_UNIT = {"en": r"minutes?|mins?|min|minuets?", "es": r"minutos?|minutitos|min"}
_HOUR_UNIT = {"en": r"hours?|hrs?|hr", "es": r"horas?|hrs?"}
_FIXED = {
    "en": (
        (r"(?:an? |one )?hour and (?:a half|a haft|half)", 90), (r"(?:an? |one )?hour and (?:a )?quarter", 75), (r"(?:a )?half (?:an |of an )?hour", 30), (r"half hour", 30),
        (r"three quarters of an hour", 45), (r"(?:a )?quarter (?:of )?an hour|quarter hour", 15), (r"(?:a )?couple(?: of)? hours", 120), (r"(?:a )?couple(?: of| more)? (?:minutes|mins)", 2),
        (r"an hour|one hour|1 hour", 60),
    ),
    "es": (
        (r"(?:una )?hora y media", 90), (r"(?:una )?hora y cuarto", 75), (r"media hora|media horita", 30), (r"tres cuartos de hora", 45), (r"(?:un )?cuarto de hora", 15),
        (r"(?:un )?par de horas", 120), (r"(?:un )?par de minutos", 2), (r"una hora|1 hora|una horita", 60),
    ),
}  # fmt: skip
_FIXED_PATTERNS = {
    lang: tuple((re.compile(rf"(?<= )(?:{pattern})(?= )"), minutes) for pattern, minutes in table)
    for lang, table in _FIXED.items()
}
_UNIT = {
    lang: re.compile(rf"(?<= )(?P<m>{_MINUTE_UNIT[lang]})(?= )|(?<= )(?P<h>{_HOUR_UNIT[lang]})(?= )")
    for lang in ("en", "es")
}
_ELAPSED = {
    "en": (re.compile(r" (?:took|taken|spent|been|waited|waiting|wait|every|last|past|only|lasted|drove|worked|for the last|for the past|lost)(?: (?:me|us|here|for|about|like|over|almost|the|him|them|around|nearly|\w+ing|on|it))* $"),
           re.compile(r"^ (?:ago|earlier|already|of (?:labor|work|drive)|long|before (?:my|the)|notice|on (?:the|this) (?:job|site))\b")),
    "es": (re.compile(r" (?:hace|tardamos|llevo|llevamos|desde hace|cada|durante|espere|esperando|tome|tomo|duro|pase|gaste)(?: (?:como|unos|unas|casi|mas de|ya|aqui|esperando))* $"),
           re.compile(r"^ (?:atras|antes|de trabajo|esperando|aqui|de labor)\b")),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Duration:
    """Minutes from now, and the words that said so."""

    minutes: float
    first: int
    last: int


def minutes_ahead(heard: Utterance, lang: Lang) -> Duration | None:
    """How long until (or how late), from "in half an hour" to "running thirty five minutes behind"; not time already spent."""
    if not _UNIT[lang].search(heard.flat):
        return None
    found = [d for d in _durations(heard, lang) if not _elapsed(heard, d, lang)]
    if not found:
        return None
    merged: list[Duration] = []
    for duration in sorted(found, key=lambda d: d.first):
        if merged and heard.flat[heard.offset(merged[-1].last) - 1 : heard.offset(duration.first)] in (
            " ",
            " and ",
            " y ",
            " con ",
        ):
            merged[-1] = Duration(merged[-1].minutes + duration.minutes, merged[-1].first, duration.last)
        else:
            merged.append(duration)
    return merged[-1]


def _durations(heard: Utterance, lang: Lang) -> list[Duration]:
    found: list[Duration] = []
    for pattern, minutes in _FIXED_PATTERNS[lang]:
        for match in pattern.finditer(heard.flat):
            first, last = heard.span(match.start(), match.end())
            if all(last <= d.first or d.last <= first for d in found):
                found.append(Duration(minutes, first, last))
    for match in _UNIT[lang].finditer(heard.flat):
        at = heard.span(match.start(), match.end())[0]
        if any(d.first <= at < d.last for d in found):
            continue
        number = _number_ending(heard, at, lang)
        if number is None:
            continue
        value, first = number
        last = at + 1
        tail = fraction_tail(heard.plain, last, lang)
        if tail is not None:
            value, last = value + tail[0], tail[1]
        found.append(Duration(value * (60 if match["h"] else 1), first, last))
    return found


def _number_ending(heard: Utterance, end: int, lang: Lang) -> tuple[float, int] | None:
    """The amount whose words end right before `end`, and where it begins."""
    stop = (
        end - 1 if end and heard.plain[end - 1] in ("more", "mas", "or", "additional", "extra", "adicionales") else end
    )
    for first in range(max(stop - 4, 0), stop):
        found = amount(heard.plain, first, lang)
        if found is not None and found[1] == stop:
            return found[0], first
    return None


def _elapsed(heard: Utterance, duration: Duration, lang: Lang) -> bool:
    before, after = _ELAPSED[lang]
    return (
        before.search(heard.before(duration.first)) is not None or after.match(heard.after(duration.last)) is not None
    )


_FROM_THE_ROAD = {
    "en": re.compile(r"^ (?:out|away)\b"),
    "es": re.compile(r" (?:estoy|llego|llegando|voy llegando)(?: ya)? (?:a|en|como en|como a)(?: unos| unas)? $"),
}


def on_the_road(heard: Utterance, duration: Duration, lang: Lang) -> bool:
    """ "Twenty minutes out", "estoy a veinte minutos": said by somebody under way."""
    if lang == "en":
        return _FROM_THE_ROAD["en"].match(heard.after(duration.last)) is not None
    return _FROM_THE_ROAD["es"].search(heard.before(duration.first)) is not None


_LOOSE_AMOUNT = range(5, 241)


def loose_minutes(heard: Utterance, lang: Lang) -> Duration | None:
    """The one bare amount of a sentence that says somebody is late: "running behind, like forty five"."""
    found: list[Duration] = []
    i = 0
    while i < len(heard.words):
        value = amount(heard.plain, i, lang)
        if value is not None:
            found.append(Duration(value[0], i, value[1]))
        i = value[1] if value else i + 1
    return found[0] if len(found) == 1 and found[0].minutes in _LOOSE_AMOUNT else None


def minutes_value(duration: Duration) -> int | float:
    return plain_value(duration.minutes)
