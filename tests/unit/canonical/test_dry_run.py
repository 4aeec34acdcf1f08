import json

import pytest

from instruction_tuning.canonical.cleaning import ReadingRules
from instruction_tuning.canonical.cost_estimates import Calls, TrainingPlan
from instruction_tuning.canonical.dry_run import TeacherPlan, dry_run
from instruction_tuning.canonical.program_costs import ProgramPlan
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
    report = dry_run(path, count_words, max_length_tokens=5)
    (file,) = report.files
    assert (file.format, file.good_rows, file.bad_rows) == ("alpaca", 4, 3)
    assert [(problem.reason, problem.count, problem.place, problem.field) for problem in file.problems] == [
        ("invalid_json", 2, "line 6", None),
        ("empty_answer", 1, "line 5", "output"),
    ]
    assert report.languages == {"en": 3, "zh": 1}
    assert report.exact_duplicates == 1
    assert report.token_quantiles == {0.5: 3, 0.9: 7, 0.99: 7, 1.0: 7}
    assert report.truncated_rate == 0.25


def plan(**changes):
    values = {
        "query_budget": 1000,
        "samples_per_query": 4,
        "answer_max_tokens": 256,
        "rating_prompt": "Rate this answer .",
        "rating_max_tokens": 6,
    }
    return TeacherPlan(**{**values, **changes})


def test_a_teacher_costs_one_answer_request_a_query_and_one_rating_a_sample(tmp_path):
    rows = [pair(f"one two {row}", "a b") for row in range(3)]
    path = write(tmp_path / "data.jsonl", *rows, "{broken")
    prices = {"price_per_million_input_tokens": 1e6, "price_per_million_output_tokens": 2e6}
    teacher = dry_run(
        path, count_words, max_length_tokens=5, teacher=plan(system_prompt="Be brief.", **prices)
    ).teacher
    assert teacher.queries == 3
    assert teacher.answers == Calls(3, prompt_tokens=3 * (3 + 2), completion_tokens=3 * 4 * 2)
    assert teacher.ratings == Calls(12, prompt_tokens=12 * (4 + 3 + 2), completion_tokens=12 * 6)
    assert teacher.price_usd == (15 + 108) * 1.0 + (24 + 72) * 2.0


def test_ratings_cost_what_the_judge_takes(tmp_path):
    path = write(tmp_path / "data.jsonl", *(pair(f"one two {row}", "a b") for row in range(3)))
    prices = {"price_per_million_input_tokens": 1e6, "price_per_million_output_tokens": 2e6}
    judged = plan(**prices, judge_prices_per_million_tokens=(5e6, 0.0))
    report = dry_run(path, count_words, max_length_tokens=5, teacher=judged)
    assert report.teacher.price_usd == 9 * 1.0 + 24 * 2.0 + 108 * 5.0
    assert "a judge to rate every answer" in report.render()


def test_no_more_queries_cost_than_are_selected(tmp_path):
    path = write(tmp_path / "data.jsonl", *(pair(f"one two {row}", "a b") for row in range(50)))
    teacher = dry_run(path, count_words, max_length_tokens=5, teacher=plan(query_budget=10)).teacher
    assert (teacher.queries, teacher.answers.requests, teacher.ratings.requests) == (10, 10, 40)
    assert teacher.answers.prompt_tokens == 30


def programs(num_repairs):
    return ProgramPlan(
        lambda prompt: "program" in prompt,
        tests_prompt="Write tests for",
        solving_prompt="Pass them",
        repair_prompt="Repair it",
        num_repairs=num_repairs,
    )


