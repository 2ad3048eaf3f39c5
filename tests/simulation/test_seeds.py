"""The whole system under three hundred seeds, and proof that the checks can fail."""

import pytest

from tests.simulation.faults import KINDS
from tests.simulation.mutants import MUTANTS
from tests.simulation.runs import run
from tests.simulation.world import World

SEEDS, PART = 300, 20
WITHIN = 25  # seeds in which a mutant is caught


@pytest.mark.parametrize("first", range(0, SEEDS, PART))
def test_nothing_is_lost_and_all_is_as_defined_whatever_goes_wrong(first):
    outcomes = [run(seed) for seed in range(first, first + PART)]
    stories = [outcome.story() for outcome in outcomes if outcome.wrong]
    assert not stories, "\n".join(stories)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_role_that_breaks_a_promise_is_found_within_a_few_seeds(name):
    assert any(run(seed, MUTANTS[name][1]).wrong for seed in range(WITHIN))


def test_a_seed_is_one_story_however_often_it_is_told():
    first, again = (World(11).run() for _ in range(2))
    assert first.log.topics == again.log.topics
    assert first.counts == again.counts


def test_all_kinds_of_faults_happen():
    happened = set()
    for seed in range(40):
        world = World(seed)
        world.run()
        happened |= world.counts.keys()
    assert happened == KINDS.keys()
