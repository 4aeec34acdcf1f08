from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruction_tuning.reward.best_of_n import best_of_n_metrics, expected_best_of_n, rank_completions

samples = st.lists(
    st.tuples(st.integers(0, 50), st.integers(-5, 5)), min_size=1, max_size=7, unique_by=lambda pair: pair[0]
)


@settings(deadline=None)  # a busy machine is no failure
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


def completions(
    record_id: str,
    rewards: list[float],
    checks: list[str],
    *,
    prompt: str = "Who is it?",
    texts: list[str] | None = None,
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "record_id": record_id,
            "prompt": prompt,
            "completion": texts or ["It is Miran."] * len(rewards),
            "sample_index": range(len(rewards)),
            "reward": rewards,
            "check": checks,
        }
    )


def test_rank_zero_has_the_highest_reward_and_ties_go_to_the_earlier_sample() -> None:
    ranked = rank_completions(completions("r", [0.1, 0.9, 0.9], ["none"] * 3))
    assert ranked.sort_values("sample_index")["rank"].tolist() == [2, 0, 1]


def test_the_pass_rate_counts_only_prompts_whose_value_can_be_computed() -> None:
    frame = pd.concat(
        [
            completions("a", [0.0, 1.0], ["failed", "passed"], prompt="What is 2 plus 2?"),
            completions("b", [0.0, 1.0], ["none", "none"]),
        ]
    )
    metrics = best_of_n_metrics(rank_completions(frame), seed=0)
    assert metrics == {
        "best_of_n/prompts": 2,
        "best_of_n/checked_prompts": 1,
        "best_of_n/format_fault_rate": 0,
        "best_of_n/reward_at_1": 0.5,
        "best_of_n/reward_at_2": 1.0,
        "best_of_n/pass_rate_at_1": 0.5,
        "best_of_n/pass_rate_at_2": 1.0,
        "best_of_n/pass_rate_gain": 0.5,
    }


def sums(right: list[bool]) -> pd.DataFrame:
    """One prompt an entry, of whose two samples the one with the higher reward is right, or the other."""
    return pd.concat(
        completions(
            f"r{n}",
            [0.0, 1.0],
            ["failed", "passed"] if is_right else ["passed", "failed"],
            prompt=f"What is {n} plus 2?",
        )
        for n, is_right in enumerate(right)
    )


def test_the_gain_has_an_interval_over_prompts_and_the_same_seed_gives_the_same() -> None:
    metrics = best_of_n_metrics(rank_completions(sums([True] * 12 + [False] * 8)), seed=1)
    assert metrics["best_of_n/pass_rate_gain"] == pytest.approx(0.1)  # (12 - 8) / 20 halves
    # 20 differences of +-0.5 with mean 0.1: standard error 0.11
    assert metrics["best_of_n/pass_rate_gain_ci_low"] == pytest.approx(0.1 - 1.96 * 0.11, abs=0.06)
    assert metrics["best_of_n/pass_rate_gain_ci_high"] == pytest.approx(0.1 + 1.96 * 0.11, abs=0.06)
    assert metrics == best_of_n_metrics(rank_completions(sums([True] * 12 + [False] * 8)), seed=1)


def test_a_handful_of_prompts_gets_no_interval() -> None:
    metrics = best_of_n_metrics(rank_completions(sums([True] * 9)), seed=1)
    assert "best_of_n/pass_rate_gain" in metrics and "best_of_n/pass_rate_gain_ci_low" not in metrics


def test_an_empty_answer_to_a_question_without_a_check_is_a_format_fault_and_no_wrong_sum() -> None:
    right = completions(
        "sum", [0.0, 1.0], ["passed"] * 2, prompt="What is 2 plus 2?", texts=["4", "It is 4."]
    )
    fact = completions("fact", [1.0, 0.0], ["failed", "none"], texts=["", "It is Miran."])
    metrics = best_of_n_metrics(rank_completions(pd.concat([right, fact])), seed=0)
    assert metrics["best_of_n/checked_prompts"] == 1
    assert metrics["best_of_n/pass_rate_at_1"] == metrics["best_of_n/pass_rate_at_2"] == 1
    assert metrics["best_of_n/format_fault_rate"] == 0.25


def test_an_empty_answer_to_a_sum_did_not_pass() -> None:
    frame = completions("a", [0.0, 1.0], ["passed", "failed"], prompt="What is 2 plus 2?", texts=["4", ""])
    assert best_of_n_metrics(rank_completions(frame), seed=0)["best_of_n/pass_rate_at_2"] == 0


def test_without_any_check_there_is_no_pass_rate() -> None:
    metrics = best_of_n_metrics(rank_completions(completions("a", [0.0], ["none"])), seed=0)
    assert not any("pass_rate" in name for name in metrics)
