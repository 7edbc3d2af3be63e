"""`python -m voice_agent.demo.salesforce`: the emulator as a process of its own."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from voice_agent.demo.salesforce.server import serve


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m voice_agent.demo.salesforce", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--seed", type=Path, help="seed directory; the demo org without it")
    parser.add_argument("--db", type=Path, help="SQLite file; memory without it")
    parser.add_argument("--now", type=datetime.fromisoformat, help="freezes the clock at this ISO moment")
    given = parser.parse_args()
    now = given.now.replace(tzinfo=UTC) if given.now and given.now.tzinfo is None else given.now
    try:
        serve(given.port, given.host, given.seed, given.db, now)
    except (OSError, ValueError) as problem:
        sys.stderr.write(f"cannot start the Salesforce emulator: {problem}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
