"""Streams of an OpenAI-compatible endpoint, over real HTTP in any cut: read like the official package reads them, and
no failure of theirs becomes half a tool call of ours.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import openai
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.lib.streaming.chat import ChatCompletionStreamState

from tests.agent.chat_server import Asked, ChatServer, Stream, chat_server
from voice_agent.agent.model import ReplyRequest, Situation, ToolWanted, Usage, Words
from voice_agent.agent.openai import CONTINUE, MOST_CHARACTERS, ChatStream, OpenAIModel, connector, timeouts
from voice_agent.errors import ModelError, ModelRateLimited, ModelStreamBroken, ModelUnavailable

FIXTURES = Path(__file__).parents[2] / "fixtures" / "llm"
REQUEST = ReplyRequest(Situation("customer", datetime(2026, 11, 23, 9, tzinfo=UTC)), [], b"[]")


@dataclass
class Read:
    """What came of one stream."""

    words: str = ""
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    usage: tuple[int, int, int] = (0, 0, 0)
    """Prompt, completion and cached tokens."""
    pieces: list[Words | ToolWanted] = field(default_factory=list)

    def take(self, piece: Words | ToolWanted) -> None:
        self.pieces.append(piece)
        match piece:
            case Words(text=text):
                assert not self.calls, "words come before calls"
                self.words += text
            case ToolWanted():
                self.calls.append((piece.tool_call_id, piece.name, piece.arguments))

    def counted(self, usage: Usage) -> Read:
        self.usage = (usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens)
        return self


ETA_1 = '{"visit":"visit 1"}'
EXPECTED = {
    "words": Read("Your technician is on the way, about twenty minutes out.", [], (1412, 13, 1280)),
    "words_then_tool": Read(
        "One moment, I'll look.",
        [("call_Q7a", "reschedule", '{"visit":"visit 1","slot":"slot 2"}')],
        (1650, 41, 1536),
    ),
    "two_tools_interleaved": Read(
        "",
        [("call_A1", "eta", ETA_1), ("call_B2", "free_slots", '{"visit":"visit 2","day":"friday"}')],
        (1702, 52, 0),
    ),
    "crlf_and_comments": Read("Good morning.", [], (80, 4, 0)),
    "spanish": Read("Sí, señora Muñoz: el técnico llegará mañana a las nueve 👍.", [], (1500, 22, 1024)),
    "cut_by_a_filter": Read("I can help with", [], (310, 4, 0)),
    # What follows is what servers send that take the format less exactly; the official package is no measure for it.
    "index_left_out": Read("", [("call_A1", "eta", ETA_1), ("call_B2", "my_visits", "{}")]),
    "every_index_zero": Read("", [("call_A1", "eta", ETA_1), ("call_B2", "my_visits", "{}")]),
    "name_and_id_repeated": Read("", [("call_A1", "eta", ETA_1)], (900, 12, 0)),
    "no_ids": Read("Let me see.", [("call_0", "eta", ETA_1), ("call_1", "my_visits", "{}")]),
}
BY_THE_BOOK = tuple(EXPECTED)[:6]


def fixture(name: str) -> bytes:
    return (FIXTURES / f"{name}.sse").read_bytes()


async def ours(server: ChatServer, read: Read | None = None, request: ReplyRequest = REQUEST) -> Read:
    read = read or Read()
    async with aiohttp.ClientSession(connector=connector(), timeout=timeouts()) as session:
        model = OpenAIModel(session, base_url=server.base_url, model="example-mini", api_key="k")
        return read.counted(await model.reply(request, read.take))


async def theirs(server: ChatServer) -> Read:
    """The official package, streamed, its own assembler putting the pieces together."""
    async with openai.AsyncOpenAI(api_key="k", base_url=server.base_url, max_retries=0) as client:
        state = ChatCompletionStreamState()
        usage = None
        async for chunk in await client.chat.completions.create(
            model="example-mini",
            messages=[{"role": "user", "content": "hello"}],
            stream=True,
            stream_options={"include_usage": True},
        ):
            if chunk.choices:
                state.handle_chunk(chunk)
            usage = chunk.usage or usage
    message = state.current_completion_snapshot.choices[0].message
    calls = [(c.id, c.function.name, c.function.arguments) for c in message.tool_calls or ()]
    assert usage is not None and usage.prompt_tokens_details is not None
    cached = usage.prompt_tokens_details.cached_tokens or 0
    return Read(message.content or "", calls, (usage.prompt_tokens, usage.completion_tokens, cached))


def same(one: Read, other: Read) -> None:
    assert (one.words, one.calls, one.usage) == (other.words, other.calls, other.usage)


async def each_way(answer: Stream, *ways: Callable[[ChatServer], Awaitable[Read]]) -> list[Read]:
    async with chat_server(answer) as server:
        return [await way(server) for way in ways]


@pytest.mark.parametrize("piece", [0, 1, 3, 64, 1000])
@pytest.mark.parametrize("name", BY_THE_BOOK)
def test_it_is_read_like_the_official_package_reads_it(name: str, piece: int) -> None:
    by_us, by_them = asyncio.run(each_way(Stream(fixture(name), piece), ours, theirs))
    same(by_us, by_them)
    same(by_us, EXPECTED[name])


@pytest.mark.parametrize("piece", [0, 1, 200])
@pytest.mark.parametrize("name", [name for name in EXPECTED if name not in BY_THE_BOOK])
def test_what_less_exact_servers_send_is_understood(name: str, piece: int) -> None:
    (by_us,) = asyncio.run(each_way(Stream(fixture(name), piece), ours))
    same(by_us, EXPECTED[name])


async def fed(name: str, cuts: list[int]) -> Read:
    data, read = fixture(name), Read()
    stream = ChatStream(read.take, 0.0, asyncio.get_running_loop())
    places = sorted({cut % len(data) for cut in cuts})
    for start, end in zip([0, *places], [*places, len(data)], strict=True):
        stream.feed(data[start:end])
    return read.counted(stream.finish("m"))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(EXPECTED)), st.lists(st.integers(0, 10_000), max_size=12))
def test_wherever_the_bytes_are_cut_the_same_is_read(name: str, cuts: list[int]) -> None:
    same(asyncio.run(fed(name, cuts)), EXPECTED[name])


def test_words_are_passed_on_as_they_come_and_calls_only_at_the_end() -> None:
    (read,) = asyncio.run(each_way(Stream(fixture("words_then_tool")), ours))
    assert [type(piece) for piece in read.pieces] == [Words] * 5 + [ToolWanted]


def test_a_stream_without_its_done_line_is_whole_once_it_said_why_it_finished() -> None:
    body = fixture("words").replace(b"data: [DONE]\n", b"").rstrip(b"\n")
    (read,) = asyncio.run(each_way(Stream(body, 50), ours))
    same(read, EXPECTED["words"])


# -- failures --------------------------------------------------------------------------------------------------------


async def fails(answer: Stream) -> tuple[ModelError, Read]:
    read = Read()
    async with chat_server(answer) as server:
        with pytest.raises(ModelError) as caught:
            await ours(server, read)
    return caught.value, read


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 500, 502, 503])
def test_a_refusal_is_a_model_that_is_unavailable(status: int) -> None:
    error, read = asyncio.run(fails(Stream(b'{"error":{"message":"no"}}', status=status, headers={"location": "/"})))
    assert isinstance(error, ModelUnavailable) and str(error) == f"HTTP {status}" and not read.pieces


@pytest.mark.parametrize(
    ("said", "after"),
    [("0.5", 0.5), ("20", 20.0), ("", None), ("Mon, 23 Nov 2026 15:00:00 GMT", None), ("nan", None), ("inf", None)]
    + [("-1", None)],
)
def test_a_rate_limit_tells_how_long_to_wait_if_the_provider_did(said: str, after: float | None) -> None:
    error, _ = asyncio.run(fails(Stream(b"{}", status=429, headers={"retry-after": said} if said else {})))
    assert isinstance(error, ModelRateLimited) and error.retry_after == after


def test_nobody_there_is_a_model_that_is_unavailable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = ChatServer(Stream())
        nobody.base_url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        with pytest.raises(ModelUnavailable):
            asyncio.run(ours(nobody))


ENDLESS = b"data: " + b"x" * 400_000
LONG = b"".join(b'data: {"choices":[{"index":0,"delta":{"content":"%b"}}]}\n\n' % (b"word " * 20) for _ in range(2_000))
HALF_A_CALL = fixture("words_then_tool")[:3000]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Stream(fixture("words")[:1400], cut=True), "Your technician is on the way"),
        (Stream(fixture("words")[:1400]), "Your technician is on the way"),
        (Stream(HALF_A_CALL, cut=True), "One moment, I'll look."),
        (Stream(HALF_A_CALL), "One moment, I'll look."),
        (Stream(fixture("error_inside")), "Your visit"),
        (Stream(fixture("words").replace(b'"stop"', b"null")), EXPECTED["words"].words),
        (Stream(fixture("words_then_tool").replace(b'"tool_calls"}', b"null}")), EXPECTED["words_then_tool"].words),
        (Stream(b"data: <html>busy</html>\n\n"), ""),
        (Stream(b"<html>busy</html>"), ""),
        (Stream(b'{"choices":[{"message":{"content":"all at once"}}]}'), ""),
        (Stream(b""), ""),
        (Stream(ENDLESS, 50_000), ""),
    ],
    ids="cut ended cut-call ended-call error open open-call no-json html not-streamed empty endless".split(),
)
def test_a_stream_that_does_not_end_well_is_broken_and_calls_nothing(answer: Stream, words: str) -> None:
    error, read = asyncio.run(fails(answer))
    assert isinstance(error, ModelStreamBroken)
    assert read.words.startswith(words) and not read.calls


def test_a_reply_without_end_is_given_up() -> None:
    error, read = asyncio.run(fails(Stream(LONG, 5_000)))
    assert isinstance(error, ModelStreamBroken) and 0 < len(read.words) <= MOST_CHARACTERS


@pytest.mark.parametrize(
    "chunk",
    [
        "[]", "null", "7", '"words"', '{"choices":7}', '{"choices":[null]}', '{"choices":{"0":1}}',
        '{"choices":[{"delta":7}]}', '{"choices":[{"delta":{"content":7}}]}',
        '{"choices":[{"delta":{"content":{"text":"x"}}}]}', '{"choices":[{"delta":{"tool_calls":7}}]}',
        '{"choices":[{"delta":{"tool_calls":[7]}}]}', '{"choices":[{"delta":{"tool_calls":[{"function":7}]}}]}',
        '{"choices":[{"delta":{"tool_calls":[{"function":{"name":7}}]}}]}',
        '{"choices":[{"delta":{"tool_calls":[{"index":[],"id":{}}]}}]}',
    ],
)  # fmt: skip
def test_json_of_any_other_shape_is_a_broken_stream(chunk: str) -> None:
    error, read = asyncio.run(fails(Stream(f"data: {chunk}\n\n".encode())))
    assert isinstance(error, ModelStreamBroken) and not read.pieces


@pytest.mark.parametrize("usage", ["null", "7", "[]", '{"prompt_tokens":null}', '{"prompt_tokens":"many"}'])
def test_odd_statistics_cost_no_answer(usage: str) -> None:
    body = fixture("no_ids").replace(b'"choices"', b'"error":null,"usage":%b,"choices"' % usage.encode())
    (read,) = asyncio.run(each_way(Stream(body), ours))
    same(read, EXPECTED["no_ids"])


# -- the request -----------------------------------------------------------------------------------------------------


async def asked(request: ReplyRequest) -> Asked:
    async with chat_server(Stream(fixture("words"))) as server:
        await ours(server, request=request)
    return server.asked[0]


TOOLS = [{"type": "function", "function": {"name": "eta", "description": "¿Cuándo?", "parameters": {}}}]


def request(**more: object) -> ReplyRequest:
    said = [{"role": "user", "content": "where is he"}]
    return ReplyRequest(REQUEST.situation, said, orjson.dumps(TOOLS), "Be brief.", frozenset({"eta"}), **more)  # type: ignore[arg-type]


def test_what_is_sent_is_a_streamed_chat_completion() -> None:
    sent = asyncio.run(asked(request()))
    assert sent.path == "/v1/chat/completions"
    assert sent.headers["authorization"] == "Bearer k" and sent.headers["content-type"] == "application/json"
    body = sent.json
    assert body["stream"] is True and body["stream_options"] == {"include_usage": True}
    assert body["model"] == "example-mini" and body["max_completion_tokens"] > 0
    assert body["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "where is he"}]


def test_the_tools_of_the_line_are_pasted_in_as_they_are_and_left_out_where_there_are_none() -> None:
    sent = asyncio.run(asked(request()))
    assert sent.json["tools"] == TOOLS and orjson.dumps(TOOLS) in sent.body
    assert "tools" not in asyncio.run(asked(REQUEST)).json


def test_a_broken_reply_is_gone_on_with_behind_what_was_said() -> None:
    messages = asyncio.run(asked(request(already_said="Tomorrow between"))).json["messages"]
    assert messages[-2:] == [
        {"role": "assistant", "content": "Tomorrow between"},
        {"role": "system", "content": CONTINUE},
    ]


def test_without_a_key_none_is_sent() -> None:
    async def scenario() -> Asked:
        async with chat_server(Stream(fixture("words"))) as server, aiohttp.ClientSession() as session:
            await OpenAIModel(session, base_url=server.base_url + "/", model="m").reply(REQUEST, lambda _: None)
            return server.asked[0]

    sent = asyncio.run(scenario())
    assert "authorization" not in sent.headers and sent.path == "/v1/chat/completions"


def test_a_connection_that_served_one_reply_serves_the_next() -> None:
    async def scenario() -> int:
        async with chat_server(Stream(fixture("words"))) as server, aiohttp.ClientSession(connector=connector()) as s:
            model = OpenAIModel(s, base_url=server.base_url, model="m")
            for _ in range(3):
                await model.reply(REQUEST, lambda _: None)
            assert s.connector is not None
            return len(server.asked) * 10 + server.connections

    assert asyncio.run(scenario()) == 31


def test_every_fixture_is_json_inside_and_read_by_a_test() -> None:
    names = {path.stem for path in FIXTURES.glob("*.sse")}
    assert names == set(EXPECTED) | {"error_inside"}
    for name in names:
        for line in fixture(name).splitlines():
            if line.startswith(b"data:") and b"[DONE]" not in line:
                json.loads(line[5:])
