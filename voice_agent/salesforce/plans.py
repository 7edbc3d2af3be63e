"""A change that has been thought through but not made: pure data that can be read back, stored, approved, committed.

A plan knows nothing of the network. `commit.commit` turns it into one composite request; an approval queue may keep it
as JSON for hours before that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from voice_agent.salesforce.rows import moment
from voice_agent.salesforce.soql import soql

Method = Literal["GET", "POST", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class Guard:
    """Something that must still be so at commit: a SOQL statement that finds one row only then.

    `reason` becomes the code of the Conflict: CHANGED for a record, TAKEN for a slot.
    """

    reference: str
    statement: str
    reason: Literal["CHANGED", "TAKEN"] = "CHANGED"

    @property
    def ref(self) -> str:
        """Stands for the found row's id in a later step; has no value, and so halts everything, if none was found."""
        return f"@{{{self.reference}.records[0].Id}}"


def unchanged(reference: str, object_name: str, record: str, modified: str, **values: object) -> Guard:
    """The record still carries the SystemModstamp it was read with, and these field values.

    SystemModstamp has a resolution of one second (sheet 2.3), so the values that matter are compared too.
    """
    fields = "".join(f" AND {name} = {{{name}}}" for name in values)
    statement = soql(
        f"SELECT Id FROM {object_name} WHERE Id = {{id}} AND SystemModstamp = {{modified}}{fields}",
        id=record,
        modified=moment(modified),
        **values,
    )
    return Guard(reference, statement)


@dataclass(frozen=True, slots=True)
class Step:
    """One composite sub-request. `path` is relative to /services/data/vXX.0/. `keyed` rows get an Agent_Key__c.

    A GET reads within the same transaction, after the steps before it: the number of a record just made, or nothing
    but a guard's reference that no other step needs.
    """

    method: Method
    path: str
    reference: str
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    keyed: bool = False


@dataclass(frozen=True, slots=True)
class Touch:
    """One record that changes, for people: `before` and `after` hold field values, `id` is an id or a reference."""

    object: str
    id: str
    label: str
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WritePlan:
    """Everything one write does. `name` is the verb ("reschedule"), `facts` feed the read-back and the confirmation.

    `serialise_on` holds parent ids: two writes below one parent wait for each other in this process, because the org
    answers parallel ones with UNABLE_TO_LOCK_ROW (sheet 7.4). `links` are lookups of the audit row
    (`Work_Order__c` ...), ids or references.
    """

    name: str
    steps: tuple[Step, ...]
    touches: tuple[Touch, ...]
    guards: tuple[Guard, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    serialise_on: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> WritePlan:
        """The inverse of `as_json`, also after a trip through JSON text. KeyError or TypeError for anything else."""
        return cls(
            name=data["name"],
            steps=tuple(Step(**step) for step in data["steps"]),
            touches=tuple(Touch(**touch) for touch in data["touches"]),
            guards=tuple(Guard(**guard) for guard in data["guards"]),
            facts=dict(data["facts"]),
            links=dict(data["links"]),
            serialise_on=tuple(data["serialise_on"]),
        )

    @property
    def proof(self) -> str:
        """How an ambiguous outcome is settled: the audit row of this write exists, or it does not."""
        return "SELECT Id FROM AI_Interaction__c WHERE Agent_Key__c = {key}"


@dataclass(frozen=True, slots=True)
class Committed:
    """`applied`: it is in the org (`repeated` when an earlier attempt with this key had done it already).
    `not_applied`: sealed, this key can never take effect; plan afresh under another key.
    `unknown`: sent, no answer, no trace yet; committing again with the *same* key is safe and settles it.
    """

    status: Literal["applied", "not_applied", "unknown"]
    key: str
    ids: Mapping[str, str] = field(default_factory=dict)
    """Reference -> id of every record that was created."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    read: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Reference of a GET step -> what it read after the change, such as the number of a new case."""
    repeated: bool = False
    interaction_id: str | None = None
