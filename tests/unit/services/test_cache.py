"""What was downloaded or built once: whole or not there, and used only while its bytes are those that were made."""

import threading
from pathlib import Path

import pytest

from connectors.services.cache import cache_folder, kept


def make_jar(folder: Path) -> None:
    (folder / "lib").mkdir()
    (folder / "lib" / "a.jar").write_bytes(b"jar")


def never(folder: Path) -> None:
    raise AssertionError("made again")


def test_an_entry_is_made_once(tmp_path: Path) -> None:
    first = kept(tmp_path, "kafka-1", make_jar)
    assert kept(tmp_path, "kafka-1", never) == first
    assert (first / "lib" / "a.jar").read_bytes() == b"jar"


@pytest.mark.parametrize("harm", ["changed", "gone", "added"])
def test_an_entry_whose_bytes_have_changed_is_made_anew(tmp_path: Path, harm: str) -> None:
    jar = kept(tmp_path, "kafka-1", make_jar) / "lib" / "a.jar"
    if harm == "gone":
        jar.unlink()
    else:
        (jar if harm == "changed" else jar.with_name("b.jar")).write_bytes(b"half")
    entry = kept(tmp_path, "kafka-1", make_jar)
    assert [(path.name, path.read_bytes()) for path in (entry / "lib").iterdir()] == [("a.jar", b"jar")]


def test_a_failed_make_leaves_no_entry_and_the_next_one_begins_afresh(tmp_path: Path) -> None:
    def half(folder: Path) -> None:
        make_jar(folder)
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        kept(tmp_path, "kafka-1", half)
    assert not (tmp_path / "kafka-1").exists()
    (tmp_path / ".kafka-1.new" / "lib").mkdir(parents=True)  # what a killed one left
    assert (kept(tmp_path, "kafka-1", make_jar) / "lib" / "a.jar").exists()


def test_two_at_the_same_time_make_it_once(tmp_path: Path) -> None:
    made: list[Path] = []
    together = threading.Barrier(4)

    def count(folder: Path) -> None:
        make_jar(folder)
        made.append(folder)

    def ask() -> None:
        together.wait()
        kept(tmp_path, "kafka-1", count)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_the_cache_is_where_it_was_named_else_with_the_other_caches_of_the_user(tmp_path: Path) -> None:
    assert cache_folder({"PARKPULSE_CACHE": str(tmp_path), "XDG_CACHE_HOME": "/x"}) == tmp_path
    assert cache_folder({"XDG_CACHE_HOME": "/x"}) == Path("/x/parkpulse")
    assert cache_folder({}) == Path.home() / ".cache/parkpulse"
