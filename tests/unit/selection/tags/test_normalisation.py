from collections import Counter
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruction_tuning.errors import InputError
from instruction_tuning.selection.tags.normalisation import NormalisedTags, normalise_tags


def tagged(*lists: list[str] | None) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "record_id": [f"{row:04x}" for row in range(len(lists))],
            "tags": pd.Series(list(lists), dtype=object),
        }
    )


def normalised(*lists: list[str] | None, **settings: object) -> NormalisedTags:
    return normalise_tags(tagged(*lists), **{"alpha": 1, **settings})  # type: ignore[arg-type]


def final(result: NormalisedTags) -> dict[str, str]:
    return dict(zip(result.fates["raw_tag"], result.fates["final_tag"], strict=True))


def test_a_tag_of_fewer_than_alpha_records_is_dropped() -> None:
    result = normalised(["a", "a"], ["a", "b"], ["b"], ["c"], alpha=2)
    assert result.records["tags"].tolist() == [["a"], ["a", "b"], ["b"], []]
    assert result.fates.set_index("raw_tag").loc["c", "step"] == "frequency"


def test_spellings_and_forms_become_the_most_frequent_one() -> None:
    result = normalised(["Text Rewriting"], ["text-rewriting"], ["text_rewrites"], ["TEXT REWRITING!"])
    assert set(final(result).values()) == {"text rewriting"}
    assert result.fates["step"].tolist() == ["rules"] * 4


def test_marks_alone_are_dropped_and_those_of_names_stay() -> None:
    result = normalised(["C++", "C#", "C", "!!", "#1", "翻译。"])
    assert final(result) == {"C++": "c++", "C#": "c#", "C": "c", "!!": np.nan, "#1": "1", "翻译。": "翻译"}


def test_tags_of_the_same_words_in_another_order_are_one() -> None:
    result = normalised(
        ["language translation"], ["translation language"], ["translation language"], ["poem"]
    )
    assert final(result)["language translation"] == "translation language"
    assert final(result)["poem"] == "poem"


def test_given_vectors_decide_what_is_alike() -> None:
    vectors = {"math": [1.0, 0.0], "arithmetic": [1.0, 0.1], "poem": [0.0, 1.0]}
    result = normalised(
        ["arithmetic"], ["math"], ["math"], ["poem"], embed=lambda tags: np.array([vectors[t] for t in tags])
    )
    assert final(result) == {"math": "math", "arithmetic": "math", "poem": "poem"}
    assert result.fates.set_index("raw_tag").loc["arithmetic", "step"] == "clusters"


def test_vectors_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match="one finite vector a tag"):
        normalised(["a", "b"], embed=lambda tags: np.zeros((1, 2)))


def test_a_tag_that_never_comes_without_another_is_merged_into_it() -> None:
    result = normalised(*[["sum", "plus"]] * 5, ["sum"], min_support=5)
    assert final(result) == {"sum": "sum", "plus": "sum"}
    assert normalised(*[["sum", "plus"]] * 4, min_support=5).steps["merged"].sum() == 0


def test_a_tag_of_all_records_swallows_no_other() -> None:
    lists = [["english", "poem"]] * 5 + [["english", "essay"]] * 5 + [["english"]] * 10
    assert set(final(normalised(*lists, min_support=5)).values()) == {"english", "poem", "essay"}
    swallowed = normalised(*lists, min_support=5, min_jaccard=0.0)
    assert set(final(swallowed).values()) == {"english"}


def test_chains_of_rules_are_followed_to_their_end() -> None:
    lists = [["a", "bb", "ccc"]] * 10 + [["a", "bb"]] * 2 + [["a"]] * 2
    assert set(final(normalised(*lists, min_support=5)).values()) == {"a"}


def test_inseparable_tags_get_the_first_name() -> None:
    assert set(final(normalised(*[["plus", "add"]] * 5, min_support=5)).values()) == {"add"}


def test_unknown_tags_stay_unknown() -> None:
    assert normalised(["a"], None, []).records["tags"].tolist() == [["a"], None, []]


def test_a_pool_without_tags_is_no_error() -> None:
    result = normalised(None, [])
    assert result.fates.empty and result.steps["before"].tolist() == [0] * 4


lists = st.lists(
    st.lists(st.sampled_from(["Math", "math", "maths", "code", "Code!", "?", "poem", "en"]), max_size=4),
    min_size=1,
    max_size=12,
)


@settings(max_examples=15, deadline=None)
@given(lists, st.integers(1, 3), st.randoms(use_true_random=False))
def test_every_raw_tag_has_one_fate_and_the_order_of_rows_does_not_matter(
    lists: list[list[str]], alpha: int, random: object
) -> None:
    frame = tagged(*lists)
    result = normalise_tags(frame, alpha=alpha, min_support=2)
    raw = Counter(tag for tags in lists for tag in set(tags))
    assert dict(zip(result.fates["raw_tag"], result.fates["records"], strict=True)) == raw
    kept = result.fates["final_tag"].notna()
    assert (kept | result.fates["step"].isin(["frequency", "rules"])).all()
    steps = result.steps
    assert steps["before"].tolist()[1:] == steps["after"].tolist()[:-1]
    assert steps["before"].iloc[0] == len(raw)
    assert steps["after"].iloc[-1] == result.fates.loc[kept, "final_tag"].nunique()
    names = final(result)
    for tags, cleaned in zip(lists, result.records["tags"], strict=True):
        assert set(cleaned) == {names[tag] for tag in tags if isinstance(names[tag], str)}
        assert len(set(cleaned)) == len(cleaned)
    order = list(range(len(lists)))
    random.shuffle(order)  # type: ignore[attr-defined]
    shuffled = normalise_tags(frame.iloc[order], alpha=alpha, min_support=2)
    pd.testing.assert_frame_equal(shuffled.fates, result.fates)
    pd.testing.assert_frame_equal(shuffled.records.sort_index(), result.records)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sets(st.sampled_from("qwxz"), max_size=3), min_size=1, max_size=14))
def test_rules_of_pairs_are_those_of_a_count_by_hand(sets: list[set[str]]) -> None:
    lists = [sorted(tags) for tags in sets]
    count = Counter(tag for tags in lists for tag in tags)
    rank = {tag: place for place, tag in enumerate(sorted(count, key=lambda tag: (-count[tag], tag)))}
    together = Counter(pair for tags in lists for pair in permutations(tags, 2))
    wanted: dict[str, str] = {}
    for one in sorted(count, key=lambda tag: rank[tag]):
        into = [
            (-together[one, other] / (count[one] + count[other] - together[one, other]), rank[other], other)
            for other in count
            if rank[other] < rank[one]
            and together[one, other] >= 2
            and together[one, other] / count[one] >= 0.9
        ]
        wanted[one] = wanted[min(into)[2]] if into and -min(into)[0] >= 0.5 else one
    result = normalised(*lists, min_support=2, min_confidence=0.9, min_jaccard=0.5)
    assert final(result) == wanted
