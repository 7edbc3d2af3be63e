"""The words that claim a status of a job, and the words around them that take the claim back, English and Spanish.

Patterns match flat words between single spaces. They are data: what they mean together is decided in `progress`.
"""

from __future__ import annotations

import re
from functools import cache

_CLAIMS: dict[str, tuple[tuple[str, str], ...]] = {
    "en": (
        ("cannot_complete",
         r"(?:cant|cannot|can not|couldnt|could not|unable to|not able to|wont be able to|will not be able to"
         r"|not gonna be able to|not going to be able to"
         r"|wasnt able to|was not able to|arent able to|am not able to|no way to|impossible to"
         r"|had to leave without)(?: \w+)? (?:complete|completing|finish|finishing|do|fix|get (?:it|this|that"
         r"|the \w+) done"
         r"|get (?:in|inside|into|access|to the)|gain access|access|repair|wrap|start|reach|perform|proceed"
         r"|continue|make|close)\b"
         r"|(?:cant|cannot|can not|couldnt|could not) be (?:completed|finished|done|fixed|repaired)"
         r"|(?:wont|wouldnt|didnt|not|refuse[sd]?(?: to)?|wont even) let(?:ting)? (?:me|us) (?:in|inside|up"
         r"|work|through)|(?:told|asked) (?:me|us) to leave|(?:doesnt|didnt|does not) want (?:it|the work"
         r"|the job|anything)(?: done)?|no access|nobody(?:s| is| was)? (?:home|here|there|answering)"
         r"|no ?ones? (?:is |was )?(?:home|here|there|answering)|no one answered|nobody answered|customer(?:s"
         r"| is| was)?(?: not| isnt| wasnt) (?:home|here|there)"
         r"|incomplete|cant complete|no can do|not completable|customer (?:refused|sent me away|turned me away)"
         r"|(?:have|need|needs|gonna have|going to have|will have) (?:to )?(?:a )?(?:come back|return visit"
         r"|return trip|reschedule this)"),
        ("completed",
         r"all done|all set|all finished|all wrapped up|all buttoned up|all good here|done and dusted|done deal"
         r"|done|finished|completed|complete|clos(?:e|ed|ing)(?: out)?(?= (?:work|order|job|ticket|xx+)\b)"
         r"|wrapped(?: it| this| that)?(?: all)? up|wrapped"
         r"|buttoned(?: it)? up|closed(?: it)? out|finish(?:ed)? up|finished up|good to go|knocked (?:it |that "
         r"|this )?out|job complete|thats a wrap|taken care of|fixed|up and running"
         r"|close (?:it|this one|that one|out|the job|that job|this job)(?: out)?"),
        ("paused",
         r"paused|pausing|pause|on hold|holding(?: off| here| on)?|on a break|taking (?:a|my) (?:lunch|break"
         r"|quick break)|going (?:to|on) lunch|at lunch|on lunch|(?:break|breaking|stopping|stopped"
         r"|stop) for (?:lunch|the day|now|today|tonight|a (?:bit|while|break|minute))"
         r"|waiting (?:on|for) (?:a |the |some |more )?(?:parts?|approval|delivery|customer|permit|supply"
         r"|inspector)|put(?:ting)? (?:it|this|that|the job|this one|this job|that job)(?: \w+){0,3} on hold"
         r"|stepping away|held up waiting|stopped work"),
        ("in_progress",
         r"in progress|underway|under way|(?:im |i am |we are |were |is |are |now |still |currently |just "
         r"|already |be )?(?:working on|working (?:it|away)|work on it)|still working|getting started"
         r"|get started|got started|just started|started(?: on| the| it| working| work)?"
         r"|starting(?: on| the| it| work| now| up)?|begun|beginning|began|resuming|resumed|back (?:at it|on it"
         r"|to work|on the job)|in the middle of|halfway|half way|mid ?job|on it now|still at it|digging in"
         r"|diving in|tearing into"
         r"|almost (?:done|finished|complete|there|wrapped)|nearly (?:done|finished|complete|there)|(?:about"
         r"|just about|bout) (?:done|finished|complete|wrapped up)|(?:not|isnt|arent|havent|hasnt|havent gotten"
         r"|aint|am not|im not)(?: \w+){0,2} (?:done|finished|complete|completed)(?: \w+){0,2} yet"
         r"|not yet (?:done|finished|complete)|not quite (?:done|finished|complete)|half done|half finished"
         r"|wrapping(?: it| this| things)? up|finishing(?: it| this| things)? up|still (?:not|isnt|havent"
         r"|hasnt)(?: \w+){0,2} (?:done|finished|complete|completed)|still going|partly done|partially (?:done"
         r"|complete)"),
        ("on_site",
         r"on ?site|on location|on the (?:site|property|premises)|on scene|arrived|arriving now|just arrived"
         r"|got here|got there|im here|i am here|were here|we are here|just here|here now|here at|walking (?:in"
         r"|up)|pulled (?:up|in)|pulling (?:up|in|into)"
         r"|(?:im|i am|were|we are|just got|got|made it|now) (?:at|to) (?:the|their|my|his|her|mr|mrs"
         r"|customers?|job)(?: \w+){0,3}|made it|at the (?:door|house|site|property|customers?|customers place"
         r"|customer site|location|address|job|place|front door|gate)|parked (?:out ?front|outside)|checked in"
         r"|checking in at|standing (?:outside|in front|at the)"),
        ("en_route",
         r"en ?route|in route|on route|n route|on root|on (?:my|our) way|on the way|omw|heading (?:to|over|out"
         r"|there|that way|that direction|your way|toward|towards|for)|headed (?:to|over|out|there|that way"
         r"|toward|towards|for)|driving (?:to|over|there|out|now)|rolling(?: to| out| now)?|leaving (?:now|for"
         r"|the shop|here|the warehouse)|just left"
         r"|going (?:to|over to) (?:the )?(?:next|job|customer|site|work order|ticket)|in transit"
         r"|travell?ing(?: to| now| there)?|hitting the road|on the road|dispatched myself|coming from"),
    ),
    "es": (
        ("cannot_complete",
         r"no (?:\w+ )?(?:puedo|pude|podemos|pudimos|se puede|se pudo|se va a poder|voy a poder|logre|logramos"
         r"|alcance a|he podido|pudo)(?: \w+){0,2} (?:terminar\w*|completar\w*|acabar\w*|hacer\w*|entrar"
         r"|reparar\w*|arreglar\w*|acceder|continuar|seguir|realizar\w*|finalizar\w*|empezar\w*|instalar\w*"
         r"|cerrar\w*)"
         r"|(?:imposible|incapaz de) (?:terminar\w*|completar\w*|acabar\w*|hacer\w*|entrar|reparar\w*)"
         r"|no (?:hay|habia) (?:nadie|acceso)|nadie (?:esta|contesta|abre|abrio|contesto|en casa|me abre)"
         r"|no (?:abren|me abren|contestan|me dejan (?:entrar|pasar)|me dejaron (?:entrar|pasar)"
         r"|esta el cliente|se encuentra(?: \w+){0,2})"
         r"|(?:el )?cliente no (?:esta|estaba|se encuentra|abre|abrio|contesta)|sin acceso|incompleto"
         r"|incompleta|inconcluso|(?:tengo|tendre|tenemos|hay) que (?:volver|regresar)|no tengo acceso|no pude"
         r"|no puedo con|no se pudo|queda pendiente|quedo pendiente"),
        ("completed",
         r"termine|terminamos|terminado|terminada|terminados|ya termino|he terminado|acabe|acabamos|acabado"
         r"|acabada|complete|completamos|completado|completada|completo|completa|finalice|finalizado|finalizada"
         r"|finalizamos|listo|lista|concluido|concluida|conclui|hecho|hecha|quedo listo"
         r"|quedo|cerrad[oa]|cerrar(?:lo|la)?|cerre|cerramos|cierro|cierra(?:lo|la)?|cierre(?:lo|la)?|arreglado"
         r"|arreglada|reparado|reparada|resuelto|resuelta|ya esta(?! (?:en|aqui|por|casi))"
         r"|todo bien con el trabajo"),
        ("paused",
         r"pausad[oa]|en pausa|pausa|pausar\w*|pause|detenid[oa]|en espera|en espera de|almorzando|a almorzar"
         r"|a lonchar|lonchando|a comer|comiendo|(?:tomando|tomar|tomo) (?:un|mi) (?:descanso|almuerzo|break)"
         r"|descanso|esperando (?:la |el |una |un |las |los |unas |unos |por )?(?:piezas?|partes?|repuestos?"
         r"|aprobacion|material(?:es)?|al cliente|entrega|permiso)|suspendid[oa]|parad[oa] por"),
        ("in_progress",
         r"en progreso|en proceso|en curso|trabajando(?: en)?|empece|empezamos|empezando|empiezo|comence"
         r"|comenzamos|comenzando|comienzo|inicie|iniciando|inicio|arrancando|arranque|retomando|retome"
         r"|reanud\w+|de vuelta en el trabajo|sigo (?:con|en|trabajando|aqui|dandole)|seguimos (?:con|en"
         r"|trabajando)|a la mitad|a medias|todavia (?:ando|estoy) (?:con|en)|manos a la obra"
         r"|casi (?:termino|terminamos|terminado|terminada|acabo|acabado|acabada|listo|lista|completo|completa"
         r"|esta|hecho|hecha|termine|acabe)|ya casi|ya merito(?: \w+)?|ya mero(?: \w+)?|por terminar"
         r"|a punto de (?:terminar|acabar|completar|finalizar)|terminando|acabando"
         r"|me falta(?: \w+){0,2} (?:terminar|acabar|poco)|falta poco|me falta poco"
         r"|(?:todavia|aun) no(?: \w+){0,3} (?:termino|terminado|terminada|acabo|acabado|completado|completo"
         r"|completa|listo|lista|termine|acabe|completa|hecho|terminamos|completada|acabada|complete)"
         r"|no(?: \w+){0,3} (?:terminado|terminada|listo|lista|acabado|completado|completada|completo|completa"
         r"|termine|acabe|termino|hecho)(?: \w+){0,2} (?:todavia|aun)"),
        ("on_site",
         r"en (?:el )?sitio|en el lugar|en la (?:propiedad|casa|direccion|ubicacion|obra)|en el (?:domicilio"
         r"|edificio|trabajo|local)|llegue|llegamos|llegado|llegada|he llegado|acabo de llegar"
         r"|acabamos de llegar|(?:ya |pues )?(?:estoy|ando|estamos|toy) (?:aqui|aca|ahi|en (?:la casa|casa|el"
         r"|donde)|con (?:el|la) client[ea]|afuera|frente)(?: \w+){0,2}|aqui estoy|ya aqui|llegando (?:ahorita"
         r"|al? (?:domicilio|sitio|lugar|cliente|casa))|(?:estoy|ando) en la (?:puerta|entrada|propiedad)"
         r"|estacionad[oa] (?:afuera|enfrente)"),
        ("en_route",
         r"en camino|en ruta|(?:voy|vamos|iendo|ando) (?:para|hacia|a la|al|a casa|a su|con el cliente"
         r"|en camino|rumbo|de camino|saliendo|llegando)(?: (?:alla|la|el|casa))?|de camino|camino a|rumbo a"
         r"|manejando(?: a| hacia| para)?|saliendo(?: para| hacia| ahora| a| ahorita| del)?|salgo(?: para"
         r"| hacia| ahora| a)?|ya sali|conduciendo|dirigiendome|me dirijo|ya voy|en trayecto|me encamino"),
    ),
}  # fmt: skip


