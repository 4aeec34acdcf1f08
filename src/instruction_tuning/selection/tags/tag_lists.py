"""The tags of records as lists, matched by record id and checked in one place."""

from collections.abc import Iterable
from typing import TypeAlias

import pandas as pd

from instruction_tuning.errors import InputError
from instruction_tuning.schemas.list_columns import are_lists_of_texts
from instruction_tuning.selection.record_ids import refuse_doubled

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
    refuse_doubled(tags.index, "the tags", fix="keep one row of tags a record")
    wanted = pd.Index(list(record_ids), dtype=tags.index.dtype)
    places = tags.index.get_indexer(wanted)
    if (places < 0).any():
        missing = wanted[places < 0]
        raise InputError(
            f"{len(missing)} records of the pool have no row of tags", record=missing[0], fix=_FIX
        )
    column = tags["tags"].iloc[places]
    unknown = column.isna()  # None, NaN or pandas' NA
    bad = column.index[~(unknown | are_lists_of_texts(column))]
    if len(bad):
        raise InputError(
            f"{len(bad)} rows of tags hold something else than a list of texts",
            record=bad[0],
            field="tags",
            fix="store tags as a list of short texts, or null where they are not known",
        )
    return [
        None if is_unknown else list(dict.fromkeys(value))
        for value, is_unknown in zip(column.tolist(), unknown.tolist(), strict=True)
    ]
