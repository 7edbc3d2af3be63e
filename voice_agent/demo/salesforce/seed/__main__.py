"""`python -m voice_agent.demo.salesforce.seed --out DIR --variant second`: writes a demo org as seed files."""

import argparse
import sys
from pathlib import Path

from voice_agent.demo.salesforce.seed import demo, directory


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m voice_agent.demo.salesforce.seed", description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--variant", choices=sorted(demo.VARIANTS), default="first")
    given = parser.parse_args()
    directory.write(given.out, *demo.generate(demo.VARIANTS[given.variant]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
