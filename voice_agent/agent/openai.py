"""Any OpenAI-compatible endpoint, streamed: the hot path from a prompt to the first words.

aiohttp and orjson, not the `openai` package: before a request leaves that package spends 3 ms and 3.4 times the CPU of
this (measured; a test holds both to the same recorded streams). The package serves what is off this path.

A stream ends well only with a `finish_reason`. A connection that breaks, or a chunk that is no JSON, is
ModelStreamBroken: what was said stands, no tool call is made of half its arguments, and the ladder completes the reply.
"""

from __future__ import annotations

import asyncio
from typing import Any

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
        self._calls: dict[int, dict[str, str]] = {}
        self._characters = 0
        self._finish = ""
        self._usage: dict[str, Any] = {}

    def feed(self, data: bytes) -> None:
        """ModelStreamBroken on a chunk that is no JSON or an event without end."""
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
            choices = chunk.get("choices") or ()
        except (orjson.JSONDecodeError, AttributeError):
            raise ModelStreamBroken("a chunk is not JSON") from None
        if usage := chunk.get("usage"):
            self._usage = usage
        if "error" in chunk:
            raise ModelStreamBroken("the provider reported an error inside the stream")
        if not choices:
            return
        choice = choices[0]
        delta = choice.get("delta") or {}
        if content := delta.get("content"):
            self._words(content)
        for piece in delta.get("tool_calls") or ():
            self._tool_piece(piece)
        if finish := choice.get("finish_reason"):
            self._finish = finish

    def _words(self, content: str) -> None:
        if self._first is None:
            self._first = self._loop.time()
        self._characters += len(content)
        if self._characters > MOST_CHARACTERS:
            raise ModelStreamBroken("the reply has no end")
        self._emit(Words(content))

    def _tool_piece(self, piece: dict[str, Any]) -> None:
        if self._first is None:
            self._first = self._loop.time()
        index = piece.get("index", 0)
        if index not in self._calls and piece.get("id") is None and self._calls:
            index = max(self._calls)  # some servers leave the index out of later pieces
        call = self._calls.setdefault(index, {"id": "", "name": "", "arguments": ""})
        function = piece.get("function") or {}
        call["id"] = call["id"] or piece.get("id") or ""
        call["name"] += function.get("name") or ""
        call["arguments"] += function.get("arguments") or ""
        if len(call["arguments"]) > MOST_EVENT_BYTES:
            raise ModelStreamBroken("arguments without end")

    def finish(self, model: str) -> Usage:
        """The stream is over. Tool calls are emitted only now, whole; ModelStreamBroken if it was not a good end."""
        if self._rest.startswith(b"data:"):
            self._event(self._rest[5:].strip())
        if not self._finish:
            raise ModelStreamBroken("the stream ended without finish_reason")
        for index, call in sorted(self._calls.items()):
            if call["name"]:
                self._emit(ToolWanted(call["id"] or f"call_{index}", call["name"], call["arguments"]))
        details = self._usage.get("prompt_tokens_details") or {}
        return Usage(
            model=model,
            prompt_tokens=int(self._usage.get("prompt_tokens") or 0),
            completion_tokens=int(self._usage.get("completion_tokens") or 0),
            cached_tokens=int(details.get("cached_tokens") or 0),
            first_token_s=None if self._first is None else self._first - self._sent,
        )


def _refused(response: aiohttp.ClientResponse) -> ModelRateLimited | ModelUnavailable:
    response.close()
    if response.status == 429:
        try:
            after = float(response.headers.get("retry-after", ""))
        except ValueError:
            after = None
        return ModelRateLimited("HTTP 429", after)
    return ModelUnavailable(f"HTTP {response.status}")
