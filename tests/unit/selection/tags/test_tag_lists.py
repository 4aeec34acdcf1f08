import numpy as np
import pandas as pd
import pytest

from instruction_tuning.errors import InputError
from instruction_tuning.selection.tags.tag_lists import tag_lists


def frame(**tags: object) -> pd.DataFrame:
    return pd.DataFrame({"tags": pd.Series(list(tags.values()), index=list(tags), dtype=object)})


def test_tags_are_matched_by_id_and_counted_once() -> None:
    tags = frame(b=["x", "y", "x"], a=("z",), c=np.array(["w"], dtype=object), d=[])
    assert tag_lists(tags, ["a", "b", "c", "d"]) == [["z"], ["x", "y"], ["w"], []]


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA])
def test_unknown_tags_are_null_and_not_an_empty_list(missing: object) -> None:
    assert tag_lists(frame(a=missing, b=[]), ["a", "b"]) == [None, []]


def test_arrow_lists_are_read_too() -> None:
    import pyarrow as pa

    column = pd.arrays.ArrowExtensionArray(pa.chunked_array([[["x"], None, []]]))
    tags = pd.DataFrame({"tags": column}, index=pd.Index(["a", "b", "c"], dtype="str"))
    assert tag_lists(tags, ["c", "b", "a"]) == [[], None, ["x"]]


def test_a_record_without_a_row_is_named() -> None:
    with pytest.raises(InputError, match=r"1 records .* no row of tags \(record b\)"):
        tag_lists(frame(a=["x"]), ["a", "b"])


def test_doubled_rows_are_named() -> None:
    with pytest.raises(InputError, match="record a"):
        tag_lists(pd.concat([frame(a=["x"]), frame(a=["y"])]), ["a"])


@pytest.mark.parametrize("value", ["sorting", ["sorting", 3], [["sorting"]], 7])
def test_what_is_no_list_of_texts_is_named(value: object) -> None:
    with pytest.raises(InputError, match=r"1 rows .* \(record b, field tags\)"):
        tag_lists(frame(a=["x"], b=value), ["a", "b"])


def test_embeddings_in_place_of_tags_are_refused() -> None:
    with pytest.raises(InputError, match="no `tags`"):
        tag_lists(pd.DataFrame({"e000": [1.0]}, index=["a"]), ["a"])
