"""For pytest (`-p tests.faults.plugin`): only tests of fault rows and those marked `faults`; outcomes are recorded."""

import pytest

from tests.faults.found import rows_of
from tests.faults.record import write


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    chosen = [item for item in items if rows_of(item.name.partition("[")[0]) or item.get_closest_marker("faults")]
    config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
    items[:] = chosen


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call" or report.outcome != "passed":
        write({"test": report.nodeid, "outcome": report.outcome, "seconds": round(report.duration, 2)})
