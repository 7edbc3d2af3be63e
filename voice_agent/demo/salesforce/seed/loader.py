"""Fills an org from seed records (their form: README.md beside this file).

"#maria"                        the id of the record with that key
"@now-5m"                       a moment near now; also h and s
"@quarter+30m"                  the same from the last full quarter of an hour
"@shift+90m America/Chicago"    the same, but within the zone's working day, so that today's jobs stay today's
"@day+1 09:00 America/Chicago"  a wall-clock time so many days from today there
"@work+2 09:00 America/Chicago" the same, counting Monday to Friday only
"@date+30"                      a date so many days from today in the org's zone
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from voice_agent.demo.salesforce import ids, values
from voice_agent.demo.salesforce.access import Rights, Viewer
from voice_agent.demo.salesforce.database import Database
from voice_agent.demo.salesforce.metadata import SObject
from voice_agent.demo.salesforce.org import Org, Status
from voice_agent.demo.salesforce.records import Records
from voice_agent.demo.salesforce.values import Row

SeedRecord = dict[str, object]
_NEAR = re.compile(r"@(now|quarter|shift)([+-]\d+)?([smh])?(?: (\S+))?")
_WALL = re.compile(r"@(day|work)([+-]\d+) (\d\d):(\d\d) (\S+)")
_DATE = re.compile(r"@date([+-]\d+)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}
_SHIFT_FIRST, _SHIFT_LAST = time(9, 0), time(16, 0)


@dataclass(frozen=True, slots=True)
class Seed:
    """What an org starts from."""

    org: Org
    records: Mapping[str, list[SeedRecord]]


class SeedError(ValueError):
    """A seed that cannot be loaded; the text names the record."""


def load(database: Database, org: Org, seed: Mapping[str, list[SeedRecord]]) -> None:
    """Inserts everything in the order given, as an administrator; the ledger stays empty.

    Runs inside the caller's transaction. Raises SeedError.
    """
    schema = database.schema
    seed = {**_status_tables(org), **seed}
    keys: dict[str, str] = {}
    for name, records in seed.items():
        obj = schema.find(name)
        if obj is None:
            raise SeedError(f"{name} is no object of this org")
        for record in records:
            if key := record.get("key"):
                if key in keys:
                    raise SeedError(f"the key {key} is used twice")
                keys[str(key)] = ids.mint(obj.prefix, database.next(obj.name))
    now = database.now()
    first_user = keys.get("admin") or next((keys[str(u["key"])] for u in seed.get("User", [])), "")
    viewer = Viewer(first_user, "", ZoneInfo(org.zone), now, Rights())
    loading = Records(database, org, viewer, "seed", "seed", seeding=True)
    for name, records in seed.items():
        obj = schema.objects[name]
        for record in records:
            try:
                given = _kept(obj, record, keys, viewer, database)
                loading.add(obj, given, keys.get(str(record.get("key")), ""))
            except Exception as problem:
                detail = getattr(problem, "message", str(problem))
                raise SeedError(f"{name} {record.get('key', '')}: {detail}") from problem
    _raise_counters(database)
    database.set("locked", [keys[key] for key in org.locked])
    database.set("keys", keys)


def resolve(text: str, now: datetime, zone: ZoneInfo) -> str:
    """The ISO form of a relative date or moment. Raises ValueError for one that cannot be read."""
    if found := _NEAR.fullmatch(text):
        start = _near(found[1], now, ZoneInfo(found[4]) if found[4] else zone)
        return values.instant(start + timedelta(**{_UNITS[found[3] or "m"]: int(found[2] or 0)}))
    if found := _WALL.fullmatch(text):
        there = ZoneInfo(found[5])
        today = now.astimezone(there).date()
        day = _workday(today, int(found[2])) if found[1] == "work" else today + timedelta(days=int(found[2]))
        return values.instant(datetime.combine(day, time(int(found[3]), int(found[4])), there))
    if found := _DATE.fullmatch(text):
        return (now.astimezone(zone).date() + timedelta(days=int(found[1]))).isoformat()
    raise ValueError(f"cannot read {text!r}")


def _near(word: str, now: datetime, zone: ZoneInfo) -> datetime:
    if word == "now":
        return now
    quarter = now.replace(minute=now.minute - now.minute % 15, second=0, microsecond=0)
    if word == "quarter":
        return quarter
    there = quarter.astimezone(zone)
    return datetime.combine(there.date(), min(max(there.time(), _SHIFT_FIRST), _SHIFT_LAST), zone)


def _workday(today: date, count: int) -> date:
    step = 1 if count > 0 else -1
    day = today
    for _ in range(abs(count)):
        day += timedelta(days=step)
        while day.weekday() > 4:
            day += timedelta(days=step)
    return day


def _kept(obj: SObject, record: SeedRecord, keys: Mapping[str, str], viewer: Viewer, database: Database) -> Row:
    kept: Row = {}
    for name, value in record.items():
        if name == "key":
            continue
        f = obj.field(name)
        if f is None or not f.stored:
            raise SeedError(f"no field {name}")
        if isinstance(value, str) and value.startswith("#"):
            value = keys[value[1:]]
        elif isinstance(value, str) and value.startswith("@"):
            value = resolve(value, viewer.now, viewer.zone)
        kept[f.name] = values.store(f, value, database.schema)
    return kept


def _status_tables(org: Org) -> dict[str, list[SeedRecord]]:
    def rows(statuses: tuple[Status, ...]) -> list[SeedRecord]:
        return [
            {
                "ApiName": status.value,
                "MasterLabel": status.label,
                "StatusCode": status.category,
                "IsDefault": status.default,
                "SortOrder": place,
            }
            for place, status in enumerate(statuses, 1)
        ]

    return {
        "ServiceAppointmentStatus": rows(org.appointment_statuses),
        "WorkOrderStatus": rows(org.work_order_statuses),
    }


def _raise_counters(database: Database) -> None:
    """New numbers continue after the highest that the seed gave."""
    for obj in database.schema.objects.values():
        for f in obj.fields:
            if not f.auto_number:
                continue
            rows = database.connection.execute(f'SELECT "{f.name}" FROM "{obj.name}"').fetchall()
            highest = max((int(re.sub(r"\D", "", row[0]) or 0) for row in rows if row[0]), default=0)
            if highest:
                database.connection.execute(
                    "INSERT OR REPLACE INTO _counters VALUES (?, ?)", [f"{obj.name}.{f.name}", highest]
                )
