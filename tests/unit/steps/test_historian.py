"""What the historian writes: the newest revision of each identity, each transition once."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from connectors.memory_store import MemoryStore
from pipeline.core.results import Result, Transition
from pipeline.steps import historian
from pipeline.steps.historian import Identity, step

RESULT = Result("metric", "park/line/filler", "temperature", 10, 0, None, 0, {"mean": 1.0})
ALERT = Transition(
    "i1", 0, "cold", "park/line", 1, "unack", "norm", 0, 0, 1.0, 2.0, "", "", "", "", "", "i1", 0, True
)  # fmt: skip
REVISIONS = st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 4)), max_size=20)


def published(name: str, revision: int) -> Result:
    return replace(RESULT, name=name, revision=revision, values={"mean": float(revision)})


def test_of_an_identity_only_the_newest_revision_of_a_batch_is_written() -> None:
    batch = [published("a", 0), published("b", 0), published("a", 7), published("a", 3)]
    assert step({}, batch, []).results == [published("a", 7), published("b", 0)]


def test_a_revision_that_was_passed_in_an_earlier_batch_is_not_written_again() -> None:
    first = step({}, [published("a", 7)], [])
    assert step(first.newest, [published("a", 0), published("b", 0)], []).results == [published("b", 0)]
    assert step(first.newest, [published("a", 7)], []).results == [published("a", 7)]


def test_an_alert_that_comes_twice_is_written_once_and_the_first_one_counts() -> None:
    later = replace(ALERT, transition=1)
    assert step({}, [], [ALERT, later, replace(ALERT, message_en="again")]).alerts == [ALERT, later]


def test_progress_is_not_stored() -> None:
    assert step({}, [replace(RESULT, kind="progress", revision=1)], []).results == []


def test_results_that_were_never_corrected_are_not_remembered() -> None:
    assert step({}, [published("a", 0)], []).newest == {}


def test_memory_is_bounded_and_forgets_the_oldest_correction() -> None:
    newest: dict[Identity, int] = {("metric", "line", str(n), 10, 0, None): 1 for n in range(historian.MAX_REMEMBERED)}
    after = step(newest, [published("a", 1)], []).newest
    assert len(after) == historian.MAX_REMEMBERED
    assert ("metric", "line", "0", 10, 0, None) not in after
    assert len(newest) == historian.MAX_REMEMBERED


@given(REVISIONS, st.integers(0, 20))
def test_the_cut_of_batches_changes_nothing_in_the_store(published_in_order: list[tuple[str, int]], cut: int) -> None:
    results = [published(name, revision) for name, revision in published_in_order]
    whole, parts = MemoryStore(), MemoryStore()
    whole.write(step({}, results, []).results, [])
    first = step({}, results[:cut], [])
    parts.write(first.results, [])
    parts.write(step(first.newest, results[cut:], []).results, [])
    assert whole.read("metric").equals(parts.read("metric"))


@given(REVISIONS, st.integers(0, 20))
def test_a_store_that_keeps_the_last_write_ends_with_the_newest_revision(
    published_in_order: list[tuple[str, int]], cut: int
) -> None:
    results = [published(name, revision) for name, revision in published_in_order]
    first = step({}, results[:cut], [])
    second = step(first.newest, results[cut:], [])
    last_write = {r.name: r.revision for r in (*first.results, *second.results)}
    assert last_write == {name: max(v for n, v in published_in_order if n == name) for name, _ in published_in_order}
