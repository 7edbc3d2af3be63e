"""Who asks, and what they may see and change: object rights, field-level security, sharing (sheet 7.1)."""

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from voice_agent.demo.salesforce.metadata import Field, SObject


@dataclass(frozen=True, slots=True)
class Rights:
    """The sum of a user's permission sets. Names are in canonical case; fields are `Object.Field`."""

    everything: bool = True
    """View and modify all; the rest then only takes away."""
    objects: dict[str, str] = field(default_factory=dict)
    """Object to the letters of what is allowed (r, c, u, d); an object not named has the default `rcud`."""
    hidden: frozenset[str] = frozenset()
    read_only: frozenset[str] = frozenset()
    sharing: dict[str, str] = field(default_factory=dict)
    """Object to the SOQL condition that a record must meet to be seen; `:me` stands for the user's id."""
    read_only_records: dict[str, str] = field(default_factory=dict)
    """Object to the SOQL condition under which a visible record may not be changed."""

    def allows(self, what: str, object_name: str) -> bool:
        return what in self.objects.get(object_name, "rcud")


@dataclass(frozen=True, slots=True)
class Viewer:
    """The user on whose behalf something happens, at a moment, in their time zone."""

    user_id: str
    username: str
    zone: ZoneInfo
    now: datetime
    rights: Rights
    client: str = ""
    """What `Sforce-Call-Options: client=` said; shows up in the origin of changes."""

    def sees(self, obj: SObject, f: Field) -> bool:
        return f"{obj.name}.{f.name}" not in self.rights.hidden

    def edits(self, obj: SObject, f: Field) -> bool:
        return f"{obj.name}.{f.name}" not in self.rights.read_only
