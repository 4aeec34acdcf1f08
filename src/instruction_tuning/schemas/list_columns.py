"""Which values of a column of lists are as they should be, told for all rows at once.

Arrow columns are looked at in compiled code, a million rows in a fraction of a second; Python objects, which
smaller frames hold, one by one. Every function gives one boolean a row.
"""

from collections.abc import Iterable
from typing import Any

import pandas as pd

ROLES = ("system", "user", "assistant")


def are_conversations(column: "pd.Series[Any]") -> "pd.Series[bool]":
    """Turns of known roles that all say something, and at least one."""
    if not isinstance(column.dtype, pd.ArrowDtype):
        return column.map(is_conversation).astype(bool)
    import pyarrow as pa
    import pyarrow.compute as pc

    good = []
    for chunk in _chunks(column):
        turns = chunk.flatten()
        if not pa.types.is_struct(turns.type) or not {"role", "content"} <= set(turns.type.names):
            return pd.Series(False, index=column.index)
        role, content = turns.field("role"), turns.field("content")
        is_turn = pc.and_(
            pc.is_in(role, value_set=pa.array(ROLES, type=role.type)),
            pc.fill_null(pc.greater(pc.binary_length(content), 0), False),
        )
        good.append(_has_no(pc.invert(pc.fill_null(is_turn, False)), chunk, at_least=1))
    return _joined(good, column)


def are_lists_of_texts(column: "pd.Series[Any]") -> "pd.Series[bool]":
    """Lists that hold texts and nothing else; they may be empty."""
    if not isinstance(column.dtype, pd.ArrowDtype):
        return column.map(is_list_of_texts).astype(bool)
    import pyarrow as pa
    import pyarrow.compute as pc

    good = []
    for chunk in _chunks(column):
        values = chunk.flatten()
        is_text = pa.types.is_string(values.type) or pa.types.is_large_string(values.type)
        missing = pc.is_null(values) if is_text else pa.array([True] * len(values), type=pa.bool_())
        good.append(_has_no(missing, chunk, at_least=0))
    return _joined(good, column)


def is_conversation(messages: object) -> bool:
    """Whether `messages` are turns of known roles that all say something."""
    if isinstance(messages, str) or not isinstance(messages, Iterable):
        return False
    turns = list(messages)
    well_formed = all(
        isinstance(turn, dict)
        and turn.get("role") in ROLES
        and isinstance(turn.get("content"), str)
        and turn["content"] != ""
        for turn in turns
    )
    return bool(turns) and well_formed


def is_list_of_texts(values: object) -> bool:
    """Whether `values` holds texts and nothing else; a text itself is no list."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        return False
    return all(isinstance(value, str) for value in values)


def list_lengths(column: "pd.Series[Any]") -> "pd.Series[int]":
    """How many elements each list has."""
    if not isinstance(column.dtype, pd.ArrowDtype):
        return column.map(len).astype("int64")
    import pyarrow.compute as pc

    lengths = pc.list_value_length(column.array.__arrow_array__())
    return pd.Series(lengths.to_numpy().astype("int64"), index=column.index)


def _chunks(column: "pd.Series[Any]") -> list[Any]:
    import pyarrow as pa

    arrow = column.array.__arrow_array__()
    is_list = pa.types.is_list(arrow.type) or pa.types.is_large_list(arrow.type)
    return list(arrow.chunks) if is_list else [pa.nulls(len(arrow), pa.list_(pa.null()))]


def _has_no(bad: Any, lists: Any, *, at_least: int) -> Any:
    """Which of `lists` are there, long enough, and hold no element that is `bad`."""
    import numpy as np
    import pyarrow.compute as pc

    lengths = pc.fill_null(pc.list_value_length(lists), -1).to_numpy(zero_copy_only=False)
    good = lengths >= at_least
    parents = pc.filter(pc.list_parent_indices(lists), bad)
    good[np.unique(parents.to_numpy(zero_copy_only=False))] = False
    return good


def _joined(good: list[Any], column: "pd.Series[Any]") -> "pd.Series[bool]":
    import numpy as np

    values = np.concatenate(good) if good else np.zeros(0, dtype=bool)
    return pd.Series(values, index=column.index, dtype=bool)