def test_tests_and_repairs_are_counted_at_their_most_and_own_tests_are_not_asked_for(tmp_path):
    rows = [
        pair("one program please", "a b"),
        pair("any program please", "a b"),
        pair("one two three", "a b"),
        {**pair("tested by itself", "a b"), "tests": "assert f(1)"},
    ]
    path = write(tmp_path / "data.jsonl", *rows)
    prices = {"price_per_million_input_tokens": 1e6, "price_per_million_output_tokens": 0.0}
    few = plan(samples_per_query=2, answer_max_tokens=9, programs=programs(3), **prices)
    report = dry_run(path, count_words, max_length_tokens=5, teacher=few)
    told = report.teacher
    assert told.tests == Calls(2, prompt_tokens=2 * (3 + 3), completion_tokens=2 * 9)
    assert told.answers == Calls(4, prompt_tokens=4 * 3 + 2 * (2 + 9), completion_tokens=8 * 2)
    assert told.repairs == Calls(6, prompt_tokens=6 * (2 + 3 + 2), completion_tokens=18 * 2)
    assert told.ratings.requests == 8 + 18
    assert told.price_usd == 12 + 34 + 42 + told.ratings.prompt_tokens
    text = report.render()
    assert "  tests: up to 2 requests" in text and "  repairs: up to 6 requests" in text
    assert "price: up to about" in text and told.duration_seconds == (2 + 4 + 6 + 26) / 16
    fewer = dry_run(
        path, count_words, max_length_tokens=5, teacher=plan(query_budget=1, programs=programs(0))
    )
    assert (fewer.teacher.tests.requests, fewer.teacher.repairs.requests) == (1, 0)
    assert "repairs: " not in fewer.render()
    none = dry_run(path, count_words, max_length_tokens=5, teacher=plan()).render()
    assert "tests: " not in none and "repairs: " not in none


def test_the_estimated_time_states_its_assumption(tmp_path):
    path = write(tmp_path / "data.jsonl", *(pair(f"one two {row}", "a b") for row in range(50)))
    report = dry_run(
        path, count_words, max_length_tokens=5, teacher=plan(max_concurrency=2, seconds_per_request=4)
    )
    assert report.teacher.duration_seconds == 250 / 0.5
    text = report.render()
    for words in (
        "50 requests",
        "200 requests",
        "about 9 min, at 0.5 requests a second (an assumption: max_concurrency at once, 4 s",
    ):
        assert words in text


def test_a_price_above_the_budget_is_said(tmp_path):
    path = write(tmp_path / "data.jsonl", pair("one two", "a b"))
    dear = plan(price_per_million_output_tokens=1e6, budget_usd=5.0)
    assert "more than budget_usd (5.00)" in (
        dry_run(path, count_words, max_length_tokens=5, teacher=dear).render()
    )
    cheap = plan(budget_usd=5.0)
    assert "budget_usd" not in dry_run(path, count_words, max_length_tokens=5, teacher=cheap).render()


@pytest.mark.parametrize(
    ("price", "text"),
    [(0.0, "price: nothing, at prices of 0"), (1.0, "price: 0.000014 US dollars"), (1e6, "price: 14.00 US")],
)
def test_a_small_price_is_not_rounded_to_nothing(tmp_path, price, text):
    path = write(tmp_path / "data.jsonl", pair("one two", "a b"))
    cost = plan(price_per_million_output_tokens=price, samples_per_query=2, rating_max_tokens=5)
    assert text in dry_run(path, count_words, max_length_tokens=5, teacher=cost).render()


def test_without_a_teacher_nothing_is_paid(tmp_path):
    report = dry_run(write(tmp_path / "a.jsonl", pair("q", "a")), count_words, max_length_tokens=5)
    assert report.teacher is None
    assert "No teacher is asked" in report.render() and "dollars" not in report.render()


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
        "empty_answer x 1; first in line 2, field output",
    ):
        assert words in text
    assert "fix: write the answer" in text and "0.0%" in text


def test_an_unknown_format_is_reported_and_the_other_files_still_read(tmp_path):
    write(tmp_path / "a.jsonl", {"question": "?"})
    write(tmp_path / "b.jsonl", pair("Say a.", "a"))
    report = dry_run(tmp_path, count_words, max_length_tokens=5)
    assert [file.format for file in report.files] == [None, "alpaca"]
    assert "format: unknown" in report.render() and "question" in report.render()


def test_the_rows_of_a_file_in_an_unknown_format_are_counted_and_the_report_is_not_usable(tmp_path):
    path = write(tmp_path / "a.jsonl", *({"question": "?"} for _ in range(60)))
    report = dry_run(path, count_words, max_length_tokens=5)
    assert (report.good_rows, report.bad_rows, report.is_usable) == (0, 60, False)
    assert "rows: 60 rows, none of them read" in report.render()


