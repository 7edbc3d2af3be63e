"""A promise to call somebody back, and how it is kept: a row, and a durable job that sees it through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Column, Connection, Float, Integer, String, Table, select

from voice_agent.handoff.outcomes import Waiting
from voice_agent.store import metadata

if TYPE_CHECKING:
    from voice_agent.handoff.dispatch import Dispatch

call_backs = Table(
    "call_backs",
    metadata,
    Column("key", String(96), primary_key=True),
    Column("call_sid", String(64), nullable=False, index=True),
    Column("number", String(40), nullable=False),
    Column("line", String(80), nullable=False),
    Column("target", String(80), nullable=False),
    Column("lang", String(8), nullable=False),
    Column("recording", String(64), nullable=False),
    Column("promised", Float, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("kept", Float),
    info={"by": ("number", "call_sid"), "written": "promised"},
)


def key_of(waiting: Waiting) -> str:
    return f"call_back:{waiting.call_sid}:{waiting.round}"


async def promise(dispatch: Dispatch, waiting: Waiting, *, recording: str = "") -> None:
    """On record, and a job that keeps it; said twice it is one promise. StoreUnavailable: nothing may be promised."""
    key, now = key_of(waiting), dispatch.wall()

    def note(connection: Connection) -> None:
        if connection.execute(select(call_backs.c.key).where(call_backs.c.key == key)).first() is None:
            connection.execute(
                call_backs.insert().values(
                    key=key,
                    call_sid=waiting.call_sid,
                    number=waiting.number,
                    line=waiting.line,
                    target=waiting.target,
                    lang=waiting.lang,
                    recording=recording,
                    promised=now,
                    tries=0,
                    state="promised",
                    outcome="",
                )
            )

    await dispatch.run(note)
    await dispatch.start_job("call_back", key, {"key": key})
