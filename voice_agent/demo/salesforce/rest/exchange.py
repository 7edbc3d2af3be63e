"""What a resource gets and gives: the request, the reply, and the context they happen in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from voice_agent.demo.salesforce.access import Viewer
from voice_agent.demo.salesforce.database import Database
from voice_agent.demo.salesforce.errors import ApiError, malformed_json, not_found
from voice_agent.demo.salesforce.metadata import Schema, SObject
from voice_agent.demo.salesforce.org import Org
from voice_agent.demo.salesforce.records import Records
from voice_agent.demo.salesforce.soql.select import Selector


@dataclass(frozen=True, slots=True)
class Request:
    """One call below `/services/data/vXX.0`, alone or inside a composite."""

    method: str
    path: tuple[str, ...]
    """Decoded segments after the version."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: object
    version: str
    """Such as `60.0`."""
    nested: bool = False
    """Inside a composite, batch or graph."""

    @property
    def base(self) -> str:
        return f"/services/data/v{self.version}"

    def fields(self) -> Mapping[str, object]:
        """The body as a JSON object. Raises JSON_PARSER_ERROR."""
        if not isinstance(self.body, Mapping):
            raise malformed_json("The HTTP entity body is required, but this request has no entity body.")
        return self.body


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back; a body of None is an empty one."""

    status: int = 200
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Context:
    """One transaction on behalf of one viewer."""

    database: Database
    org: Org
    viewer: Viewer
    records: Records
    lock: Callable[[str, str], None]
    """Raises when a lock fault waits for this method and path."""

    @property
    def schema(self) -> Schema:
        return self.database.schema

    def selector(self, request: Request, deleted: bool = False) -> Selector:
        return Selector(self.database.connection, self.schema, self.viewer, request.base, deleted)

    def object(self, name: str) -> SObject:
        """The object of that name. Raises NOT_FOUND for one that is not there or that this user may not read."""
        obj = self.schema.find(name)
        if obj is None or not self.viewer.rights.allows("r", obj.name):
            raise not_found()
        return obj

    def object_or_malformed(self, name: str) -> SObject:
        """The object that a search names. Raises INVALID_TYPE."""
        obj = self.schema.find(name)
        if obj is None or not self.viewer.rights.allows("r", obj.name):
            raise ApiError(400, "INVALID_TYPE", f"sObject type '{name}' is not supported.")
        return obj


def refused(error: ApiError) -> Reply:
    """The reply to a request that raised."""
    return Reply(error.status, [error.as_rest()])
