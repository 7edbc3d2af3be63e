"""An OpenAI-compatible endpoint made of a script: real HTTP on a free port, any bytes in any cut, any way to fail."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Asked:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed


@dataclass(frozen=True, slots=True)
class Stream:
    """One answer. `piece` bytes are sent at a time, each as a chunk of its own; 0 sends all at once."""

    body: bytes = b""
    piece: int = 0
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    """The connection breaks behind the body instead of ending well."""

    def pieces(self) -> Iterator[bytes]:
        step = self.piece or max(1, len(self.body))
        for start in range(0, len(self.body), step):
            yield self.body[start : start + step]


class ChatServer:
    """Gives `answer` to everyone who asks; `asked` is what they sent."""

    def __init__(self, answer: Stream) -> None:
        self.answer = answer
        self.asked: list[Asked] = []
        self.base_url = ""
        self.connections = 0
        self._open: dict[asyncio.Task[Any], asyncio.StreamWriter] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = writer
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while await self._exchange(reader, writer):
                pass
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def hang_up(self) -> None:
        """Close every connection and wait until it is closed."""
        for writer in self._open.values():
            writer.close()
        if self._open:
            await asyncio.wait(self._open)

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer; True while the connection lasts."""
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.asked.append(Asked(first.split()[1], headers, body))
        answer = self.answer
        head = {"content-type": "text/event-stream", "transfer-encoding": "chunked"} | answer.headers
        told = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        writer.write(f"HTTP/1.1 {answer.status} Told\r\n{told}\r\n".encode())
        for piece in answer.pieces():
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
        if answer.cut:
            writer.write(b"ff\r\nhalf a chunk")
            await writer.drain()
            return False
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True


@contextlib.asynccontextmanager
async def chat_server(answer: Stream) -> AsyncIterator[ChatServer]:
    here = ChatServer(answer)
    server = await asyncio.start_server(here.serve, "127.0.0.1", 0)
    here.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield here
    finally:
        server.close()
        await here.hang_up()
