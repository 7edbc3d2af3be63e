"""Any OpenAI-compatible endpoint, streamed: the hot path from a prompt to the first words.

aiohttp and orjson, not the `openai` package: before a request leaves that package spends 3 ms and 3.4 times the CPU of
this (measured; a test holds both to the same recorded streams). The package serves what is off this path.

A stream ends well only with a `finish_reason`. A connection that breaks, or a chunk that is no JSON, is
ModelStreamBroken: what was said stands, no tool call is made of half its arguments, and the ladder completes the reply.
"""

from __future__ import annotations

import asyncio
import math
from typing import Any, TypeVar

import aiohttp
import orjson

from voice_agent.agent.model import Breathe, Emit, ReplyRequest, ToolWanted, Usage, Words, at_ease
from voice_agent.errors import ModelRateLimited, ModelStreamBroken, ModelUnavailable

CONNECT_SECONDS = 2.0
MOST_EVENT_BYTES = 256 * 1024
MOST_CHARACTERS = 20_000
"""A reply far beyond anything that will be spoken: the stream is given up."""
MOST_COMPLETION_TOKENS = 600
CONTINUE = (
    "The connection broke while you were speaking. The caller has already heard the beginning of your reply, given as "
    "your last message. Go on from exactly there. Do not repeat any of it and do not start over."
)


class OpenAIModel:
    """One endpoint and one model name. `session` is shared by all calls of the process and closed by its maker."""

    def __init__(
        self, session: aiohttp.ClientSession, *, base_url: str, model: str, api_key: str = "", temperature: float = 0.3
    ) -> None:
        self._session = session
        self._url = base_url.rstrip("/") + "/chat/completions"
        self._head = {"content-type": "application/json"} | ({"authorization": f"Bearer {api_key}"} if api_key else {})
        self._model = model
        self._temperature = temperature

    @property
    def name(self) -> str:
        return self._model

    def body(self, request: ReplyRequest) -> bytes:
        """The request as it goes out. Tools were serialised once for the line and are pasted in as they are."""
        messages: list[Any] = [{"role": "system", "content": request.system}, *request.messages]
        if request.already_said:
            messages += (
                {"role": "assistant", "content": request.already_said},
                {"role": "system", "content": CONTINUE},
            )
        body: dict[str, Any] = {
            "model": self._model,
            "messages": messages,
            "stream": True,
            "stream_options": {"include_usage": True},
            "temperature": self._temperature,
            "max_completion_tokens": MOST_COMPLETION_TOKENS,
        }
        if request.tool_names:
            body["tools"] = orjson.Fragment(request.tools)
        return orjson.dumps(body)

    async def reply(self, request: ReplyRequest, emit: Emit, breathe: Breathe = at_ease) -> Usage:
        loop = asyncio.get_running_loop()
        sent = loop.time()
        try:
            async with self._session.post(
                self._url, data=self.body(request), headers=self._head, allow_redirects=False
            ) as response:
                if response.status != 200:
                    raise _refused(response)
                stream = ChatStream(emit, sent, loop)
                async for data in response.content.iter_any():
                    stream.feed(data)
                    await breathe()
                return stream.finish(self._model)
        except aiohttp.ConnectionTimeoutError:
            raise ModelUnavailable("no connection, and so no first token in time") from None
        except aiohttp.ClientConnectorError as error:
            raise ModelUnavailable(f"{self._model}: {type(error).__name__}") from None
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise ModelStreamBroken(f"{self._model}: {type(error).__name__}") from None


def timeouts() -> aiohttp.ClientTimeout:
    """No total and none for reading: how long a model may be silent is the ladder's to say."""
    return aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS)


def connector() -> aiohttp.TCPConnector:
    """One pool for the process, as large as there are calls; connections stay warm for a minute."""
    return aiohttp.TCPConnector(limit=0, keepalive_timeout=60, ttl_dns_cache=300)


