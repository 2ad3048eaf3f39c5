"""The benchmark of latency, its parts: the load that keeps a pace, and which windows are looked at."""

import socket
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.bench.burst import Burst, Packets
from pipeline.bench.latency import Pacing, quantiles, steady_burst, window_ends
from pipeline.bench.latency_probe import line_files
from pipeline.bench.loads import Mismatch
from pipeline.bench.publisher import paced
from pipeline.config.read import read_config
from tests.unit.bench.test_chain import published, said


@given(st.floats(20_000, 3_000_000), st.integers(1, 400))
def test_a_unit_has_its_next_samples_ready_when_its_turn_comes(rate: float, lines: int) -> None:
    burst = steady_burst(rate, lines)
    between_turns_ms = 1000 * burst.senders * burst.size / rate
    assert burst.ticks * burst.period_ms <= max(between_turns_ms, burst.ticks) + 1e-6


@given(st.integers(0, 100_000), st.integers(0, 100_000))
def test_only_windows_that_lie_wholly_in_the_run_are_looked_at(began: int, length: int) -> None:
    for end in window_ends(began, began + length):
        assert end % 10_000 == 0
        assert began <= end - 10_000 < end <= began + length


def broker(server: socket.socket, heard: list[bytes]) -> None:
    """Acknowledges what comes, in order."""
    connection, _ = server.accept()
    with connection:
        connection.recv(100)
        connection.sendall(b"\x20\x02\0\0")
        inbox = b""
        while some := connection.recv(1 << 16):
            inbox += some
            width = 3 + (inbox[1] & 0x7F) + (inbox[2] << 7) if len(inbox) > 2 else 1 << 20
            while len(inbox) >= width:
                heard.append(inbox[:width])
                inbox = inbox[width:]
                connection.sendall(b"\x40\x02" + published(heard[-1])[1].to_bytes(2, "big"))


def test_a_paced_load_sends_what_is_due_and_no_sample_twice() -> None:
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=broker, args=(server, heard))
        thread.start()
        burst = Burst("a/b", 1, 100, 8, 20)
        told = paced(f"127.0.0.1:{server.getsockname()[1]}", Packets(burst), 40.0, 1.0)
        thread.join()
    messages, _, *order = told.split()
    assert order == ["in", "order"]
    assert 30 <= int(messages) == len(heard) <= 40
    samples = [one for packet in heard for one in said(packet)]
    assert len(set(samples)) == len(samples) == 100 * len(heard)
    newest = [max(t for _, t, _ in said(packet)) for packet in heard]
    assert np.diff(newest).tolist() == pytest.approx([25] * (len(heard) - 1), abs=1)


def test_a_load_that_fell_behind_gives_no_figure() -> None:
    class Late:
        def told(self, _order: str) -> list[str]:
            return ["100", "1500", "in", "order"]

    pacing = Pacing(Late(), 10.0, 1.0)
    pacing.run()
    with pytest.raises(Mismatch, match="pace"):
        pacing.samples()


def test_quantiles_stand_between_least_and_greatest() -> None:
    assert [(row.case, row.value) for row in quantiles("x", [1, 2, 3])] == [
        ("x, p50", 2.0),
        ("x, p99", pytest.approx(2.98)),
        ("x, max", 3.0),
    ]


def test_the_lines_of_the_probe_are_a_legal_configuration(tmp_path) -> None:
    (tmp_path / "lines").mkdir()
    (tmp_path / "park.toml").write_text('levels = ["site", "line", "unit"]')
    for number, text in enumerate(line_files()):
        (tmp_path / "lines" / f"{number}.toml").write_text(text)
    assert len(read_config(tmp_path).lines) == 20
