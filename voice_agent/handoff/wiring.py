"""Puts the transfer together: the dispatch, its webhooks, and the music, from what the process has already."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from voice_agent.agent.model import Model
from voice_agent.calls import Calls, Tickets
from voice_agent.clients import telephony_of
from voice_agent.connecting import connecting
from voice_agent.errors import ConfigurationError
from voice_agent.handoff import music
from voice_agent.handoff.call_back_webhooks import CallBackWebhooks
from voice_agent.handoff.caller_webhooks import CallerWebhooks
from voice_agent.handoff.dispatch import Dispatch
from voice_agent.handoff.documents import MUSIC_PATH
from voice_agent.handoff.person_webhooks import PersonWebhooks
from voice_agent.handoff.placing import Placing
from voice_agent.handoff.rewording import Rewording
from voice_agent.handoff.room_webhooks import RoomWebhooks
from voice_agent.handoff.task_webhooks import TaskWebhooks
from voice_agent.jobs import Jobs
from voice_agent.lines import Lines
from voice_agent.settings import Settings
from voice_agent.store import Store

DAY = 86_400
PROMPT = "handoff_summary.md"


@dataclass(frozen=True, slots=True)
class Transfers:
    dispatch: Dispatch
    callers: Placing
    webhooks: Mapping[str, Callable[[dict[str, str]], Awaitable[Response]]]
    """Path to handler; whoever serves them checks signatures first."""
    routes: tuple[BaseRoute, ...]
    """What is served to anybody."""


def transfers(
    settings: Settings,
    lines: Lines,
    store: Store,
    jobs: Jobs,
    calls: Calls,
    tickets: Tickets,
    rewords: Callable[[], Model | None],
) -> Transfers:
    """`rewords` gives the model that words summaries, where that is asked for and there is one.

    ConfigurationError when its prompt is not there.
    """

    def note(call_sid: str, kind: str, **facts: Any) -> None:
        if (held := calls.get(call_sid)) is not None:
            held.note(kind, **facts)

    dispatch = Dispatch(settings, lines, store, telephony_of(settings), jobs, wall=time.time, note=note)
    rewording = Rewording(rewords, _prompt(settings), partial(datetime.now, UTC)) if settings.reword_summaries else None
    placing = Placing(dispatch, calls, connecting(settings, tickets), rewording)
    webhooks = {
        **CallerWebhooks(dispatch, calls, placing).table(),
        **RoomWebhooks(dispatch, placing).table(),
        **PersonWebhooks(dispatch).table(),
        **TaskWebhooks(dispatch).table(),
        **CallBackWebhooks(dispatch, placing).table(),
    }
    return Transfers(dispatch, placing, webhooks, (Route(MUSIC_PATH, _music),))


def _prompt(settings: Settings) -> str:
    root: Traversable = Path(settings.prompts_dir) if settings.prompts_dir else resources.files("prompts")
    try:
        return (root / PROMPT).read_text(encoding="utf-8")
    except OSError:
        raise ConfigurationError(f"{PROMPT} is not in PROMPTS_DIR; REWORD_SUMMARIES needs it") from None


async def _music(request: Request) -> Response:
    """What waiting callers hear; public, and the same for everybody."""
    sound = await asyncio.to_thread(music.wav)
    return Response(sound, media_type="audio/wav", headers={"Cache-Control": f"max-age={DAY}"})
