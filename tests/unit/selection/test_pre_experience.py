import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.selection.pre_experience import pre_experience_records


def blobs(sizes: list[int], *, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    """Clusters far apart of the given sizes; the ids tell the cluster and the rank of the loss in it."""
    rng = np.random.default_rng(seed)
    ids = [f"{cluster}-{rank:02d}" for cluster, size in enumerate(sizes) for rank in range(size)]
    centres = np.repeat(np.eye(len(sizes)) * 100, sizes, axis=0)
    points = pd.DataFrame(centres + rng.normal(size=centres.shape), index=ids)
    losses = pd.Series([float(record.split("-")[1]) for record in ids], index=ids, name="prompt_loss")
    return points, losses + 1.0


def pick(points: pd.DataFrame, losses: pd.Series, clusters: int, per_cluster: int) -> list[str]:
    return pre_experience_records(points, losses, clusters=clusters, per_cluster=per_cluster, seed=3)


def test_each_cluster_gives_as_many_evenly_from_the_middle_of_its_perplexities() -> None:
    picks = pick(*blobs([20, 40]), 2, 5)
    assert len(picks) == 10
    assert sorted(record for record in picks if record < "1") == ["0-06", "0-08", "0-10", "0-12", "0-14"]
    assert sorted(record for record in picks if record > "1") == ["1-12", "1-16", "1-20", "1-24", "1-28"]
    assert [record[0] for record in picks] == ["0", "1"] * 5


def test_what_a_small_cluster_lacks_comes_from_the_middle_of_the_others() -> None:
    picks = pick(*blobs([2, 40]), 2, 5)
    assert sorted(record for record in picks if record < "1") == ["0-00", "0-01"]
    assert sorted(record for record in picks if record > "1") == [
        # Five spread over the band, and then the three left that are nearest to the median.
        *["1-12", "1-16", "1-18", "1-19", "1-20", "1-21", "1-24", "1-28"],
    ]


def test_a_pool_smaller_than_what_is_asked_for_is_taken_whole() -> None:
    points, losses = blobs([3, 4])
    assert sorted(pick(points, losses, 4, 5)) == sorted(losses.index)


def test_a_record_without_a_prompt_loss_is_never_taken() -> None:
    points, losses = blobs([5, 5])
    losses["0-02"] = np.nan
    assert sorted(pick(points, losses, 2, 5)) == sorted(losses.drop("0-02").index)


@settings(max_examples=20)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=4), st.integers(1, 5), st.integers(1, 4), st.data())
def test_the_order_of_the_rows_does_not_matter(
    sizes: list[int], clusters: int, per_cluster: int, data: st.DataObject
) -> None:
    points, losses = blobs(sizes)
    losses = losses.round(-1)  # ties
    picks = pick(points, losses, clusters, per_cluster)
    assert len(set(picks)) == len(picks) == min(clusters * per_cluster, len(losses))
    order = data.draw(st.permutations(list(losses.index)))
    assert pick(points.loc[order[::-1]], losses.loc[order], clusters, per_cluster) == picks


def test_equal_instructions_make_fewer_clusters_and_no_warning() -> None:
    points, losses = blobs([6])
    assert len(pick(points * 0, losses, 3, 2)) == 6


def test_losses_of_other_records_are_refused() -> None:
    points, losses = blobs([4, 4])
    with pytest.raises(InputError, match="no embedding") as caught:
        pick(points.drop(index="1-02"), losses, 2, 2)
    assert caught.value.record == "1-02"
    with pytest.raises(InputError, match="no record has a prompt loss"):
        pick(points, losses * np.nan, 2, 2)
    with pytest.raises(ConfigurationError, match="no band"):
        pre_experience_records(points, losses, clusters=2, per_cluster=2, seed=1, low=75, high=25)
