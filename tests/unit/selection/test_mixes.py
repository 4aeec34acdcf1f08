import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.selection.mixes import Missing, places, product_mix, weighted_mix

IDS = ["a", "b", "c", "d"]
NAN = float("nan")
tables = st.lists(
    st.tuples(st.one_of(st.just(NAN), st.integers(-3, 3)), st.integers(-3, 3)), min_size=1, max_size=20
)


def series(*values: float, name: str = "score") -> pd.Series:
    return pd.Series(values, index=IDS[: len(values)], dtype="float64", name=name)


def test_places_lie_between_0_and_1_and_do_not_depend_on_the_scale() -> None:
    assert places(series(10, 30, 20, 40)).tolist() == [0.125, 0.625, 0.375, 0.875]
    assert places(series(1, 1e9, 2, 1e10)).tolist() == [0.125, 0.625, 0.375, 0.875]


def test_equal_scores_share_the_mean_of_their_places_and_a_missing_one_stays_missing() -> None:
    found = places(series(5, 5, NAN, 7))
    assert found.drop("c").tolist() == pytest.approx([1 / 3, 1 / 3, 2.5 / 3])
    assert np.isnan(found["c"])


def test_no_scale_counts_for_more_than_another() -> None:
    small, large = series(1, 2, 3, 4), series(4000, 3000, 2000, 1000)
    mixed = weighted_mix({"small": small, "large": large}, {"small": 1, "large": 1}, missing="drop")
    assert mixed.tolist() == [0.5] * 4
    assert weighted_mix({"s": small, "l": large}, {"s": 2, "l": 1}, missing="drop").is_monotonic_increasing


def test_a_record_that_lacks_a_score_is_dropped_or_judged_by_the_others() -> None:
    scores = {"one": series(1, 2, NAN, NAN), "other": series(1, 2, 3, NAN)}
    weights = {"one": 1.0, "other": 1.0}
    dropped = weighted_mix(scores, weights, missing="drop")
    assert dropped.isna().tolist() == [False, False, True, True]
    kept = weighted_mix(scores, weights, missing="renormalise")
    assert kept["c"] == places(scores["other"])["c"]
    assert np.isnan(kept["d"])


def test_a_record_outside_of_a_score_lacks_it() -> None:
    scores = {"one": series(1, 2), "other": pd.Series([5.0, 6.0], index=["b", "z"])}
    mixed = weighted_mix(scores, {"one": 1, "other": 1}, missing="drop")
    assert mixed.index.tolist() == ["a", "b", "z"]
    assert mixed.isna().tolist() == [True, False, True]


def test_the_product_is_that_of_deita() -> None:
    complexity, quality = series(2, 3, 1), series(5, 1, NAN)
    score = product_mix({"c": complexity, "q": quality}, {"c": 1, "q": 1}, missing="drop")
    assert score.iloc[:2].tolist() == pytest.approx([10, 3])
    assert np.isnan(score["c"])


@settings(max_examples=25, deadline=None)
@given(tables, st.sampled_from(["drop", "renormalise"]), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_scores_does_not_matter(
    rows: list[tuple[float, float]], missing: Missing, random: object
) -> None:
    table = pd.DataFrame(rows, columns=["p", "q"], index=[f"{n:04x}" for n in range(len(rows))], dtype=float)
    table["p"] = table["p"].where(table.index != "0000", 1.0)
    order = list(table.index)
    random.shuffle(order)  # type: ignore[attr-defined]
    weights = {"p": 0.3, "q": 0.7}
    one = weighted_mix({"p": table["p"], "q": table["q"]}, weights, missing=missing)
    other = weighted_mix(
        {"q": table.loc[order, "q"], "p": table.loc[order, "p"]},
        dict(reversed(weights.items())),
        missing=missing,
    )
    pd.testing.assert_series_equal(one, other, check_exact=True)


@settings(max_examples=25, deadline=None)
@given(tables)
def test_a_mix_is_the_weighted_mean_of_the_places_and_lies_between_0_and_1(
    rows: list[tuple[float, float]],
) -> None:
    table = pd.DataFrame(rows, columns=["p", "q"], index=[f"{n:04x}" for n in range(len(rows))], dtype=float)
    table["p"] = table["p"].where(table.index != "0000", 1.0)
    mixed = weighted_mix({"p": table["p"], "q": table["q"]}, {"p": 1, "q": 3}, missing="drop")
    for record, value in mixed.items():
        of_p, of_q = (
            (
                float((table[name] < table.loc[record, name]).sum())
                + float((table[name] == table.loc[record, name]).sum()) / 2
            )
            / float(table[name].notna().sum())
            for name in ("p", "q")
        )
        if np.isnan(table.loc[record, "p"]):
            assert np.isnan(value)
        else:
            assert value == pytest.approx((of_p + 3 * of_q) / 4) and 0 < value < 1


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"one": 1.0}, "weights for"),
        ({"one": 1.0, "other": -1.0}, "weight of other is -1"),
        ({"one": 1.0, "other": 0.0}, "weight of other is 0"),
        ({"one": 1.0, "other": NAN}, "weight of other is nan"),
    ],
)
def test_weights_that_make_no_sense_are_refused(weights: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        weighted_mix({"one": series(1, 2), "other": series(1, 2)}, weights, missing="drop")


def test_a_loss_is_not_mixed_in_upside_down() -> None:
    with pytest.raises(ConfigurationError, match=r"answer_loss is better the lower"):
        weighted_mix({"answer_loss": series(1, 2)}, {"answer_loss": 1}, missing="drop")


def test_an_infinite_score_and_one_that_nobody_has_are_named() -> None:
    with pytest.raises(InputError, match=r"infinite ifd_score.*record b"):
        weighted_mix({"ifd_score": series(1, np.inf)}, {"ifd_score": 1}, missing="drop")
    with pytest.raises(InputError, match="none of the 2 records has a ifd_score"):
        product_mix({"ifd_score": series(NAN, NAN)}, {"ifd_score": 1}, missing="drop")


def test_a_product_takes_only_what_is_above_0_and_of_one_scale() -> None:
    with pytest.raises(InputError, match=r"quality that is not above 0.*record b"):
        product_mix({"quality": series(1, 0)}, {"quality": 1}, missing="drop")
    with pytest.raises(ConfigurationError, match="another scale"):
        product_mix({"quality": series(1, 2)}, {"quality": 1}, missing="renormalise")
