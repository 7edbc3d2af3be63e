"""Who we are to the org: JWT bearer or client credentials, the two flows with a future (sheet 5.2 row 18, 7.5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from voice_agent.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Credentials:
    """`domain` is the My Domain prefix ("acme.my"), or "login" / "test" for the JWT flow; a whole URL is cut down.

    Either `client_secret`, or `username` with `private_key` (PEM text). ConfigurationError says which setting is wrong.
    """

    domain: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    username: str | None = None
    private_key: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        host = self.domain.removeprefix("https://").removeprefix("http://").split("/")[0]
        object.__setattr__(self, "domain", host.removesuffix(".salesforce.com"))
        if not self.domain:
            raise ConfigurationError("SALESFORCE_DOMAIN is not set; give the My Domain name, such as acme.my")
        if not self.client_id:
            raise ConfigurationError("SALESFORCE_CLIENT_ID is not set; it is the app's consumer key")
        if not self.by_jwt and not self.client_secret:
            raise ConfigurationError(
                "Set SALESFORCE_CLIENT_SECRET, or SALESFORCE_USERNAME with SALESFORCE_PRIVATE_KEY_FILE"
            )
        if not self.by_jwt and self.domain in ("login", "test"):
            raise ConfigurationError(
                "SALESFORCE_DOMAIN must be the My Domain name: client credentials do not work on login or test"
            )

    @property
    def by_jwt(self) -> bool:
        return bool(self.username and self.private_key)

    @classmethod
    def with_key_file(cls, *, domain: str, client_id: str, username: str, private_key_file: str) -> Credentials:
        try:
            key = Path(private_key_file).read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as exc:
            raise ConfigurationError("SALESFORCE_PRIVATE_KEY_FILE cannot be read") from exc
        return cls(domain=domain, client_id=client_id, username=username, private_key=key)

    def login_arguments(self) -> dict[str, Any]:
        """Arguments of simple-salesforce's login. `instance_url` is left out: it means a host prefix there (row 2)."""
        if self.by_jwt:
            return {
                "username": self.username,
                "consumer_key": self.client_id,
                "privatekey": self.private_key,
                "domain": self.domain,
            }
        return {"consumer_key": self.client_id, "consumer_secret": self.client_secret, "domain": self.domain}
