"""The tags of records as lists, matched by record id and checked in one place."""

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from instruction_tuning.errors import InputError
from instruction_tuning.schemas.list_columns import is_list_of_texts

TagList: TypeAlias = list[str] | None
_FIX = "tag the records of this pool anew, so that every one of them has a row"


def tag_lists(tags: pd.DataFrame, record_ids: Iterable[str]) -> list[TagList]:
    """The distinct tags of each of `record_ids`, in the order said; null where they are not known.

    `tags` is indexed by record id and has a column `tags`: a list of texts, or null where none could be read.
    Raises `InputError` for a frame without that column, doubled ids, a record without a row, and what is no
    list of texts.
    """
    if "tags" not in tags.columns:
        raise InputError(
            f"the frame of tags has the columns {list(tags.columns)} and no `tags`",
            field="tags",
            fix="give tags, not embeddings, to what works on tags",
        )
    doubled = tags.index[tags.index.duplicated()]
    if len(doubled):
        raise InputError(
            f"{len(doubled)} record ids occur more than once among the tags",
            record=doubled[0],
            field="record_id",
            fix="keep one row of tags a record",
        )
    wanted = pd.Index(list(record_ids), dtype=tags.index.dtype)
    places = tags.index.get_indexer(wanted)
    if (places < 0).any():
        missing = wanted[places < 0]
        raise InputError(
            f"{len(missing)} records of the pool have no row of tags", record=missing[0], fix=_FIX
        )
    column = tags["tags"].iloc[places]
    # Whatever is null is no list: None, NaN or pandas' NA.
    values = [
        None if is_null else value
        for value, is_null in zip(column.tolist(), column.isna().tolist(), strict=True)
    ]
    if not _are_lists_of_texts(values):
        _refuse(column)
    return [None if value is None else list(dict.fromkeys(value)) for value in values]


def _are_lists_of_texts(values: list[Any]) -> bool:
    """Told from the types of the values and the different tags alone, of which there are few."""
    if not set(map(type, values)) <= {type(None), list, tuple, np.ndarray}:
        return False
    try:
        different = set().union(*(value for value in values if value is not None))
    except TypeError:  # a list in a list
        return False
    return all(isinstance(tag, str) for tag in different)


def _refuse(column: "pd.Series[Any]") -> None:
    bad = column.index[column.notna() & ~column.map(is_list_of_texts).astype(bool)]
    raise InputError(
        f"{len(bad)} rows of tags hold something else than a list of texts",
        record=bad[0] if len(bad) else None,
        field="tags",
        fix="store tags as a list of short texts, or null where they are not known",
    )
