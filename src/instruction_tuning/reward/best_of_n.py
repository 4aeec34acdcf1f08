"""Best-of-n: sample n answers, keep the one with the highest reward.

The expected gold score of the best of n, without bias from one pass of N >= n samples (Gao et al. 2022,
arXiv 2210.10760; Nakano et al. 2021, arXiv 2112.09332), gold_(i) in ascending order of the reward:

    E_n = sum_{i=n..N} C(i-1, n-1) / C(N, n) · gold_(i)

O(N log N) a prompt. Departure: samples of equal reward share the mean of their gold scores, so that the
order in which they were drawn does not matter.

The gain in pass rate of the largest n over n = 1 has a percentile bootstrap interval over *prompts* (Efron
1979): it covers the choice of questions and nothing else. Below MIN_PROMPTS it would be too narrow to mean
anything, and is left out.
"""

import math

import numpy as np
import pandas as pd

from instruction_tuning.statistics.bootstrap import bootstrap_interval
from instruction_tuning.verification.answer_format import format_fault
from instruction_tuning.verification.arithmetic import asked_value

MIN_PROMPTS = 10


def expected_best_of_n(rewards: np.ndarray, gold: np.ndarray, n: int) -> float:
    """Expected gold score of the answer that has the highest reward among n drawn from these N.

    >>> expected_best_of_n(np.array([0.0, 1.0]), np.array([0.0, 1.0]), 1)
    0.5
    """
    count = len(rewards)
    if not 1 <= n <= count:
        raise ValueError(f"n is {n}, but there are {count} samples")
    shared = (
        pd.Series(np.asarray(gold, dtype=float)).groupby(np.asarray(rewards)).transform("mean").to_numpy()
    )
    ordered = shared[np.argsort(rewards, kind="stable")]
    weights = [math.comb(place, n - 1) / math.comb(count, n) for place in range(count)]
    return float(np.dot(weights, ordered))


def rank_completions(completions: pd.DataFrame) -> pd.DataFrame:
    """`completions` with `rank` within each record: 0 has the highest reward, ties by sample_index."""
    ordered = completions.sort_values(
        ["record_id", "reward", "sample_index"], ascending=[True, False, True], na_position="last"
    )
    return ordered.assign(rank=ordered.groupby("record_id").cumcount()).reset_index(drop=True)


def best_of_n_metrics(ranked: pd.DataFrame, *, seed: int) -> dict[str, float]:
    """Mean over prompts of the expected reward, and for arithmetic the pass rate, of the best of n.

    n is 1, 2, 4, … up to the samples a prompt. The pass rate is over the prompts that ask for a value that
    can be computed; an answer without a readable one did not pass. `format_fault_rate` is over all
    completions: a fault shows a bad answer to any prompt, but its absence shows no good one.
    `pass_rate_gain` is the largest n less n = 1 on the same prompts, with `pass_rate_gain_ci_low` and
    `pass_rate_gain_ci_high`.
    """
    groups = [group for _, group in ranked[ranked["reward"].notna()].groupby("record_id")]
    if not groups:
        return {}
    samples = min(len(group) for group in groups)
    sizes = [2**power for power in range(samples.bit_length())]
    checked = [group for group in groups if asked_value(str(group["prompt"].iloc[0])) is not None]
    faults = [
        format_fault(str(prompt), str(completion)) is not None
        for prompt, completion in zip(ranked["prompt"], ranked["completion"], strict=True)
    ]
    metrics = {
        "best_of_n/prompts": float(len(groups)),
        "best_of_n/checked_prompts": float(len(checked)),
        "best_of_n/format_fault_rate": float(np.mean(faults)),
    }
    for figure, gold, of in (("reward", _rewards, groups), ("pass_rate", _passed, checked)):
        if not of:
            continue
        expected = np.array(
            [[expected_best_of_n(_rewards(group), gold(group), n) for n in sizes] for group in of]
        )  # (prompts, sizes)
        for column, n in enumerate(sizes):
            metrics[f"best_of_n/{figure}_at_{n}"] = float(expected[:, column].mean())
        # The reward of the best by reward can only rise; a gain is news where something else is measured.
        if figure == "pass_rate" and len(sizes) > 1:
            metrics |= _gain(expected[:, -1] - expected[:, 0], seed)
    return metrics


def _gain(differences: np.ndarray, seed: int) -> dict[str, float]:
    """Mean of one difference a prompt, with its interval where there are prompts enough."""
    gain = {"best_of_n/pass_rate_gain": float(differences.mean())}
    if len(differences) >= MIN_PROMPTS:
        interval = bootstrap_interval(differences, np.ones(len(differences)), seed=seed)
        gain |= {
            "best_of_n/pass_rate_gain_ci_low": interval.low,
            "best_of_n/pass_rate_gain_ci_high": interval.high,
        }
    return gain


def _passed(group: pd.DataFrame) -> np.ndarray:
    return (group["check"] == "passed").to_numpy(dtype=float)


def _rewards(group: pd.DataFrame) -> np.ndarray:
    return group["reward"].to_numpy(dtype=float)
