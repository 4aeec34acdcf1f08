"""Trees of repairs are counted exactly and held against as many samples and as many tokens."""

from itertools import combinations, product

import pytest

from instruction_tuning.answering.self_repair import (
    Attempt,
    compare_with_plain,
    pass_at_k,
    repair_requests,
    tree_pass_rate,
    tree_tokens,
)

TREE = [
    Attempt(False, 10, (True, False, False), (20, 20, 20)),
    Attempt(True, 10),
    Attempt(False, 10, (False, False, False), (20, 20, 20)),
    Attempt(False, 10, (True, True, False), (20, 20, 20)),
]


def by_enumeration(attempts: list[Attempt], programs: int, repairs: int) -> float:
    """Every subtree, one by one."""
    outcomes = []
    for chosen in combinations(attempts, programs):
        drawn = [[(True,)] if one.passed else list(combinations(one.repairs, repairs)) for one in chosen]
        weights = list(product(*drawn))
        outcomes.append(sum(any(any(draw) for draw in way) for way in weights) / len(weights))
    return sum(outcomes) / len(outcomes)


@pytest.mark.parametrize(("programs", "repairs"), [(1, 1), (2, 1), (2, 2), (3, 1), (4, 3), (1, 3), (2, 0)])
def test_exact_counting_is_what_enumeration_gives(programs: int, repairs: int) -> None:
    exact = tree_pass_rate(TREE, num_programs=programs, num_repairs=repairs)
    assert exact == pytest.approx(by_enumeration(TREE, programs, repairs))


def test_pass_at_k_is_the_share_of_draws_with_a_pass() -> None:
    passed = [True, False, False, True, False]
    for k in range(1, 6):
        draws = list(combinations(passed, k))
        assert pass_at_k(5, 2, k) == pytest.approx(sum(map(any, draws)) / len(draws))
    assert pass_at_k(5, 2, 6) is None


def test_plain_samples_are_as_many_or_cost_as_much() -> None:
    plain = [(False, 10)] * 9 + [(True, 10)]
    rates = compare_with_plain(TREE, plain, num_programs=2, num_repairs=2)
    assert rates.samples == 6
    # A program is 10 tokens; three of four fail and take two repairs of 20.
    assert tree_tokens(TREE, num_programs=2, num_repairs=2) == 80
    assert (rates.token_samples, rates.plain, rates.plain_by_tokens) == (8, 0.6, 0.8)


def test_more_than_the_tree_holds_is_refused() -> None:
    with pytest.raises(ValueError, match="5 programs are asked of a tree of 4"):
        tree_pass_rate(TREE, num_programs=5, num_repairs=1)
    with pytest.raises(ValueError, match="4 repairs are asked of a program that has 3"):
        tree_pass_rate(TREE, num_programs=1, num_repairs=4)


def test_repairs_stand_behind_the_plain_samples_each_with_its_error() -> None:
    failures = [
        {
            "record_id": "q",
            "sample_index": index,
            "task": "Add 1.",
            "program": "x",
            "error": f"failed {index}",
        }
        for index in (0, 2)
    ]
    requests = repair_requests(failures, num_repairs=2, first_index=3, temperature=0.7, max_tokens=9, seed=1)
    assert [(one.kind, one.sample_index, one.num_samples) for one in requests] == [
        ("repair", 3, 2),
        ("repair", 7, 2),
    ]
    assert requests[0].seed != requests[1].seed
    assert "failed 2" in requests[1].messages[0][1]
