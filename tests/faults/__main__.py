"""`make faults`: services up, the tests of fault rows and those marked `faults`, and the report of what they measured.

Arguments go to pytest: `python -m tests.faults -k row_18`.
"""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.faults.found import ROOT
from tests.faults.record import FOLDER
from tests.faults.report import main as report
from tests.run import found_services


def main(arguments: list[str]) -> int:
    with TemporaryDirectory(prefix="parkpulse-faults-") as folder, found_services(required=False) as services:
        for one in services:
            print(f"{one.tier}: {one.note}")
        command = [sys.executable, "-m", "pytest", "tests", "-p", "tests.faults.plugin", *arguments]
        code = subprocess.run(command, cwd=ROOT, env=os.environ | {FOLDER: folder}, check=False).returncode
        report([folder] if any(Path(folder).iterdir()) else [])
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
