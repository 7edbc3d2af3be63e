"""The emulated org as the page shows it: its changes as they are committed, with names instead of record ids."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import orjson

from voice_agent.demo.phone.carrier import EmulatorUnreachable, stream

LOOK_SECONDS = 3.0
NAMING = (
    "AppointmentNumber",
    "WorkOrderNumber",
    "CaseNumber",
    "Name",
    "Subject",
)
"""Fields that people know a record by, the best first; without them, any number it has."""
ABOUT = ("Subject", "ProductName")
"""What is added to a number to make it mean something."""
_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Z0-5]{3})?")


class Records:
    """One watcher's view. It signs in for itself, so that what it looks up is not counted among the server's calls."""

    def __init__(self, org: Mapping[str, Any], api_version: str) -> None:
        self._base = str(org.get("base_url", "")).rstrip("/")
        self._credentials = {name: str(org.get(name) or "") for name in ("client_id", "client_secret")}
        self._version = api_version
        self._token = ""
        self._names: dict[str, str] = {}

    async def newest(self) -> int:
        """Number of the last change so far; 0 when the org keeps no ledger or does not answer."""
        try:
            async with self._http() as http, http.get(f"{self._base}/emulator/ledger") as answer:
                entries = orjson.loads(await answer.read()) if answer.status == 200 else []
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return 0
        return int(entries[-1]["seq"]) if entries else 0

    async def changes(self, since: int) -> AsyncIterator[dict[str, Any]]:
        """Every committed change after number `since`, and those to come. Raises EmulatorUnreachable."""
        async for entry in stream(f"{self._base}/emulator/changes?since={since}"):
            yield await self._shown(entry)

    async def _shown(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        fields = []
        for name, (before, after) in entry["fields"].items():
            fields.append([name, await self._value(name, before), await self._value(name, after)])
        return {
            "seq": entry["seq"],
            "at": entry["at"],
            "object": entry["object"],
            "id": entry["id"],
            "label": await self._name(entry["object"], entry["id"]),
            "change": entry["change"],
            "fields": fields,
            "user": entry["user"],
        }

    async def _value(self, field: str, value: Any) -> Any:
        """A reference becomes the name of what it refers to; its object is told by the field's own name."""
        if field.endswith("Id") and isinstance(value, str) and _ID.fullmatch(value):
            return await self._name(field[:-2], value)
        return value

    async def _name(self, object_name: str, record_id: str) -> str:
        """Asked once; the end of the id when the org gives no name."""
        if record_id not in self._names:
            try:
                self._names[record_id] = await self._look(object_name, record_id)
            except (aiohttp.ClientError, TimeoutError, ValueError, EmulatorUnreachable):
                return f"…{record_id[-6:]}"
        return self._names[record_id]

    async def _look(self, object_name: str, record_id: str) -> str:
        async with self._http() as http:
            token = self._token or await self._sign_in(http)
            url = f"{self._base}/services/data/v{self._version}/sobjects/{object_name}/{record_id}"
            async with http.get(url, headers={"Authorization": f"Bearer {token}"}) as answer:
                record = orjson.loads(await answer.read())
        if answer.status == 401:
            self._token = ""
        if answer.status != 200:
            raise EmulatorUnreachable(f"{object_name} is not to be looked at")
        naming = [*NAMING, *(name for name in record if name.endswith("Number"))]
        named = next((str(record[name]) for name in naming if record.get(name)), f"…{record_id[-6:]}")
        about = next((str(record[name]) for name in ABOUT if record.get(name) and str(record[name]) != named), "")
        return f"{named} · {about}" if about else named

    async def _sign_in(self, http: aiohttp.ClientSession) -> str:
        form = {"grant_type": "client_credentials", **self._credentials}
        async with http.post(f"{self._base}/services/oauth2/token", data=form) as answer:
            if answer.status != 200:
                raise EmulatorUnreachable("the org does not let the page sign in")
            self._token = str(orjson.loads(await answer.read())["access_token"])
        return self._token

    @staticmethod
    def _http() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=LOOK_SECONDS))
