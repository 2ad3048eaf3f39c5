"""What configuration says of each series, as columns by series code, so that a slice asks arrays and not objects."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import get_args

import numpy as np
import numpy.typing as npt

from pipeline.core.grown import grown
from pipeline.core.line_config import UNSCORED, LineConfig, MetricConfig, Role
from pipeline.core.quality import SIMULATED
from pipeline.core.registry import Registry

DEFAULT = MetricConfig(name="-")
NAMED = ("state", "mode")
NUMBERS = frozenset(get_args(Role)) - {*NAMED, "product", "order", "other"}
Flags = npt.NDArray[np.bool_]
Key = tuple[str, str]  # unit, metric


def declared(config: LineConfig) -> dict[Key, MetricConfig]:
    """(unit, metric) -> what is declared of it."""
    return {(unit.name, metric.name): metric for unit in config.units for metric in unit.metrics}


def numeric(config: LineConfig) -> set[Key]:
    """Declared metrics that need numbers: by their role, or because an alarm of limits or scores looks at them."""
    metrics = declared(config)
    named = {key for key, metric in metrics.items() if metric.role in NAMED}
    by_role = {key for key, metric in metrics.items() if metric.role in NUMBERS}
    by_alarm = {(alarm.unit, alarm.metric) for alarm in config.alarms if alarm.kind in ("limit", "score")}
    return (by_role | (by_alarm & metrics.keys())) - named


def _flags() -> Flags:
    return np.zeros(0, np.bool_)


@dataclass(slots=True)
class Traits:
    """hold_ms i64; scored (gets a score), simulated (quality 7 is usable), named (its values are names of states or
    modes), number (declared, and needs numbers), watched (an alarm looks at it), early (one does as its rows come):
    bool; wants: width ms -> bool."""

    known: int = 0
    hold_ms: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    scored: Flags = field(default_factory=_flags)
    simulated: Flags = field(default_factory=_flags)
    named: Flags = field(default_factory=_flags)
    number: Flags = field(default_factory=_flags)
    watched: Flags = field(default_factory=_flags)
    early: Flags = field(default_factory=_flags)
    wants: dict[int, Flags] = field(default_factory=dict)

    def cover(self, registry: Registry, configs: dict[int, LineConfig]) -> None:
        """Makes columns for series that are new; `configs` by line code."""
        new = range(self.known, len(registry.series))
        if new:
            self.hold_ms = grown(self.hold_ms, new.stop, 0)
            for name in ("scored", "simulated", "named", "number", "watched", "early"):
                setattr(self, name, grown(getattr(self, name), new.stop, False))
            self._describe(new, registry, configs)
            self.known = new.stop

    def configure(self, line: int, registry: Registry, configs: dict[int, LineConfig]) -> None:
        """A line's configuration is another one."""
        own = np.flatnonzero(registry.line_of[: self.known] == line)
        self._describe(own.tolist(), registry, configs)

    def _describe(self, codes: Iterable[int], registry: Registry, configs: dict[int, LineConfig]) -> None:
        size, tables = len(registry.series), dict[int, tuple[dict[Key, MetricConfig], set[Key], dict[Key, bool]]]()
        for code in codes:
            line = int(registry.line_of[code])
            config = configs[line]
            if line not in tables:
                watched = {(alarm.unit, alarm.metric): False for alarm in config.alarms}
                watched |= {(alarm.unit, alarm.metric): True for alarm in config.alarms if alarm.is_early}
                tables[line] = declared(config), numeric(config), watched
                self._widths(config, size)
            metrics, numbers, watched = tables[line]
            self.number[code] = registry.names[code] in numbers
            self._set(code, metrics.get(registry.names[code], DEFAULT), config)
            self.watched[code] = registry.names[code] in watched
            self.early[code] = watched.get(registry.names[code], False)

    def _widths(self, config: LineConfig, size: int) -> None:
        """Kept in order of length, so that results leave in one order however the lines came."""
        widths = sorted({*self.wants, *(s * 1000 for s in config.windows)})
        self.wants = {width: grown(self.wants.get(width, _flags()), size, False) for width in widths}

    def _set(self, code: int, metric: MetricConfig, config: LineConfig) -> None:
        self.hold_ms[code] = metric.hold_ms
        self.scored[code] = metric.role not in UNSCORED
        self.simulated[code] = SIMULATED in config.usable_quality
        self.named[code] = metric.role in NAMED
        for width, column in self.wants.items():
            column[code] = width // 1000 in config.windows
