"""What a caller's words or keys did to the conversation."""

from __future__ import annotations

from enum import StrEnum

SAME_NUMBER = "same_number"
"""Extra of a message: call back where the call came from."""
BY_KEYS = "by_keys"
"""Extra of whatever was begun from a menu: ask for keys, and come back to the menu."""


class Move(StrEnum):
    NONE = "none"
    """The caller has not said anything yet."""
    WANTS = "wants"
    """They brought something up or added to it: the frame says what."""
    CONFIRMED = "confirmed"
    DENIED = "denied"
    UNCLEAR = "unclear"
    """Several of the options fit, or none."""
    YES = "yes"
    NOTHING_MORE = "nothing_more"
    CHAT = "chat"
    HUMAN = "human"
    REPEAT = "repeat"
    MENU = "menu"
    EMERGENCY_MENU = "emergency_menu"
    HAZARD = "hazard"
    PROVE = "prove"
    """About the proof that was asked for: a work order number, or which way it is to go on."""
    LOST = "lost"


Understood = tuple[Move, str]
"""The move, and which one of its kind: the courtesy, the hazard, what was denied."""
WANTS: Understood = (Move.WANTS, "")
