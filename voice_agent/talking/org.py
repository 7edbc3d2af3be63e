"""The records of the emulated org as a script sees them: over its public REST API, with the demo's credentials."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Any

import aiohttp

from voice_agent.errors import ConfigurationError, NotFound
from voice_agent.talking.dialling import OrgAccess
from voice_agent.talking.script import Record

APPEARS_SECONDS = 5.0
"""How long a record may take to show what the agent said: some of it is written behind the agent's words."""
LOOK_SECONDS = 0.1
REQUEST_SECONDS = 5.0
_ID = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?")


class Org:
    """Use as `async with`; signs in on entering. ConfigurationError when the org cannot be reached or refuses."""

    def __init__(self, access: OrgAccess) -> None:
        self._access = access
        self._root = ""
        self._session: aiohttp.ClientSession | None = None
        self._keys: dict[str, tuple[str, ...]] = {}
        self._before: dict[int, float] = {}
        self._known: dict[str, set[str]] = {}

    async def __aenter__(self) -> Org:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS))
        try:
            base = self._access.base_url.rstrip("/")
            form = {
                "grant_type": "client_credentials",
                "client_id": self._access.client_id,
                "client_secret": self._access.client_secret,
            }
            async with self._session.post(f"{base}/services/oauth2/token", data=form) as answer:
                signed_in = await answer.json()
            if "access_token" not in signed_in:
                raise ConfigurationError(f"the org at {base} refused to sign in: {signed_in.get('error', '?')}")
            self._session.headers["Authorization"] = f"Bearer {signed_in['access_token']}"
            async with self._session.get(f"{base}/services/data/") as answer:
                versions = await answer.json()
            self._root = f"{base}/services/data/v{versions[-1]['version']}"
        except (aiohttp.ClientError, TimeoutError) as failed:
            await self._session.close()
            raise ConfigurationError(f"the org at {self._access.base_url} does not answer: {failed}") from None
        except BaseException:
            await self._session.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._session is not None
        await self._session.close()

    async def begin(self, records: tuple[Record, ...]) -> None:
        """Remembers what stands there before the call: which records, and the numbers whose change is asked for."""
        for record in records:
            if record.key == "new" and record.sobject not in self._known:
                self._known[record.sobject] = {row["Id"] for row in await self._newest(record, "Id")}
        for record in records:
            if record.change is not None:
                self._before[record.number] = float(await self._value(record) or 0)

    async def first_value(self, soql: str) -> str:
        """The first value of the first row, as a person would say it: digits without the zeros in front.

        Raises NotFound when there is no row, ValueError when the org refuses the query.
        """
        rows = await self.query(soql)
        if not rows:
            raise NotFound("the query finds no row")
        value = _text(_leaf(rows[0]))
        return value.lstrip("0") or value if value.isdigit() else value

    async def shows(self, record: Record, seconds: float = APPEARS_SECONDS) -> str | None:
        """None once the record's field has the wanted value; else what stood in the way when the time was up.

        Raises ValueError when the org knows no such object or field.
        """
        time = asyncio.get_running_loop().time
        deadline = time() + seconds
        while True:
            try:
                value = await self._value(record)
                if self._fits(record, value):
                    return None
                missed = f"{record.field} is {_text(value)!r}"
            except NotFound:
                missed = f"no {record.sobject} has the key {record.key}"
            if time() > deadline:
                return missed
            await asyncio.sleep(LOOK_SECONDS)

    def _fits(self, record: Record, value: Any) -> bool:
        if record.change is not None:
            change = float(value or 0) - self._before.get(record.number, 0.0)
            return abs(change - record.change) < 1e-9
        shown = _text(value)
        if record.value.startswith("~"):
            return re.search(record.value[1:], shown) is not None
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            try:
                return float(record.value) == float(value)
            except ValueError:
                return False
        return shown == record.value or _same_moment(shown, record.value)

    async def _value(self, record: Record) -> Any:
        columns = "Id" if record.field.lower() == "id" else f"Id, {record.field}"
        if record.key == "new":
            known = self._known.get(record.sobject, set())
            rows = [row for row in await self._newest(record, columns) if row["Id"] not in known][:1]
        else:
            rows = await self._rows_with(record, f"SELECT {columns} FROM {record.sobject}")
        if not rows:
            raise NotFound(f"no {record.sobject} with that key")
        if len(rows) > 1:
            raise ValueError(
                f"{len(rows)} records of {record.sobject} have the key {record.key}; use the Id or FIELD=VALUE"
            )
        value: Any = rows[0]
        for part in record.field.split("."):
            named = {name.lower(): inner for name, inner in (value or {}).items()}
            value = named.get(part.lower())
        return value

    async def _newest(self, record: Record, columns: str) -> list[Mapping[str, Any]]:
        return await self.query(f"SELECT {columns} FROM {record.sobject} ORDER BY CreatedDate DESC, Id DESC LIMIT 200")

    async def _rows_with(self, record: Record, select: str) -> list[Mapping[str, Any]]:
        field, equals, wanted = record.key.partition("=")
        if equals:
            return await self.query(f"{select} WHERE {field} = {_quoted(wanted)} LIMIT 2")
        if _ID.fullmatch(record.key) and not record.key.isdigit():
            return await self.query(f"{select} WHERE Id = {_quoted(record.key)}")
        for field in await self._key_fields(record.sobject):
            rows = await self.query(f"{select} WHERE {field} = {_quoted(record.key)} LIMIT 2")
            if not rows and record.key.isdigit():
                plain = record.key.lstrip("0") or "0"
                near = await self.query(f"SELECT Id, {field} FROM {record.sobject} WHERE {field} LIKE '%{plain}'")
                ids = [row["Id"] for row in near if re.sub(r"^\D*0*", "", str(row[field])) == plain]
                if ids:
                    listed = ", ".join(_quoted(i) for i in ids)
                    rows = await self.query(f"{select} WHERE Id IN ({listed}) LIMIT 2")
            if rows:
                return rows
        return []

    async def _key_fields(self, sobject: str) -> tuple[str, ...]:
        """The field that names the record, then its external ids."""
        if sobject not in self._keys:
            described = await self._get(f"/sobjects/{sobject}/describe")
            naming = [f["name"] for f in described["fields"] if f.get("nameField")]
            others = [f["name"] for f in described["fields"] if f.get("externalId") and f["type"] == "string"]
            self._keys[sobject] = (*naming, *others)
        return self._keys[sobject]

    async def query(self, soql: str) -> list[Mapping[str, Any]]:
        """All rows of the first page. Raises ValueError when the org refuses the query."""
        answer = await self._get("/query", {"q": soql})
        rows: list[Mapping[str, Any]] = answer["records"]
        return rows

    async def _get(self, path: str, parameters: Mapping[str, str] | None = None) -> Any:
        assert self._session is not None, "enter the org first"
        try:
            async with self._session.get(self._root + path, params=parameters) as answer:
                body = await answer.json()
                if answer.status != 200:
                    first = body[0] if isinstance(body, list) and body else {}
                    raise ValueError(
                        f"the org answers {first.get('errorCode', answer.status)}: {first.get('message', '')}"
                    )
                return body
        except (aiohttp.ClientError, TimeoutError) as failed:
            raise ValueError(f"the org does not answer: {type(failed).__name__}") from None


def _same_moment(one: str, other: str) -> bool:
    """The org writes +0000 where people write Z or their own zone."""
    try:
        first, second = datetime.fromisoformat(one), datetime.fromisoformat(other)
    except ValueError:
        return False
    return first.tzinfo is not None and second.tzinfo is not None and first == second


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _leaf(row: Mapping[str, Any]) -> Any:
    """The first selected value of a row, however deep its path."""
    for name, value in row.items():
        if name != "attributes":
            return _leaf(value) if isinstance(value, Mapping) else value
    return None


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)
