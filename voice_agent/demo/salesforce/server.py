"""The org over HTTP: the ASGI application, and a server for it.

python -m voice_agent.demo.salesforce --port 8001 [--seed DIR] [--db FILE] [--now ISO]
"""

import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qsl, unquote

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Lifespan, Receive, Scope, Send

from voice_agent.demo.salesforce import control, record_page, soap
from voice_agent.demo.salesforce.cometd import Streaming
from voice_agent.demo.salesforce.errors import ApiError, OAuthError, invalid_session, malformed_json
from voice_agent.demo.salesforce.faults import FaultLayer
from voice_agent.demo.salesforce.rest.exchange import Reply, refused
from voice_agent.demo.salesforce.seed import directory
from voice_agent.demo.salesforce.service import Service, versions

_KIND = "application/json;charset=UTF-8"
DEPLOYED = Path(__file__).parents[2] / "salesforce" / "package"
"""The product's deployable package, as if deployed to this org: read as files, never imported (sheet 6.2)."""


class Application(Starlette):
    """Starlette with the faults outside of its own error handling: a cut connection must look cut."""

    def __init__(self, routes: list[Route], lifespan: Lifespan[Starlette], service: Service) -> None:
        super().__init__(routes=routes, lifespan=lifespan)
        self._layer = FaultLayer(super().__call__, service.faults)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._layer(scope, receive, send)


def build(
    seed: Path | None = None, db: Path | None = None, now: datetime | None = None, package: Path | None = None
) -> Starlette:
    """The application. Its org is `app.state.service`.

    `seed` is a seed directory (the demo org without it), `db` a SQLite file that outlives the process (memory without
    it), `now` freezes the clock, `package` one more sfdx package to deploy. Raises ValueError for a bad seed.
    """
    packages = (DEPLOYED, *((package,) if package else ()))
    service = Service(directory.read(seed), db, packages, now)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        service.close()

    routes = [
        Route("/services/data", _versions, methods=["GET"]),
        Route("/services/data/", _versions, methods=["GET"]),
        Route("/services/data/v{version}", _rest(service), methods=_METHODS),
        Route("/services/data/v{version}/{path:path}", _rest(service), methods=_METHODS),
        Route("/services/apexrest/{path:path}", _apex(service), methods=_METHODS),
        Route("/services/oauth2/token", _token(service), methods=["POST"]),
        Route("/services/oauth2/revoke", _revoke(service), methods=["GET", "POST"]),
        Route("/services/oauth2/introspect", _introspect(service), methods=["POST"]),
        Route("/services/oauth2/userinfo", _userinfo(service), methods=["GET", "POST"]),
        Route("/id/{org}/{user}", _userinfo(service), methods=["GET", "POST"]),
        Route("/services/Soap/u/{version}", _soap(service), methods=["POST"]),
        Route("/services/Soap/u/{version}/{org}", _soap(service), methods=["POST"]),
        *Streaming(service).routes(),
        *control.routes(service, service.faults),
        record_page.route(service),
    ]
    app = Application(routes, lifespan, service)
    app.state.service = service
    return app


def serve(
    port: int = 0,
    host: str = "127.0.0.1",
    seed: Path | None = None,
    db: Path | None = None,
    now: datetime | None = None,
    anywhere: bool = False,
) -> None:
    """Serves until interrupted, after writing the address on standard output. Port 0 takes a free one.

    Raises ValueError for an address that others can reach, unless `anywhere`: nothing here is really secret.
    OSError means that the port is taken.
    """
    if not anywhere and not (host == "localhost" or ip_address(host).is_loopback):
        raise ValueError(f"{host} is not a loopback address; the emulator has no real security")
    app = build(seed, db, now)
    listener = socket.create_server((host, port))
    sys.stdout.write(f"Salesforce emulator on http://{host}:{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=1)
    uvicorn.Server(config).run(sockets=[listener])


Endpoint = Callable[[Request], Awaitable[Response]]
_METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD"]


async def _versions(request: Request) -> Response:
    return Response(orjson.dumps(versions()), media_type=_KIND)


def _rest(service: Service) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        raw = await request.body()
        path = tuple(unquote(part) for part in _raw_path(request).split("/")[4:] if part)
        query = dict(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True))
        try:
            body = _body(request, raw)
        except ApiError as error:
            return _response(refused(error))
        version = request.path_params["version"]
        return _response(service.rest(request.method, version, path, query, request.headers, body))

    return endpoint


