"""The facade against every row of the table in section 5.2 of the sheet, over real HTTP with the real client."""

from __future__ import annotations

import asyncio
import base64
import os
import subprocess
import sys
from collections.abc import Callable
from itertools import count

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.salesforce.facade import SECRET, SHORT, Clock, facade, live
from tests.salesforce.scripted_org import Answer, Asked, ScriptedOrg, refused, rows, running, token
from voice_agent import errors
from voice_agent.salesforce.client import TOKEN_AGE, Salesforce
from voice_agent.salesforce.credentials import Credentials

SOQL = "SELECT Id FROM Contact LIMIT 1"


def after_sign_in(answer: Callable[[Asked], Answer]) -> Callable[[Asked], Answer]:
    numbers = count(1)

    def script(asked: Asked) -> Answer:
        return token(next(numbers)) if asked.path.endswith("/oauth2/token") else answer(asked)

    return script


@live
async def test_every_host_is_rewritten_to_the_address_given() -> None:
    """Row 1: simple-salesforce knows only https and its own hosts."""
    with running(after_sign_in(lambda asked: rows({"Id": "003"}))) as org:
        async with facade(org.url) as salesforce:
            assert await salesforce.query(SOQL) == [{"Id": "003"}]
        assert [asked.path for asked in org.asked] == ["/services/oauth2/token", "/services/data/v67.0/query"]
        assert org.asked[1].query == {"q": SOQL}


def test_plain_http_is_taken_for_loopback_only() -> None:
    with pytest.raises(errors.ConfigurationError, match="loopback"):
        asyncio.run(_connect_to("http://203.0.113.9:80"))


async def _connect_to(url: str) -> None:
    async with facade(url) as salesforce:
        await salesforce.connect()


@live
async def test_the_jwt_names_the_login_host_and_soon_expires() -> None:
    """Rows 2 and 3: no instance_url, the audience is the login host, `exp` is a number in a string."""
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    credentials = Credentials(domain="test", client_id="consumer", username="agent@acme.example", private_key=pem)
    with running(after_sign_in(lambda asked: rows())) as org:
        async with facade(org.url, credentials=credentials) as salesforce:
            await salesforce.query(SOQL)
        form = dict(pair.split("=", 1) for pair in org.asked[0].body.split("&"))
    assert form["grant_type"] == "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"
    claims = jwt.decode(
        form["assertion"],
        key.public_key(),
        algorithms=["RS256"],
        audience="https://test.salesforce.com",
        options={"verify_exp": False},
    )
    assert (claims["iss"], claims["sub"]) == ("consumer", "agent@acme.example")
    assert claims["exp"].isdigit()


@live
async def test_client_credentials_go_as_basic_to_the_my_domain_host() -> None:
    """Row 4."""
    with running(after_sign_in(lambda asked: rows())) as org:
        async with facade(org.url) as salesforce:
            await salesforce.connect()
        basic = base64.b64encode(b"key:not-a-real-secret").decode()
        assert org.asked[0].headers["Authorization"] == f"Basic {basic}"
        assert org.asked[0].body == "grant_type=client_credentials"


def test_settings_that_cannot_sign_in_are_named() -> None:
    with pytest.raises(errors.ConfigurationError, match="My Domain"):
        Credentials(domain="login", client_id="key", client_secret="s")
    with pytest.raises(errors.ConfigurationError, match="SALESFORCE_CLIENT_SECRET"):
        Credentials(domain="acme.my", client_id="key")
    assert Credentials(domain="https://acme.my.salesforce.com/", client_id="k", client_secret="s").domain == "acme.my"


def test_secrets_are_not_shown() -> None:
    assert "secret" not in repr(SECRET).replace("client_secret", "")


@live
async def test_a_private_key_that_is_none_names_the_setting() -> None:
    credentials = Credentials(domain="test", client_id="key", username="a@b.example", private_key="-----BEGIN NOTHING")
    with running(after_sign_in(lambda asked: rows())) as org:
        async with facade(org.url, credentials=credentials) as salesforce:
            with pytest.raises(errors.ConfigurationError, match="SALESFORCE_PRIVATE_KEY_FILE"):
                await salesforce.connect()


@pytest.mark.parametrize("verb", ["query", "write", "composite", "search"])
@live
async def test_an_org_that_always_answers_401_is_asked_twice(verb: str) -> None:
    """Rows 5 and 6: the library signs in hundreds of times on record calls and four times on queries."""
    with running(after_sign_in(lambda asked: refused(401, "INVALID_SESSION_ID"))) as org:
        async with facade(org.url) as salesforce:
            with pytest.raises(errors.SignInFailed):
                await _ask(salesforce, verb)
        assert org.sign_ins == 2
        assert len(org.asked) - org.sign_ins == 2


