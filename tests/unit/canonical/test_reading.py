import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from raw_file_builders import as_text, read, read_rows, write

from instruction_tuning.canonical.cleaning import ReadingRules
from instruction_tuning.canonical.raw_files import list_raw_files
from instruction_tuning.canonical.reading import read_file
from instruction_tuning.canonical.records import Repair, record_id_of
from instruction_tuning.errors import InputError, UnknownFormatError

ADD = {"instruction": "Add.", "input": "1 2", "output": "3"}
GREET_ZH = {"instruction": "请写一句问候语。", "input": "", "output": "你好。"}


def conversation(*turns, **more):
    return {"conversations": [{"from": speaker, "value": value} for speaker, value in turns], **more}


def format_of(path):
    return read_file(list_raw_files(path)[0], ReadingRules()).format


@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".csv", ".parquet"])
def test_alpaca_reads_the_same_from_every_layout(tmp_path, suffix):
    rows = [{**ADD, "category": "sums", "licence": "CC0"}, {**ADD, "input": "", "output": "?", "licence": ""}]
    if suffix != ".csv":
        rows[1]["category"] = None
    else:
        rows[1]["category"] = ""
    (first, second), rejected = read_rows(tmp_path, rows, suffix)
    assert not rejected
    assert first.messages == [
        {"role": "user", "content": "Add.\n\n1 2"},
        {"role": "assistant", "content": "3"},
    ]
    assert (first.prompt, first.answer, first.language) == ("Add.\n\n1 2", "3", "en")
    assert (first.category, first.licence, second.category, second.licence) == ("sums", "cc0-1.0", None, None)
    assert second.prompt == "Add."
    assert (first.source, first.format) == ("data", "alpaca")


def test_sharegpt_keeps_every_turn_and_takes_the_last_pair_as_prompt_and_answer(tmp_path):
    row = conversation(
        ("system", "Be brief."), ("human", "Hi"), ("gpt", "Hello"), ("human", "Bye"), ("gpt", "Bye!")
    )
    (record,), _ = read_rows(tmp_path, [row])
    assert [message["role"] for message in record.messages] == [
        "system",
        "user",
        "assistant",
        "user",
        "assistant",
    ]
    assert (record.format, record.prompt, record.answer) == ("sharegpt", "Bye", "Bye!")


def test_json_lines_with_chinese_instructions_are_belle_and_other_layouts_are_alpaca(tmp_path):
    assert format_of(write(tmp_path / "a.jsonl", [GREET_ZH, GREET_ZH, ADD])) == "belle"
    assert format_of(write(tmp_path / "b.jsonl", [GREET_ZH, ADD, ADD])) == "alpaca"
    assert format_of(write(tmp_path / "c.json", [GREET_ZH, GREET_ZH])) == "alpaca"


def test_belle_dialogues_are_split_into_turns(tmp_path):
    text = "Human:你好\nAssistant:你好，有什么事？\nHuman：今天星期几？\nAssistant:\n"
    (record,), _ = read_rows(tmp_path, [{"instruction": text, "input": "", "output": "星期二。"}])
    assert record.format == "belle" and "turns_split" in record.flags
    assert record.repairs[0] == Repair("instruction", ("turns_split",), text)
    assert [message["content"] for message in record.messages] == [
        "你好",
        "你好，有什么事？",
        "今天星期几？",
        "星期二。",
    ]


def test_a_task_about_a_dialogue_is_not_split(tmp_path):
    text = "Human:你好\nAssistant:你好！\n请把上面的对话翻译成英文。"
    (record,), _ = read_rows(tmp_path, [{"instruction": text, "input": "", "output": "Hello."}])
    assert len(record.messages) == 2 and record.prompt == text


def test_the_format_parameter_overrides_detection(tmp_path):
    (record,), _ = read_rows(tmp_path, [GREET_ZH], format="alpaca")
    assert record.format == "alpaca"


def test_an_unknown_format_shows_the_fields_found_and_the_formats_known(tmp_path):
    with pytest.raises(UnknownFormatError) as caught:
        read_rows(tmp_path, [{"riddle": "?", "response": "!"}])
    for word in ("riddle, response", "data.jsonl", "alpaca", "sharegpt", "belle", "ingestion.format"):
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("row", "stage", "reason", "field"),
    [
        (b'{"instruction": "Add."', "read", "invalid_json", None),
        (b'{"instruction": "\xff\xfe", "output": "x"}', "read", "invalid_encoding", None),
        (b"[1, 2]", "read", "not_an_object", None),
        (b'{"instruction": ' + b"9" * 5000 + b"}", "read", "invalid_json", None),
        (b"[" * 5000, "read", "invalid_json", None),
        ({"instruction": "Add."}, "validate", "missing_field", "output"),
        ({**ADD, "instruction": True}, "validate", "wrong_type", "instruction"),
        ({**ADD, "input": 3}, "validate", "wrong_type", "input"),
        ({**ADD, "output": ["3"]}, "validate", "wrong_type", "output"),
        ({**ADD, "instruction": " \u200b\n"}, "validate", "empty_instruction", "instruction"),
        ({**ADD, "instruction": None}, "validate", "empty_instruction", "instruction"),
        ({**ADD, "output": "  "}, "validate", "empty_answer", "output"),
        ({**ADD, "output": "<noinput>"}, "validate", "placeholder_answer", "output"),
        ({**ADD, "output": "x" * 200}, "validate", "too_long", None),
        (
            b'{"instruction": "\\ud800", "input": "", "output": "x"}',
            "validate",
            "invalid_unicode",
            "instruction",
        ),
    ],
)
def test_a_bad_row_is_set_aside_with_its_reason_and_originalas_text(tmp_path, row, stage, reason, field):
    records, (rejected,) = read_rows(tmp_path, [ADD, row, ADD], max_characters=100)
    assert len(records) == 2
    assert (rejected.stage, rejected.reason, rejected.field) == (stage, reason, field)
    assert rejected.source_row_id.endswith(":1")
    original = row.decode("utf-8", "backslashreplace") if isinstance(row, bytes) else as_text(row)
    assert rejected.raw == original


