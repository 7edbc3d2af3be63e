"""Voice queues and who waits in them, over REST (sheet section 5.4)."""

from typing import Any

from starlette.responses import Response

from ..exchange import Exchange
from ..flow import Fetch
from ..queues import DEFAULT_MAX_SIZE, MOST_MAX_SIZE, Member, VoiceQueue
from .answers import API, RestError, not_found, page_2010, rfc2822
from .gate import Call, created, deleted, found

MOST_NAME = 64


async def create(request: Call) -> Response:
    name = request.form.text("FriendlyName")
    if not name or len(name) > MOST_NAME:
        raise RestError(400, 20001, "FriendlyName must have 1 to 64 characters")
    if request.exchange.queues.by_name(name) is not None:
        raise RestError(400, 22003, f"A queue named {name} is already there")
    size = request.form.number("MaxSize", DEFAULT_MAX_SIZE, 1, MOST_MAX_SIZE)
    return created(_show(request.exchange, request.exchange.queues.create(name, size)))


async def list_all(request: Call) -> Response:
    rows = request.exchange.queues.all()
    return found(page_2010("queues", rows, lambda row: _show(request.exchange, row), request.path, request.query))


async def fetch(request: Call) -> Response:
    return found(_show(request.exchange, _queue(request)))


async def update(request: Call) -> Response:
    queue = _queue(request)
    queue.name = request.form.text("FriendlyName", queue.name)
    queue.max_size = request.form.number("MaxSize", queue.max_size, 1, MOST_MAX_SIZE)
    queue.updated_at = request.exchange.clock.utc()
    return found(_show(request.exchange, queue))


async def delete(request: Call) -> Response:
    queue = _queue(request)
    if queue.members:
        raise RestError(409, 22002, "The queue is not empty")
    request.exchange.queues.delete(queue)
    return deleted()


async def list_members(request: Call) -> Response:
    queue = _queue(request)
    return found(
        page_2010(
            "queue_members",
            list(queue.members),
            lambda member: _show_member(request.exchange, queue, member),
            request.path,
            request.query,
        )
    )


async def fetch_member(request: Call) -> Response:
    queue = _queue(request)
    return found(_show_member(request.exchange, queue, _member(request, queue)))


async def dequeue(request: Call) -> Response:
    """The member leaves the queue and runs the document at `Url`."""
    queue = _queue(request)
    member = _member(request, queue)
    url = request.form.text("Url")
    if not url:
        raise RestError(400, 21205, "Url parameter is required.")
    shown = _show_member(request.exchange, queue, member)
    request.exchange.queues.take(queue, member, Fetch(url, request.form.text("Method", "POST"), "redirect"))
    return found(shown)


def _queue(request: Call) -> VoiceQueue:
    queue = request.exchange.queues.by_sid(request.part["sid"])
    if queue is None:
        raise not_found(request.path)
    return queue


def _member(request: Call, queue: VoiceQueue) -> Member:
    """`Front`, or the member with that CallSid."""
    wanted = request.part["member"]
    member = next((member for member in queue.members if wanted in ("Front", member.call.sid)), None)
    if member is None:
        raise not_found(request.path)
    return member


def _show(exchange: Exchange, queue: VoiceQueue) -> dict[str, Any]:
    account = exchange.credentials.account_sid
    uri = f"/{API}/Accounts/{account}/Queues/{queue.sid}"
    return {
        "sid": queue.sid,
        "account_sid": account,
        "friendly_name": queue.name,
        "current_size": len(queue.members),
        "max_size": queue.max_size,
        "average_wait_time": queue.average_wait,
        "date_created": rfc2822(queue.created_at),
        "date_updated": rfc2822(queue.updated_at),
        "uri": f"{uri}.json",
        "subresource_uris": {"members": f"{uri}/Members.json"},
    }


def _show_member(exchange: Exchange, queue: VoiceQueue, member: Member) -> dict[str, Any]:
    account = exchange.credentials.account_sid
    return {
        "call_sid": member.call.sid,
        "queue_sid": queue.sid,
        "date_enqueued": rfc2822(member.entered_at),
        "position": queue.position(member),
        "wait_time": exchange.queues.waited(member),
        "uri": f"/{API}/Accounts/{account}/Queues/{queue.sid}/Members/{member.call.sid}.json",
    }
