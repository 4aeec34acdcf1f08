"""The rows of docs/dataset_formats.md, damaged in any way, in every container: each ends kept or rejected."""

import datetime
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from raw_file_builders import as_text, pack, page_examples, write

from instruction_tuning.canonical.cleaning import ReadingRules
from instruction_tuning.canonical.raw_files import list_raw_files
from instruction_tuning.canonical.reading import read_file
from instruction_tuning.canonical.records import CanonicalRecord, RejectedRecord, SourceDocument
from instruction_tuning.errors import InputError

FUZZING = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
EXAMPLES = {name: [json.loads(line) for line in lines] for name, lines in page_examples().items()}
CONTAINERS = ("json", "jsonl", "csv", "parquet", "json.gz", "jsonl.zst", "csv.gz")
TEXTS = st.text(max_size=5) | st.sampled_from(["", "<noinput>", "\ufeff", "[", "{", "\r\n", "\u2028", "a,b"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=5,
)


@st.composite
def damaged(draw, row):
    """`row` with one value replaced, taken away, doubled into a list, or put under another name."""
    row = json.loads(json.dumps(row))
    inside = row
    while True:
        key = draw(st.sampled_from(sorted(inside) if isinstance(inside, dict) else range(len(inside))))
        deeper = isinstance(inside[key], dict | list) and inside[key]
        if not deeper or draw(st.booleans()):
            break
        inside = inside[key]
    kind = draw(st.sampled_from(["replace", "remove", "list", "rename"]))
    if kind == "replace":
        inside[key] = draw(VALUES)
    elif kind == "remove":
        del inside[key]
    elif kind == "list":
        inside[key] = [inside[key]]
    elif isinstance(inside, dict):
        inside[draw(TEXTS)] = inside.pop(key)
    return row


ROWS = st.sampled_from(sorted(EXAMPLES)).flatmap(
    lambda name: st.tuples(
        st.just(name),
        st.lists(
            st.sampled_from(EXAMPLES[name]).flatmap(lambda row: damaged(row) | st.just(row)),
            min_size=1,
            max_size=4,
        ),
    )
)


def put(folder, container, rows):
    """`rows` as a file; null where the container cannot hold them."""
    layout, _, packing = container.partition(".")
    path = folder / f"rows.{layout}"
    try:
        if layout == "csv":
            names = list(dict.fromkeys(name for row in rows for name in row))
            if names in ([], [""]):  # such a header is a blank line
                return None
            write(path, [{name: cell(row[name]) if name in row else "" for name in names} for row in rows])
        elif layout == "parquet":
            table = pa.Table.from_pylist(rows)
            if not table.num_columns:
                return None
            pq.write_table(table, path)
        else:
            write(path, rows)
    except (pa.ArrowException, OverflowError, UnicodeEncodeError):
        return None
    if packing:
        packed = folder / f"rows.{container}"
        packed.write_bytes(pack(path.read_bytes(), packing))
        path.unlink()
        return packed
    return path


def cell(value):
    return value if isinstance(value, str) else json.dumps(value)


def ended(path, **rules):
    """What each row became; null where the file is refused with a fix."""
    (file,) = list_raw_files(path)
    try:
        found = list(read_file(file, ReadingRules(**rules)).rows)
    except InputError as error:
        assert error.fix
        return None
    assert len({one.source_row_id for one in found}) == len(found)
    for one in found:
        if isinstance(one, RejectedRecord):
            assert one.reason and one.raw.encode("utf-8") is not None
        else:
            assert isinstance(one, CanonicalRecord | SourceDocument)
    return found


@pytest.mark.parametrize("container", CONTAINERS)
@FUZZING
@given(named=ROWS, require_answer=st.booleans())
def test_damaged_rows_of_every_format_end_kept_or_rejected(tmp_path, container, named, require_answer):
    name, rows = named
    path = put(tmp_path, container, rows)
    assume(path is not None)
    found = ended(path, format=name, require_answer=require_answer)
    assert found is None or len(found) == len(rows)
    if container.startswith("json"):
        assert found is not None
    ended(path, require_answer=require_answer)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
@pytest.mark.parametrize("container", CONTAINERS)
def test_undamaged_rows_are_kept_in_every_container(tmp_path, container, name):
    for row in EXAMPLES[name]:
        found = ended(put(tmp_path, container, [row]), require_answer=False)
        assert found is not None and not isinstance(found[0], RejectedRecord), (row, found)


EDITS = st.lists(
    st.tuples(st.integers(0, 2000), st.integers(0, 20), st.binary(max_size=6)), min_size=1, max_size=3
)


@pytest.mark.parametrize("container", CONTAINERS)
@FUZZING
@given(name=st.sampled_from(sorted(EXAMPLES)), edits=EDITS)
def test_files_with_edited_bytes_are_read_or_refused(tmp_path, container, name, edits):
    path = put(tmp_path, container, EXAMPLES[name][:1] * 3)
    content = path.read_bytes()
    for place, length, inserted in edits:
        place %= len(content) + 1
        content = content[:place] + inserted + content[place + length :]
    path.write_bytes(content)
    found = ended(path, format=name)
    if container == "jsonl":
        lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
        texts = (line.decode("utf-8", "surrogateescape") for line in lines)
        assert found is not None and len(found) == sum(bool(text.strip()) for text in texts)


@FUZZING
@given(rows=st.lists(st.sampled_from(EXAMPLES["alpaca"]) | st.just("{broken"), min_size=1, max_size=6))
def test_good_lines_between_broken_ones_are_kept(tmp_path, rows):
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(as_text(row) + "\n" for row in rows), encoding="utf-8")
    found = ended(path, format="alpaca")
    kept = [isinstance(one, CanonicalRecord) for one in found]
    assert kept == [row != "{broken" for row in rows]


