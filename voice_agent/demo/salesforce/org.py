"""What makes one org differ from another: names, users, apps, status values, transitions, rules, switches.

Read from `org.json` of a seed directory (`seed/README.md` says what each key means).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path

from voice_agent.demo.salesforce import notation, sfdx
from voice_agent.demo.salesforce.access import Rights
from voice_agent.demo.salesforce.metadata import Field, PicklistValue, Schema, SObject

_SCHEMAS = ("workforce", "customer", "work", "inventory", "activity")
_CATEGORIES_CLOSED = frozenset({"Closed", "Completed", "CannotComplete", "Canceled"})


@dataclass(frozen=True, slots=True)
class Status:
    """One value of an appointment's or a work order's Status, with the category it stands for (sheet 0.2)."""

    value: str
    label: str
    category: str
    default: bool = False

    @property
    def closed(self) -> bool:
        return self.category in _CATEGORIES_CLOSED


@dataclass(frozen=True, slots=True)
class Login:
    """How a user signs in, and what they may do then."""

    username: str
    password: str
    security_token: str
    rights: Rights


@dataclass(frozen=True, slots=True)
class App:
    """A connected or external client app (sheet 2.2)."""

    client_id: str
    client_secret: str
    run_as: str
    """Username that the client credentials flow acts for."""
    certificate: str = ""
    """PEM public key or certificate that JWT assertions are checked with."""


@dataclass(frozen=True, slots=True)
class ValidationRule:
    """An admin's rule: a record that meets the condition is refused with the message."""

    object_name: str
    condition: str
    message: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """A caller to try in a demo."""

    name: str
    number: str
    role: str
    pin: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Org:
    """The settings of one org."""

    name: str
    org_id: str
    zone: str
    logins: tuple[Login, ...]
    apps: tuple[App, ...]
    appointment_statuses: tuple[Status, ...]
    work_order_statuses: tuple[Status, ...]
    transitions: frozenset[tuple[str, str]]
    """Allowed moves between appointment Status values."""
    callers: tuple[Person, ...] = ()
    package: bool = True
    """Whether the Field Service managed package is there: its fields, and its transition rules."""
    rules: tuple[ValidationRule, ...] = ()
    locked: tuple[str, ...] = ()
    """Seed keys of records that somebody else always holds."""
    scheduling: tuple[str, ...] = ()
    """Ready-made ways to find free times: `apex` (the package's class), `action` (the standard one), `scheduler`."""
    calling_code: str = "1"
    """Country calling code of numbers written without one."""
    api_limit: int = 100_000
    picklists: Mapping[str, tuple[PicklistValue, ...]] = field(default_factory=dict)
    """`Object.Field` to values that replace the standard ones."""

    def login(self, username: str) -> Login | None:
        return next((login for login in self.logins if login.username.lower() == username.lower()), None)

    def app(self, client_id: str) -> App | None:
        return next((app for app in self.apps if app.client_id == client_id), None)

    def statuses(self, object_name: str) -> tuple[Status, ...]:
        """The Status values of an object that derives StatusCategory; empty for every other object."""
        match object_name:
            case "ServiceAppointment":
                return self.appointment_statuses
            case "WorkOrder" | "WorkOrderLineItem":
                return self.work_order_statuses
            case _:
                return ()

    def status(self, object_name: str, value: object) -> Status | None:
        known = self.statuses(object_name)
        return next((s for s in known if isinstance(value, str) and s.value.lower() == value.lower()), None)


def build_schema(org: Org, packages: Sequence[Path] = ()) -> Schema:
    """All objects of an org: the standard ones, the managed package's, and those of deployable sfdx packages."""
    names = (*_SCHEMAS, *(("package",) if org.package else ()), "local")
    folder = files("voice_agent.demo.salesforce") / "schema"
    objects = notation.read([_joined([(folder / f"{name}.schema").read_text("utf-8") for name in names])])
    for package in packages:
        objects = sfdx.lay_over(objects, package)
    return Schema(_with_picklists(obj, org) for obj in objects)


def _joined(texts: list[str]) -> str:
    return "\n".join(texts)


