import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from instruction_tuning.dedup.clusters import Pairs, components, duplicate_of
from instruction_tuning.dedup.exact import first_of_each


def pairs(*found):
    better, worse, similarity = zip(*found, strict=True)
    return Pairs(np.array(better), np.array(worse), np.array(similarity))


def test_the_end_of_a_chain_stays_where_only_its_middle_goes():
    # In keeping order A, B, C: A is like B, B like C, A unlike C. The component's keeper would drop C for A.
    kept_for, _, _ = duplicate_of(3, [pairs((0, 1, 0.9), (1, 2, 0.9))])
    assert kept_for.tolist() == [-1, 0, -1]
    assert components(3, np.array([0, 1]), np.array([1, 2])).tolist() == [0, 0, 0]


def test_where_the_middle_of_a_chain_is_the_best_it_stays_alone():
    kept_for, _, _ = duplicate_of(3, [pairs((0, 1, 0.9), (0, 2, 0.85))])
    assert kept_for.tolist() == [-1, 0, 0]


def test_a_text_goes_for_the_most_similar_of_those_that_stay():
    near = pairs((0, 3, 0.82), (1, 3, 0.9), (2, 3, 0.99), (1, 2, 0.85))
    kept_for, similarity, kind = duplicate_of(4, [near, pairs((0, 3, 0.999))])
    assert kept_for.tolist() == [-1, -1, 1, 1] and similarity[3] == 0.9 and kind.tolist() == [-1, -1, 0, 0]


@settings(deadline=None)
@given(seed=st.integers(0, 10_000))
def test_every_dropped_one_is_alike_one_that_stays_and_no_two_that_stay_are_alike(seed):
    rng = random.Random(seed)
    count = rng.randrange(2, 30)
    edges = {tuple(sorted(rng.sample(range(count), 2))) for _ in range(rng.randrange(1, 60))}
    shuffled = rng.sample(sorted(edges), len(edges))
    kept_for, _, _ = duplicate_of(count, [pairs(*((a, b, 0.9) for a, b in shuffled))])
    stays = {place for place in range(count) if kept_for[place] == -1}
    assert all(
        (kept_for[place], place) in edges and kept_for[place] in stays
        for place in range(count)
        if place not in stays
    )
    assert not any(a in stays and b in stays for a, b in edges)


def test_the_first_of_equal_keys_is_found_for_several_keys_together():
    keys, contexts = np.array(["a", "b", "a", "a"]), np.array([0, 0, 1, 0])
    assert first_of_each(keys).tolist() == [0, 1, 0, 0]
    assert first_of_each(keys, contexts).tolist() == [0, 1, 2, 0]
    assert first_of_each(np.array([], dtype=np.int64)).tolist() == []
