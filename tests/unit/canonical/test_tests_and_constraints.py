"""Whatever the format, a row's own tests and constraints are its record's; wrong ones set the row aside."""

import json

import pytest
from raw_file_builders import page_examples, read_rows

from instruction_tuning.canonical.faults import fix_of

EXAMPLES = page_examples()
ASSERTS = ["assert f(1) == 4", "assert f(0) == 3"]
SHORT = [{"kind": "words", "value": 20, "relation": "at_most"}, {"kind": "json"}]
SHORT_IN_FULL = [SHORT[0], {"kind": "json", "value": "", "relation": "exactly"}]
TASK = {"instruction": "Write a function f that adds 3.", "input": "", "output": "def f(x): return x + 3"}


def brought(tmp_path, suffix=".jsonl", **more):
    (record,), rejected = read_rows(tmp_path, [{**TASK, **more}], suffix)
    assert not rejected
    return record.tests, record.constraints and json.loads(record.constraints)


@pytest.mark.parametrize("name", sorted(EXAMPLES.keys() - {"plain_text"}))
def test_every_format_with_a_question_keeps_them(tmp_path, name):
    rows = [{**json.loads(line), "tests": ASSERTS, "constraints": SHORT} for line in EXAMPLES[name]]
    records, rejected = read_rows(tmp_path, rows, require_answer=name != "prompts")
    assert len(records) == len(rows) and not rejected
    assert all(record.tests == ASSERTS for record in records)
    assert all(json.loads(record.constraints) == SHORT_IN_FULL for record in records)


@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".csv", ".parquet"])
def test_every_layout_keeps_them_a_cell_of_csv_as_json_text(tmp_path, suffix):
    given = (ASSERTS, SHORT) if suffix != ".csv" else (json.dumps(ASSERTS), json.dumps(SHORT))
    assert brought(tmp_path, suffix, tests=given[0], constraints=given[1]) == (ASSERTS, SHORT_IN_FULL)


def test_tests_may_be_one_text_and_nothing_is_nothing(tmp_path):
    one = "import math\n\ndef test_f():\n    assert f(1) == 4\n"
    assert brought(tmp_path, tests=one) == ([one], None)
    for empty in (None, "", []):
        assert brought(tmp_path, tests=empty, constraints=empty) == (None, None)


def test_other_columns_may_hold_them(tmp_path):
    columns = {"tests": ("test_list",), "constraints": ("meta.form",)}
    row = {**TASK, "test_list": ASSERTS, "meta": {"form": SHORT}}
    (record,), _ = read_rows(tmp_path, [row], columns=columns)
    assert record.tests == ASSERTS and json.loads(record.constraints) == SHORT_IN_FULL


@pytest.mark.parametrize(
    ("field", "value", "reason", "at", "detail"),
    [
        ("tests", 3, "unreadable_tests", "tests", "int: 3"),
        ("tests", {"inputs": ["1"]}, "unreadable_tests", "tests", "dict of 1"),
        ("tests", [ASSERTS[0], 3], "unreadable_tests", "tests[1]", "int: 3"),
        ("tests", "f(1) gives 4", "unreadable_tests", "tests", "no assertion"),
        ("tests", ["assert (", ASSERTS[0]], "unreadable_tests", "tests", "no assertion"),
        ("tests", ["assert f('\ud800')"], "invalid_unicode", "tests", "lone surrogate"),
        ("tests", "assert f(1) == 4  #" + "x" * 40_000, "too_long", "tests", "32768 allowed"),
        ("constraints", "Be short.", "unreadable_constraints", "constraints", "Expecting value"),
        ("constraints", {"kind": "json"}, "unreadable_constraints", "constraints", "dict is no list"),
        ("constraints", 7, "unreadable_constraints", "constraints", "int is no list"),
        ("constraints", ["json"], "unreadable_constraints", "constraints", "an object with a kind"),
        ("constraints", [{"kind": "mood"}], "unreadable_constraints", "constraints", "[0] Input should be"),
        ("constraints", [*SHORT, {"kind": "words"}], "unreadable_constraints", "constraints", "[2] Value"),
        ("constraints", [{"kind": "json", "of": 1}], "unreadable_constraints", "constraints", "[0] Unexp"),
    ],
)
def test_a_wrong_one_sets_the_row_aside_with_reason_and_field(tmp_path, field, value, reason, at, detail):
    row = json.dumps({**TASK, field: value})
    records, (rejected,) = read_rows(tmp_path, [row])
    assert not records
    assert (rejected.stage, rejected.reason, rejected.field, rejected.raw) == ("validate", reason, at, row)
    assert detail in rejected.detail and fix_of(rejected.reason)


def test_private_data_in_them_go_where_they_have_to_go(tmp_path):
    row = {
        **TASK,
        "tests": [*ASSERTS, "assert f('ann.lee@uni-ulm.de')"],
        "constraints": [*SHORT, {"kind": "contains", "value": "ann.lee@uni-ulm.de"}],
    }
    (record,), _ = read_rows(tmp_path, [row], redacted=frozenset({"email"}))
    assert record.tests[:2] == ASSERTS and json.loads(record.constraints)[:2] == SHORT_IN_FULL
    assert [one.field for one in record.repairs] == ["tests", "constraints"]
    assert "ann.lee" not in str(record) and record.flags == ["personal_data_redacted"]
