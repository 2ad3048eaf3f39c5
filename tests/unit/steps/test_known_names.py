"""What a gateway remembers of names by number changes nothing of what it gives out."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.ports import Outgoing
from pipeline.core.samples import Name
from pipeline.steps import names_table
from pipeline.steps.gateway import GatewaySettings, GatewayState, pack
from pipeline.steps.known_names import KnownLists
from tests.unit.steps.received import Row, frames_of, make_payloads, make_samples, start

SETTINGS = GatewaySettings(max_rows=4, max_bytes=25, frozen_after=2, max_stamps=6)
Call = tuple[int, int, list[tuple[int, int, int]]]  # which list; how many names it has gained; payload, name, t
CALLS = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.integers(0, 20),
        st.lists(st.tuples(st.integers(0, 3), st.integers(0, 99), st.integers(0, 2)), max_size=8),
    ),
    max_size=8,
)


def name(number: int) -> Name:
    return Name(f"s/l{number % 2}", f"u{number % 3}", f"m{number % 41}", "edge" if number % 5 == 0 else "")


def given_out(calls: list[Call], forget: bool) -> list[Outgoing]:
    state, out = start(), list[Outgoing]()
    lists: tuple[list[Name], list[Name]] = ([name(0)], [name(1)])
    for which, more, raw in calls:
        names = lists[which]
        new = dict.fromkeys(name(number) for number in range(len(names), len(names) + more)).keys()
        names += [one for one in new if one not in names]
        rows: list[Row] = [(p, n % len(names), float(i), t, -1, 0) for i, (p, n, t) in enumerate(sorted(raw))]
        state, some = pack(fresh(state) if forget else state, make_samples(rows, names), [], make_payloads(4), SETTINGS)
        out += some
    return out


def fresh(state: GatewayState) -> GatewayState:
    return replace(state, known=KnownLists())


@given(CALLS)
def test_a_gateway_that_remembers_nothing_of_names_gives_out_the_same(calls: list[Call]) -> None:
    assert given_out(calls, forget=False) == given_out(calls, forget=True)


@given(CALLS, CALLS)
def test_an_older_state_gives_out_the_same_again_whatever_came_after_it(calls: list[Call], others: list[Call]) -> None:
    names = [name(number) for number in range(200)]

    def run(state: GatewayState, some: list[Call]) -> tuple[GatewayState, list[Outgoing]]:
        out = list[Outgoing]()
        for _, _, raw in some:
            rows: list[Row] = [(p, n, float(i), t, -1, 0) for i, (p, n, t) in enumerate(sorted(raw))]
            state, more = pack(state, make_samples(rows, names), [], make_payloads(4), SETTINGS)
            out += more
        return state, out

    middle, _ = run(start(), calls)
    first = run(middle, others)[1]
    run(middle, calls)
    assert run(middle, others)[1] == first


def test_a_line_of_many_names_whose_frames_use_little_finds_its_names() -> None:
    names = [Name("s/l", "", f"m{k:03}") for k in range(names_table.SPARSE * 40)]
    state, _ = pack(
        start(), make_samples([(0, k, 1.0, k, -1, 0) for k in range(len(names))], names), [], make_payloads(1)
    )
    for k in range(0, len(names), 7):
        state, out = pack(state, make_samples([(0, k, float(k), 1, -1, 0)], names), [], make_payloads(1))
        [(_, frame)] = frames_of(out)
        assert frame.names[frame.index[0]] == names[k][1:]
        assert len(frame.names) <= names_table.MOST
