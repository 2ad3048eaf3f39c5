"""What a partition says of itself to whoever watches the pipeline."""

from dataclasses import replace

from pipeline.steps.partition import PartitionState
from pipeline.steps.plan import Entry
from pipeline.steps.standing import ledger_gap, silent_lines, watermark_lag_ms
from pipeline.steps.worker import step
from tests.unit.steps.logs import T0, Gateway, configuration, line_config

PATHS = ("park/line-1", "park/line-2")


def stepped(frames):
    state = PartitionState()
    for k, (path, frame) in enumerate(frames):
        entry = configuration(frame, k, T0) if path is None else Entry(k, frame.ingest_ms, path, frame)
        state, _ = step(state, [entry])
    return state


def log(seconds, silent_from):
    """Two lines, a frame each second; the second has only heartbeats from `silent_from` on."""
    gateways = [Gateway(path) for path in PATHS]
    frames = [(None, line_config(path)) for path in PATHS]
    for s in range(seconds):
        now = T0 + 1000 * s
        for gateway in gateways:
            speaks = gateway.path == PATHS[0] or s < silent_from
            rows = [("filler", "temp", "", now, 60.0 + s % 60, 0, 0)] if speaks else []
            frames.append((gateway.path, gateway.frame(rows, now)))
    return frames


def test_nothing_is_silent_behind_or_missing_before_anything_came():
    state = PartitionState()
    assert (silent_lines(state), ledger_gap(state), watermark_lag_ms(state)) == (0, 0, 0)


def test_a_line_with_heartbeats_only_is_silent_once_its_values_hold_no_more():
    assert silent_lines(stepped(log(60, silent_from=10))) == 0  # valid_for: 60 s
    assert silent_lines(stepped(log(75, silent_from=10))) == 1
    assert silent_lines(stepped(log(75, silent_from=75))) == 0


def test_a_record_that_is_missing_is_a_gap_of_its_rows_until_it_comes():
    frames = log(20, silent_from=20)
    missing = frames.pop(12)
    assert ledger_gap(stepped(frames)) == 1
    assert ledger_gap(stepped([*frames, missing])) == 0


def test_the_slowest_line_tells_the_lag():
    frames = log(20, silent_from=20)
    assert watermark_lag_ms(stepped(frames)) == 2_000  # allowed lateness
    late = [
        (path, frame if path is None or path == PATHS[0] else replace(frame, t=frame.t - 30_000))
        for path, frame in frames
    ]
    assert watermark_lag_ms(stepped(late)) == 32_000


def gone(seconds, since):
    """Two lines, a frame each second; the gateway of the second has died at `since`."""
    frames = log(seconds, silent_from=seconds)
    return [(path, frame) for path, frame in frames if path != PATHS[1] or frame.ingest_ms < T0 + 1000 * since]


def test_a_line_whose_gateway_died_is_silent_once_its_values_hold_no_more():
    assert silent_lines(stepped(gone(60, since=10))) == 0
    assert silent_lines(stepped(gone(75, since=10))) == 1


def test_a_line_that_is_gone_for_good_is_silent_and_holds_no_lag_up():
    assert watermark_lag_ms(stepped(gone(609, since=10))) == 601_000
    state = stepped(gone(700, since=10))
    assert (silent_lines(state), watermark_lag_ms(state)) == (1, 2_000)


def test_a_line_that_is_configured_and_never_sends_is_silent_from_valid_for_on():
    assert silent_lines(stepped(log(60, silent_from=0))) == 0
    assert silent_lines(stepped(log(75, silent_from=0))) == 1
    undeclared = [(path, frame) for path, frame in log(75, silent_from=0) if path is not None]
    assert silent_lines(stepped(undeclared)) == 0
