"""Writes the golden snapshots of this SCHEMA: `python -m tests.cases.snapshots` in the repository's root.

Only for a new SCHEMA: those of a schema never change. Each holds the state in the middle of a log, and the log.
"""

from tests.cases.snapshots.golden import GOLDEN, Golden
from tests.unit.steps.test_partitions import logs, together

if __name__ == "__main__":
    GOLDEN.write_bytes(Golden.of(together(logs(7, seconds=30)[:2], 7)).to_bytes())
    print(GOLDEN)
