"""Every setting, read once from the environment (and `.env`), checked, and named in the complaint when it is wrong.

`serve` insists on what production needs. `demo` fills the gaps with the emulators' values, ignores `.env`, and takes
whatever the process environment gives.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import urlsplit

from voice_agent.errors import ConfigurationError

PLACEHOLDERS = ("changeme", "change-me", "your-", "xxxx", "todo", "example", "placeholder", "secret-here")
PHASES = ("read_only", "supervised", "autonomous")
TRANSPORTS = ("relay", "media")
DEMO_SECRET = "demo-only-0f6c1d7b9e2a4c58b3d1"
"""Public on purpose: what it signs never leaves the machine of the demo."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")
WHOLE_NUMBERS = {"PORT": (1, 65535, "a port number"), "DRAIN_SECONDS": (0, 86_400, "a number of seconds")}
SECRETS = frozenset(
    "SECRET_KEY TWILIO_AUTH_TOKEN TWILIO_AUTH_TOKEN_SECONDARY TWILIO_API_KEY_SECRET SALESFORCE_CLIENT_SECRET "
    "OPENAI_API_KEY OPENAI_FALLBACK_API_KEY CONSOLE_OIDC_CLIENT_SECRET".split()
)


@dataclass(frozen=True)
class Settings:
    """Field names are the variables' names in lower case."""

    public_url: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    database_url: str = "sqlite:///voice-agent.sqlite3"
    log_level: str = "INFO"
    secret_key: str = field(default="", repr=False)
    twilio_account_sid: str = ""
    twilio_auth_token: str = field(default="", repr=False)
    twilio_auth_token_secondary: str = field(default="", repr=False)
    twilio_api_key_sid: str = ""
    twilio_api_key_secret: str = field(default="", repr=False)
    twilio_workflow_sid: str = ""
    twilio_verify_service_sid: str = ""
    twilio_api_base_url: str = ""
    salesforce_domain: str = ""
    salesforce_client_id: str = ""
    salesforce_client_secret: str = field(default="", repr=False)
    salesforce_username: str = ""
    salesforce_private_key_file: str = ""
    salesforce_api_base_url: str = ""
    salesforce_api_version: str = "62.0"
    openai_api_key: str = field(default="", repr=False)
    openai_base_url: str = ""
    openai_model: str = "gpt-4.1-mini"
    openai_fallback_base_url: str = ""
    openai_fallback_model: str = ""
    openai_fallback_api_key: str = field(default="", repr=False)
    voice_transport: str = "relay"
    rollout_phase: str = "read_only"
    pilot_territories: str = ""
    autonomous_sends: bool = False
    emergency_number: str = "911"
    console_oidc_issuer: str = ""
    console_oidc_client_id: str = ""
    console_oidc_client_secret: str = field(default="", repr=False)
    prompts_dir: str = ""
    drain_seconds: int = 900
    reword_summaries: bool = False
    demo: bool = False

    @property
    def socket_url(self) -> str:
        """`PUBLIC_URL` with the scheme of a websocket; http, and so ws, exists in the demo only."""
        return "ws" + self.public_url.removeprefix("http")

    @property
    def auth_tokens(self) -> tuple[str, ...]:
        return tuple(token for token in (self.twilio_auth_token, self.twilio_auth_token_secondary) if token)

    @property
    def model_endpoints(self) -> tuple[tuple[str, str, str], ...]:
        """(base URL, model, key) in the order they are tried; none means that the offline model answers alone."""
        out = []
        if self.openai_base_url or self.openai_api_key:
            base = self.openai_base_url or "https://api.openai.com/v1"
            out.append((base, self.openai_model, self.openai_api_key))
        if self.openai_fallback_base_url or self.openai_fallback_model:
            base = self.openai_fallback_base_url or self.openai_base_url or "https://api.openai.com/v1"
            key = self.openai_fallback_api_key or self.openai_api_key
            out.append((base, self.openai_fallback_model or self.openai_model, key))
        return tuple(out)


def names() -> tuple[str, ...]:
    """The environment variables there are, in the order of the documentation."""
    return tuple(f.name.upper() for f in fields(Settings) if f.name != "demo")


def read(environment: Mapping[str, str] | None = None, *, dotenv: Path | None = Path(".env")) -> dict[str, str]:
    """The variables of ours that are set: the process environment wins over `.env`."""
    given = dict(os.environ if environment is None else environment)
    merged = {**(_dotenv(dotenv) if dotenv is not None and dotenv.is_file() else {}), **given}
    known = set(names())
    return {name: value.strip() for name, value in merged.items() if name in known and value.strip()}