@pytest.mark.parametrize("suffix", ["txt", "txt.gz", "txt.zst"])
@FUZZING
@given(data=st.binary(max_size=40) | st.text(max_size=20).map(lambda text: text.encode("utf-8", "replace")))
def test_a_file_of_text_is_one_document_or_one_rejected_row(tmp_path, suffix, data):
    path = tmp_path / f"page.{suffix}"
    path.write_bytes(pack(data, suffix[4:]) if suffix != "txt" else data)
    found = ended(path)
    assert len(found) == (data not in (b"", b"\xef\xbb\xbf"))
    try:
        said = data.decode("utf-8-sig").strip().strip("\u200b\u2060\ufeff")
    except UnicodeDecodeError:
        said = None
    if found:
        reason = getattr(found[0], "reason", None)
        assert reason == ("invalid_encoding" if said is None else reason)
        assert isinstance(found[0], SourceDocument) or reason in ("invalid_encoding", "empty_text")


FAR = 2**62
COLUMNS = {
    "microseconds": pa.array([FAR, 1], pa.timestamp("us")),
    "seconds": pa.array([2**40, 1], pa.timestamp("s")),
    "days": pa.array([2**30, 1], pa.date32()),
    "unknown_zone": pa.array([1, 2], pa.timestamp("us", tz="Nowhere/Land")),
    "nested": pa.array([{"at": 1}, {"at": FAR}], pa.struct([("at", pa.timestamp("us"))])),
    "duration": pa.array([datetime.timedelta(days=1), None]),
    "binary": pa.array([b"\xff", b"a"]),
    "map": pa.array([[("a", 1)], []], pa.map_(pa.string(), pa.int64())),
    "dictionary": pa.array(["a", "b"]).dictionary_encode(),
    "nothing": pa.nulls(2),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_a_parquet_column_that_python_has_no_value_for_does_not_cost_the_row(tmp_path, name):
    asked = pa.array(["Say a.", "Say b."])
    table = pa.table({"instruction": asked, "output": pa.array(["a", "b"]), "seen": COLUMNS[name]})
    pq.write_table(table, tmp_path / "rows.parquet")
    assert [one.answer for one in ended(tmp_path / "rows.parquet")] == ["a", "b"]
    pq.write_table(table.select(["instruction", "seen"]).rename_columns(["instruction", "output"]),
                   tmp_path / "rows.parquet")  # fmt: skip
    found = ended(tmp_path / "rows.parquet", format="alpaca")
    assert len(found) == 2 and (name == "dictionary") == isinstance(found[0], CanonicalRecord)
