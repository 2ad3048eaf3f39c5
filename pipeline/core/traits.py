"""What configuration says of each series, as columns by series code, so that a slice asks arrays and not objects."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pipeline.core.line_config import UNSCORED, LineConfig, MetricConfig
from pipeline.core.registry import Registry, grown

DEFAULT = MetricConfig(name="-")


def declared(config: LineConfig) -> dict[tuple[str, str], MetricConfig]:
    """(unit, metric) -> what is declared of it."""
    return {(unit.name, metric.name): metric for unit in config.units for metric in unit.metrics}


@dataclass(slots=True)
class Traits:
    """hold_ms i64; scored bool (gets a score); simulated bool (quality 7 is usable); wants: width ms -> bool."""

    known: int = 0
    hold_ms: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    scored: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    simulated: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    wants: dict[int, npt.NDArray[np.bool_]] = field(default_factory=dict)

    def cover(self, registry: Registry, configs: dict[int, LineConfig]) -> None:
        """Makes columns for series that are new; `configs` by line code."""
        size = len(registry.series)
        if size == self.known:
            return
        self.hold_ms = grown(self.hold_ms, size, 0).astype(np.int64, copy=False)
        self.scored = grown(self.scored, size, False).astype(np.bool_, copy=False)
        self.simulated = grown(self.simulated, size, False).astype(np.bool_, copy=False)
        for width in {s * 1000 for config in configs.values() for s in config.windows}:
            column = self.wants.get(width, np.zeros(0, np.bool_))
            self.wants[width] = grown(column, size, False).astype(np.bool_, copy=False)
        tables = {line: declared(config) for line, config in configs.items()}
        for code in range(self.known, size):
            line = int(registry.line_of[code])
            self._set(code, tables[line].get(registry.names[code], DEFAULT), configs[line])
        self.known = size

    def _set(self, code: int, metric: MetricConfig, config: LineConfig) -> None:
        self.hold_ms[code] = metric.hold_ms
        self.scored[code] = metric.role not in UNSCORED
        self.simulated[code] = 7 in config.usable_quality
        for width, column in self.wants.items():
            column[code] = width // 1000 in config.windows