@pytest.mark.parametrize(
    ("turns", "reason"),
    [
        ([("human", "Hi"), ("robot", "Hello")], "unknown_role"),
        ([("gpt", "Hello"), ("human", "Hi")], "turn_order"),
        ([("human", "Hi"), ("human", "Hi?"), ("gpt", "Hello")], "turn_order"),
        ([], "turn_order"),
        ([("human", "Hi"), ("gpt", ""), ("human", "Hi?"), ("gpt", "Hello")], "empty_answer"),
        ([("human", ""), ("gpt", "Hello")], "empty_instruction"),
        ([("human", "Hi")], "empty_answer"),
        ([("human", "Hi"), ("gpt", {"text": "Hello"})], "wrong_type"),
    ],
)
def test_a_bad_conversation_is_set_aside(tmp_path, turns, reason):
    good = conversation(("human", "Hi"), ("gpt", "Hello"))
    _, (rejected,) = read_rows(tmp_path, [good, conversation(*turns)])
    assert rejected.reason == reason


@pytest.mark.parametrize("conversations", ["Hi", [1], [{"value": "Hi"}], None])
def test_conversations_of_the_wrong_shape_are_set_aside(tmp_path, conversations):
    good = conversation(("human", "Hi"), ("gpt", "Hello"))
    _, (rejected,) = read_rows(tmp_path, [good, {"conversations": conversations}])
    assert rejected.reason in ("wrong_type", "missing_field") and rejected.field.startswith("conversations")


def test_without_required_answers_a_missing_or_placeholder_answer_is_null(tmp_path):
    rows = [{"instruction": "Add."}, {**ADD, "output": ""}, {**ADD, "output": "<nooutput>"}]
    records, rejected = read_rows(tmp_path, rows, require_answer=False)
    assert not rejected
    assert [record.answer for record in records] == [None, None, None]
    assert [message["role"] for message in records[0].messages] == ["user"]


@pytest.mark.parametrize("placeholder", ["<noinput>", "No input.", '"<No Input>"', "None", "N/A"])
def test_an_input_that_says_there_is_none_is_removed_and_flagged(tmp_path, placeholder):
    (record,), _ = read_rows(tmp_path, [{**ADD, "input": placeholder}])
    assert record.prompt == "Add." and record.flags == ["input_placeholder_removed"]


def test_repairs_are_flagged(tmp_path):
    row = {"instruction": " cafe\u0301\r\nau lait ", "input": "", "output": "x"}
    (record,), _ = read_rows(tmp_path, [row])
    assert record.prompt == "café\nau lait"
    assert record.flags == ["line_ends_normalized", "unicode_normalized", "whitespace_stripped"]
    (repair,) = record.repairs
    assert (repair.field, repair.before) == ("instruction", row["instruction"])
    assert sorted(repair.repairs) == record.flags


def test_a_byte_order_mark_and_crlf_line_ends_are_tolerated(tmp_path):
    line = json.dumps(ADD).encode()
    (tmp_path / "a.jsonl").write_bytes(
        b"\xef\xbb\xbf" + line + b"\r\n\r\n" + line.replace(b"3", b"4") + b"\r\n"
    )
    (tmp_path / "b.json").write_bytes(b"\xef\xbb\xbf[" + line + b"]\r\n")
    (tmp_path / "c.csv").write_bytes(b"\xef\xbb\xbfinstruction,input,output\r\nAdd.,1 2,5\r\n")
    records, rejected = read(tmp_path)
    assert [record.answer for record in records] == ["3", "4", "3", "5"] and not rejected
    assert records[1].source_row_id.endswith(":2"), "rows of JSON lines are counted as lines"


def test_json_lines_named_json_are_read_as_lines(tmp_path):
    path = tmp_path / "belle.json"
    path.write_text("\n".join([as_text(GREET_ZH), as_text(GREET_ZH)]), encoding="utf-8")
    records, _ = read(path)
    assert [record.format for record in records] == ["belle", "belle"]


