import pytest

from instruction_tuning.decontamination.ngram_overlap import benchmark_leaks

LONG = "In the old atlas of the islands, which of the four cities is named as the capital of Varland?"
LONG_ZH = "在这本旧地图集里面，四个城市之中哪一个城市被称为沃兰国的首都？"


def leak(prompt, *questions, **rule):
    found = benchmark_leaks([[prompt]], questions, [f"item-{n}" for n in range(len(questions))], **rule)
    return found.get(0)


@pytest.mark.parametrize(
    "prompt",
    [
        "What is 47 plus 25?",
        "what is 47 PLUS 25",
        "  What is 47, plus 25?\n",
    ],
)
def test_a_short_question_leaks_when_the_whole_text_is_equal(prompt):
    assert leak(prompt, "What is 47 plus 25?").reason == "equals_test_item"


def test_a_short_question_inside_a_longer_prompt_is_no_leak():
    assert leak("First of all, what is 47 plus 25?", "What is 47 plus 25?") is None


@pytest.mark.parametrize("question", [LONG, LONG_ZH])
def test_longer_overlap_than_n_is_contaminated(question):
    found = leak(f"Answer in one word. {question} Think first.", question)
    assert (found.reason, found.item_id, found.overlap_share) == ("overlaps_test_item", "item-0", 1.0)


@pytest.mark.parametrize(
    ("prompt", "question"),
    [
        (LONG.replace("Varland", "Norland"), LONG),
        (LONG_ZH.replace("沃兰国", "诺里国"), LONG_ZH),
        (
            "Please work out for me the sum of these two numbers: 47 25",
            "Please work out for me the sum of these two numbers: 48 25",
        ),
        ("What is 47 plus 25?", "What is 48 plus 25?"),
        ("What is 47 + 25?", "What is 47 - 25?"),
    ],
)
def test_a_template_with_another_item_is_no_leak(prompt, question):
    assert leak(prompt, question) is None


def test_numbers_in_another_order_are_another_item():
    question = "Please take the second of these two numbers from the first and write the result: 47 25"
    assert leak(question.replace("47 25", "25 47") + " now", question, min_overlap_share=0.5) is None


def test_less_overlap_than_asked_for_is_no_leak():
    half = " ".join(LONG.split()[:10])
    assert leak(half, LONG) is None
    assert leak(half, LONG, min_overlap_share=0.1, max_missing_share=1.0).overlap_share == 3 / 12


def test_every_user_turn_is_looked_at():
    assert list(benchmark_leaks([["Hello"], ["Hello", LONG]], [LONG], ["a"])) == [1]


def test_of_several_items_the_best_then_the_smallest_id_is_named():
    found = benchmark_leaks([[f"{LONG} Say it."]], [LONG + " Really?", LONG, LONG], ["a", "c", "b"])
    assert found[0].item_id == "b"


def test_common_wording_of_many_items_does_not_hide_the_one_that_leaks():
    items = [LONG.replace("Varland", f"Land{chr(97 + n)}") for n in range(20)]
    found = leak("Tell me. " + items[7], *items)
    assert found.item_id == "item-7"


def test_empty_texts_and_an_empty_benchmark_leak_nothing():
    assert leak("...", "???") is None
    assert benchmark_leaks([["a"]], [], []) == {}
