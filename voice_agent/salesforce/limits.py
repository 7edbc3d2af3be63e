"""What we are called, how long we wait for the org, and how much of its daily allowance is used."""

from __future__ import annotations

from dataclasses import dataclass

CLIENT_NAME = "voice-agent"
"""Shows up as `;client=voice-agent` in changeOrigin, which is how our own changes are told from others' (section 4)."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds, chosen for a person waiting on the phone (5.5 rule 2)."""

    connect: float = 1.0
    read: float = 4.0
    write: float = 8.0
    """The org's own triggers may take 1.5 s on an appointment (7.4); giving up early only makes outcomes ambiguous."""
    sign_in: float = 5.0


@dataclass(frozen=True, slots=True)
class Usage:
    """`api-usage=18/5000` of Sforce-Limit-Info; 0/0 before the first answer."""

    used: int = 0
    limit: int = 0

    @property
    def share(self) -> float:
        return self.used / self.limit if self.limit else 0.0


def parse_usage(header: str) -> Usage | None:
    """The org's own share of `api-usage=18/5000; per-app-api-usage=17/250(appName=x)`, None without one."""
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        used, _, limit = value.partition("/")
        if name == "api-usage" and used.isdigit() and limit.isdigit():
            return Usage(int(used), int(limit))
    return None
