"""Every committed change of a record, in order; the source of `/emulator/ledger` and of change events."""

import orjson

from voice_agent.demo.salesforce.database import Database


def since(database: Database, seq: int) -> list[dict[str, object]]:
    """The entries after a sequence number. `fields` maps names to [before, after]."""
    rows = database.connection.execute(
        "SELECT seq, at, txn, step, object, record, change, fields, user, origin FROM _ledger "
        "WHERE seq > ? ORDER BY seq",
        [seq],
    )
    return [
        {
            "seq": row[0],
            "at": row[1],
            "transaction": row[2],
            "step": row[3],
            "object": row[4],
            "id": row[5],
            "change": row[6],
            "fields": orjson.loads(row[7]),
            "user": row[8],
            "origin": row[9],
        }
        for row in rows.fetchall()
    ]


def last(database: Database) -> int:
    row = database.connection.execute("SELECT MAX(seq) FROM _ledger").fetchone()
    return int(row[0] or 0)
