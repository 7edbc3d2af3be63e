"""Messages over REST: send, look at, list, redact, delete (sheet section 6)."""

from typing import Any

from starlette.responses import Response

from ..exchange import Exchange
from ..messages import Message, MessageRefused
from .answers import API, RestError, matches_date, not_built, not_found, page_2010, rfc2822
from .gate import Call, created, deleted, found

NOT_BUILT = {
    "MessagingServiceSid": "messaging services",
    "ContentSid": "content templates",
    "ScheduleType": "scheduled messages",
    "SendAt": "scheduled messages",
    "ApplicationSid": "TwiML apps",
}


async def create(request: Call) -> Response:
    form = request.form
    for name, what in NOT_BUILT.items():
        if form.has(name):
            raise not_built(f"{name} ({what})")
    try:
        message = request.exchange.messages.send(
            form.text("To"),
            form.text("From"),
            form.text("Body"),
            media=tuple(form.all("MediaUrl")),
            status_callback=form.text("StatusCallback"),
        )
    except MessageRefused as refused:
        raise RestError(400, refused.code, str(refused)) from refused
    return created(_show(request.exchange, message))


async def fetch(request: Call) -> Response:
    return found(_show(request.exchange, _message(request)))


async def list_all(request: Call) -> Response:
    query = request.query
    wanted = [
        message
        for message in reversed(list(request.exchange.messages.by_sid.values()))
        if query.text("To", message.to_number) == message.to_number
        and query.text("From", message.from_number) == message.from_number
        and matches_date(message.sent_at, "DateSent", query)
    ]
    return found(page_2010("messages", wanted, lambda row: _show(request.exchange, row), request.path, query))


async def update(request: Call) -> Response:
    """`Body=""` redacts; `Status=canceled` belongs to scheduled messages."""
    message = _message(request)
    if request.form.has("Status"):
        raise not_built("Status (scheduled messages)")
    if not request.form.has("Body") or request.form.text("Body"):
        raise RestError(400, 20001, "A message can only be updated with an empty Body")
    request.exchange.messages.redact(message)
    return found(_show(request.exchange, message))


async def delete(request: Call) -> Response:
    del request.exchange.messages.by_sid[_message(request).sid]
    return deleted()


def _message(request: Call) -> Message:
    message = request.exchange.messages.by_sid.get(request.part["sid"])
    if message is None:
        raise not_found(request.path)
    return message


def _show(exchange: Exchange, message: Message) -> dict[str, Any]:
    account = exchange.credentials.account_sid
    uri = f"/{API}/Accounts/{account}/Messages/{message.sid}"
    return {
        "sid": message.sid,
        "account_sid": account,
        "messaging_service_sid": None,
        "to": message.to_number,
        "from": message.from_number,
        "body": message.body,
        "status": message.status,
        "direction": message.direction,
        "num_segments": str(message.segments),
        "num_media": str(len(message.media)),
        "error_code": message.error_code,
        "error_message": None,
        "price": None,
        "price_unit": "USD",
        "api_version": API,
        "date_created": rfc2822(message.created_at),
        "date_sent": rfc2822(message.sent_at),
        "date_updated": rfc2822(message.updated_at),
        "uri": f"{uri}.json",
        "subresource_uris": {"media": f"{uri}/Media.json"},
    }
