"""A series keeps its number from call to call; payloads as columns are the payloads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.codecs import name_numbers
from connectors.codecs.edge import decode
from connectors.codecs.name_numbers import NameNumbers
from connectors.codecs.topics import Grammar
from pipeline.core.samples import Name, Payload, Payloads
from tests.unit.codecs.reading import flat
from tests.unit.codecs.test_edge import payloads

LEVELS = ("site", "line", "unit")
SINGLE = b'{"timestamp_ms":1780000000123,"value":%d}'


def of(*metrics: int) -> list[Payload]:
    return [Payload(f"parkpulse/v1/data/dairy/l1/u/m{k}", SINGLE % k, 5) for k in metrics]


def test_a_series_keeps_its_number_whatever_came_between() -> None:
    grammar = Grammar(LEVELS)
    (first, _), (between, _), (again, _) = (decode(of(*lot), grammar, 1000) for lot in ((1, 2), (3, 1), (2, 3, 1)))
    assert first.names is between.names is again.names
    assert (first.name.tolist(), between.name.tolist(), again.name.tolist()) == ([0, 1], [2, 0], [1, 2, 0])


def test_too_many_names_are_numbered_anew_and_what_was_given_out_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(name_numbers, "MAX_NAMES", 3)
    grammar, lots = Grammar(LEVELS), ((1, 2), (3, 4), (4, 2), (5, 6, 7), (1,))
    found = [decode(of(*lot), grammar, 1000)[0] for lot in lots]
    named = [[samples.names[n].metric for n in samples.name] for samples in found]
    assert named == [[f"m{k}" for k in lot] for lot in lots]
    assert len({id(samples.names) for samples in found}) == 3
    assert len(grammar.known.names.names) < 6


def test_a_name_that_nothing_was_read_for_gets_no_number() -> None:
    grammar = Grammar(LEVELS)
    decode([Payload("parkpulse/v1/data/dairy/l1/u/m1", b'{"timestamp_ms":17', 5)], grammar, 1000)
    assert grammar.known.names.names == []


@given(st.lists(st.sampled_from([Name("l", "u", f"m{k}") for k in range(4)])))
def test_numbers_count_distinct_names_as_they_come(names: list[Name]) -> None:
    known = NameNumbers()
    assert [known.names[n] for n in known.of(names)] == names
    assert known.names == list(dict.fromkeys(names))


@given(payloads)
def test_payloads_as_columns_give_the_same_samples_and_are_the_same_payloads(batch: list[Payload]) -> None:
    columns = Payloads.of(batch)
    assert (list(columns), list(columns[1:3])) == (batch, batch[1:3])
    (one, refused), (other, again) = decode(batch, Grammar(LEVELS), 1000), decode(columns, Grammar(LEVELS), 1000)
    assert (flat(one), refused) == (flat(other), again)
