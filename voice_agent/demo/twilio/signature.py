"""What Twilio signs: HMAC-SHA1 over the URL and, for a form, its sorted parameters (sheet section 4.1)."""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping


def sign(auth_token: str, url: str, form: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> str:
    """The value of `X-Twilio-Signature` for a request to `url` as written, with `form` posted.

    A GET and a websocket upgrade carry their parameters in the URL and are signed with an empty `form`. Names are
    sorted by their bytes, the values of one name are sorted and taken once, blank values take part.
    """
    pairs = form.items() if isinstance(form, Mapping) else form
    data = url + "".join(name + value for name, value in sorted(set(pairs)))
    digest = hmac.new(auth_token.encode(), data.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def sign_json(auth_token: str, url: str, body: bytes) -> tuple[str, str]:
    """The URL to post a JSON body to (with `bodySHA256` added) and its signature."""
    mark = "&" if "?" in url else "?"
    signed = f"{url}{mark}bodySHA256={hashlib.sha256(body).hexdigest()}"
    return signed, sign(auth_token, signed)
