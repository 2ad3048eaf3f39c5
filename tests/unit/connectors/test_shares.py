"""How partitions are shared: evenly, all of them, moving as few as can be, the same whoever computes it."""

from hypothesis import given
from hypothesis import strategies as st

from connectors.shares import Claim, shares

MEMBERS = st.sets(st.sampled_from([f"worker-{n}" for n in range(7)]), min_size=1)
CLAIM = st.builds(Claim, st.integers(0, 5), st.lists(st.integers(0, 14), unique=True))


@given(st.dictionaries(st.sampled_from("abcdefg"), CLAIM, min_size=1), st.integers(0, 12))
def test_each_partition_has_one_member_and_shares_differ_by_one_at_most(claims, partitions):
    found = shares(claims, partitions)
    assert found.keys() == claims.keys()
    assert sorted(p for some in found.values() for p in some) == list(range(partitions))
    assert max(map(len, found.values())) - min(map(len, found.values())) <= 1
    assert found == shares(dict(reversed(claims.items())), partitions)


@given(MEMBERS, MEMBERS, st.integers(1, 24))
def test_no_more_partitions_move_than_even_shares_ask_for(before, after, partitions):
    had = shares(dict.fromkeys(before, Claim()), partitions)
    found = shares({member: Claim(1, had.get(member, [])) for member in after}, partitions)
    moved = sum(len(set(found[member]) - set(had.get(member, []))) for member in after)
    sizes = sorted((len(some) for some in found.values()), reverse=True)
    stayed = sorted((len(had.get(member, [])) for member in after), reverse=True)
    assert moved == partitions - sum(map(min, sizes, stayed))
    if before == after:
        assert found == had


@given(st.integers(1, 24), st.integers(1, 9), st.integers(1, 9))
def test_one_that_was_away_loses_to_its_successor(partitions, old, more):
    had = list(range(partitions))
    found = shares({"zombie": Claim(old, had), "owner": Claim(old + more, had)}, partitions)
    assert found["owner"] == had[: -(-partitions // 2)]
