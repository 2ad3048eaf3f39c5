"""The example configurations of deploy/config, copied for a run: addresses of this machine, and no time off."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from simulators.demo import TIME_OFF

EXAMPLES = Path(__file__).parents[2] / "deploy" / "config"
ALL = 'families = ["own", "umh", "telegraf"]'
TELEGRAF = '\n[[brokers.topics]]\npattern = "telegraf/+"\nfamily = "telegraf"\n'


def copied(name: str, target: Path, changes: Mapping[str, str]) -> Path:
    """With each of these texts, which stands in park.toml once, replaced."""
    shutil.copytree(EXAMPLES / name, target)
    file = target / "park.toml"
    text = "".join(line for line in file.read_text("utf-8").splitlines(True) if not line.startswith(TIME_OFF))
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    file.write_text(text, "utf-8")
    return target