@cache
def claim_patterns(lang: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The claims of a language by status; compiled when a caller first speaks it."""
    return tuple((status, re.compile(rf"(?<= )(?:{pattern})(?= )")) for status, pattern in _CLAIMS[lang])


RANK = ("cannot_complete", "completed", "paused", "in_progress", "on_site", "en_route")

# Before a claim, in its own clause: it is not claimed.
_DENIES = {
    "en": r"not|(?:cant|isnt|havent|hasnt|didnt|wasnt|wont|dont|doesnt|arent|couldnt|when|once|until)[a-z]+|isnt|aint"
    r"|arent|wasnt|werent|havent|hasnt|hadnt|didnt|dont|doesnt|never|cant|cannot|couldnt|wont"
    r"|wouldnt|shouldnt|without|nothings?|nowhere|neither|nor|hardly|barely"
    r"|almost|nearly|about|bout|half|partly|partially|mostly|as good as|pretty much|basically|far from|close to"
    r"|if|once|when|whenever|until|till|unless|before|after i|as soon as|will|ill|well be|itll|shell|hell|gonna"
    r"|going to|gotta|got to|should|would|wouldve|couldve"
    r"|shouldve|could|might|may|id|wed|hope|hoping|hopefully|wish|want|wanna|wanted|need|needs|needed|try"
    r"|trying|tried|supposed|wait for|expect|expecting|plan|planning|to be|to get|to|doubt|is it|is that|is he"
    r"|is she|was it|are you|are they|did he|did she|did they|did you|has he|has she|have they|have you|is the"
    r"|is my|is this|was the|anything but|instead of"
    r"|says|said hes|told|claims|thought|almost there|unable|refused|failed|less than|isnt even|no where near"
    r"|yet to|than|hardly|rarely|have to|has to|havin?g to|got half|whos|why|what|how|tell me when"
    r"|let me know when|call me when",
    "es": r"no|ni|nunca|jamas|sin|nada|nadie|tampoco|casi|por|medio|media|a medias|a punto de|si|cuando|hasta"
    r"|antes de|apenas|en cuanto|una vez que|tan pronto|va a|voy a|vamos a|van a|ir a|estara|estaria|estuviera"
    r"|habria|hubiera|debe|deberia|podria|puede|quiero|quisiera|necesito|falta|faltan|faltaria|tengo que"
    r"|tiene que|hay que|trato de|tratando|intento|intentando"
    r"|ojala|espero|esperando|para|dudo|creia|pensaba|dijo|dice|lejos de|que este|que quede|quedara|todavia|aun"
    r"|mitad|esta seguro|ya estara|dime cuando|avisame cuando|en vez de|menos",
}
_BREAKS = {
    "en": (
        r"but|and|so|because|cause|cuz|now its|however|though|anyway|then|plus|actually its|ok|okay|yeah|yes|yep"
        r"|already|finally|instead"
    ),
    "es": r"pero|porque|asi que|entonces|ahora si|ahora|ya|si|sin embargo|finalmente|por fin|pues|bueno|y",
}
DENY = {lang: re.compile(rf" (?:{words}) ") for lang, words in _DENIES.items()}
BREAK = {lang: re.compile(rf" (?:{words}) ") for lang, words in _BREAKS.items()}
# "no, it's done": a refusal of something else, then a new clause with its own subject. Not after verbs of saying.
FRESH = {
    "en": re.compile(
        r" (?:no|nope|nah|no no|not a problem|no problem|no worries|no sir|no maam) (?:(?:its|it is|im|i am|were"
        r"|we are|ive|i have|thats|that is|the job is|all|weve|this one is|this is|everythings|everything is"
        r"|that ones|this ones|job|just|i just) )(?:(?:all|already|just|now|actually|been) )*$"),
    "es": re.compile(
        r" no (?:(?:esta|estoy|estamos|quedo|he|hemos) )?(?:ya|si)(?: (?:esta|estoy|lo|la|quedo|he|todo))* $"
    ),
}  # fmt: skip
SAYING = re.compile(
    r" (?:think|thinking|believe|say|saying|sure|know|guess|call|mark|tell|creo|crees|digo|diria|seguro|sabia"
    r"|pienso|parece) "
)
DENIED_AFTER = {
    "en": re.compile(
        r"^ (?:(?:it|yet|at all|by any means|with it|either)(?= |$)|not\b(?! a problem)|no(?: not| i lied"
        r"| its not| it isnt| it aint| im not| we are not)\b|no $|isnt\b|or not|if (?:i|we|you|it|the|they|he"
        r"|she)\b|once\b"
        r"|when (?:i|we|the|they|he|she|it)\b|as soon as|in (?:about |like |maybe |another |a |an |half "
        r"|roughly |the next |just )*(?:\w+ ){1,3}(?:minutes?|mins?|hours?|hour|hr|hrs|bit|while|sec|second"
        r"|minute)\b|by (?:noon|lunch|tomorrow|tonight|end|the end|\w+ (?:oclock|thirty|fifteen|am|pm))"
        r"|tomorrow|soon|later|yet|except|minus|apart from|besides|other than|with (?:the first|half|part|lunch"
        r"|one of|the easy)|(?:for|with) (?:the day|today|now|lunch|this guy|you|him|her|these people|them)"
        r"|eating|talking|waiting|arguing|dealing|driving|messing|i wish|my (?:butt|foot|ass)|yeah right|only"
        r"|just kidding|psych|would be|forms?|denture|guess)"
    ),
    "es": re.compile(
        r"^ (?:(?:todavia|aun) no|no (?:esta|lo|la|todavia|aun|es|mentira|perdon)\b|no $|si (?:me|tuviera|llega"
        r"|llegan|no|la|el)\b|cuando\b|en (?:unos |como |media |una |un |cuanto )*(?:\w+ ){0,2}(?:minutos"
        r"|horas?|rato|ratito|hora)\b|manana|pronto|luego|mas tarde|excepto|menos|salvo|ojala|a medias"
        r"|solo (?:la mitad|una parte)|por hoy|para (?:las|la|el|manana|irme|salir|empezar|comenzar|arrancar"
        r"|entrar|el almuerzo)|con el almuerzo|de comer)"
    ),
}
LINE_ENDS_NO = {
    "en": re.compile(r" (?:not|no not yet|not yet) $"),
    "es": re.compile(r" (?:todavia no|aun no|no todavia|no aun) $"),
}
RELATED = {
    "en": re.compile(
        r" (?:not|never|without|isnt|aint|arent|havent|hasnt|didnt|dont|doesnt|wont|wasnt|cant|not even"
        r"|no)(?: even| yet| really| quite| actually| exactly)? $"
    ),
    "es": re.compile(r" (?:no|nunca|sin|tampoco|ni)(?: (?:me|lo|la|le|se|he|hemos|esta|estoy|estamos|estaba|ha))* $"),
}

# "mark it as complete", "change the status to completed": an order to us, not a wish about the world.
ORDERED = {
    "en": re.compile(
        r" (?:mark|set|put|change|update|switch|log|report|show|flag|list|move|make|call)(?: \w+){0,7}?(?: as"
        r"| to| to be| in)? $"
    ),
    "es": re.compile(
        r" (?:marcar\w*|marca\w*|marque\w*|pon\w*|cambi\w*|reportar\w*|reporte\w*|registr\w+|actualiz\w+"
        r"|deja\w*)(?: \w+){0,7}?(?: como| a| en)? $"
    ),
}
REFUSED = {
    "en": re.compile(
        r" (?:not|dont|didnt|doesnt|never|cant|cannot|couldnt|wont|wouldnt|shouldnt|isnt|no|if|when|once|until"
        r"|before|unless|almost|nearly"
        r"|why|who|did|has|have|tomorrow|later|tried|trying|hold off) "
    ),
    "es": re.compile(r" (?:no|nunca|ni|sin|si|cuando|hasta|antes|todavia|aun|casi|jamas|por que|quien|manana|luego) "),
}
ASKS = {
    "en": re.compile(r"^ (?:is|are|was|were|did|has|have|does|will|when|whens|whos|arent|isnt|hasnt|didnt|wasnt) "),
    "es": re.compile(r"^ (?:cuando|acaso|que tan|a que hora) "),
}
