"""Whatever a file holds, nothing crashes: every row ends kept or rejected, or the file is refused."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from raw_file_builders import as_text, pack

from instruction_tuning.canonical.cleaning import ReadingRules
from instruction_tuning.canonical.formats import FORMATS
from instruction_tuning.canonical.raw_files import list_raw_files
from instruction_tuning.canonical.reading import read_file
from instruction_tuning.canonical.records import CanonicalRecord, RejectedRecord
from instruction_tuning.errors import InputError
from instruction_tuning.pipelines.ingestion.frames import read_frames
from instruction_tuning.schemas.answer_comparisons import AnswerComparisons
from instruction_tuning.schemas.canonical_instructions import CanonicalInstructions
from instruction_tuning.schemas.rejected_records import UnreadableRecords
from instruction_tuning.schemas.source_documents import SourceDocuments

FUZZING = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
# Python refuses to read or write a number of so many digits; this stands for it.
TOO_LONG = "5000 digits"
# Every field that a reader looks at, so that wrong types meet the code behind the first look.
FIELDS = (
    *("instruction", "input", "output", "history", "conversations", "messages", "from", "value", "role"),
    *("content", "type", "text", "instances", "raw_instances", "context", "response", "definition", "inputs"),
    *("targets", "inputs_pretokenized", "targets_pretokenized", "prompt", "completion", "question", "turns"),
    *("reference", "chosen", "rejected", "response1", "response2", "output_1", "output_2", "annotator1"),
    *("preference", "votes", "winner", "scores", "title", "system", "category", "language", "licence", "id"),
)
SAID = (
    *(
        "",
        " ",
        "user",
        "assistant",
        "system",
        "human",
        "gpt",
        "Say a.",
        "<noinput>",
        "\ud800",
        "[",
        "{}",
        "[1]",
    ),
    *("\n\nHuman: Hi\n\nAssistant: Yes", "Human:Hi\nAssistant:", "Output: 4", "1", "tie", "zh", "\ufeff"),
)
TEXTS = st.sampled_from(SAID) | st.text(max_size=6)
HUGE = st.sampled_from([10**400, -(10**400), TOO_LONG, 1e308, float("nan"), float("inf"), -0.0, 2**63])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 3) | st.floats() | HUGE | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=10,
)
ROWS = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=7)
BYTES = st.binary(max_size=60)
STARTS = st.sampled_from([b"", b"\xef\xbb\xbf", b"[", b"[{}, ", b"a,b\r\n", b'{"text": "', b"PAR1"])
PAIRS = st.fixed_dictionaries({"instruction": VALUES, "output": VALUES})
CELLS = st.text(alphabet='ab,"\r\n 诗\u2028\x00', max_size=8)
TABLES = st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=5)


def as_json(value):
    """JSON of numbers with more digits than Python writes by itself, too."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {as_json(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_json, value)) + "]"
    if value == TOO_LONG:
        return "9" * 5000
    return json.dumps(value)


def check(path, rows=None, **rules):
    """Read `path`; its rows must be in one place each, as many as `rows`, with texts that can be stored."""
    (file,) = list_raw_files(path)
    outcomes = list(read_file(file, ReadingRules(**rules)).rows)
    ids = [outcome.source_row_id for outcome in outcomes]
    assert len(set(ids)) == len(ids) and (rows is None or len(ids) == rows)
    for outcome in outcomes:
        if isinstance(outcome, RejectedRecord):
            assert outcome.reason and outcome.source == file.source
            outcome.raw.encode("utf-8")
        elif isinstance(outcome, CanonicalRecord):
            assert all(message["content"].encode("utf-8") for message in outcome.messages)
        else:
            assert outcome.text.encode("utf-8")
    return outcomes


def refused_or_checked(path, rows=None, **rules):
    try:
        return check(path, rows, **rules)
    except InputError as error:
        assert error.fix and str(path) in str(error)
        return None


@pytest.mark.parametrize("name", [*FORMATS, "auto"])
@FUZZING
@given(rows=st.lists(ROWS, min_size=1, max_size=4), require_answer=st.booleans())
def test_rows_of_any_fields_and_types_end_kept_or_rejected(tmp_path, name, rows, require_answer):
    path = tmp_path / "any.jsonl"
    path.write_text("".join(as_json(row) + "\r\n" for row in rows), encoding="utf-8")
    refused_or_checked(path, len(rows), format=name, require_answer=require_answer)


