"""Arrow columns are checked in compiled code, and judged as Python lists are."""

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruction_tuning.datasets.frame import FrameDataset
from instruction_tuning.schemas.list_columns import (
    are_conversations,
    are_lists_of_texts,
    is_conversation,
    is_list_of_texts,
    list_lengths,
)

MESSAGES = pd.ArrowDtype(pa.list_(pa.struct([("role", pa.large_string()), ("content", pa.large_string())])))
TEXTS = pd.ArrowDtype(pa.list_(pa.large_string()))
TURNS = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["user", "assistant", "system", "tool", ""]) | st.none(),
        "content": st.sampled_from(["a", "", "诗"]) | st.none(),
    }
)
CONVERSATIONS = st.lists(st.none() | st.lists(st.none() | TURNS, max_size=3), max_size=6)
LISTS = st.lists(st.none() | st.lists(st.none() | st.text(max_size=2), max_size=3), max_size=6)


def in_chunks(values, dtype, start, stop):
    """A column of several chunks, and a part of it that begins inside one."""
    parts = [pd.Series(values, dtype=dtype), pd.Series(values, dtype=dtype)]
    return pd.concat(parts, ignore_index=True).iloc[start : len(values) + stop]


@settings(max_examples=150, deadline=None)
@given(values=CONVERSATIONS, start=st.integers(0, 3), stop=st.integers(0, 3))
def test_conversations_are_judged_alike(values, start, stop):
    column = in_chunks(values, MESSAGES, start, stop)
    expected = [is_conversation(value) for value in (values + values)[start : len(values) + stop]]
    assert are_conversations(column).tolist() == expected
    assert are_conversations(column.astype(object)).tolist() == expected


@settings(max_examples=150, deadline=None)
@given(values=LISTS, start=st.integers(0, 3), stop=st.integers(0, 3))
def test_lists_of_texts_are_judged_alike(values, start, stop):
    column = in_chunks(values, TEXTS, start, stop)
    expected = [is_list_of_texts(value) for value in (values + values)[start : len(values) + stop]]
    assert are_lists_of_texts(column).tolist() == expected


@pytest.mark.parametrize(
    "kind", [pa.large_string(), pa.list_(pa.int64()), pa.list_(pa.struct([("role", pa.string())]))]
)
def test_columns_of_other_types_are_neither(kind):
    column = pd.Series([None, None], dtype=pd.ArrowDtype(kind))
    assert not are_conversations(column).any() and not are_lists_of_texts(column).any()


def test_lengths_of_lists():
    values = [[], ["a"], ["a", "b"]]
    assert list_lengths(pd.Series(values, dtype=TEXTS)).tolist() == [0, 1, 2]
    assert list_lengths(pd.Series(values)).tolist() == [0, 1, 2]


def test_arrow_lists_come_back_as_they_were_and_any_pandas_reads_the_file(tmp_path):
    turns = [{"role": "user", "content": "Hi"}]
    frame = pd.DataFrame(
        {
            "messages": pd.Series([turns, turns * 2], dtype=MESSAGES),
            "flags": pd.Series([[], ["x"]], dtype=TEXTS),
            "votes": pd.Series([1, None], dtype="Int64"),
            "text": pd.Series(["a", None], dtype="str"),
        }
    )
    path = str(tmp_path / "frame.parquet")
    dataset = FrameDataset(filepath=path, arrow_lists=True)
    dataset.save(frame)
    pd.testing.assert_frame_equal(dataset.load(), frame)
    plain = pd.read_parquet(path)
    assert plain["messages"].dtype == object and plain["messages"][1][1] == turns[0]
    assert plain["votes"].dtype == "Int64" and plain["flags"][1].tolist() == ["x"]