async def _ask(salesforce: Salesforce, verb: str) -> object:
    match verb:
        case "query":
            return await salesforce.query(SOQL)
        case "search":
            return await salesforce.search("FIND {x} IN PHONE FIELDS")
        case "write":
            return await salesforce.request("PATCH", "sobjects/Contact/003000000000001", json={"Title": "x"})
        case "apex":
            return await salesforce.apex("POST", "ai/slots", json={})
        case _:
            return await salesforce.composite([], writes=True)


@live
async def test_fifty_callers_meeting_an_expired_token_make_one_sign_in() -> None:
    """Row 7: fifty threads made fifty sign-ins."""
    expired = {"Bearer token-1"}

    def answer(asked: Asked) -> Answer:
        return refused(401, "INVALID_SESSION_ID") if asked.headers["Authorization"] in expired else rows({"Id": "1"})

    with running(after_sign_in(answer)) as org:
        async with facade(org.url) as salesforce:
            await salesforce.connect()
            found = await asyncio.gather(*(salesforce.query(SOQL) for _ in range(50)))
        assert found == [[{"Id": "1"}]] * 50
        assert org.sign_ins == 2, "one at the start, one for all fifty"


@pytest.mark.parametrize("body", ["<html>Unauthorized</html>", {"error": "unauthorized"}, [], ""])
@live
async def test_a_401_in_any_shape_is_a_refused_sign_in(body: object) -> None:
    """Row 8: a proxy's HTML or object answer makes the library raise KeyError or a decoding error."""
    with running(after_sign_in(lambda asked: Answer(401, body))) as org:
        async with facade(org.url) as salesforce:
            with pytest.raises(errors.SignInFailed):
                await salesforce.query(SOQL)


@live
async def test_a_renewed_token_is_used_at_once_and_by_all_calls() -> None:
    """Rows 9 and 10: the library's direct sessions cannot renew and its objects keep the old one."""
    answers = {"Bearer token-1": refused(401, "INVALID_SESSION_ID")}
    with running(after_sign_in(lambda asked: answers.get(asked.headers["Authorization"], rows()))) as org:
        async with facade(org.url) as salesforce:
            for _ in range(3):
                await salesforce.query(SOQL)
        used = [asked.headers["Authorization"] for asked in org.of("/query")]
        assert used == ["Bearer token-1", "Bearer token-2", "Bearer token-2", "Bearer token-2"]


@live
async def test_a_token_is_renewed_before_it_expires() -> None:
    """5.5 rule 4: there is no expires_in, so age decides."""
    clock = Clock()
    with running(after_sign_in(lambda asked: rows())) as org:
        async with facade(org.url, clock=clock) as salesforce:
            await salesforce.query(SOQL)
            clock.now += TOKEN_AGE + 1
            await salesforce.query(SOQL)
        assert org.sign_ins == 2
        assert org.asked[-1].headers["Authorization"] == "Bearer token-2"


@live
async def test_a_failed_early_renewal_leaves_the_old_token_in_use() -> None:
    clock = Clock()
    signed_in = count()

    def script(asked: Asked) -> Answer:
        if asked.path.endswith("/token"):
            return token() if next(signed_in) == 0 else Answer(503, "<html>maintenance</html>")
        return rows({"Id": "1"})

    with running(script) as org:
        async with facade(org.url, clock=clock) as salesforce:
            await salesforce.query(SOQL)
            clock.now += TOKEN_AGE + 1
            assert await salesforce.query(SOQL) == [{"Id": "1"}]
            assert await salesforce.query(SOQL) == [{"Id": "1"}]
        assert org.sign_ins == 2, "the next attempt waits a minute"


@pytest.mark.parametrize("verb", ["query", "write", "search", "apex"])
@live
async def test_every_call_has_a_time_out(verb: str) -> None:
    """Row 11: the library has none on writes, search and sign-in."""
    org: ScriptedOrg
    with running(after_sign_in(lambda asked: org.hang())) as org:
        async with facade(org.url, timeouts=SHORT) as salesforce:
            await salesforce.connect()
            with pytest.raises(errors.SalesforceTimeout):
                await _ask(salesforce, verb)
            org.release.set()


