"""Our side of a call, scripted: an application that answers webhooks from a table and talks over the relay socket."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

BASE = "https://app.example.com"
RELAY = "wss://app.example.com/relay"
TOKEN = "an auth token for tests"
ACCOUNT = "AC" + "1" * 32
CALLER, LINE = "+15550100002", "+15550100001"

RECORDED_ATTRIBUTES = {
    "welcomeGreeting": "This is the spike. Say something, or press a key.",
    "transcriptionProvider": "Deepgram",
    "speechModel": "flux",
    "partialPrompts": "true",
    "dtmfDetection": "true",
    "interruptible": "any",
    "reportInputDuringAgentSpeech": "any",
    "events": "speaker-events tokens-played",
}
"""The attributes every recording was made with."""


def relay_twiml(action: str | None = "/action", children: str = "", url: str = RELAY, **attributes: str) -> str:
    """`<Connect><ConversationRelay>` with the recorded attributes unless others are given; None leaves one out."""
    given = {**RECORDED_ATTRIBUTES, **attributes}
    inside = " ".join(f'{name}="{value}"' for name, value in given.items() if value != "")
    connect = f'<Connect action="{action}">' if action is not None else "<Connect>"
    return response(f'{connect}<ConversationRelay url="{url}" {inside}>{children}</ConversationRelay></Connect>')


def response(inside: str = "") -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Response>{inside}</Response>'


@dataclass(frozen=True)
class Seen:
    """A request from Twilio's side."""

    ms: int
    path: str
    method: str
    form: Mapping[str, str]
    headers: Mapping[str, str]
    url: str


@dataclass
class Talk:
    """One relay socket as our side sees it."""

    socket: WebSocket
    now: Callable[[], int]
    frames: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    closed: tuple[int, int, str] | None = None
    """Milliseconds, code, reason."""
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self) -> None:
        try:
            while True:
                frame = json.loads(await self.socket.receive_text())
                self.frames.append((self.now(), frame))
                self._wake()
        except WebSocketDisconnect as gone:
            self.closed = (self.now(), gone.code, gone.reason or "")
            self._wake()

    async def send(self, **frame: Any) -> None:
        await self.socket.send_text(json.dumps(frame))

    async def say(self, text: str, **more: Any) -> None:
        """A whole reply, word by word, the way a model's tokens come."""
        words = text.split(" ")
        tokens = [words[0], *(" " + word for word in words[1:])]
        for at, token in enumerate(tokens, start=1):
            await self.send(type="text", token=token, last=at == len(tokens), **more)

    async def until(self, wanted: Callable[[dict[str, Any]], bool], start: int = 0) -> tuple[int, dict[str, Any]]:
        at = start
        while True:
            while at < len(self.frames):
                if wanted(self.frames[at][1]):
                    return self.frames[at]
                at += 1
            assert self.closed is None, f"closed {self.closed} before the frame came; got {self.kinds()}"
            await self._news.wait()

    def kinds(self) -> list[str]:
        """The frames in short: `agentSpeaking on`, `prompt… words`, `prompt words`, `dtmf 1`, `interrupt words`."""
        return [shorten(frame) for _, frame in self.frames]

    def times(self, kind: str) -> list[int]:
        return [ms for ms, frame in self.frames if shorten(frame) == kind]

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


def shorten(frame: Mapping[str, Any]) -> str:
    match frame["type"]:
        case "info":
            return f"{frame['name']} {frame['value']}"
        case "prompt":
            return f"prompt{'' if frame['last'] else '…'} {frame['voicePrompt']}"
        case "dtmf":
            return f"dtmf {frame['digit']}"
        case "interrupt":
            return f"interrupt {frame['utteranceUntilInterrupt']}"
        case other:
            return str(other)


Script = Callable[[Talk], Awaitable[None]]
Page = str | Response | Callable[[Seen], Awaitable[Response]]


async def silent(talk: Talk) -> None:
    """Says nothing."""


class Application:
    """Answers `/voice`, `/action` and whatever else `pages` names; each page may be a list, used up in order."""

    def __init__(self, script: Script = silent, now: Callable[[], float] | None = None, **pages: Page | list[Page]):
        self.pages: dict[str, list[Page]] = {
            name: list(page) if isinstance(page, list) else [page] for name, page in pages.items()
        }
        self.script = script
        self.refuse = False
        self.seen: list[Seen] = []
        self.talks: list[Talk] = []
        self._now = now or (lambda: asyncio.get_running_loop().time())
        self._news = asyncio.Event()
        self.app = Starlette(
            routes=[
                WebSocketRoute("/relay", self._relay),
                Route("/{name:path}", self._answer, methods=["GET", "POST"]),
            ]
        )

    def forms(self, path: str) -> list[Mapping[str, str]]:
        return [seen.form for seen in self.seen if seen.path == path]

    def times(self, path: str) -> list[int]:
        return [seen.ms for seen in self.seen if seen.path == path]

    async def talk(self, number: int = 0) -> Talk:
        """The relay socket of that number, once it is open."""
        while len(self.talks) <= number:
            await self._news.wait()
        return self.talks[number]

    def ms(self) -> int:
        return round(self._now() * 1000)

    async def _answer(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        name = request.path_params["name"]
        headers = {key.lower(): value for key, value in request.headers.items()}
        seen = Seen(self.ms(), f"/{name}", request.method, form, headers, str(request.url))
        self.seen.append(seen)
        pages = self.pages.get(name.replace("/", "_").replace("-", "_"))
        if not pages:
            return Response(status_code=204) if name == "status" else Response(response(), media_type="text/xml")
        page = pages.pop(0) if len(pages) > 1 else pages[0]
        if isinstance(page, str):
            return Response(page, media_type="text/xml")
        if isinstance(page, Response):
            return page
        return await page(seen)

    async def _relay(self, socket: WebSocket) -> None:
        if self.refuse:
            await socket.close(1008)
            return
        await socket.accept()
        talk = Talk(socket, self.ms)
        self.talks.append(talk)
        self._news.set()
        self._news = asyncio.Event()
        script = asyncio.ensure_future(self.script(talk))
        try:
            await talk.read()
        finally:
            script.cancel()
            await asyncio.wait({script})
            if not script.cancelled() and script.exception() is not None:
                raise script.exception() or AssertionError


def answering(replies: Mapping[str, str]) -> Script:
    """Echoes every final prompt as the recorder did («I heard: …»), except keys and prompts that `replies` names."""

    async def script(talk: Talk) -> None:
        at = 0
        while True:
            _, frame = await talk.until(
                lambda frame: frame["type"] in ("dtmf", "prompt") and frame.get("last", True), at
            )
            at = next(i for i, (_, each) in enumerate(talk.frames) if each is frame) + 1
            heard = frame["digit"] if frame["type"] == "dtmf" else frame["voicePrompt"]
            default = f"Key {heard}." if frame["type"] == "dtmf" else f"I heard: {heard}"
            await talk.say(replies.get(heard, default))

    return script


def _finished_input(frame: Mapping[str, Any]) -> bool:
    return frame["type"] == "dtmf" or (frame["type"] == "prompt" and bool(frame["last"]))
