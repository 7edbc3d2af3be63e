"""Where a person is led after signing in: back to the page of the console they wanted, and nowhere else."""

from __future__ import annotations

from urllib.parse import quote

HOME = "/console/now"


def inside(path: str) -> str:
    """A page of the console; anything else, and so any other site, becomes the first page."""
    ours = path.startswith("/console/") and not path.startswith(("/console/sign-in", "/console/openid"))
    return quote(path, safe="/?=&%+,:-._~") if ours and "\\" not in path and "//" not in path else HOME
