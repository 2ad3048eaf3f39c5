"""The bundled lines and what their configuration says of them."""

from pathlib import Path

import simulators
from pipeline.config.read import read_config
from pipeline.core.line_config import LineConfig
from simulators.bundled import bundled_lines
from simulators.plant import Line
from tests.e2e.mutants import Told

CONFIG = Path(simulators.__file__).parent / "config"
LINES = bundled_lines()
CONFIGURED: dict[str, LineConfig] = {line.path: line for line in read_config(CONFIG).lines}


def name_of(line: Line) -> str:
    return line.path.split("/")[-2]


def told_of(path: str) -> Told:
    """Which metrics the figures of a line hang on, by their roles."""
    line = CONFIGURED[path]

    def of(unit: str, role: str) -> tuple[str, str] | None:
        metrics = [m.name for u in line.units if u.name == unit for m in u.metrics if m.role == role]
        return (f"{path}/{unit}", metrics[0]) if metrics else None

    energy = next((found for unit in line.units if (found := of(unit.name, "energy"))), None)
    pace, count = line.pace_unit, line.count_unit
    return Told(of(pace, "state"), of(count, "good_count"), of(count, "reject_count"), energy if not pace else None)
