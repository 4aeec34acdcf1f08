import pytest

from instruction_tuning.decontamination.item_fields import benchmark_and_split, item_of_row, split_options
from instruction_tuning.errors import InputError


def read(row):
    return item_of_row(row, benchmark="b", split="test", number=3, file="b.jsonl")


@pytest.mark.parametrize(
    ("row", "question", "choices"),
    [
        ({"question": "Why?", "choices": ["a", "b"], "answer": 0}, "Why?", ("a", "b")),
        ({"question": "Why?", "choices": {"text": ["a", "b"], "label": ["A", "B"]}}, "Why?", ("a", "b")),
        ({"question": "Why?", "choice0": "a", "choice1": "b", "answer": "1"}, "Why?", ("a", "b")),
        ({"Question": "为什么", "A": "甲", "B": "乙", "Answer": "A"}, "为什么", ("甲", "乙")),
        ({"goal": "Boil it", "sol1": "pot", "sol2": "hat", "label": 0}, "Boil it", ("pot", "hat")),
        ({"task_id": "HumanEval/1", "prompt": "def f():", "test": "assert"}, "def f():", ()),
        ({"task_id": 11, "text": "Write a function.", "code": "x = 1"}, "Write a function.", ()),
        ({"task": "x", "input": "Who?\nOptions:\n(A) me\n(B) you", "target": "(A)"}, "Who?", ("me", "you")),
        (
            {"instruction": "Choose: Why? Answer1: a Answer2: b\n\nAnswer format: answer1", "input": ""},
            "Choose: Why?",
            ("a", "b"),
        ),
        ({"instruction": "Add.", "input": "1, 2", "output": "3"}, "Add.\n1, 2", ()),
    ],
)
def test_the_forms_of_common_benchmarks_are_read(row, question, choices):
    item = read(row)
    assert (item.question, item.choices) == (question, choices)


def test_an_item_is_named_by_its_id_or_its_row_and_says_its_split():
    assert read({"task_id": "HumanEval/1", "prompt": "x"}).item_id == "HumanEval/1"
    item = read({"question": "x", "split": "dev", "benchmark": "mmlu"})
    assert (item.item_id, item.split, item.benchmark) == ("3", "validation", "mmlu")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["gsm8k_test"], ("gsm8k", "test")),
        (["gsm8k-train", "sets"], ("gsm8k", "train")),
        (["mmlu.dev", "sets"], ("mmlu", "validation")),
        (["HumanEval", "sets"], ("HumanEval", "test")),
        (["test"], ("test", "test")),
        (["train"], ("train", "train")),
        (["train", "gsm8k"], ("gsm8k", "train")),
        (["train-00000-of-00001", "main", "gsm8k"], ("gsm8k", "train")),
        (["gsm8k-train-00003-of-00010", "sets"], ("gsm8k", "train")),
        (["0000", "train", "gsm8k"], ("gsm8k", "train")),
        (["agronomy", "dev", "cmmlu"], ("agronomy", "validation")),
        (["data", "gsm8k_train"], ("gsm8k", "train")),
        (["latest_news"], ("latest_news", "test")),
    ],
)
def test_the_names_of_a_file_and_its_folders_say_benchmark_and_split(names, expected):
    assert benchmark_and_split(*names) == expected


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"answer": "x"}, ["no question", "answer", "question"]),
        ({"question": 7}, ["not a text", "question"]),
        ({"question": " "}, ["not a text"]),
        ({"question": "Why?", "choices": 5}, ["options", "choices"]),
        ({"question": "Why?", "split": "holdout"}, ["'holdout'", "split", "train"]),
    ],
)
def test_a_bad_row_names_file_row_field_and_fix(row, words):
    with pytest.raises(InputError) as caught:
        read(row)
    for word in ("b.jsonl", "row 3", "fix:", *words):
        assert word in str(caught.value)


@pytest.mark.parametrize("question", ["Plan A. Plan C.", "Say (A) only", "Answer2: no", "What is vitamin A?"])
def test_a_question_without_a_list_of_options_stays_whole(question):
    assert split_options(question) == (question, ())