@live
async def test_sign_in_has_a_time_out() -> None:
    org: ScriptedOrg
    with running(lambda asked: org.hang()) as org:
        async with facade(org.url, timeouts=SHORT) as salesforce:
            with pytest.raises(errors.SalesforceUnavailable):
                await salesforce.connect()
            org.release.set()


@live
async def test_connections_are_kept_and_bounded_by_the_threads() -> None:
    """Row 12: the library's pool of ten throws connections away above ten threads."""
    with running(after_sign_in(lambda asked: rows())) as org:
        async with facade(org.url, threads=12) as salesforce:
            for _ in range(4):
                await asyncio.gather(*(salesforce.query(SOQL) for _ in range(24)))
        assert len({asked.connection for asked in org.asked}) <= 12


@live
async def test_a_read_on_a_dead_connection_is_sent_again_once() -> None:
    """Row 13: an idle connection that the server closed."""
    tries = count()
    with running(after_sign_in(lambda asked: Answer(drop=True) if next(tries) == 0 else rows({"Id": "1"}))) as org:
        async with facade(org.url) as salesforce:
            assert await salesforce.query(SOQL) == [{"Id": "1"}]
        assert len(org.of("/query")) == 2


@live
async def test_a_write_on_a_lost_connection_is_never_sent_again() -> None:
    """Row 13: it may have happened."""
    with running(after_sign_in(lambda asked: Answer(drop=True))) as org:
        async with facade(org.url) as salesforce:
            with pytest.raises(errors.SalesforceTimeout) as lost:
                await _ask(salesforce, "write")
        assert lost.value.code == "LOST"
        assert len(org.of("/sobjects/")) == 1


@live
async def test_a_value_in_a_path_keeps_its_spaces() -> None:
    """Row 14: the library turns a space into a plus, which a path does not decode."""
    with running(after_sign_in(lambda asked: Answer(body={"Id": "1"}))) as org:
        async with facade(org.url) as salesforce:
            await salesforce.request("GET", "sobjects/Case/Agent_Key__c/a%20b%2Bc")
        assert org.asked[-1].path == "/services/data/v67.0/sobjects/Case/Agent_Key__c/a%20b%2Bc"


@live
async def test_the_daily_allowance_is_read_from_every_answer() -> None:
    """Row 15: the library keeps it on a throw-away object."""
    used = {"Sforce-Limit-Info": "api-usage=18/5000; per-app-api-usage=17/250(appName=x)"}
    with running(after_sign_in(lambda asked: Answer(204, headers=used))) as org:
        async with facade(org.url) as salesforce:
            await _ask(salesforce, "write")
            assert (salesforce.usage.used, salesforce.usage.limit) == (18, 5000)


@live
async def test_near_the_allowance_reads_that_can_wait_are_refused() -> None:
    """7.4: the rest is kept for writes."""
    with running(after_sign_in(lambda asked: Answer(204, headers={"Sforce-Limit-Info": "api-usage=4600/5000"}))) as org:
        async with facade(org.url) as salesforce:
            await _ask(salesforce, "write")
            with pytest.raises(errors.RateLimited):
                await salesforce.search("FIND {x}", essential=False)
            await _ask(salesforce, "write")
        assert not org.of("/search")


