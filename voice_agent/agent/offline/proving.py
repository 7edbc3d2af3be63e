"""Words about proving who one is: another phone, an order number, a code that did not come, keys out of reach.

What the caller had asked for stays in hand meanwhile; once they have proven who they are it is taken up by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from voice_agent.agent.offline import wording
from voice_agent.agent.offline.heard import Caller
from voice_agent.agent.offline.moves import WANTS, Move, Understood
from voice_agent.language.reading import Reading

if TYPE_CHECKING:
    from voice_agent.agent.offline.dialogue import Dialogue

PROVEN = "The caller proved who they are"
"""How the server's note begins that a PIN or code was right."""
AGAIN, ORDER, OTHER_WAY, WAITING = "again", "order", "other_way", "waiting"
ORDER_ASKED = frozenset({"proof.order.ask", "proof.order.several"})
CODE_ASKED = frozenset(
    "proof.code.ask proof.code.again proof.code.waiting proof.code.short proof.code.wrong proof.code.expired "
    "proof.code.unchecked proof.code.enough proof.order.sent proof.order.again".split()
)
FEWEST_ORDER_DIGITS = 2
FEW_WORDS = 4
PROVED = 2
SURE = 0.8

OTHER_PHONE = wording.whole_words(
    r"""
    (?:an|some)?other (?:phone|number|cell|mobile|line|persons? phone); different (?:phone|number|cell|mobile|line);
    (?:someone|somebody) elses (?:phone|cell|mobile|line); (?:isnt|not|wasnt) my (?:own )?(?:phone|number|cell|line);
    my (?:\w+ )?(?:husbands|wifes|sons|daughters|moms|mothers|dads|fathers|neighbors|friends|partners|bosss?|brothers|
    sisters) (?:phone|cell|number|mobile); new (?:phone|number) (?:now)?; changed my (?:phone )?number;
    borrowed (?:phone|cell); (?:otro|distinto) (?:telefono|numero|celular|movil);
    (?:telefono|celular|movil|numero) (?:de mi|prestado|nuevo|de otra persona|del vecino|de la vecina)[ \w]*;
    no es mi (?:telefono|numero|celular|movil); cambie de (?:telefono|numero|celular)
    """
)
NOT_COME = wording.whole_words(
    r"""
    (?:send|text)(?: \w+){0,3} (?:again|once more|one more time|another(?: one| code)?|a new (?:one|code));
    resend(?: \w+)*; (?:didnt|havent|did not|have not|never|dont|not) (?:get|got|gotten|receive|received|see|
    have)(?: \w+){0,3} (?:code|text|message|it|anything|one|yet); (?:no|didnt|hasnt|never|nothing|
    not)(?: \w+){0,2} (?:come|came|arrive|arrived|through|yet); no code; another code; new code;
    nothing(?: \w+)? (?:came|arrived|yet|here); (?:envielo|mandelo|envie|mande|envieme|mandeme|envia|manda|enviame|
    mandame|reenvie|reenvielo)(?: \w+){0,3} (?:otra vez|de nuevo|nuevamente|otro|codigo|nuevo); reenvi\w+;
    no (?:me )?(?:ha )?(?:llego|llega|llegado|lo recibi|recibi|he recibido|lo tengo|tengo)(?: \w+){0,3};
    otro codigo; nada(?: \w+)? llego; no llego nada
    """
)
CANNOT = wording.whole_words(
    r"""
    (?:cant|cannot|can not|unable to|not able to|couldnt|wont)(?: \w+){0,2} (?:press|type|enter|use|reach|see|punch|
    look|read|do that|do it)(?: \w+)*; (?:im|i am) driving; no (?:keypad|keys|buttons);
    hands (?:are )?(?:full|busy|dirty);
    dont have (?:a |that |my )?(?:keypad|phone|cell|mobile)(?: \w+)*; on a (?:landline|rotary)[ \w]*;
    (?:no puedo|no alcanzo a) (?:marcar|pulsar|teclear|usar|ver|escribir|presionar|leer|hacerlo)(?: \w+)*;
    estoy manejando; estoy conduciendo; no tengo (?:teclado|teclas|ese telefono|mi telefono|el telefono|ese celular|
    mi celular)(?: \w+)*; manos ocupadas
    """
)
CALLING = wording.whole_words(
    r"""
    calling; (?:im|i am)(?: \w+)? (?:on|using|with); (?:isnt|not) my (?:own )?(?:phone|number|cell|line);
    borrowed \w+; changed my(?: \w+)*; (?:estoy )?llamando; llamo; hablo; no es mi \w+; cambie de \w+
    """
)
CALL_BACK = wording.whole_words(r"call me; call back; text me; reach me; llame(?:n|me|nme)?; llamenme; devuelva\w*")
DOES_NOT_KNOW = wording.whole_words(
    r"""
    (?:dont|do not) (?:know|have|remember|recall)(?: \w+)*; no idea; not sure; lost it; which (?:work )?order;
    what (?:work )?order; no (?:lo )?(?:se|tengo|recuerdo|me acuerdo)(?: \w+)*; ni idea; que orden; cual orden
    """
)
HAS_IT = wording.whole_words(
    r"""
    yes; yeah; yep; ok; okay; sure; got it; i got it; i have it; it came; here it is; one (?:second|moment|sec);
    hold on; alright; all right; fine; what code; which code; si; vale; claro; bueno; ya lo tengo; ya llego;
    un momento; espere; de acuerdo; cual codigo; que codigo
    """
)


def understood(talk: Dialogue, caller: Caller, reading: Reading) -> Understood | None:
    """None when the words are about something else."""
    if talk.line != "customer":
        return None
    said = wording.flat(caller.text)
    digits = _order_in(talk, caller, reading)
    if talk.asked in ORDER_ASKED:
        if digits:
            return Move.PROVE, digits
        if CANNOT.search(said) or DOES_NOT_KNOW.search(said):
            return Move.PROVE, OTHER_WAY
        return None
    if talk.asked in CODE_ASKED and not caller.keys:
        if OTHER_PHONE.search(said):
            return Move.PROVE, OTHER_WAY if digits is None else digits
        if NOT_COME.search(said):
            return Move.PROVE, AGAIN
        if CANNOT.search(said):
            return Move.PROVE, OTHER_WAY
        if HAS_IT.search(said) and len(said.split()) <= FEW_WORDS:
            return Move.PROVE, WAITING
        return None
    if (
        OTHER_PHONE.search(said)
        and CALLING.search(said)
        and not CALL_BACK.search(said)
        and talk.situation.level < PROVED
    ):
        if talk.begin(caller, reading, sure=SURE) and digits is None:
            return WANTS  # what they want comes first, and asks for the proof by itself
        return Move.PROVE, digits or ORDER
    return None


def _order_in(talk: Dialogue, caller: Caller, reading: Reading) -> str | None:
    number = caller.keys.strip("*#") if caller.keys else ""
    if not number and not caller.keys:
        slots = reading.slots
        number = str(slots.get("work_order") or slots.get("appointment") or slots.get("digits") or "")
    return number if number.isdigit() and len(number) >= FEWEST_ORDER_DIGITS else None
