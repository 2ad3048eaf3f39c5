"""Windows as columns and results one by one are the same JSON."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from connectors.codecs import results_json, windows_json
from pipeline.core.results import Result, WindowResults

FLOATS = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([0.0, -0.0, 70.0, 1e150, 5e-324, 1e16])
ROW = st.tuples(st.integers(0, 2), st.integers(0, 3), st.integers(0, 2), *[FLOATS] * 8)
LABELS = [("park/line-1/máy", "nhiệt độ"), ("park/line-2", 'a"b\\c'), ("p/l/u", "x"), ("p/l/u", "température")]


def plain(row, place):
    line, series, n, *floats = row
    mean, least, most, last, sd, coverage, ewma, score = (x if np.isfinite(x) else None for x in floats)
    head = (*LABELS[series], 10, 1_780_000_000_000 + place, None, place)
    statistics = (
        {"mean": mean, "min": least, "max": most, "last": last, "sd": sd}
        if n
        else dict.fromkeys(("mean", "min", "max", "last", "sd"))
    )
    out = [Result("metric", *head, {"count": n, **statistics}, coverage)]
    if floats[-1] >= 0:
        out.append(Result("score", *head, {"ewma": ewma, "score": score}))
    return line, out


@given(st.lists(ROW, min_size=1, max_size=9))
def test_columns_say_what_results_would_say(rows):
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    line, series, n = columns[0].astype(np.int32), columns[1].astype(np.int32), columns[2].astype(np.int64)
    place = np.arange(len(rows))
    floats = [column.astype(np.float64) for column in columns[3:]]
    mean, least, most, last, sd, coverage, ewma, score = floats
    found = WindowResults(
        10, LABELS, line, series, line.astype(np.int64) + 7, place, 1_780_000_000_000 + place, n,
        mean, least, most, last, sd, coverage, ewma, score,
    )  # fmt: skip
    wanted = {}
    for k, row in enumerate(rows):
        code, results = plain(row, k)
        wanted.setdefault(code, []).extend(results)
    heads = windows_json.Heads()
    got = {told.line: told for told in windows_json.encode([found], heads)}
    assert got.keys() == wanted.keys()
    for code, told in got.items():
        assert told.offset == code + 7
        assert told.scored == any(result.kind == "score" for result in wanted[code])
        read = results_json.decode(b"[%b]" % b",".join(told.pieces))
        assert sorted(map(repr, read)) == sorted(map(repr, wanted[code]))