def test_one_file_of_an_unknown_format_would_stop_a_run_on_the_folder(tmp_path):
    write(tmp_path / "a.jsonl", {"question": "?"})
    write(tmp_path / "b.jsonl", pair("Say a.", "a"), pair("Say b.", "b"))
    report = dry_run(tmp_path, count_words, max_length_tokens=5)
    assert not report.is_usable and "A run would stop at the file" in report.render()
    assert dry_run(tmp_path / "b.jsonl", count_words, max_length_tokens=5).is_usable


def test_rows_of_a_json_array_are_counted_from_1(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps([pair("Say a.", "a"), pair("Say b.", "")], indent=4))
    assert "first in row 2, field output" in dry_run(path, count_words, max_length_tokens=5).render()


def test_rows_whose_question_leaves_no_room_for_the_answer_are_said_to_be_dropped(tmp_path):
    path = write(tmp_path / "a.jsonl", pair("one two three four five", "six"), pair("one", "two"))
    report = dry_run(path, count_words, max_length_tokens=5)
    assert (report.answers_cut_off, report.truncated_rate) == (1, 0.5)
    assert "1 row would be dropped, as no token of the answer is left" in report.render()


def test_rows_without_an_output_field_are_read_where_no_answer_is_required(tmp_path):
    path = write(tmp_path / "a.jsonl", {"instruction": "Say a."}, {"instruction": "Say b."})
    report = dry_run(path, count_words, max_length_tokens=5)
    assert not report.is_usable and "ingestion.require_answer=false" in report.render()
    report = dry_run(path, count_words, max_length_tokens=5, rules=ReadingRules(require_answer=False))
    assert (report.files[0].format, report.good_rows, report.answered_rows) == ("alpaca", 2, 0)


def test_every_kind_of_fault_is_told_and_their_numbers_add_up(tmp_path):
    rows = [
        "{broken",
        "[1]",
        {"instruction": "Say a."},
        pair("Say b.", ""),
        pair("", "b"),
        pair("Say c.", 3),
        pair("Say d.", "d"),
        pair("Say e.", "e"),
    ]
    report = dry_run(write(tmp_path / "a.jsonl", *rows), count_words, max_length_tokens=5)
    (file,) = report.files
    assert file.bad_rows == sum(problem.count for problem in file.problems) == len(file.problems) == 6
    assert all(f"  {problem.reason} x 1; first in" in report.render() for problem in file.problems)


def test_an_empty_file_is_said_to_be_empty(tmp_path):
    report = dry_run(write(tmp_path / "a.json", "[]"), count_words, max_length_tokens=5)
    assert not report.is_usable and "there is not a single row" in report.render()


def test_a_file_without_a_good_row_says_so(tmp_path):
    report = dry_run(write(tmp_path / "a.jsonl", "{broken"), count_words, max_length_tokens=5)
    assert report.truncated_rate is None
    assert "Nothing to train on" in report.render()


@pytest.mark.parametrize(
    ("answer", "tokens", "source"),
    [("a b c", 3, "own answers"), ("a b c d e f", 5, "are longer"), ("", 5, "no answers")],
)
def test_answer_length_is_that_of_the_own_answers_up_to_the_most_allowed(tmp_path, answer, tokens, source):
    report = dry_run(
        write(tmp_path / "a.jsonl", pair("q", answer)),
        count_words,
        max_length_tokens=5,
        teacher=plan(answer_max_tokens=5),
        rules=ReadingRules(require_answer=False),
    )
    assert report.teacher.answer_tokens == tokens and source in report.render()


def test_a_missing_file_is_an_input_error(tmp_path):
    with pytest.raises(InputError):
        dry_run(tmp_path / "none.json", count_words, max_length_tokens=5)


def training(**changes):
    values = {
        "query_budget": 1000,
        "num_train_epochs": 2,
        "max_length_tokens": 10,
        "rows_per_step": 4,
        "packing": True,
        "validation_share": 0.2,
        "validation_minimum": 1,
        "documents_per_example": 0.0,
    }
    return TrainingPlan(**{**values, **changes})