def test_a_broken_element_of_an_array_costs_only_itself(tmp_path):
    path = tmp_path / "data.json"
    path.write_text(f'[{as_text(ADD)}, {{"instruction": oops}}, {as_text(ADD)}, {as_text(ADD)[:-5]}')
    records, rejected = read(path)
    assert len(records) == 2
    assert [row.raw for row in rejected] == ['{"instruction": oops}', as_text(ADD)[:-5]]


def test_csv_rows_with_too_few_or_too_many_cells_are_set_aside(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text('instruction,input,output\nAdd.,"1, 2",3\nAdd.,3\nAdd.,1,2,3\n')
    (record,), rejected = read(path)
    assert record.prompt == "Add.\n\n1, 2"
    assert [row.reason for row in rejected] == ["wrong_column_count"] * 2


def test_a_csv_quote_that_is_not_closed_costs_its_line_and_not_the_rows_behind_it(tmp_path):
    path = tmp_path / "data.csv"
    good = ['Add.,"1, 2",3', '"Say ""a"".\nTwice.",,a', "Add.,2,5", "Add.,3,6"]
    for place in range(len(good) + 1):
        lines = [*good[:place], 'Add.,"1 2,9', *good[place:]]
        path.write_text("\n".join(["instruction,input,output", *lines]) + "\n")
        records, (rejected,) = read(path)
        assert [record.answer for record in records] == ["3", "a", "5", "6"]
        line = 2 + place + (place > 1)
        assert (rejected.reason, rejected.raw) == ("invalid_csv", 'Add.,"1 2,9')
        assert f"opens in line {line} " in rejected.detail


def test_a_csv_quote_that_is_not_closed_in_the_header_is_refused(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text('instruction,"output\nAdd.,3\n')
    with pytest.raises(InputError, match="header"):
        read(path)


def test_csv_with_two_columns_of_one_name_is_refused(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("instruction,output,output\nAdd.,3,3\n")
    with pytest.raises(InputError, match="same name"):
        read(path)


def test_a_file_that_is_no_parquet_is_refused_by_name(tmp_path):
    path = tmp_path / "data.parquet"
    path.write_bytes(b"PAR1 but not really")
    with pytest.raises(InputError, match=r"data\.parquet"):
        read(path)


def test_parquet_columns_of_the_wrong_type_are_rejected_rows(tmp_path):
    _, rejected = read_rows(tmp_path, [{"instruction": 1, "input": "", "output": "x"}], ".parquet")
    assert [(row.reason, row.field) for row in rejected] == [("wrong_type", "instruction")]


def test_a_category_that_is_no_text_is_dropped_and_flagged(tmp_path):
    (record,), _ = read_rows(tmp_path, [{**ADD, "category": ["sums"], "license": "MIT"}])
    assert (record.category, record.licence, record.flags) == (None, "mit", ["category_dropped"])


def test_record_id_depends_on_content_alone_and_source_row_id_on_place_alone(tmp_path):
    (first, second, other), _ = read_rows(tmp_path, [ADD, {**ADD, "input": " 1 2"}, {**ADD, "output": "4"}])
    assert first.record_id == second.record_id != other.record_id
    assert first.source_row_id != second.source_row_id
    assert first.record_id == record_id_of(first.messages)


fields = st.sampled_from(["instruction", "input", "output", "conversations", "from", "value", "x"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(fields, inner, max_size=4),
    max_leaves=8,
)
lines = st.one_of(
    st.binary(max_size=40),
    values.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(fields, values, max_size=4).map(lambda value: json.dumps(value).encode()),
    st.just(json.dumps(ADD).encode()),
)


@pytest.mark.parametrize("format_name", ["alpaca", "sharegpt", "belle", "auto"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.lists(lines, max_size=6).map(b"\n".join))
def test_whatever_bytes_json_lines_hold_every_row_ends_kept_or_rejected(tmp_path, format_name, data):
    path = tmp_path / "any.jsonl"
    path.write_bytes(data)
    try:
        records, rejected = read(path, format=format_name)
    except UnknownFormatError:
        assert format_name == "auto"
        return
    rows = [
        number
        for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"))
        if line.decode("utf-8", "surrogateescape").strip()
    ]
    ended = [int(row.source_row_id.partition(":")[2]) for row in [*records, *rejected]]
    assert sorted(ended) == rows
    for text in [*(row.raw for row in rejected), *(record.prompt for record in records)]:
        text.encode("utf-8")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.binary(max_size=60),
    layout=st.sampled_from(["json", "csv"]),
    start=st.sampled_from([b"", b"[", b"[{}, "]),
)
def test_whatever_bytes_a_json_or_csv_file_holds_it_does_not_crash(tmp_path, data, layout, start):
    path = tmp_path / f"any.{layout}"
    path.write_bytes(start + data)
    try:
        records, rejected = read(path, format="alpaca")
    except InputError:
        return
    ids = [row.source_row_id for row in [*records, *rejected]]
    assert len(ids) == len(set(ids))
