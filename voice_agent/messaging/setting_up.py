"""Settings to `Texts`, the same in every process."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache

from voice_agent.lines import Lines
from voice_agent.messaging import rules as rule_file
from voice_agent.messaging import wording
from voice_agent.messaging.consent import Consents
from voice_agent.messaging.rules import TextRules
from voice_agent.messaging.texts import Texts
from voice_agent.salesforce.client import Salesforce
from voice_agent.settings import Settings
from voice_agent.store import Store
from voice_agent.tallies import Tallies


def texts_of(
    settings: Settings,
    store: Store,
    salesforce: Salesforce,
    lines: Lines,
    *,
    sends: Callable[[], bool] | None = None,
    wall: Callable[[], float] = time.time,
) -> Texts:
    """`sends` tells whether texts are switched on now; without it the settings do.

    ConfigurationError when a file of texts or of their rules is wrong.
    """
    return Texts(
        store,
        salesforce,
        wording=wording.load(settings.prompts_dir or None, lines.values),
        rules=_rules(settings.prompts_dir),
        tallies=tallies_of(settings, store, wall=wall),
        consents=Consents(store, f"consents:{_secret(settings)}"),
        sends=sends or (lambda: settings.autonomous_sends),
        wall=wall,
    )


def tallies_of(settings: Settings, store: Store, *, wall: Callable[[], float] = time.time) -> Tallies:
    return Tallies(store, f"tallies:{_secret(settings)}", wall=wall)


@lru_cache(maxsize=8)
def _rules(folder: str) -> TextRules:
    return rule_file.load(folder or None)


def _secret(settings: Settings) -> str:
    return settings.secret_key or settings.twilio_auth_token
