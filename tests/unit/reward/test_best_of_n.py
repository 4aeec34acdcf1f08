from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruction_tuning.reward.best_of_n import best_of_n_metrics, expected_best_of_n, rank_completions

samples = st.lists(
    st.tuples(st.integers(0, 50), st.integers(-5, 5)), min_size=1, max_size=7, unique_by=lambda pair: pair[0]
)


@given(samples, st.data())
def test_the_estimate_is_the_mean_over_all_subsets(pairs: list[tuple[int, int]], data: st.DataObject) -> None:
    n = data.draw(st.integers(1, len(pairs)))
    rewards, gold = np.array(pairs, dtype=float).T
    exact = np.mean([max(subset)[1] for subset in combinations(pairs, n)])
    assert expected_best_of_n(rewards, gold, n) == pytest.approx(exact)


def test_samples_of_equal_reward_share_their_gold_scores() -> None:
    rewards, gold = np.array([1.0, 1.0, 0.0]), np.array([1.0, 0.0, 0.0])
    assert expected_best_of_n(rewards, gold, 3) == 0.5
    assert expected_best_of_n(rewards[::-1], gold[::-1], 3) == 0.5


def completions(record_id: str, rewards: list[float], checks: list[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "record_id": record_id,
            "sample_index": range(len(rewards)),
            "reward": rewards,
            "check": checks,
        }
    )


def test_rank_zero_has_the_highest_reward_and_ties_go_to_the_earlier_sample() -> None:
    ranked = rank_completions(completions("r", [0.1, 0.9, 0.9], ["none"] * 3))
    assert ranked.sort_values("sample_index")["rank"].tolist() == [2, 0, 1]


def test_the_pass_rate_counts_only_prompts_that_a_check_could_decide() -> None:
    frame = pd.concat(
        [
            completions("a", [0.0, 1.0], ["failed", "passed"]),
            completions("b", [0.0, 1.0], ["none", "none"]),
        ]
    )
    metrics = best_of_n_metrics(rank_completions(frame))
    assert metrics == {
        "best_of_n/prompts": 2,
        "best_of_n/checked_prompts": 1,
        "best_of_n/reward_at_1": 0.5,
        "best_of_n/reward_at_2": 1.0,
        "best_of_n/pass_rate_at_1": 0.5,
        "best_of_n/pass_rate_at_2": 1.0,
    }


def test_without_any_check_there_is_no_pass_rate() -> None:
    metrics = best_of_n_metrics(rank_completions(completions("a", [0.0], ["none"])))
    assert not any("pass_rate" in name for name in metrics)
