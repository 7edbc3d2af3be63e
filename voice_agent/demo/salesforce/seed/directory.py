"""Seeds as files: `org.json` and one JSON list for each object; or the demo org when no directory is given."""

from pathlib import Path

import orjson

from voice_agent.demo.salesforce import org as orgs
from voice_agent.demo.salesforce.seed import demo
from voice_agent.demo.salesforce.seed.brightwater import BRIGHTWATER
from voice_agent.demo.salesforce.seed.loader import Seed, SeedError, SeedRecord


def read(folder: Path | None) -> Seed:
    """Raises SeedError naming the file that is missing or wrong."""
    if folder is None:
        description, records = demo.generate(BRIGHTWATER)
        return Seed(orgs.read(description), records)
    try:
        description = orjson.loads((folder / "org.json").read_bytes())
        names = description["objects"]
        records = {name: _records(folder / f"{name}.json") for name in names}
        return Seed(orgs.read(description), records)
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise SeedError(f"{folder}: {problem}") from problem


def write(folder: Path, description: dict[str, object], records: dict[str, list[SeedRecord]]) -> None:
    """Writes what `read` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    option = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    (folder / "org.json").write_bytes(orjson.dumps({**description, "objects": list(records)}, option=option))
    for name, listed in records.items():
        (folder / f"{name}.json").write_bytes(orjson.dumps(listed, option=option))


def _records(file: Path) -> list[SeedRecord]:
    listed = orjson.loads(file.read_bytes())
    if not isinstance(listed, list) or not all(isinstance(record, dict) for record in listed):
        raise SeedError(f"{file} is no list of records")
    return listed
