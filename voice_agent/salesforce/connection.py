"""The blocking side of the facade: simple-salesforce on one shared session, run only on the facade's own threads.

simple-salesforce is given a finished token ("direct"), so its own refresh never runs: that one signs in again for each
thread and, on record types, without end (sheet 5.2, rows 5 to 8). Imported lazily: the library takes half a second.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jwt
import requests
from simple_salesforce.api import Salesforce as SimpleSalesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed
from simple_salesforce.exceptions import SalesforceError as SimpleError
from simple_salesforce.login import SalesforceLogin
from urllib3.exceptions import HTTPError, NewConnectionError

from voice_agent import errors
from voice_agent.salesforce.adapter import SalesforceAdapter, session
from voice_agent.salesforce.credentials import Credentials
from voice_agent.salesforce.limits import Timeouts, Usage
from voice_agent.salesforce.refusals import fault, refusal, sign_in_refusal

if TYPE_CHECKING:
    from voice_agent.salesforce.client import Request


class Connection:
    def __init__(
        self,
        credentials: Credentials,
        *,
        base_url: str | None,
        version: str,
        timeouts: Timeouts,
        connections: int,
        on_usage: Callable[[Usage], None],
    ) -> None:
        self._credentials = credentials
        self._version = version
        self._timeouts = timeouts
        adapter = SalesforceAdapter(connections=connections, timeouts=timeouts, base_url=base_url, on_usage=on_usage)
        self._session = session(adapter)

    def sign_in(self) -> SimpleSalesforce:
        """A client with a fresh token.

        SignInFailed when the org refuses; SalesforceTimeout or SalesforceUnavailable when it cannot be reached, where
        trying again later may help.
        """
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # "user hasn't approved this consumer" comes as an error as well
                token, instance = SalesforceLogin(session=self._session, **self._credentials.login_arguments())
        except SalesforceAuthenticationFailed as exc:
            raise sign_in_refusal(exc.code) from exc
        except requests.RequestException as exc:
            raise fault(exc, "sign-in", sent=False) from exc
        except (AttributeError, TypeError, KeyError) as exc:
            raise errors.SignInFailed("sign-in: the token host did not answer with a token") from exc
        except (ValueError, jwt.PyJWTError) as exc:
            raise errors.ConfigurationError(
                "SALESFORCE_PRIVATE_KEY_FILE does not hold an RSA private key in PEM form"
            ) from exc
        # object_pairs_hook None: plain dicts parse faster than OrderedDicts (5.3).
        return SimpleSalesforce(
            session_id=token, instance=instance, session=self._session, version=self._version, object_pairs_hook=None
        )

    def call(self, client: SimpleSalesforce, request: Request) -> Any:
        """The parsed answer, None for an empty one. Any failure is an error of `errors`, nothing else."""
        where = f"{request.method} {request.path.split('?')[0]}"
        try:
            return self._send(client, request)
        except SimpleError as exc:
            raise refusal(exc.status, exc.content, where) from exc
        except requests.exceptions.JSONDecodeError as exc:
            if request.writes:
                raise fault(exc, where, sent=True) from exc
            raise errors.SalesforceUnavailable(f"{where}: the answer is not JSON", code="NOT_JSON") from exc
        except requests.RequestException as exc:
            raise fault(exc, where, sent=not _never_sent(exc)) from exc
        except HTTPError as exc:
            raise fault(exc, where, sent=True) from exc

    def _send(self, client: SimpleSalesforce, request: Request) -> Any:
        timeout = (self._timeouts.connect, self._timeouts.write if request.writes else self._timeouts.read)
        options: dict[str, Any] = {"timeout": timeout}
        if request.headers:
            options["headers"] = dict(request.headers)
        if request.root == "apex":
            # apexecute swallows a body that is not JSON, which is right: Apex may answer plain text.
            return client.apexecute(
                request.path, method=request.method, data=request.json, params=dict(request.params), **options
            )
        if request.json is not None:
            options["json"] = request.json
        return client.restful(request.path, params=dict(request.params) or None, method=request.method, **options)

    def close(self) -> None:
        self._session.close()


def _never_sent(exc: requests.RequestException) -> bool:
    """True when no connection came about: refused, unknown host, failed handshake, connect time-out."""
    if isinstance(exc, requests.exceptions.ConnectTimeout | requests.exceptions.SSLError):
        return True
    if isinstance(exc, requests.exceptions.InvalidSchema | requests.exceptions.InvalidURL):
        return True
    cause = exc.args[0] if exc.args else None
    return isinstance(getattr(cause, "reason", cause), NewConnectionError)
