"""No effect without proof: every `/twilio/*` request is measured, then proven, and only then acted upon (sheet 4.1)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from tests.edges.doorstep import CALL, PUBLIC, ROTATED_IN, TOKEN, Doorstep
from voice_agent.twilio import signature

ROUTES = (
    "/twilio/voice",
    "/twilio/ended",
    "/twilio/call-status",
    "/twilio/message",
    "/twilio/message-status",
    "/twilio/queue/wait",
    "/twilio/queue/left",
    "/twilio/queue/key",
    "/twilio/transfer/join",
    "/twilio/transfer/talked",
    "/twilio/transfer/dialled",
    "/twilio/transfer/message",
    "/twilio/transfer/recorded",
    "/twilio/transfer/leg",
    "/twilio/transfer/key",
    "/twilio/transfer/leg-done",
    "/twilio/transfer/status",
    "/twilio/transfer/room",
    "/twilio/transfer/room-wait",
    "/twilio/transfer/alone",
    "/twilio/task/assign",
    "/twilio/task/event",
    "/twilio/page/leg",
    "/twilio/page/key",
    "/twilio/page/status",
    "/twilio/call-back/person",
    "/twilio/call-back/key",
    "/twilio/call-back/done",
    "/twilio/call-back/caller",
    "/twilio/call-back/caller-key",
    "/twilio/call-back/status",
)
MOST = 64 * 1024


@pytest.fixture(scope="module")
def door() -> Doorstep:
    return Doorstep()


def test_these_are_all_the_routes_there_are(door: Doorstep) -> None:
    paths = {getattr(route, "path", "") for route in door.app.routes}
    assert {path for path in paths if path.startswith("/twilio/")} == {*ROUTES, "/twilio/relay"}


@pytest.mark.parametrize("path", ROUTES)
def test_without_a_signature_or_with_a_wrong_one_it_is_refused(door: Doorstep, path: str) -> None:
    async def scenario() -> None:
        body = urlencode({"CallSid": CALL}).encode()
        assert (await door.ask(path, body)).status == 403
        for given in ("x", "é", signature.sign("another token", PUBLIC + path, {"CallSid": [CALL]})):
            assert (await door.ask(path, body, headers={"x-twilio-signature": given})).status == 403
        assert (await door.twilio(path, {"CallSid": CALL}, token="another token")).status == 403
        assert (await door.twilio(path, {"CallSid": CALL})).status in (200, 204)

    asyncio.run(scenario())


def test_a_request_that_was_refused_has_had_no_effect() -> None:
    async def scenario() -> None:
        door = Doorstep()
        socket = door.connects((await door.rings()).ticket)
        await socket.until(lambda: socket.accepted)
        over = {"CallSid": CALL, "CallStatus": "completed"}
        assert (await door.twilio("/twilio/call-status", over, token="another token")).status == 403
        assert CALL in door.services.calls
        assert (await door.twilio("/twilio/call-status", over)).status == 204
        assert CALL not in door.services.calls
        await socket.breaks()

    asyncio.run(scenario())


@pytest.mark.parametrize("path", ROUTES)
def test_a_body_over_64_kib_is_refused_by_its_length_before_a_byte_is_read(door: Doorstep, path: str) -> None:
    answer = asyncio.run(
        door.ask(path, b"x" * (MOST + 1), headers={"x-twilio-signature": "x", "content-length": str(MOST + 1)})
    )
    assert (answer.status, answer.taken) == (413, 0)


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("told", [{}, {"content-length": "10"}])
def test_a_body_that_grows_past_64_kib_is_refused_before_it_is_read_to_its_end(
    door: Doorstep, path: str, told: dict[str, str]
) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(1_000):
            yield b"x" * 4096

    answer = asyncio.run(door.ask(path, endless(), headers={"x-twilio-signature": "x", **told}))
    assert answer.status == 413 and answer.taken == MOST // 4096 + 1


@pytest.mark.parametrize("length", ["ten", "-1", "", "1e3", "²"])
def test_a_length_that_is_no_number_is_refused(door: Doorstep, length: str) -> None:
    answer = asyncio.run(door.ask("/twilio/voice", b"", headers={"x-twilio-signature": "x", "content-length": length}))
    assert answer.status == 413


def test_exactly_64_kib_is_still_read(door: Doorstep) -> None:
    answer = asyncio.run(door.ask("/twilio/voice", b"x" * MOST, headers={"x-twilio-signature": "x"}))
    assert answer.status == 403


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_only_post_is_answered(door: Doorstep, path: str, method: str) -> None:
    assert asyncio.run(door.ask(path, method=method)).status == 405


@pytest.mark.parametrize("signed_as", [PUBLIC, f"{PUBLIC}:443"])
def test_the_public_url_is_what_counts_with_and_without_its_port(door: Doorstep, signed_as: str) -> None:
    answer = asyncio.run(door.twilio("/twilio/voice", {"CallSid": CALL, "To": "+1"}, base=signed_as))
    assert answer.status == 200


@pytest.mark.parametrize("public", ["https://voice.example.net:8443", "https://voice.example.net:8443/"])
def test_a_public_url_with_a_port_of_its_own_is_signed_with_or_without_it(public: str) -> None:
    door = Doorstep(PUBLIC_URL=public)
    for signed_as in ("https://voice.example.net:8443", "https://voice.example.net"):
        assert asyncio.run(door.twilio("/twilio/voice", {"CallSid": CALL, "To": "+1"}, base=signed_as)).status == 200
    assert (
        asyncio.run(
            door.twilio("/twilio/voice", {"CallSid": CALL, "To": "+1"}, base="https://voice.example.net:8444")
        ).status
        == 403
    )


@pytest.mark.parametrize("other", ["http://voice.example.net", "https://127.0.0.1:8000", "https://evil.example.net"])
def test_what_the_request_says_of_its_own_host_counts_for_nothing(door: Doorstep, other: str) -> None:
    path, values = "/twilio/voice", {"To": ["+1"]}
    headers = {
        "x-twilio-signature": signature.sign(TOKEN, other + path, values),
        "host": other.split("//")[1],
        "x-forwarded-host": other.split("//")[1],
        "x-forwarded-proto": other.split(":")[0],
    }
    assert asyncio.run(door.ask(path, b"To=%2B1", headers=headers)).status == 403


def test_a_query_string_is_part_of_what_is_signed(door: Doorstep) -> None:
    async def scenario() -> None:
        form = {"CallSid": CALL, "To": "+1"}
        assert (await door.twilio("/twilio/voice", form, query="a=1&b=%20c")).status == 200
        body = urlencode(form).encode()
        bare = signature.sign(TOKEN, f"{PUBLIC}/twilio/voice", {name: [value] for name, value in form.items()})
        answer = await door.ask("/twilio/voice", body, query="a=1", headers={"x-twilio-signature": bare})
        assert answer.status == 403

    asyncio.run(scenario())


def test_blank_values_and_repeated_names_take_part(door: Doorstep) -> None:
    async def scenario() -> None:
        form: dict[str, str | list[str]] = {"CallSid": CALL, "To": "+1", "Empty": "", "Same": ["b", "a", "b"]}
        assert (await door.twilio("/twilio/voice", form)).status == 200
        values = {"CallSid": [CALL], "To": ["+1"]}
        signed = signature.sign(TOKEN, f"{PUBLIC}/twilio/voice", values)
        body = urlencode({"CallSid": CALL, "To": "+1", "Empty": ""}).encode()
        given = {"x-twilio-signature": signed}
        assert (await door.ask("/twilio/voice", body + b"&Same=a", headers=given)).status == 403

    asyncio.run(scenario())


def test_the_secondary_token_is_good_during_a_rotation_and_only_then(door: Doorstep) -> None:
    both = Doorstep(TWILIO_AUTH_TOKEN_SECONDARY=ROTATED_IN)
    for token in (TOKEN, ROTATED_IN):
        assert asyncio.run(both.twilio("/twilio/voice", {"CallSid": CALL, "To": "+1"}, token=token)).status == 200
    assert asyncio.run(door.twilio("/twilio/voice", {"CallSid": CALL, "To": "+1"}, token=ROTATED_IN)).status == 403


def test_a_body_of_bytes_or_of_very_many_fields_is_refused_and_harms_nothing(door: Doorstep) -> None:
    for body in (b"\xff\xfe\x00=%ff&&&;;=", b"&".join(b"f%d=1" % n for n in range(2_000))):
        answer = asyncio.run(door.ask("/twilio/voice", body, headers={"x-twilio-signature": "x"}))
        assert answer.status in (400, 403)


def test_a_call_without_a_name_is_no_call(door: Doorstep) -> None:
    assert asyncio.run(door.twilio("/twilio/voice", {"To": "+1"})).status == 400
