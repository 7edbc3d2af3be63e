"""A language model that always takes the same time: chat completions, streamed, thirty words, and a note of when.

Each prompt of the load carries a tag; under it stands when the request came and when its first word left, so that the
model's own time can be taken off what the caller waited for.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson
from aiohttp import web

FIRST_WORD_SECONDS = 0.1
BETWEEN_SECONDS = 0.015
WORDS = tuple("Your technician has two more stops before yours and should be there within the hour".split()) * 2
TAG = re.compile(r"\bnumber (\d+)\b")


@dataclass(slots=True)
class Endpoint:
    """`own[tag]`: seconds from the arrival of the request to its first word, the last time this tag was asked."""

    clock: Callable[[], float]
    own: dict[int, float] = field(default_factory=dict)

    def application(self) -> web.Application:
        application = web.Application(client_max_size=4 * 1024 * 1024)
        application.router.add_post("/v1/chat/completions", self._complete)
        return application

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        arrived = self.clock()
        body = orjson.loads(await request.read())
        answer = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await answer.prepare(request)
        await asyncio.sleep(FIRST_WORD_SECONDS)
        tags = TAG.findall(_last_words(body["messages"]))
        for position, word in enumerate(WORDS):
            if position:
                await asyncio.sleep(BETWEEN_SECONDS)
            elif tags:
                self.own[int(tags[-1])] = self.clock() - arrived
            await answer.write(_chunk({"content": word + (". " if position == len(WORDS) - 1 else " ")}))
        usage = {"prompt_tokens": 900, "completion_tokens": len(WORDS), "total_tokens": 900 + len(WORDS)}
        await answer.write(_chunk({}, finish="stop", usage=usage) + b"data: [DONE]\n\n")
        await answer.write_eof()
        return answer


def _last_words(messages: list[dict[str, object]]) -> str:
    return next((str(m.get("content")) for m in reversed(messages) if m.get("role") == "user"), "")


def _chunk(delta: dict[str, str], finish: str | None = None, usage: dict[str, int] | None = None) -> bytes:
    chunk: dict[str, object] = {
        "id": "bench",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": "bench",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    if usage:
        chunk["usage"] = usage
    return b"data: " + orjson.dumps(chunk) + b"\n\n"
