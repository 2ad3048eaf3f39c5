"""A disk that takes nothing while the demo runs: the screen says so, and the run goes on when there is room again."""

import resource
from contextlib import contextmanager

import pytest

from pipeline.core.errors import Unavailable
from pipeline.runtime.clock import monotonic
from pipeline.view.troubles import troubles
from pipeline.view.words import Words
from simulators import drive
from simulators.demo import Demo
from simulators.plant import Plant
from tests.bundled import LINES
from tests.e2e.runs import START_MS

PATIENCE_S = 0.5
pytestmark = pytest.mark.real


@contextmanager
def full():
    """No file of this process may grow."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


def run(folder):
    return Demo(folder, START_MS, lambda begin: Plant(LINES, 1, begin), 60.0, "en")


def ticks(demo, seconds):
    until = demo.drive.now_ms + seconds * 1000
    while demo.drive.now_ms < until:
        demo.tick()


def test_row_17_a_run_on_a_full_disk_says_so_is_patient_and_goes_on_by_itself(tmp_path, monkeypatch):
    monkeypatch.setattr(drive, "PATIENCE_S", PATIENCE_S)
    with run(tmp_path) as demo:
        ticks(demo, 5)
        assert troubles(demo.park, Words("en")) == []
        with full():
            until = monotonic() + 5 * PATIENCE_S
            demo.tick(lambda: monotonic() < until)
            (english,), (vietnamese,) = (troubles(demo.park, Words(language)) for language in ("en", "vi"))
            assert "gateway: " in demo.park.lacks()
        assert english.startswith("nothing can be written")
        assert "writing goes on by itself" in english
        assert vietnamese.startswith("không ghi được")
        ticks(demo, 5)
        until = monotonic() + 20.0
        while troubles(demo.park, Words("en")):
            assert monotonic() < until
            demo.tick()
        demo.finish()
        samples = demo.summary()["samples"]
    assert samples["gap"] == samples["waiting"] == 0


def test_what_a_run_could_not_store_at_its_end_is_taken_up_by_the_next(tmp_path):
    with run(tmp_path) as demo:
        ticks(demo, 5)
        with full():
            demo.tick(lambda: False)
            with pytest.raises(Unavailable, match="the next run in this folder takes up what is left"):
                demo.finish()
    with run(tmp_path) as demo:
        assert demo.took_up
        ticks(demo, 5)
        demo.finish()
        samples = demo.summary()["samples"]
    assert samples["gap"] == samples["waiting"] == 0