class ChatStream:
    """Server-sent chunks to words and whole tool calls. Fed with bytes as they come, in any cut."""

    def __init__(self, emit: Emit, sent: float, loop: asyncio.AbstractEventLoop) -> None:
        self._emit = emit
        self._sent = sent
        self._loop = loop
        self._rest = b""
        self._first: float | None = None
        self._calls: list[dict[str, str]] = []
        self._places: dict[int | None, dict[str, str]] = {}
        """The server's index of a call -> the call it means at present."""
        self._characters = 0
        self._finish = ""
        self._usage: object = {}

    def feed(self, data: bytes) -> None:
        """ModelStreamBroken on a chunk that is no JSON object of the right shape, or an event without end."""
        data = self._rest + data if self._rest else data
        start = 0
        while (end := data.find(b"\n", start)) >= 0:
            line = data[start:end]
            start = end + 1
            if line.startswith(b"data:"):
                self._event(line[5:].strip())
        self._rest = data[start:]
        if len(self._rest) > MOST_EVENT_BYTES:
            raise ModelStreamBroken("an event without end")

    def _event(self, data: bytes) -> None:
        if data == b"[DONE]" or not data:
            return
        try:
            chunk = orjson.loads(data)
            choices, usage, problem = chunk.get("choices"), chunk.get("usage"), chunk.get("error")
            choice = choices[0] if choices else {}
            delta = choice.get("delta") or {}
            content, finish = delta.get("content"), choice.get("finish_reason")
            pieces = tuple(delta.get("tool_calls") or ())
        except (orjson.JSONDecodeError, AttributeError, LookupError, TypeError):
            raise ModelStreamBroken("a chunk is no chat completion") from None
        if usage:
            self._usage = usage
        if problem:
            raise ModelStreamBroken("the provider reported an error inside the stream")
        if content:
            self._words(content)
        for piece in pieces:
            self._tool_piece(piece)
        if finish:
            self._finish = str(finish)

    def _words(self, content: object) -> None:
        if not isinstance(content, str):
            raise ModelStreamBroken("a chunk is no chat completion")
        if self._first is None:
            self._first = self._loop.time()
        self._characters += len(content)
        if self._characters > MOST_CHARACTERS:
            raise ModelStreamBroken("the reply has no end")
        self._emit(Words(content))

    def _tool_piece(self, part: object) -> None:
        if self._first is None:
            self._first = self._loop.time()
        piece = _of(dict, part)
        index = piece.get("index")
        call = self._call(index if isinstance(index, int) else None, _of(str, piece.get("id")))
        function = _of(dict, piece.get("function"))
        name = _of(str, function.get("name"))
        call["name"] += name if name != call["name"] else ""  # some servers give it again with every piece
        call["arguments"] += _of(str, function.get("arguments"))
        if len(call["arguments"]) > MOST_EVENT_BYTES:
            raise ModelStreamBroken("arguments without end")

    def _call(self, index: int | None, tool_call_id: str) -> dict[str, str]:
        """The call a piece belongs to: that of its index, unless a new id says that the server counts differently.

        Some servers leave the index out, of later pieces or of all; some give every call the index 0.
        """
        known = self._calls[-1] if index is None and self._calls else self._places.get(index)
        if known is None or (tool_call_id and known["id"] not in ("", tool_call_id)):
            known = {"id": "", "name": "", "arguments": ""}
            self._calls.append(known)
            self._places[index] = known
        known["id"] = known["id"] or tool_call_id
        return known

    def finish(self, model: str) -> Usage:
        """The stream is over. Tool calls are emitted only now, whole; ModelStreamBroken if it was not a good end."""
        if self._rest.startswith(b"data:"):
            self._event(self._rest[5:].strip())
        if not self._finish:
            raise ModelStreamBroken("the stream ended without finish_reason")
        for number, call in enumerate(self._calls):
            if call["name"]:
                self._emit(ToolWanted(call["id"] or f"call_{number}", call["name"], call["arguments"]))
        usage = self._usage if isinstance(self._usage, dict) else {}
        details = usage.get("prompt_tokens_details")
        return Usage(
            model=model,
            prompt_tokens=_count(usage, "prompt_tokens"),
            completion_tokens=_count(usage, "completion_tokens"),
            cached_tokens=_count(details, "cached_tokens"),
            first_token_s=None if self._first is None else self._first - self._sent,
        )


T = TypeVar("T", dict[str, Any], str)


def _count(counts: object, name: str) -> int:
    """Providers are free with their statistics: what is no number is none."""
    value = counts.get(name) if isinstance(counts, dict) else None
    return value if isinstance(value, int) else 0


def _of(kind: type[T], value: Any) -> T:
    """A part of a tool call, empty where it is missing or null. ModelStreamBroken if it is of another kind."""
    if value is None:
        return kind()
    if not isinstance(value, kind):
        raise ModelStreamBroken("a chunk is no chat completion")
    return value


def _refused(response: aiohttp.ClientResponse) -> ModelRateLimited | ModelUnavailable:
    response.close()
    if response.status == 429:
        try:
            after = float(response.headers.get("retry-after", ""))
        except ValueError:  # not said, or said as a date
            return ModelRateLimited("HTTP 429")
        return ModelRateLimited("HTTP 429", after if 0 <= after < math.inf else None)
    return ModelUnavailable(f"HTTP {response.status}")
