"""Numbers and names of many records at once are those that a JSON parser reads, whatever stands beside them."""

import json
import random

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.codecs.distinct import distinct_numbers, mix, stand_ins
from connectors.codecs.edge import decode
from connectors.codecs.json_samples import Rows
from connectors.codecs.own_fast import decode_batches, decode_singles
from connectors.codecs.topics import REMEMBERED, Grammar
from pipeline.core.samples import Payload
from tests.unit.codecs.reading import GRAMMAR, bodies_of, flat, read_strictly
from tests.unit.codecs.test_own_fast import BATCH, LINE, SINGLE

numbers = st.from_regex(r"-?[0-9]{0,18}(\.[0-9]{0,18})?([eE][+-]?[0-9]{0,3})?", fullmatch=True)


@given(st.lists(numbers, min_size=1, max_size=8))
@example(["-0", "-0.0", "00", "01.5", "1.", ".5", "-", "", "-.5", "1.5.5", "1-1"])
@example(["1234567", "12345678", "1234567.1234567", "1234567.12345678", "0.1234567", "0.12345678"])
@example(["9007199254740993", "123456789.123456789", "1e22", "1e23", "1E400", "1e-400", "18446744073709551616"])
def test_every_spelling_of_a_number_is_read_or_refused_as_the_rules_do(spelled: list[str]) -> None:
    payloads = [Payload(LINE, b'[{"t":1780000000123,"m":"a","v":%b}]' % text.encode(), 10**12) for text in spelled]
    samples, rejects = decode(payloads, GRAMMAR, 1 << 20)
    assert (flat(samples), rejects) == read_strictly(payloads)


@given(st.integers(-(10**8) + 1, 10**8 - 1), st.integers(0, 10**8 - 1), st.integers(1, 8))
@example(99999999, 99999999, 8)
@example(9999999, 99999999, 8)
@example(99999999, 9999999, 7)
def test_a_number_of_eight_digits_on_both_sides_is_correctly_rounded(whole: int, fraction: int, places: int) -> None:
    text = f"{whole}.{fraction % 10**places:0{places}}"
    columns, left = decode_singles(
        Rows(), bodies_of([b'{"timestamp_ms":1780000000123,"value":%b}' % text.encode()], SINGLE)
    )
    assert (columns.v.tolist(), len(left)) == ([float(text)], 0)


@given(st.lists(st.integers(10**12 - 10**6, 10**13 + 10**6), min_size=1, max_size=6))
def test_times_far_apart_stand_beside_each_other(times: list[int]) -> None:
    payloads = [Payload(LINE, json.dumps([{"t": t, "m": "a", "v": 1} for t in times]).encode(), 10**12)] * 2
    samples, rejects = decode(payloads, GRAMMAR, 1 << 20)
    assert (flat(samples), rejects) == read_strictly(payloads)


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=50))
def test_distinct_numbers_are_each_listed_once(values: list[int]) -> None:
    found, code = distinct_numbers(np.array(values, np.int64))
    assert sorted(found.tolist()) == sorted(set(values))
    assert found[code].tolist() == values


def in_one_slot() -> list[str]:
    """Two names whose hashes end in the same slot, and a third of another."""
    draw = random.Random(3)
    names = [f"{draw.randrange(1 << 32):08x}" for _ in range(3_000)]
    words = np.frombuffer("".join(names).encode(), "<u8")
    stand_in = stand_ins(mix(np.full(len(names), 8, np.uint64), words))
    first = int(np.flatnonzero(stand_in != np.arange(len(names)))[0])
    return [names[first], names[stand_in[first]], names[0]]


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0), (0, 0, 1)])
def test_names_whose_hashes_meet_are_told_apart(order: tuple[int, int, int]) -> None:
    metrics = in_one_slot()
    batch = [{"t": 1780000000123, "m": metrics[at], "v": at} for at in order]
    payload = Payload(LINE, json.dumps(batch, separators=(",", ":")).encode(), 10**12)
    _, left = decode_batches(Rows(), bodies_of([payload.body], BATCH))
    samples, rejects = decode([payload], GRAMMAR, 1 << 20)
    assert (flat(samples), rejects) == read_strictly([payload])
    assert len(left) == 0


def test_topics_are_remembered_up_to_a_bound_and_read_anew_beyond() -> None:
    grammar = Grammar(("site", "line", "unit"))
    grammar.numbers([f"{LINE}/u/m{k}" for k in range(REMEMBERED + 1)])
    topics = [f"{LINE}/u/other", f"{LINE}/u/m7", "nowhere", f"{LINE}/u/m7"]
    numbers = grammar.numbers(topics)
    assert [grammar.known.routes[n].below[-1:] for n in numbers.tolist()] == [("other",), ("m7",), (), ("m7",)]
    assert (int(numbers[2]), len(grammar.known.routes)) == (0, 3)
