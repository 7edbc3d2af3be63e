"""Who calls which line of which server: from the server's `/demo/info`, or from settings where it offers none."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from voice_agent.errors import ConfigurationError

INFO_SECONDS = 5.0
ROLES = ("customer", "technician", "unknown")
STRANGER = "+12025550142"
"""Calls as `unknown` where the server names no such caller: a number kept for fiction."""


@dataclass(frozen=True, slots=True)
class Caller:
    """`pin` is None for those who have none."""

    name: str
    number: str
    role: str
    pin: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class CalledLine:
    name: str
    number: str
    role: str


@dataclass(frozen=True, slots=True)
class OrgAccess:
    """The emulated org, for a script's `record` and `let` lines."""

    base_url: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Dialling:
    """All that a call needs. `org` is None where the server shows none; `demo` says whether it offers `/demo/...`."""

    url: str
    caller: Caller
    line: CalledLine
    account_sid: str
    auth_token: str = field(repr=False)
    org: OrgAccess | None
    demo: bool
    twilio_url: str = ""
    """The emulated Twilio, where one is; the texts it sends can be read there."""


def dial(url: str, caller: str, line: str | None, given: Mapping[str, str]) -> Dialling:
    """Finds out whom to play; `given` are our settings' variables. ConfigurationError names what is missing."""
    base = _origin(url)
    described = _describe(base)
    if described is None:
        return _without_description(base, caller, line, given)
    try:
        callers = [Caller(c["name"], c["number"], c["role"], c.get("pin")) for c in described["callers"]]
        lines = [CalledLine(entry["name"], entry["number"], entry["role"]) for entry in described["lines"]]
        twilio, org = described["twilio"], described["salesforce"]
        who = _choose_caller(callers, caller)
        return Dialling(
            url=base,
            caller=who,
            line=_choose_line(lines, line, who.role),
            account_sid=twilio["account_sid"],
            auth_token=twilio["auth_token"],
            org=OrgAccess(org["base_url"], org["client_id"], org["client_secret"]) if org.get("base_url") else None,
            demo=True,
            twilio_url=twilio.get("base_url") or "",
        )
    except (KeyError, TypeError) as wrong:
        raise ConfigurationError(f"--url: {base}/demo/info is not what a demo answers ({wrong} is missing)") from None


def _origin(url: str) -> str:
    parts = urlsplit(url if "//" in url else f"http://{url}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(f"--url is {url!r}; it must be an origin such as http://127.0.0.1:8000")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _describe(base: str) -> Mapping[str, Any] | None:
    """`/demo/info`, or None from a server that has none."""
    try:
        with urllib.request.urlopen(f"{base}/demo/info", timeout=INFO_SECONDS) as answer:
            described = json.load(answer)
    except urllib.error.HTTPError:
        return None
    except (OSError, ValueError) as failed:
        if isinstance(failed, ValueError):
            return None
        raise ConfigurationError(f"--url: nothing answers at {base}; start it with `voice-agent demo`") from None
    return described if isinstance(described, dict) else None


def _without_description(base: str, caller: str, line: str | None, given: Mapping[str, str]) -> Dialling:
    missing = [name for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN") if not given.get(name)]
    if line is None or not _is_number(line):
        missing.append("--line +1... (the number to call)")
    if not _is_number(caller) and caller != "unknown":
        missing.append("--as +1... (the number to call from)")
    if missing:
        raise ConfigurationError(f"{base} is no demo and names nobody to play, so give {', '.join(missing)}")
    number = STRANGER if caller == "unknown" else _plain(caller)
    called = _plain(line or "")
    return Dialling(
        url=base,
        caller=Caller(number, number, "unknown"),
        line=CalledLine(called, called, "unknown"),
        account_sid=given["TWILIO_ACCOUNT_SID"],
        auth_token=given["TWILIO_AUTH_TOKEN"],
        org=None,
        demo=False,
    )


def _choose_caller(callers: Sequence[Caller], wanted: str) -> Caller:
    if _is_number(wanted):
        number = _plain(wanted)
        return next((c for c in callers if c.number == number), Caller(number, number, "unknown"))
    word = wanted.strip().casefold()
    for caller in callers:
        if word == caller.role or word in caller.name.casefold().split():
            return caller
    if word == "unknown":
        return Caller("somebody", STRANGER, "unknown")
    names = ", ".join(dict.fromkeys(caller.name for caller in callers))
    raise ConfigurationError(
        f"--as is {wanted!r}; it must be {', '.join(ROLES)}, a number such as +1..., or of {names}"
    )


def _choose_line(lines: Sequence[CalledLine], wanted: str | None, role: str) -> CalledLine:
    if not lines:
        raise ConfigurationError("the server has no lines; add one to prompts/lines.toml")
    if wanted is None:
        own = role if role == "technician" else "customer"
        return next((line for line in lines if line.role == own), lines[0])
    word = _word(wanted)
    for said in ("name", "role", "number"):
        for line in lines:
            if word == _word(getattr(line, said)):
                return line
    names = ", ".join(line.name for line in lines)
    raise ConfigurationError(f"--line is {wanted!r}; the server's lines are {names}")


def _word(text: str) -> str:
    return text.strip().casefold().replace("-", "_").replace(" ", "_")


def _is_number(text: str) -> bool:
    plain = _plain(text)
    return plain.startswith("+") and plain[1:].isdigit() and 8 <= len(plain) <= 16


def _plain(text: str) -> str:
    return "".join(c for c in text if c not in " -().")
