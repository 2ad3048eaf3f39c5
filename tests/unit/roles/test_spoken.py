"""What a worker puts aside, as records: the rows as they came, why, and where in the log they stood."""

from connectors.codecs.windows_json import Heads
from pipeline.core.frames import decode
from pipeline.core.line_config import TimeConfig
from pipeline.roles.spoken import spoken
from pipeline.steps.partition import PartitionState
from pipeline.steps.plan import Entry
from pipeline.steps.worker import step
from tests.unit.steps.logs import T0, Gateway, configuration, line_config

PATH = "park/line-1"


def test_rows_of_series_too_many_are_kept_as_they_came_with_a_reason_a_sentence_and_their_place() -> None:
    rows = [("u", metric, "", T0, value, 0, 0) for metric, value in (("a", 1.0), ("b", 2.0), ("c", "words"))]
    entries = [
        configuration(line_config(PATH, time=TimeConfig(max_series=1)), 0, T0),
        Entry(1, T0, PATH, Gateway(PATH).frame(rows, T0)),
    ]
    state, out = step(PartitionState(), entries)
    [reject] = [one for one in spoken(out, 0, 3, Heads(), state.registry.paths) if one.topic == "rejects.v1"]
    frame, headers = decode(reject.value), dict(reject.headers)
    assert [frame.names[k].metric for k in frame.index] == ["b", "c"]
    assert (frame.v[0], frame.texts[frame.text[1]]) == (2.0, "words")
    assert (headers["reason"], headers["samples"], headers["partition"], headers["offset"]) == (
        b"too_many", b"2", b"3", b"1"
    )  # fmt: skip
    assert b"max_series" in headers["sentence"]
