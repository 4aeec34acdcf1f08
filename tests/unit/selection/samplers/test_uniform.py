import numpy as np
import pandas as pd
import pytest

from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.selection.samplers.uniform import uniform


def scores_of(record_ids: list[str]) -> pd.Series:
    return pd.Series(np.nan, index=record_ids)


POOL = [f"{number:016x}" for number in range(200)]


def test_a_smaller_budget_is_a_prefix_of_a_larger_one() -> None:
    assert uniform(scores_of(POOL), None, 50, seed=3)[:20] == uniform(scores_of(POOL), None, 20, seed=3)


def test_the_order_of_the_rows_does_not_matter() -> None:
    assert uniform(scores_of(POOL[::-1]), None, 20, seed=3) == uniform(scores_of(POOL), None, 20, seed=3)


def test_another_seed_draws_another_sample() -> None:
    assert uniform(scores_of(POOL), None, 20, seed=3) != uniform(scores_of(POOL), None, 20, seed=4)


def test_every_record_has_the_same_chance() -> None:
    drawn = pd.Series([name for seed in range(400) for name in uniform(scores_of(POOL), None, 50, seed=seed)])
    counts = drawn.value_counts().reindex(POOL, fill_value=0)
    # 400 draws with chance 1/4: mean 100, standard deviation 8.7; five of them either way.
    assert counts.between(57, 143).all()


def test_a_budget_above_the_pool_takes_all_of_it() -> None:
    assert sorted(uniform(scores_of(POOL), None, 1000, seed=0)) == POOL


def test_an_empty_pool_is_refused() -> None:
    with pytest.raises(InputError, match="empty"):
        uniform(scores_of([]), None, 1, seed=0)


def test_doubled_record_ids_are_named() -> None:
    with pytest.raises(InputError, match="record b"):
        uniform(scores_of(["a", "b", "b"]), None, 1, seed=0)


def test_a_budget_of_zero_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="budget"):
        uniform(scores_of(POOL), None, 0, seed=0)