def test_a_training_costs_the_tokens_of_what_is_selected_and_not_held_out(tmp_path):
    path = write(tmp_path / "a.jsonl", *(pair(f"one two {row}", "a b") for row in range(50)))
    found = dry_run(path, count_words, max_length_tokens=10, training=training()).training
    # 40 of 50 are trained on, 5 words each: 20 full rows of 10, 5 steps an epoch.
    assert (found.examples, found.documents, found.train_tokens, found.steps) == (40, 0, 400, 10)
    few = dry_run(path, count_words, max_length_tokens=10, training=training(query_budget=10)).training
    assert (few.examples, few.train_tokens) == (8, 80)
    alone = dry_run(path, count_words, max_length_tokens=10, training=training(packing=False)).training
    assert alone.steps == 20
    cut = dry_run(path, count_words, max_length_tokens=4, training=training(max_length_tokens=4)).training
    assert cut.train_tokens == 320


def test_replayed_documents_and_a_teachers_answers_are_trained_on_too(tmp_path):
    path = write(tmp_path / "a.jsonl", *(pair(f"one two {row}", "a b") for row in range(50)))
    plan_with = training(documents_per_example=0.5, documents=1000, document_tokens=10)
    found = dry_run(path, count_words, max_length_tokens=10, training=plan_with).training
    assert (found.documents, found.train_tokens) == (20, 2 * (200 + 200))
    asked = write(tmp_path / "b.jsonl", *({"instruction": f"one two {row}"} for row in range(50)))
    rules = ReadingRules(require_answer=False)
    arguments = {"max_length_tokens": 10, "training": training(), "rules": rules}
    assert dry_run(asked, count_words, **arguments).training is None
    answered = dry_run(asked, count_words, teacher=plan(answer_max_tokens=4), **arguments).training
    assert answered.train_tokens == 2 * 40 * 7


def test_the_time_of_a_training_is_told_only_where_one_has_shown_it(tmp_path):
    path = write(tmp_path / "a.jsonl", *(pair(f"one two {row}", "a b") for row in range(50)))
    text = dry_run(path, count_words, max_length_tokens=10, training=training()).render()
    assert "on at most 40 examples. An estimate:" in text and "training: 10 steps, 400 tokens" in text
    assert "time: not known yet" in text
    assert "warning" not in text
    known = training(tokens_per_second=20.0)
    text = dry_run(path, count_words, max_length_tokens=10, training=known).render()
    assert "time: about 20 s, at the 20 tokens a second" in text


def test_more_bad_rows_than_a_run_bears_make_a_file_unusable(tmp_path):
    path = write(tmp_path / "a.jsonl", pair("one", "a"), pair("two", "b"), *["{broken"] * 4)
    assert dry_run(path, count_words, max_length_tokens=5, max_rejection_rate=0.7).is_usable
    report = dry_run(path, count_words, max_length_tokens=5, max_rejection_rate=0.5)
    assert not report.is_usable
    assert "67% of the rows are bad, and ingestion.max_rejection_rate allows 50%" in report.render()


def test_texts_that_ask_nothing_are_counted_and_are_nothing_to_train_on(tmp_path):
    write(tmp_path / "a.jsonl", {"text": "Tides."}, {"text": "Winds."})
    report = dry_run(tmp_path, count_words, max_length_tokens=5)
    assert (report.files[0].documents, report.questions, report.is_usable) == (2, 0, False)
    assert "the good rows are texts that ask nothing" in report.render()
    write(tmp_path / "b.jsonl", pair("Say a.", "a"), pair("Say b.", "b"))
    assert dry_run(tmp_path, count_words, max_length_tokens=5).is_usable


def test_one_record_and_its_copies_are_too_few_as_in_a_run(tmp_path):
    path = write(tmp_path / "a.jsonl", *[pair("one", "a")] * 3)
    report = dry_run(path, count_words, max_length_tokens=5)
    assert not report.is_usable and "one record is too few to train and to validate" in report.render()


def test_a_training_of_a_few_steps_is_warned_of(tmp_path):
    path = write(tmp_path / "a.jsonl", *(pair(f"one two {row}", "a b") for row in range(3)))
    text = dry_run(path, count_words, max_length_tokens=10, training=training(num_train_epochs=1)).render()
    assert "training: 1 step, " in text and "warning: 1 step will teach a model little" in text