def _apex(service: Service) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        raw = await request.body()
        path = tuple(part for part in request.path_params["path"].split("/") if part)
        try:
            body = _body(request, raw)
        except ApiError as error:
            return _response(refused(error))
        return _response(service.apex(request.method, path, dict(request.query_params), request.headers, body))

    return endpoint


def _raw_path(request: Request) -> str:
    """The path before decoding, so that an external id may hold a slash."""
    raw: bytes = request.scope.get("raw_path") or request.url.path.encode()
    return raw.decode("latin-1").split("?", 1)[0]


def _body(request: Request, raw: bytes) -> object:
    if not raw:
        return None
    if "json" not in request.headers.get("content-type", "application/json"):
        return raw
    try:
        return orjson.loads(raw)
    except ValueError as problem:
        raise malformed_json(f"Unexpected character at [line:1, column:1]: {problem}") from problem


def _response(reply: Reply) -> Response:
    headers = {name: str(value) for name, value in reply.headers.items()}
    if reply.body is None:
        return Response(status_code=reply.status, headers=headers)
    if isinstance(reply.body, bytes):
        return Response(reply.body, reply.status, headers)
    return Response(orjson.dumps(reply.body), reply.status, headers, media_type=_KIND)


def _token(service: Service) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        try:
            with service.database.transaction(write=True):
                answer = service.sessions.token(
                    form,
                    request.headers.get("authorization", ""),
                    control.origin(request),
                    service.database.now(),
                )
        except OAuthError as error:
            return Response(orjson.dumps(error.body), error.status, media_type=_KIND)
        return Response(orjson.dumps(answer), media_type=_KIND, headers={"Cache-Control": "no-store"})

    return endpoint


def _revoke(service: Service) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode())) | dict(request.query_params)
        with service.database.transaction(write=True):
            known = service.sessions.revoke(form.get("token", ""))
        if known:
            return Response()
        error = OAuthError("invalid_token", "the token is invalid")
        return Response(orjson.dumps(error.body), 400, media_type=_KIND)

    return endpoint


def _introspect(service: Service) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        return Response(orjson.dumps(service.sessions.introspect(form.get("token", ""))), media_type=_KIND)

    return endpoint


def _userinfo(service: Service) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        token = request.headers.get("authorization", "").partition(" ")[2]
        try:
            viewer = service.sessions.viewer(token, "", service.database.now())
        except ApiError:
            error = invalid_session()
            return Response(error.message, 403, media_type="text/html")
        org = service.org.org_id
        return Response(
            orjson.dumps(
                {
                    "id": f"{control.origin(request)}/id/{org}/{viewer.user_id}",
                    "sub": f"{control.origin(request)}/id/{org}/{viewer.user_id}",
                    "user_id": viewer.user_id,
                    "organization_id": org,
                    "username": viewer.username,
                    "preferred_username": viewer.username,
                    "zoneinfo": viewer.zone.key,
                    "active": True,
                    "urls": {
                        "rest": f"{control.origin(request)}/services/data/v{{version}}/",
                        "sobjects": f"{control.origin(request)}/services/data/v{{version}}/sobjects/",
                        "query": f"{control.origin(request)}/services/data/v{{version}}/query/",
                    },
                }
            ),
            media_type=_KIND,
        )

    return endpoint


def _soap(service: Service) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        version = float(request.path_params["version"])
        body = await request.body()
        with service.database.transaction(write=True):
            status, answer = soap.login(body, version, service.sessions, service.org, control.origin(request))
        return Response(answer, status, media_type="text/xml;charset=UTF-8")

    return endpoint