@settings(FUZZING, max_examples=12)
@given(rows=st.lists(ROWS, min_size=1, max_size=8), name=st.sampled_from([*FORMATS]))
def test_the_frames_of_any_rows_fit_their_schemas(tmp_path, rows, name):
    path = tmp_path / "any.jsonl"
    examples = [{"instruction": "Say a.", "output": "a", "response": "a"}, {"text": "Tides."}]
    path.write_text("".join(as_json(row) + "\n" for row in [*examples, *rows]), encoding="utf-8")
    frames = read_frames(check(path, len(rows) + 2, format=name, require_answer=False), chunk_rows=3)
    CanonicalInstructions.validate(frames.canonical)
    SourceDocuments.validate(frames.documents)
    AnswerComparisons.validate(frames.comparisons)
    UnreadableRecords.validate(frames.rejected)


@FUZZING
@given(
    rows=st.lists(ROWS, min_size=1, max_size=3),
    columns=st.dictionaries(
        st.sampled_from(["json", "instruction", "output", "text", "id", "scores", "messages"]),
        st.lists(st.sampled_from([*FIELDS[:6], "history.0.value", "a.b", "0", ""]), min_size=1, max_size=2),
        max_size=3,
    ),
)
def test_any_mapping_of_columns_ends_kept_or_rejected(tmp_path, rows, columns):
    path = tmp_path / "any.jsonl"
    path.write_text("".join(as_json(row) + "\n" for row in rows), encoding="utf-8")
    named = {field: tuple(names) for field, names in columns.items()}
    refused_or_checked(path, len(rows), format="alpaca", columns=named)


@pytest.mark.parametrize("layout", ["json", "jsonl", "csv", "parquet", "txt", "json.gz", "csv.zst"])
@FUZZING
@given(data=BYTES, start=STARTS)
def test_any_bytes_are_read_or_refused(tmp_path, layout, data, start):
    path = tmp_path / f"any.{layout}"
    path.write_bytes(start + data)
    refused_or_checked(path, format="alpaca")
    refused_or_checked(path)


@pytest.mark.parametrize("packing", ["gz", "zst"])
@FUZZING
@given(cut=st.integers(0, 400), change=st.none() | st.tuples(st.integers(0, 200), st.integers(0, 255)))
def test_a_packed_file_that_is_cut_off_or_damaged_is_refused_or_read_whole(tmp_path, packing, cut, change):
    rows = [{"instruction": f"Say {number}.", "output": str(number**9)} for number in range(20)]
    lines = "".join(as_text(row) + "\n" for row in rows).encode()
    packed = bytearray(pack(lines, packing)[:cut])
    if change and change[0] < len(packed):
        packed[change[0]] = change[1]
    path = tmp_path / f"any.jsonl.{packing}"
    path.write_bytes(packed)
    outcomes = refused_or_checked(path)
    whole = pack(lines, packing)
    if outcomes and bytes(packed[: len(whole)]) == whole:
        assert len(outcomes) == len(rows)


@FUZZING
@given(rows=st.lists(PAIRS, min_size=1, max_size=3))
def test_parquet_columns_of_any_type_end_kept_or_rejected(tmp_path, rows):
    try:
        table = pa.Table.from_pylist(rows)
        path = tmp_path / "any.parquet"
        pq.write_table(table, path)
    except (pa.ArrowException, OverflowError, UnicodeEncodeError):
        return  # no such file can exist
    refused_or_checked(path, len(rows), format="alpaca")


@FUZZING
@given(table=TABLES, end=st.sampled_from(["\n", "\r\n"]))
def test_any_csv_cells_end_kept_or_rejected(tmp_path, table, end):
    path = tmp_path / "any.csv"
    lines = ["instruction,input,output", *(",".join(row) for row in table)]
    path.write_bytes((end.join(lines) + end).encode("utf-8"))
    refused_or_checked(path)


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.csv", "a.jsonl.gz", "a.json.zst"])
def test_an_empty_file_has_no_rows_and_an_empty_archive_is_no_archive(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"")
    assert check(path) == []
