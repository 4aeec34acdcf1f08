import numpy as np
import pandas as pd
import pytest
from reporting_builders import pool

from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.reporting.selection_comparison import (
    MEASURES,
    MOST_VALUES,
    OTHER,
    POOL,
    composition_shares,
    length_quantiles,
    selection_comparison,
)

IDS = [f"{n:016x}" for n in range(20)]
RECORDS = pool(20).assign(licence=["mit" if n % 4 else None for n in range(20)])
EVEN, ODD = IDS[::2], IDS[1::2]


def line(places: list[float]) -> pd.DataFrame:
    """Embeddings on a line at height 1, so that no vector is zero."""
    return pd.DataFrame({"e000": places, "e001": 1.0}, index=IDS[: len(places)], dtype="float32")


def compared(selections: dict[str, list[str]], **others: pd.DataFrame) -> pd.DataFrame:
    embeddings = others.pop("embeddings", line([float(n) for n in range(20)]))
    return selection_comparison(selections, RECORDS, embeddings, seed=0, **others).table.set_index("method")


def test_the_pool_comes_first_and_the_methods_in_their_order() -> None:
    table = compared({"odd": ODD, "even": EVEN})
    assert table.index.tolist() == [POOL, "odd", "even"]
    assert table["selected"].tolist() == [20, 10, 10]
    assert table.columns.tolist()[: len(MEASURES) - 1] == MEASURES[1:]


def test_the_mean_overlap_is_with_the_others_and_the_pool_has_none() -> None:
    table = compared({"even": EVEN, "same": EVEN[::-1], "odd": ODD})
    assert table["mean_overlap"].drop(POOL).tolist() == [0.5, 0.5, 0.0]
    assert np.isnan(table.loc[POOL, "mean_overlap"])
    assert np.isnan(compared({"alone": EVEN}).loc["alone", "mean_overlap"])


def test_distances_are_those_of_the_whole_pool_to_what_is_selected() -> None:
    table = compared({"first": IDS[:1], "ends": [IDS[0], IDS[19]]})
    assert table["largest_distance"].tolist() == [0, 19, 9]
    assert table["radius"].unique().tolist() == [1.0]  # of its nearest other one each is 1 away
    assert table["covered_rate"].tolist() == [1.0, 0.1, 0.2]


def test_records_that_are_alike_are_worth_less() -> None:
    table = compared(
        {"alike": IDS[:2], "unlike": [IDS[0], IDS[19]]}, embeddings=line([0.0] * 10 + [50.0] * 10)
    )
    assert table.loc["alike", "vendi_score"] == pytest.approx(1)
    assert table.loc["unlike", "vendi_score"] == pytest.approx(2, abs=0.01)


def test_lengths_are_of_the_selected_records_and_an_answer_that_is_not_there_has_none() -> None:
    records = RECORDS.assign(
        prompt=["word " * (n + 1) for n in range(20)], answer=["字" * 5 if n % 2 else None for n in range(20)]
    )
    lengths = length_quantiles({"even": EVEN, "last": IDS[19:]}, records).set_index(["method", "part"])
    assert lengths.loc[("last", "prompt"), ["p50", "p90"]].tolist() == [20, 20]
    assert lengths.loc[("last", "answer"), "p50"] == 5
    assert lengths.loc[("even", "answer"), "texts"] == 0 and np.isnan(lengths.loc[("even", "answer"), "p50"])
    assert lengths.loc[(POOL, "prompt"), "p90"] == pytest.approx(18.1)
    table = selection_comparison({"even": EVEN}, records, line([float(n) for n in range(20)]), seed=0).table
    assert table["prompt_tokens_median"].tolist() == [10.5, 10]


def test_a_pool_without_answers_has_no_lengths_of_them() -> None:
    table = selection_comparison(
        {"even": EVEN}, RECORDS.assign(answer=None), line([float(n) for n in range(20)]), seed=0
    ).table
    assert table["answer_tokens_p90"].isna().all()


def test_shares_are_of_the_selected_records_and_add_up() -> None:
    table = compared({"even": EVEN, "odd": ODD})
    assert table["language/en"].tolist() == [0.5, 1.0, 0.0]
    assert table["licence/(not stated)"].tolist() == [0.25, 0.5, 0.0]
    shares = composition_shares({"even": EVEN}, RECORDS)
    np.testing.assert_allclose(shares.groupby(["method", "part"])["share"].sum(), 1.0)


def test_rare_values_are_counted_together() -> None:
    records = RECORDS.assign(category=[f"kind {n // 2 if n < 4 else n}" for n in range(20)])
    shares = composition_shares({"even": EVEN}, records)
    values = shares.loc[(shares["part"] == "category") & (shares["method"] == POOL), "value"].tolist()
    assert values[:2] == ["kind 0", "kind 1"] and values[-1] == OTHER and len(values) == MOST_VALUES + 1


def test_costs_are_per_thousand_records_of_the_pool_and_null_where_nobody_told() -> None:
    costs = pd.DataFrame({"method": ["odd"], "model_calls": [40], "usd": [0.1]})
    table = compared({"even": EVEN, "odd": ODD}, costs=costs)
    assert table.loc["odd", ["cost/model_calls", "cost/usd"]].tolist() == pytest.approx([2_000, 5])
    assert table.loc[[POOL, "even"], "cost/usd"].isna().all()
    assert "cost/seconds" not in table


def test_tags_are_covered_by_the_records_that_have_them() -> None:
    tags = pd.DataFrame({"tags": [["a"], ["b", "c"], *[[] for _ in range(18)]]}, index=IDS)
    table = compared({"even": EVEN, "odd": ODD}, tags=tags)
    assert table["tag_covered_rate"].tolist() == pytest.approx([1, 1 / 3, 2 / 3])
    with pytest.raises(InputError, match="1 records of the pool have no tags"):
        compared({"even": EVEN}, tags=tags.iloc[1:])


def test_the_order_of_rows_and_picks_does_not_matter() -> None:
    embeddings = line([float(n % 7) for n in range(20)])
    one = selection_comparison({"even": EVEN}, RECORDS, embeddings, seed=0).table
    other = selection_comparison({"even": EVEN[::-1]}, RECORDS[::-1], embeddings[::-1], seed=0).table
    pd.testing.assert_frame_equal(one, other, check_exact=True)


@pytest.mark.parametrize(
    ("picks", "message"),
    [
        ([], "nothing"),
        (["beef"], r"1 records that are not in the pool.*record beef"),
        ([IDS[0]] * 2, "records twice"),
    ],
)
def test_a_selection_that_is_none_is_refused(picks: list[str], message: str) -> None:
    with pytest.raises(InputError, match=f"odd selects {message}"):
        compared({"even": EVEN, "odd": picks})


def test_a_comparison_of_nothing_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="one at least"):
        compared({})


def test_a_record_without_an_embedding_is_named() -> None:
    with pytest.raises(InputError, match=r"1 records of the pool have no embedding"):
        compared({"even": EVEN}, embeddings=line([1.0] * 19))