def test_the_environment_cannot_change_the_certificates() -> None:
    """Row 16: REQUESTS_CA_BUNDLE overrides the session's own in plain requests."""
    code = (
        "from voice_agent.salesforce.adapter import SalesforceAdapter, session\n"
        "from voice_agent.salesforce.limits import Timeouts\n"
        "made = session(SalesforceAdapter(connections=1, timeouts=Timeouts(), on_usage=print))\n"
        "print(made.merge_environment_settings('https://acme.my.salesforce.com', {}, None, True, None)['verify'])\n"
    )
    environment = {**os.environ, "REQUESTS_CA_BUNDLE": "/somewhere/else.pem", "HTTPS_PROXY": "http://203.0.113.1:1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


@live
async def test_requests_carry_our_name_and_no_pretty_printing() -> None:
    """Row 17."""
    with running(after_sign_in(lambda asked: rows())) as org:
        async with facade(org.url) as salesforce:
            await salesforce.query(SOQL)
        sent = org.asked[-1].headers
    assert "X-PrettyPrint" not in sent
    assert sent["Sforce-Call-Options"] == "client=voice-agent"
    assert sent["User-Agent"] == "voice-agent"


@live
async def test_a_locked_row_is_tried_three_times() -> None:
    """Row 19: a lock has rolled everything back, so trying again is safe."""
    tries = count(1)
    with running(
        after_sign_in(lambda asked: refused(400, "UNABLE_TO_LOCK_ROW") if next(tries) < 3 else Answer(204))
    ) as org:
        async with facade(org.url) as salesforce:
            await _ask(salesforce, "write")
            assert len(org.of("/sobjects/")) == 3


@live
async def test_a_lock_inside_a_composite_is_tried_again_as_a_whole() -> None:
    tries = count(1)

    def answer(asked: Asked) -> Answer:
        lock = [{"errorCode": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain exclusive access"}]
        good = next(tries) > 2
        sub = {"referenceId": "a", "httpStatusCode": 204 if good else 400, "body": None if good else lock}
        return Answer(body={"compositeResponse": [sub]})

    with running(after_sign_in(answer)) as org:
        async with facade(org.url) as salesforce:
            (sub,) = await salesforce.composite([{"method": "PATCH", "url": "x", "referenceId": "a"}], writes=True)
        assert sub.status == 204
        assert len(org.of("/composite")) == 3


@live
async def test_a_lock_that_stays_is_named() -> None:
    with running(after_sign_in(lambda asked: refused(400, "UNABLE_TO_LOCK_ROW"))) as org:
        async with facade(org.url) as salesforce:
            with pytest.raises(errors.Locked):
                await _ask(salesforce, "write")
        assert len(org.of("/sobjects/")) == 3


@live
async def test_a_503_page_is_retried_for_a_read_and_not_for_a_write() -> None:
    """Row 19: the maintenance page is HTML."""
    with running(after_sign_in(lambda asked: Answer(503, "<html>Down for maintenance</html>"))) as org:
        async with facade(org.url) as salesforce:
            with pytest.raises(errors.SalesforceUnavailable):
                await salesforce.query(SOQL)
            assert len(org.of("/query")) == 2
            with pytest.raises(errors.SalesforceUnavailable):
                await _ask(salesforce, "write")
            assert len(org.of("/sobjects/")) == 1


@live
async def test_a_used_up_allowance_is_not_asked_again() -> None:
    """Row 19 and 7.4: there is no Retry-After."""
    with running(after_sign_in(lambda asked: refused(403, "REQUEST_LIMIT_EXCEEDED"))) as org:
        async with facade(org.url) as salesforce:
            with pytest.raises(errors.RateLimited):
                await salesforce.query(SOQL)
        assert len(org.of("/query")) == 1


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, [{"errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "On stop."}], errors.InvalidInput),
        (400, [{"errorCode": "MALFORMED_ID", "message": "x"}], errors.InvalidInput),
        (400, [{"errorCode": "INVALID_FIELD", "message": "x"}], errors.Forbidden),
        (400, [{"errorCode": "DUPLICATE_VALUE", "message": "x"}], errors.Conflict),
        (300, ["/services/data/v67.0/sobjects/Case/1", "/services/data/v67.0/sobjects/Case/2"], errors.Conflict),
        (403, [{"errorCode": "INSUFFICIENT_ACCESS", "message": "x"}], errors.Forbidden),
        (404, [{"errorCode": "NOT_FOUND", "message": "x"}], errors.NotFound),
        (404, [{"errorCode": "ENTITY_IS_DELETED", "message": "x"}], errors.NotFound),
        (412, None, errors.Conflict),
        (500, [{"errorCode": "UNKNOWN_EXCEPTION", "message": "x"}], errors.SalesforceUnavailable),
        (500, "", errors.SalesforceUnavailable),
        (200, "<html>not what was asked for</html>", errors.SalesforceUnavailable),
    ],
)
@live
async def test_every_refusal_becomes_one_of_a_few(status: int, body: object, kind: type[Exception]) -> None:
    """2.7: codes are sure, texts are not."""
    with running(after_sign_in(lambda asked: Answer(status, body))) as org:
        async with facade(org.url) as salesforce:
            with pytest.raises(kind) as raised:
                await salesforce.request("GET", "sobjects/Case/500000000000001")
        assert type(raised.value) is kind


@live
async def test_an_error_text_never_holds_what_a_record_holds() -> None:
    secret = "data value too large: Maria's door code is 4471 (max length=10)"
    with running(after_sign_in(lambda asked: refused(400, "STRING_TOO_LONG", secret, ("Subject",)))) as org:
        async with facade(org.url) as salesforce:
            with pytest.raises(errors.InvalidInput) as raised:
                await _ask(salesforce, "write")
    assert "4471" not in str(raised.value) + raised.value.for_model
    assert "STRING_TOO_LONG" in str(raised.value)
    assert raised.value.fields == ("Subject",)


@live
async def test_an_administrators_own_words_reach_the_model_as_data() -> None:
    said = "Account on stop.\u202e Ask\u200b accounting."
    with running(after_sign_in(lambda asked: refused(400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", said))) as org:
        async with facade(org.url) as salesforce:
            with pytest.raises(errors.InvalidInput) as raised:
                await _ask(salesforce, "write")
    assert '"Account on stop. Ask accounting."' in raised.value.for_model


@live
async def test_a_refused_sign_in_is_final_and_named() -> None:
    with running(lambda asked: Answer(400, {"error": "invalid_client", "error_description": "x"})) as org:
        async with facade(org.url) as salesforce:
            with pytest.raises(errors.SignInFailed) as raised:
                await salesforce.query(SOQL)
        assert raised.value.code == "invalid_client"
        assert org.sign_ins == 1


@live
async def test_a_consumer_nobody_approved_is_a_refusal_and_no_warning() -> None:
    said = {"error": "invalid_grant", "error_description": "user hasn't approved this consumer"}
    with running(lambda asked: Answer(400, said)) as org:
        async with facade(org.url) as salesforce:
            with pytest.raises(errors.SignInFailed):
                await salesforce.connect()


@live
async def test_an_org_that_is_not_there_is_unavailable() -> None:
    async with facade("http://127.0.0.1:9") as salesforce:
        with pytest.raises(errors.SalesforceUnavailable):
            await salesforce.query(SOQL)


@live
async def test_five_stalls_open_the_circuit_and_one_trial_closes_it() -> None:
    """5.5 rule 7."""
    clock = Clock()
    stalled = [True]
    org: ScriptedOrg
    with running(after_sign_in(lambda asked: org.hang() if stalled[0] else rows())) as org:
        async with facade(org.url, timeouts=SHORT, clock=clock) as salesforce:
            await salesforce.connect()
            stalls = await asyncio.gather(*(salesforce.query(SOQL) for _ in range(5)), return_exceptions=True)
            assert {type(stall) for stall in stalls} == {errors.SalesforceTimeout}
            assert salesforce.circuit == "open"
            before = len(org.asked)
            with pytest.raises(errors.SalesforceUnavailable, match="circuit open"):
                await salesforce.query(SOQL)
            assert len(org.asked) == before
            stalled[0] = False
            org.release.set()
            clock.now += 10.1
            await salesforce.query(SOQL)
            assert salesforce.circuit == "closed"


@live
async def test_what_no_thread_took_up_in_time_is_known_not_to_be_sent() -> None:
    """5.5 rule 7: a stuck thread cannot be cancelled, but work in front of it can."""
    org: ScriptedOrg
    with running(after_sign_in(lambda asked: org.hang())) as org:
        async with facade(org.url, timeouts=SHORT, threads=1) as salesforce:
            await salesforce.connect()
            outcomes = await asyncio.gather(*(_ask(salesforce, "write") for _ in range(4)), return_exceptions=True)
            org.release.set()
        codes = [outcome.code for outcome in outcomes if isinstance(outcome, errors.SalesforceError)]
        assert codes.count("BUSY") + codes.count("NO_ANSWER") == 4
        assert codes.count("BUSY") >= 1
        assert len(org.of("/sobjects/")) == codes.count("NO_ANSWER")


@live
async def test_all_pages_of_a_query_are_read() -> None:
    """2.4: nextRecordsUrl."""

    def answer(asked: Asked) -> Answer:
        if asked.path.endswith("/query/01gX-2000"):
            return rows({"Id": "2"})
        more = "/services/data/v67.0/query/01gX-2000"
        return Answer(body={"totalSize": 2, "done": False, "nextRecordsUrl": more, "records": [{"Id": "1"}]})

    with running(after_sign_in(answer)) as org:
        async with facade(org.url) as salesforce:
            assert await salesforce.query(SOQL) == [{"Id": "1"}, {"Id": "2"}]


@live
async def test_a_composite_of_more_than_five_queries_is_our_mistake() -> None:
    async with facade("http://127.0.0.1:9") as salesforce:
        with pytest.raises(ValueError, match="five"):
            await salesforce.queries({f"q{n}": SOQL for n in range(6)})


def test_the_client_library_is_loaded_only_when_it_is_needed() -> None:
    """Start-up: simple-salesforce takes half a second to import."""
    code = (
        "import sys, voice_agent.salesforce.field_service\n"
        "print([name for name in ('simple_salesforce', 'requests', 'zeep') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
