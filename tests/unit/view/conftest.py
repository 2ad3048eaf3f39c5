"""A folder with one line, and its log to write to."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pipeline.config.read import read_config
from pipeline.core.ports import Outgoing
from pipeline.roles.start import open_log
from pipeline.runtime.clock import VirtualClock
from tests.unit.view.inbox_park import TIME, Rows, configured, frame


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return configured(tmp_path)


@pytest.fixture
def write(folder: Path) -> Callable[[int, Mapping[str, Rows]], None]:
    """Appends a frame a line at so many ms after TIME of the log's clock."""

    def append(at: int, frames: Mapping[str, Rows]) -> None:
        log = open_log(read_config(folder), VirtualClock(TIME + at))
        writer = log.writer()
        writer.write([Outgoing("samples.v1", line.encode(), frame(rows)) for line, rows in frames.items()])
        writer.flush()
        writer.close()

    return append
