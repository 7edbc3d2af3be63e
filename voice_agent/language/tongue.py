"""English or Spanish, by the words heard; a sentence that does not say keeps the language of the one before."""

from __future__ import annotations

from voice_agent.language.reading import Lang
from voice_agent.language.words import heard_words

_SPANISH = frozenset(
    """el la los las un una unos unas de del al que y en es esta estan este esto ese eso mi mis su sus por para con sin
    pero como cuando donde quien cual cuanto cuantos cuantas hay tengo tiene tenemos tienen quiero necesito puedo
    puede pueden si gracias hola buenos buenas dias tardes noches por favor ya muy mas otra otro otros hoy manana
    ayer ahora ahorita trabajo cita tecnico casa agua luz gas huele humo fuego fuga calefaccion aire calentador
    pieza piezas camioneta numero uno dos tres cuatro cinco seis siete ocho nueve cero diez once doce quince veinte
    treinta cuarenta cincuenta doble lunes martes miercoles jueves viernes sabado domingo soy estoy estamos somos
    voy vamos va llego llegue termine acabe use cambie puse no se me le nos les lo yo usted ustedes ella nosotros
    senor senora senorita hablar persona alguien cancelar cambiar confirmar factura mensaje repita perdon oiga mire
    bueno pues claro vale listo siguiente direccion ayuda nada nadie nunca todavia tambien desde hasta porque aqui
    alla orden despues antes tarde temprano semana mes ano sale salen esta suena sonando quemado quemando chispas
    alarma monoxido ascensor elevador atrapado caldera pasado proximo proxima viene mejor hora horas minutos media
    mediodia correcto asi exacto disculpe quisiera podria cuanto cuesta cobro pago dia fue era ser han ha he llame
    llamen digale dile comuniqueme paseme""".split()
)
_ENGLISH = frozenset(
    """the a an of to in is are was i im my your you it its this that these those and or but for with without from at
    on there theres here what when where who how why can could would should will want need have has had do does did
    dont doesnt not yes yeah yep thanks thank hello hi please now today tomorrow yesterday morning afternoon evening
    job work order appointment technician tech house water smell smoke fire heat heater furnace part parts truck
    number one two three four five six seven eight nine zero ten eleven twelve twenty thirty forty fifty double oh
    monday tuesday wednesday thursday friday saturday sunday we were they he she him her them us our me talk person
    someone cancel reschedule confirm bill message repeat sorry sure okay right done next address help nothing
    nobody never still already because leak leaking pipe burst alarm detector carbon monoxide elevator stuck boiler
    panel outlet""".split()
)
_BOTH = (_SPANISH & _ENGLISH) | frozenset("no me a use once sale sin he ha has son come real van".split())


def detect_language(text: str, previous: str = "en") -> Lang:
    """Counts words that only one of the two languages has; a tie keeps `previous`."""
    return language_of(heard_words(text), previous)


def language_of(words: list[str], previous: str = "en") -> Lang:
    spanish = sum(word in _SPANISH and word not in _BOTH for word in words)
    english = sum(word in _ENGLISH and word not in _BOTH for word in words)
    if spanish == english:
        spanish += sum(_looks_spanish(word) for word in words if word not in _ENGLISH)
        english += sum(_looks_english(word) for word in words if word not in _SPANISH)
    if spanish == english:
        return "es" if previous == "es" else "en"
    return "es" if spanish > english else "en"


def _looks_spanish(word: str) -> bool:
    return len(word) > 4 and word.endswith(
        ("cion", "ando", "iendo", "ado", "ada", "amos", "emos", "ito", "ita", "mente")
    )


def _looks_english(word: str) -> bool:
    return len(word) > 4 and (word.endswith(("ing", "tion", "ness", "ght", "ck", "ly")) or "w" in word or "th" in word)
