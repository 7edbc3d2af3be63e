"""`voice-agent demo`: the whole product offline, two emulators as processes of their own and the server between them.

The server runs exactly as in production; only its settings point at the emulators. Whatever the process environment
sets wins: an outside model, a proxy in front of an emulator, one's own auth token.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from voice_agent.errors import ConfigurationError
from voice_agent.settings import DEMO_SECRET, LOOPBACK, Settings, parse

START_SECONDS = 30.0
LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the demo stands on: two addresses, and what the environment was asked to decide."""

    settings: Settings
    taken: tuple[str, ...]
    """Variables that the process environment set."""
    salesforce: Mapping[str, Any]
    """`salesforce` of the org emulator's info: base_url, client_id, client_secret, username, password."""
    twilio: Mapping[str, Any]
    callers: tuple[Mapping[str, Any], ...]


class Children:
    """The emulators' processes. They end with this one, however it ends."""

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[bytes]] = []
        atexit.register(self.stop)

    def start(self, *arguments: str) -> None:
        self._processes.append(
            subprocess.Popen(
                [sys.executable, "-m", "voice_agent", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env={**os.environ, "VOICE_AGENT_PARENT": str(os.getpid())},
            )
        )

    def check(self) -> None:
        for process in self._processes:
            if process.poll() is not None:
                raise ConfigurationError(f"an emulator ended at start with code {process.returncode}; see above")

    def stop(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self._processes:
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                process.kill()


def stay_here(host: str) -> None:
    """ConfigurationError for an address that others reach. Asked before anything listens there."""
    if host not in LOOPBACK:
        raise ConfigurationError(
            f"demo: --host {host} is not this machine; the demo has public credentials and stays on it"
        )


def prepare(
    given: Mapping[str, str], *, host: str, port: int, seed: str | None, children: Children, folder: str
) -> Surroundings:
    """Start what the environment does not name, wait until it answers, and make the settings.

    The store goes into `folder`: what it says of an org in memory is worth nothing once that org is gone.
    """
    stay_here(host)
    parse(given, demo=True)  # complain about what was given before anything is started
    salesforce_url, twilio_url = given.get("SALESFORCE_API_BASE_URL", ""), given.get("TWILIO_API_BASE_URL", "")
    token = given.get("TWILIO_AUTH_TOKEN")
    account = given.get("TWILIO_ACCOUNT_SID")
    if not salesforce_url:
        salesforce_port = _free_port()
        salesforce_url = f"http://127.0.0.1:{salesforce_port}"
        children.start("emulate", "salesforce", "--port", str(salesforce_port), *(("--seed", seed) if seed else ()))
    if not twilio_url:
        twilio_port = _free_port()
        twilio_url = f"http://127.0.0.1:{twilio_port}"
        chosen = [*(("--auth-token", token) if token else ()), *(("--account-sid", account) if account else ())]
        children.start("emulate", "twilio", "--port", str(twilio_port), *chosen)
    org = _info(salesforce_url, children)
    exchange = _info(twilio_url, children)
    shown = f"[{host}]" if ":" in host else host
    salesforce, twilio = dict(org.get("salesforce") or {}), dict(exchange.get("twilio") or {})
    defaults = {
        "PUBLIC_URL": f"http://{shown}:{port}",
        "DATABASE_URL": f"sqlite:///{folder}/voice-agent.sqlite3",
        "SECRET_KEY": DEMO_SECRET,
        "TWILIO_ACCOUNT_SID": twilio.get("account_sid", ""),
        "TWILIO_AUTH_TOKEN": twilio.get("auth_token", ""),
        "TWILIO_API_KEY_SID": twilio.get("api_key_sid", ""),
        "TWILIO_API_KEY_SECRET": twilio.get("api_key_secret", ""),
        "TWILIO_VERIFY_SERVICE_SID": twilio.get("verify_service_sid", ""),
        "TWILIO_API_BASE_URL": twilio_url,
        "SALESFORCE_DOMAIN": "demo.my",
        "SALESFORCE_CLIENT_ID": salesforce.get("client_id", ""),
        "SALESFORCE_CLIENT_SECRET": salesforce.get("client_secret", ""),
        "SALESFORCE_API_BASE_URL": salesforce_url,
        "ROLLOUT_PHASE": "autonomous",
        "AUTONOMOUS_SENDS": "on",
        "LOG_LEVEL": "INFO",
        "DRAIN_SECONDS": "0",
    }
    settings = parse({**defaults, **given, "HOST": host, "PORT": str(port)}, demo=True)
    twilio |= {
        "base_url": settings.twilio_api_base_url,
        "account_sid": settings.twilio_account_sid,
        "auth_token": settings.twilio_auth_token,
    }
    salesforce |= {"base_url": settings.salesforce_api_base_url}
    return Surroundings(settings, tuple(sorted(given)), salesforce, twilio, tuple(org.get("callers") or ()))


async def claim_numbers(around: Surroundings, numbers: Mapping[str, str]) -> None:
    """Give the account the lines' numbers, pointed at this server, over public REST: number -> friendly name."""
    settings = around.settings
    path = f"/2010-04-01/Accounts/{settings.twilio_account_sid}/IncomingPhoneNumbers.json"
    base = settings.public_url.rstrip("/")
    for number, name in numbers.items():
        form = {
            "PhoneNumber": number,
            "FriendlyName": name,
            "VoiceUrl": f"{base}/twilio/voice",
            "StatusCallback": f"{base}/twilio/call-status",
            "SmsUrl": f"{base}/twilio/message",
        }
        await asyncio.to_thread(_claim, settings, path, form)


async def staff_phones(around: Surroundings, numbers: Iterable[str]) -> None:
    """The phones that hand-off targets name ring on the demo's desk page until somebody answers them there."""
    for number in numbers:
        await asyncio.to_thread(_control, around.settings, "phones", {"number": number, "answer": "manual"})


def _control(settings: Settings, path: str, body: Mapping[str, Any]) -> None:
    url = f"{settings.twilio_api_base_url.rstrip('/')}/emulator/{path}"
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=5):
        pass


def _claim(settings: Settings, path: str, form: Mapping[str, str]) -> None:
    """Buy the number; one that is the account's already, of a process before this one, is pointed here."""
    found = _ask(settings, f"{path}?{urllib.parse.urlencode({'PhoneNumber': form['PhoneNumber']})}")
    ours = [row["sid"] for row in found["incoming_phone_numbers"] if row["phone_number"] == form["PhoneNumber"]]
    _ask(settings, path.replace(".json", f"/{ours[0]}.json") if ours else path, form)


def _ask(settings: Settings, path: str, form: Mapping[str, str] | None = None) -> Any:
    credentials = b64encode(f"{settings.twilio_account_sid}:{settings.twilio_auth_token}".encode()).decode()
    request = urllib.request.Request(
        settings.twilio_api_base_url.rstrip("/") + path,
        urllib.parse.urlencode(form).encode() if form is not None else None,
        {"Authorization": f"Basic {credentials}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == 401:
            raise ConfigurationError(
                "TWILIO_AUTH_TOKEN or TWILIO_ACCOUNT_SID is not the one of the Twilio emulator at TWILIO_API_BASE_URL"
            ) from None
        raise ConfigurationError(f"the Twilio emulator refused a number: HTTP {error.code}") from None


def _info(base_url: str, children: Children) -> dict[str, Any]:
    """The emulator's own description, as soon as it answers."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{base_url.rstrip('/')}/emulator/info", timeout=5) as answer:
                described: dict[str, Any] = json.load(answer)
                return described
        except (OSError, ValueError):
            children.check()
            if time.monotonic() > deadline:
                raise ConfigurationError(f"nothing answers at {base_url}; is an emulator running there?") from None
            time.sleep(LOOK_SECONDS)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
