"""Results that were made again and differ, put in the place of those stored: in results.v1, and in the store at once.

Rule: a revision is above the one stored, and below the offset of every record to come, so that a correction that live
work makes later is above it. What only the store has stays.
"""

from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from connectors.codecs import results_json
from connectors.local_store import LocalStore
from pipeline.core.ports import Log, Outgoing, Sink
from pipeline.core.results import Result
from pipeline.roles.reprocess import Reprocess
from pipeline.roles.spoken import RESULTS

MOST = 1_000  # results in one record, and in one write
Identity = tuple[str, str, str, int, int, str | None]
COLUMNS = ("kind", "equipment", "name", "window_s", "window_start", "product")


def correct(found: pl.DataFrame, again: Reprocess, made: LocalStore, log: Log, store: Sink) -> int:
    """`found`: a row for each figure that differs. How many results were written."""
    stored, written, writer = _stored(found) if len(found) else {}, 0, log.writer()
    try:
        for path, (clock, end) in sorted(again.ends.items()):
            for kind in sorted({identity[0] for identity in stored}):
                results = list(_above(made, (kind, path, again.since_ms, clock), stored, end))
                for at in range(0, len(results), MOST):
                    some = results[at : at + MOST]
                    headers = (("kinds", kind.encode()),)
                    writer.write([Outgoing(RESULTS, path.encode(), results_json.encode(some), headers)])
                    writer.flush()
                    store.write(some, [])
                written += len(results)
    finally:
        writer.close()
    return written


def _stored(found: pl.DataFrame) -> dict[Identity, int | None]:
    """By identity of what differs and was made again: the revision that is stored, None where nothing is."""
    differing = found.group_by(COLUMNS).agg(pl.col("revision").max(), has=pl.col("after").is_not_null().any())
    columns = differing.filter("has").select(*COLUMNS, "revision")
    identities = zip(*(columns[name].to_list() for name in COLUMNS), strict=True)
    return dict(zip(identities, columns["revision"].to_list(), strict=True))


def _above(
    made: LocalStore, where: tuple[str, str, int, int], stored: dict[Identity, int | None], end: int
) -> Iterator[Result]:
    for one in made.results(*where):
        identity = (one.kind, one.equipment, one.name, one.window_s, one.window_start, one.product)
        if identity in stored:
            known = stored[identity]
            yield replace(one, revision=0 if known is None else max(known + 1, end - 1))
