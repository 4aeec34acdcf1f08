"""Lengths, words, composition, and the numbers of a pool."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruction_tuning.lm.loading import load_tokenizer
from instruction_tuning.lm.model_folder import open_model_folder
from instruction_tuning.pool_statistics.composition import UNKNOWN, composition, licences_by_language
from instruction_tuning.pool_statistics.lengths import length_histogram, length_summary, tokenizer_counter
from instruction_tuning.pool_statistics.pool_summary import pool_summary
from instruction_tuning.pool_statistics.vocabulary import typical_words, vocabulary


def characters(texts):
    return np.array([len(text) for text in texts], dtype=np.int64)


def pool(**columns):
    rows = len(next(iter(columns.values())))
    frame = {
        "record_id": [f"{n:016x}" for n in range(rows)],
        "source": ["a"] * rows,
        "language": ["en"] * rows,
        "licence": [None] * rows,
        "category": [None] * rows,
        "prompt": ["Write it."] * rows,
        "answer": ["Here."] * rows,
        "flags": [[]] * rows,
    }
    return pd.DataFrame(frame | columns)


def test_a_byte_tokenizer_counts_bytes(tiny_model_path):
    count = tokenizer_counter(load_tokenizer(open_model_folder(tiny_model_path)))
    assert count(["abc", "", "诗"]).tolist() == [3, 0, 3]


@given(st.lists(st.integers(min_value=0, max_value=100_000), max_size=50))
def test_a_histogram_counts_every_text_once_and_its_bins_touch(lengths):
    histogram = length_histogram(np.array(lengths, dtype=np.int64))
    assert histogram["count"].sum() == len(lengths)
    assert histogram["from_tokens"].iloc[0] == 0
    assert (histogram["from_tokens"].iloc[1:].to_numpy() == histogram["to_tokens"].iloc[:-1].to_numpy()).all()


def test_lengths_of_nothing_have_no_quantiles():
    assert length_summary(np.zeros(0)) == {"texts": 0.0, "tokens": 0.0}
    assert length_summary(np.array([1, 3]))["p50"] == 2.0


def test_vocabulary_counts_words_and_chinese_characters():
    words = vocabulary(["The cat, the dog.", "写诗"])
    assert words.counts == {"the": 2, "cat": 1, "dog": 1, "写": 1, "诗": 1}
    assert words.summary()["type_token_ratio"] == pytest.approx(5 / 6)
    assert "type_token_ratio_per_100" not in words.summary()


def test_the_ratio_in_windows_does_not_fall_with_more_of_the_same_text():
    few, many = (vocabulary([f"w{n}" for n in range(50)] * times) for times in (4, 40))
    assert few.summary()["type_token_ratio_per_100"] == many.summary()["type_token_ratio_per_100"] == 0.51
    assert few.summary()["type_token_ratio"] > many.summary()["type_token_ratio"]


def test_typical_words_of_one_set_come_first_and_those_of_the_other_last():
    left, right = vocabulary(["sorry the"] * 30), vocabulary(["sure the"] * 30)
    words = typical_words(left, right)
    assert words["word"].tolist() == ["sorry", "the", "sure"]
    assert words["z"].iloc[0] == pytest.approx(-words["z"].iloc[2])
    assert typical_words(vocabulary([]), vocabulary([])).empty


def test_every_part_of_a_composition_adds_up_to_the_pool():
    frame = pool(source=["a", "a", "b"], licence=["MIT", None, "MIT"], language=["en", "zh", "en"])
    parts = composition(frame)
    assert (parts.groupby("part")["rows"].sum() == 3).all()
    licences = parts[parts["part"] == "licence"]
    assert licences["value"].tolist() == ["MIT", "MIT", UNKNOWN]
    assert licences_by_language(frame).loc["MIT"].to_dict() == {"en": 2, "zh": 0}


def test_the_numbers_of_a_pool():
    frame = pool(answer=["Yes.", None, "No, no."], licence=["CC (BY)", None, "MIT"], flags=[[], ["x"], []])
    metrics, histograms, quantiles = pool_summary(frame, characters)
    assert metrics["rows"] == 3 and metrics["rows_with_answer"] == 2 and metrics["rows/flagged"] == 1
    assert metrics["rows/flag/x"] == 1
    assert metrics["rows/licence/CC BY"] == metrics["rows/licence/not stated"] == 1
    assert metrics["answer/tokens/tokens"] == 11
    assert histograms.groupby("part")["count"].sum().to_dict() == {"answer": 2, "instruction": 3}
    assert quantiles[["part", "source", "texts"]].to_numpy().tolist() == [
        ["instruction", "a", 3],
        ["answer", "a", 2],
    ]


def test_a_large_pool_is_measured_in_a_sample_that_the_order_of_rows_does_not_change():
    frame = pool(
        record_id=[f"{n:016x}" for n in range(40)],
        source=["a"] * 40,
        language=["en"] * 40,
        prompt=["x" * (n + 1) for n in range(40)],
        answer=["y"] * 40,
        licence=["mit"] * 40,
        flags=[[]] * 40,
    )
    metrics, histograms, _ = pool_summary(frame, characters, measured_rows=10)
    again, *_ = pool_summary(frame[::-1].reset_index(drop=True), characters, measured_rows=10)
    assert metrics == again and metrics["rows"] == metrics["rows/licence/mit"] == 40
    assert metrics["rows_measured"] == metrics["answer/tokens/texts"] == 10
    assert histograms["count"].sum() == 20
    whole, *_ = pool_summary(frame, characters, measured_rows=40)
    assert whole["rows_measured"] == 40 and whole["instruction/tokens/tokens"] == sum(range(1, 41))


def test_names_of_numbers_are_such_as_mlflow_takes():
    from mlflow.utils.validation import _validate_metric_name

    frame = pool(licence=["CC BY-NC 4.0 (research)", "a/b\\c", "许可", "x;y"])
    for name in pool_summary(frame, characters)[0]:
        _validate_metric_name(f"pool_metrics/{name}")
