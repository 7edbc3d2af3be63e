"""Logs: one line a decision, readable top to bottom as the story of a call. No words, numbers or names of people.

The call comes from a context variable that each call's tasks inherit. Whatever is not printable is escaped, and quotes
with it, so that no value can forge a line or a field.
"""

from __future__ import annotations

import logging
import sys
from contextvars import ContextVar
from types import TracebackType

CALL: ContextVar[str] = ContextVar("call", default="")
_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class OneLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        parts = [self.formatTime(record, "%H:%M:%S"), f"{record.levelname:<7}"]
        if call := CALL.get():
            parts.append(call[-6:])
        parts.append(_printable(record.getMessage()))
        parts += [f"{name}={_plain(value)}" for name, value in record.__dict__.items() if name not in _STANDARD]
        line = " ".join(parts)
        if record.exc_info:
            kind = record.exc_info[0].__name__ if record.exc_info[0] is not None else "?"
            line += f" | {kind} | {_where(record.exc_info[2])}"
        return line


def _plain(value: object) -> str:
    """A value as one word, or in quotes that it cannot end."""
    text = _printable(str(value).replace("\\", "\\\\").replace('"', '\\"'))
    return f'"{text}"' if not text or any(c in text for c in ' "=') else text


def _printable(text: str) -> str:
    """Everything that could end a line, or move a terminal's cursor, is spelt out."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _where(trace: TracebackType | None) -> str:
    """File and line of each frame, without source text or exception text: both may hold what a caller said."""
    frames = []
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " > ".join(frames)


def set_up(level: str) -> None:
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False  # nobody reads them, each line pays
    logging._srcfile = None  # documented switch: do not look for the calling line
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("aiohttp", "urllib3", "simple_salesforce", "twilio", "uvicorn.error", "uvicorn.access", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