def _with_picklists(obj: SObject, org: Org) -> SObject:
    def values_of(f: Field) -> Field:
        if f.name == "Status" and (statuses := org.statuses(obj.name)):
            return replace(f, values=tuple(PicklistValue(s.value, s.label, s.default) for s in statuses))
        if listed := org.picklists.get(f"{obj.name}.{f.name}"):
            return replace(f, values=tuple(listed))
        return f

    return replace(obj, fields=tuple(values_of(f) for f in obj.fields))


def read(data: Mapping[str, object]) -> Org:
    """The org of an `org.json`. Raises KeyError, TypeError or ValueError naming what is wrong with it."""
    logins = tuple(_login(entry) for entry in _entries(data, "logins"))
    return Org(
        name=_text(data, "name"),
        org_id=_text(data, "org_id"),
        zone=_text(data, "zone"),
        logins=logins,
        apps=tuple(App(**_texts(entry)) for entry in _entries(data, "apps")),
        appointment_statuses=tuple(_status(entry) for entry in _entries(data, "appointment_statuses")),
        work_order_statuses=tuple(_status(entry) for entry in _entries(data, "work_order_statuses")),
        transitions=frozenset(_pair(entry) for entry in _list(data, "transitions")),
        callers=tuple(_person(entry) for entry in _entries(data, "callers")),
        package=bool(data.get("package", True)),
        rules=tuple(_rule(entry) for entry in _entries(data, "rules")),
        locked=tuple(str(key) for key in _list(data, "locked")),
        scheduling=tuple(str(one) for one in _list(data, "scheduling")),
        calling_code=str(data.get("calling_code", "1")),
        api_limit=int(str(data.get("api_limit", 100_000))),
        picklists=_picklists(data.get("picklists", {})),
    )


def _login(entry: Mapping[str, object]) -> Login:
    rights = entry.get("rights")
    return Login(
        _text(entry, "username"),
        _text(entry, "password"),
        str(entry.get("security_token", "")),
        _rights(rights) if isinstance(rights, Mapping) else Rights(),
    )


def _rights(entry: Mapping[str, object]) -> Rights:
    return Rights(
        everything=bool(entry.get("everything", False)),
        objects=_texts(_mapping(entry, "objects")),
        hidden=frozenset(str(name) for name in _list(entry, "hidden")),
        read_only=frozenset(str(name) for name in _list(entry, "read_only")),
        sharing=_texts(_mapping(entry, "sharing")),
        read_only_records=_texts(_mapping(entry, "read_only_records")),
    )


def _status(entry: Mapping[str, object]) -> Status:
    value = _text(entry, "value")
    return Status(value, str(entry.get("label", value)), _text(entry, "category"), bool(entry.get("default", False)))


def _person(entry: Mapping[str, object]) -> Person:
    pin = entry.get("pin")
    return Person(
        _text(entry, "name"),
        _text(entry, "number"),
        _text(entry, "role"),
        None if pin is None else str(pin),
        str(entry.get("note", "")),
    )


def _rule(entry: Mapping[str, object]) -> ValidationRule:
    return ValidationRule(
        _text(entry, "object"), _text(entry, "condition"), _text(entry, "message"), str(entry.get("field", ""))
    )


def _picklists(data: object) -> dict[str, tuple[PicklistValue, ...]]:
    if not isinstance(data, Mapping):
        raise TypeError("picklists is no object")
    return {
        str(name): tuple(
            PicklistValue(_text(value, "value"), str(value.get("label", value["value"])), bool(value.get("default")))
            for value in listed
        )
        for name, listed in data.items()
    }


def _pair(entry: object) -> tuple[str, str]:
    match entry:
        case [str() as before, str() as after]:
            return before, after
        case _:
            raise ValueError(f"a transition is a pair of values, not {entry!r}")


def _text(data: Mapping[str, object], key: str) -> str:
    value = data[key]
    if not isinstance(value, str):
        raise TypeError(f"{key} is no text")
    return value


def _texts(data: Mapping[str, object]) -> dict[str, str]:
    return {key: str(value) for key, value in data.items()}


def _list(data: Mapping[str, object], key: str) -> list[object]:
    value = data.get(key, [])
    if not isinstance(value, list):
        raise TypeError(f"{key} is no list")
    return value


def _entries(data: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    return [entry for entry in _list(data, key) if isinstance(entry, Mapping)]


def _mapping(data: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = data.get(key, {})
    if not isinstance(value, Mapping):
        raise TypeError(f"{key} is no object")
    return value
