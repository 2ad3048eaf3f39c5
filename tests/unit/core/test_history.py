"""The samples of the horizon: read back as they were put in, in memory or from a shelf; few bytes each; bounded."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.folder_shelf import FolderShelf, shelf_of
from pipeline.core.blocks import decode, encode
from pipeline.core.errors import Unavailable
from pipeline.core.history import History, Spans
from pipeline.core.order import Rows, settled
from pipeline.runtime import snapshot

MINUTE = 60_000
SAMPLES = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 5 * MINUTE), st.floats(width=64), st.integers(0, 2)), max_size=60
)


def rows(samples, more=True):
    series, t, v, seq = zip(*samples, strict=True) if samples else ((),) * 4
    found = Rows(
        np.array(series, np.int32), np.array(t, np.int64), np.array(v, np.float64), np.zeros(len(t), np.int32),
        None, None, np.array(seq, np.uint64) if more else None, None,
    )  # fmt: skip
    return settled(found)[0]


def plain(found):
    seq = np.zeros(len(found), np.uint64) if found.seq is None else found.seq
    columns = (found.series, found.t, found.v.view(np.uint64), seq)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def everything(history, low=0, past=6 * MINUTE):
    codes = np.arange(5, dtype=np.int32)
    return plain(history.read(Spans(codes, np.full(5, low), np.full(5, past))))


@given(SAMPLES, st.lists(st.booleans(), min_size=4, max_size=4), st.integers(0, MINUTE * 5), st.integers(0, MINUTE))
def test_what_is_read_back_is_what_was_put_in_wherever_it_lies(tmp_path_factory, samples, away, low, size):
    history, put = History(shelf=FolderShelf(tmp_path_factory.mktemp("shelf"))), rows(samples)
    for part, goes in zip(np.array_split(np.arange(len(put)), 4), away, strict=True):
        history.append(put.take(part))
        if goes:
            history.put_away()
    kept = put.take(np.flatnonzero((put.t >= low) & (put.t < low + size)))
    assert everything(history, low, low + size) == plain(kept)


@given(SAMPLES)
def test_a_block_holds_every_bit(samples):
    history = History()
    history.append(rows(samples))
    for chunks in history.minutes.values():
        for chunk, again in zip(chunks, decode(encode(chunks)), strict=True):
            assert again.series.tolist() == chunk.series.tolist()
            assert again.at.tolist() == chunk.at.tolist()
            assert again.v.tobytes() == chunk.v.tobytes()
            assert again.seq.tolist() == chunk.seq.tolist()
            assert again.series.dtype == np.int32


def minute_of(series, each, rng):
    code = np.repeat(np.arange(series, dtype=np.int32), each)
    t = np.tile(np.arange(each) * (MINUTE // each), series)
    return Rows(code, t, rng.normal(70.0, 1.0, len(t)), np.zeros(len(t), np.int32))


def test_a_sample_takes_at_most_eight_bytes_on_the_disk_even_where_values_are_noise(tmp_path):
    history = History(shelf=FolderShelf(tmp_path))
    history.append(minute_of(1_000, 60, np.random.default_rng(1)))
    history.put_away()
    assert history.shelved_size <= 8 * 60_000
    assert history.size == 0


def test_a_snapshot_holds_places_and_no_samples_once_they_are_put_away(tmp_path):
    history = History(shelf=FolderShelf(tmp_path))
    history.append(minute_of(100, 60, np.random.default_rng(1)))
    history.put_away()
    kept = snapshot.dump(history)
    assert sum(map(len, kept.parts.values())) < 1_000
    again = snapshot.load(History, kept)
    again.shelf = FolderShelf(tmp_path)
    assert again.is_whole()
    assert everything(again) == everything(history) != []


def test_another_shelf_or_one_that_lost_a_file_is_not_whole(tmp_path):
    history = History(shelf=FolderShelf(tmp_path / "here"))
    history.append(rows([(0, 1, 1.0, 0)]))
    history.put_away()
    kept = snapshot.dump(history)
    for shelf in (None, FolderShelf(tmp_path / "elsewhere")):
        again = snapshot.load(History, kept)
        again.shelf = shelf
        assert not again.is_whole()
    (tmp_path / "here" / "0.blocks").unlink()
    again.shelf = FolderShelf(tmp_path / "here")
    assert not again.is_whole()


def test_a_block_that_is_damaged_is_as_if_it_had_not_been_kept(tmp_path):
    shelf = FolderShelf(tmp_path)
    place = shelf.put(b"some bytes")
    shelf.flush()
    (tmp_path / "0.blocks").write_bytes(b"same bytes")
    assert shelf.get(place) == b""
    assert shelf.get(place._replace(file=9)) == b""


def test_a_shelf_drops_files_that_nobody_asks_for_and_begins_a_new_one_after_a_restart(tmp_path):
    first = FolderShelf(tmp_path).put(b"old")
    again = FolderShelf(tmp_path)
    second = again.put(b"new")
    assert (first.file, second.file) == (0, 1)
    again.keep([first])
    assert (tmp_path / "0.blocks").exists()
    again.keep([second])
    assert not (tmp_path / "0.blocks").exists()
    assert again.get(second) == b"new"


def test_what_the_shelf_cannot_take_stays_in_memory(tmp_path):
    (tmp_path / "file").write_text("in the way")
    history = History(shelf=FolderShelf(tmp_path / "file" / "below"))
    history.append(rows([(0, 1, 1.0, 0)]))
    with pytest.raises(Unavailable, match="horizon store"):
        history.put_away()
    assert len(everything(history)) == 1


def test_forgetting_drops_minutes_on_the_shelf_and_rows_in_memory(tmp_path):
    history = History(shelf=FolderShelf(tmp_path))
    samples = rows([(k, t * MINUTE, 1.0, 0) for k in range(2) for t in range(4)])
    history.append(samples)
    history.put_away()
    history.append(rows([(3, 0, 1.0, 0), (4, 0, 1.0, 0)]))
    history.forget(np.array([2 * MINUTE, 2 * MINUTE, 0, 2 * MINUTE, 0]))
    assert [key[:2] for key in everything(history)] == [(k, t * MINUTE) for k in range(2) for t in range(4)] + [(4, 0)]
    history.forget(np.full(5, 2 * MINUTE))
    assert [key[:2] for key in everything(history)] == [(k, t * MINUTE) for k in range(2) for t in (2, 3)]


def test_who_takes_over_has_what_was_kept_whatever_the_other_does_from_then_on(tmp_path):
    first = shelf_of(tmp_path, "first", "")
    history = History(shelf=first)
    history.append(rows([(0, 1, 1.0, 0)]))
    history.put_away()
    kept = snapshot.dump(history)
    second = snapshot.load(History, kept)
    second.shelf = shelf_of(tmp_path, "second", second.kept_by)
    assert second.is_whole()
    history.append(rows([(0, 61_000, 2.0, 0)]))
    history.put_away()
    first.keep([])
    second.append(rows([(0, 62_000, 3.0, 0)]))
    second.put_away()
    assert (second.kept_by, second.shelf.was) == (second.shelf.name, first.name)
    third = snapshot.load(History, snapshot.dump(second))
    third.shelf = shelf_of(tmp_path, "third", third.kept_by)
    assert third.is_whole()
    assert everything(third) == everything(second)
    history.shelf = FolderShelf(first.folder)  # after a restart: in a file that nobody linked
    history.append(rows([(0, 121_000, 4.0, 0)]))
    history.put_away()
    stale = snapshot.load(History, snapshot.dump(history))
    stale.shelf = second.shelf
    assert not stale.is_whole()
