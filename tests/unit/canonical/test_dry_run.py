import json

import pytest

from instruction_tuning.canonical.cleaning import ReadingRules
from instruction_tuning.canonical.dry_run import PriceAssumptions, dry_run
from instruction_tuning.errors import InputError


def count_words(texts):
    return [len(text.split()) for text in texts]


def write(path, *rows):
    path.write_text(
        "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows), encoding="utf-8"
    )
    return path


def pair(instruction, output):
    return {"instruction": instruction, "input": "", "output": output}


def test_report_counts_rows_tokens_truncation_and_cost(tmp_path):
    path = write(
        tmp_path / "data.jsonl",
        pair("one two", "three"),
        pair("one two", "three"),
        pair("one two three four", "five six seven"),
        pair("请写一首诗", "好"),
        pair("one", ""),
        "{broken",
        "{broken too",
    )
    prices = PriceAssumptions(
        price_per_million_input_tokens=1e6,
        price_per_million_output_tokens=2e6,
        samples_per_record=2,
        answer_tokens=10,
    )
    report = dry_run(path, count_words, max_length_tokens=5, prices=prices)
    (file,) = report.files
    assert (file.format, file.good_rows, file.bad_rows) == ("alpaca", 4, 3)
    assert [(problem.reason, problem.count, problem.row, problem.field) for problem in file.problems] == [
        ("invalid_json", 2, 5, None),
        ("empty_answer", 1, 4, "output"),
    ]
    assert report.languages == {"en": 3, "zh": 1}
    assert report.exact_duplicates == 1
    assert report.token_quantiles == {0.5: 3, 0.9: 7, 0.99: 7, 1.0: 7}
    assert report.truncated_rate == 0.25
    assert (report.teacher.requests, report.teacher.prompt_tokens, report.teacher.completion_tokens) == (
        4,
        9,
        80,
    )
    assert report.teacher.price_usd == 9 * 1.0 + 80 * 2.0


def test_render_names_file_row_field_and_fix_in_plain_text(tmp_path):
    text = dry_run(
        write(tmp_path / "data.jsonl", pair("Say a.", "a"), pair("Say b.", "")),
        count_words,
        max_length_tokens=5,
    ).render()
    for words in (
        "data.jsonl",
        "format: alpaca",
        "1 good, 1 bad",
        "empty_answer x 1; first in row 1, field output",
    ):
        assert words in text
    assert "fix: write the answer" in text and "0.0%" in text


def test_an_unknown_format_is_reported_and_the_other_files_still_read(tmp_path):
    write(tmp_path / "a.jsonl", {"question": "?"})
    write(tmp_path / "b.jsonl", pair("Say a.", "a"))
    report = dry_run(tmp_path, count_words, max_length_tokens=5)
    assert [file.format for file in report.files] == [None, "alpaca"]
    assert "format: unknown" in report.render() and "question" in report.render()


def test_a_file_without_a_good_row_says_so(tmp_path):
    report = dry_run(write(tmp_path / "a.jsonl", "{broken"), count_words, max_length_tokens=5)
    assert report.truncated_rate is None
    assert "Nothing to train on" in report.render()


def test_answer_length_is_that_of_the_own_answers_or_an_assumption_that_is_named(tmp_path):
    own = dry_run(write(tmp_path / "a.jsonl", pair("q", "a b c")), count_words, max_length_tokens=5)
    assert own.teacher.answer_tokens == 3 and "own answers" in own.render()
    rules = ReadingRules(require_answer=False)
    none = dry_run(write(tmp_path / "a.jsonl", pair("q", "")), count_words, max_length_tokens=5, rules=rules)
    assert none.teacher.answer_tokens == 256 and "assumption" in none.render()


def test_a_missing_file_is_an_input_error(tmp_path):
    with pytest.raises(InputError):
        dry_run(tmp_path / "none.json", count_words, max_length_tokens=5)