def parse(given: Mapping[str, str], *, demo: bool = False) -> Settings:
    """Settings from variables. ConfigurationError names the first one that is wrong, and the mend."""
    values: dict[str, str | int | bool] = {"demo": demo}
    for f in fields(Settings):
        name = f.name.upper()
        if name not in given or f.name == "demo":
            continue
        raw = given[name]
        if f.type == "int":
            least, most, what = WHOLE_NUMBERS[name]
            if not (raw.isascii() and raw.isdigit()) or not least <= int(raw[:6]) <= most:
                raise ConfigurationError(f"{name} is {raw[:20]!r}; it must be {what} from {least} to {most}")
            values[f.name] = int(raw)
        elif f.type == "bool":
            if raw.lower() not in ("on", "off", "true", "false", "1", "0"):
                raise ConfigurationError(f"{name} is {raw!r}; it must be on or off")
            values[f.name] = raw.lower() in ("on", "true", "1")
        else:
            values[f.name] = raw
    settings = Settings(**values)  # type: ignore[arg-type]  # each value was made of the field's own type above
    _check(settings)
    return settings


def for_serve(given: Mapping[str, str]) -> Settings:
    """Production: what is missing, weak or a placeholder stops the start."""
    required = ["PUBLIC_URL", "SECRET_KEY", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "SALESFORCE_CLIENT_ID"]
    if "SALESFORCE_PRIVATE_KEY_FILE" in given or "SALESFORCE_USERNAME" in given:
        required += ["SALESFORCE_USERNAME", "SALESFORCE_PRIVATE_KEY_FILE"]
    else:
        required += ["SALESFORCE_DOMAIN", "SALESFORCE_CLIENT_SECRET"]
    for name in required:
        if name not in given:
            raise ConfigurationError(f"{name} is not set; put it into the environment or .env (see README, Settings)")
    for name in SECRETS & set(given):
        value = given[name].lower()
        if any(word in value for word in PLACEHOLDERS) or len(set(value)) < 4:
            raise ConfigurationError(f"{name} is a placeholder; put the real secret there")
    if len(given["SECRET_KEY"]) < 32:
        raise ConfigurationError("SECRET_KEY is too short; use at least 32 random characters (openssl rand -hex 32)")
    settings = parse(given)
    url = urlsplit(settings.public_url)
    if url.scheme != "https" or url.path not in ("", "/") or url.query or url.fragment:
        raise ConfigurationError(
            f"PUBLIC_URL is {settings.public_url!r}; it must be the https origin Twilio reaches, as https://voice.example.com"
        )
    if settings.salesforce_private_key_file and not Path(settings.salesforce_private_key_file).is_file():
        raise ConfigurationError(
            f"SALESFORCE_PRIVATE_KEY_FILE: there is no file {settings.salesforce_private_key_file}"
        )
    return settings


def _check(settings: Settings) -> None:
    if settings.rollout_phase not in PHASES:
        raise ConfigurationError(f"ROLLOUT_PHASE is {settings.rollout_phase!r}; it must be one of {', '.join(PHASES)}")
    if settings.voice_transport not in TRANSPORTS:
        raise ConfigurationError(f"VOICE_TRANSPORT is {settings.voice_transport!r}; it must be relay or media")
    if settings.voice_transport == "media":
        raise ConfigurationError("VOICE_TRANSPORT: media is not built yet; leave it at relay")
    if settings.log_level.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ConfigurationError(f"LOG_LEVEL is {settings.log_level!r}; it must be DEBUG, INFO, WARNING or ERROR")
    for name in (
        "public_url",
        "twilio_api_base_url",
        "salesforce_api_base_url",
        "openai_base_url",
        "openai_fallback_base_url",
        "console_oidc_issuer",
    ):
        if (value := getattr(settings, name)) and not _is_url(value):
            raise ConfigurationError(f"{name.upper()} is {value!r}; it must be a URL such as https://host/path")
    if not re.fullmatch(r"v?\d{2,3}\.0", settings.salesforce_api_version):
        raise ConfigurationError(f"SALESFORCE_API_VERSION is {settings.salesforce_api_version!r}; write it as 62.0")
    if not re.fullmatch(r"\+?\d[\d -]{1,18}", settings.emergency_number, re.ASCII):
        raise ConfigurationError(
            f"EMERGENCY_NUMBER is {settings.emergency_number!r}; callers are told to dial it: write digits such as 911"
        )
    if settings.console_oidc_issuer and not settings.console_oidc_client_id:
        raise ConfigurationError(
            "CONSOLE_OIDC_CLIENT_ID is not set; the console signs in at CONSOLE_OIDC_ISSUER with it"
        )
    base = urlsplit(settings.salesforce_api_base_url)
    if base.scheme == "http" and base.hostname not in LOOPBACK:
        raise ConfigurationError("SALESFORCE_API_BASE_URL: plain http is only allowed to this machine; use https")


def _is_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and " " not in value
    except ValueError:  # an address or port that is none
        return False


def _dotenv(path: Path) -> dict[str, str]:
    """NAME=value lines; `#` starts a comment line, quotes around a value are taken off, `export ` is allowed."""
    values: dict[str, str] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read ({type(error).__name__}); it must be UTF-8 text") from None
    for number, line in enumerate(lines, 1):
        text = line.strip().removeprefix("export ").strip()
        if not text or text.startswith("#"):
            continue
        name, found, value = text.partition("=")
        if not found or not name.strip().isidentifier():
            raise ConfigurationError(f"{path}, line {number}: write NAME=value")
        value = value.strip()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        values[name.strip()] = value
    return values
