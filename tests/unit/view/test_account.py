"""What is told of samples that were sent, from the ledger before and after."""

from pathlib import Path

import pytest

from connectors.local_store import LocalStore
from pipeline.core.results import Result
from pipeline.view.account import FATES, Account

LINE, HOUR = "lab/rig", 3_600_000


def write(store: Path, revision: int, *counts: int, hour: int = 0, line: str = LINE) -> None:
    opened = LocalStore(store)
    values = dict(zip(FATES, counts, strict=True))
    opened.write([Result("ledger", line, "gw", 3600, hour * HOUR, None, revision, {"received": 0, **values})], [])
    opened.write([Result("metric", f"{line}/pump", "x", 60, 3 * HOUR, None, 0, {"count": 1})], [])
    opened.close()


def test_only_what_came_since_and_on_this_line_is_told(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"
    write(store, 0, 5, 1, 0, 9, 0)
    account = Account.open(store, LINE)
    write(store, 1, 7, 1, 0, 9, 0)
    write(store, 0, 3, 0, 1, 0, 2, hour=1)
    write(store, 0, 100, 0, 0, 0, 0, line="lab/rig-2")
    assert account.said(8, "1d") == (
        "lab/rig: of 8 samples: stored 5, duplicate 0, contradicting 1, too late 0, rejected 2", True
    )  # fmt: skip
    assert account.said(9, "1d")[0].endswith("rejected 2, not settled yet 1")


def test_where_all_came_too_late_nothing_is_stored_and_the_reason_is_told(tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"
    account = Account.open(store, LINE)
    write(store, 0, 0, 0, 0, 8, 0)
    sentence, has_stored = account.said(8, "1d")
    assert not has_stored
    assert "too late 8" in sentence
    assert "correction_horizon (1d) behind the line; results of the line reach to 1970-01-01T03:01:00.000Z" in sentence


@pytest.mark.parametrize("is_there", [False, True])
def test_a_ledger_that_does_not_move_is_no_success(tmp_path: Path, is_there: bool) -> None:
    store = tmp_path / "store.sqlite"
    if is_there:
        write(store, 0, 5, 1, 0, 9, 0)
    sentence, has_stored = Account.open(store, LINE).said(8, "1d")
    assert (has_stored, sentence) == (
        False, "lab/rig: none of them is in the ledger; is `parkpulse run` up, on the same broker?"
    )  # fmt: skip
