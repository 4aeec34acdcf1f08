import json

import pytest
from benchmark_builders import item

from instruction_tuning.errors import InputError
from instruction_tuning.evaluation.few_shot import (
    FewShotExamples,
    document_prompt_and_answer,
    example_turns,
)

TRAIN = [item(f"t{n}", split="train") for n in range(6)]


def ids(examples):
    return [example["item_id"] for example in examples]


def test_the_examples_of_an_item_do_not_depend_on_the_order_of_the_train_items():
    asked = item("asked")
    assert ids(FewShotExamples(TRAIN).of(asked, 2, seed=1)) == ids(
        FewShotExamples(TRAIN[::-1]).of(asked, 2, seed=1)
    )


def test_items_get_examples_of_their_own():
    examples = FewShotExamples(TRAIN)
    drawn = {tuple(ids(examples.of(item(f"asked-{n}"), 2, seed=1))) for n in range(20)}
    assert len(drawn) > 5


def test_examples_of_the_own_skill_come_first_and_others_fill_up():
    asked = item("asked", skill="reverse")
    train = [
        item("same", split="train", skill="reverse"),
        item("other-skill", split="train", skill="count"),
        item("other-language", split="train", skill="count", language="zh"),
    ]
    assert ids(FewShotExamples(train).of(asked, 3, seed=1)) == ["same", "other-skill", "other-language"]


def test_too_few_train_items_name_the_ability_and_the_item():
    with pytest.raises(InputError, match=r"'open_qa' has 6 train items, and 7 .*record asked"):
        FewShotExamples(TRAIN).of(item("asked"), 7, seed=1)


@pytest.mark.parametrize(
    ("prompt", "target", "halves"),
    [
        ("The river is", "Miran.", ("The river is", " Miran.")),
        ("The river is ", " Miran.\n", ("The river is", " Miran.")),
        ("河流是", "布雷。", ("河流是", "布雷。")),
        ("3加4：", "7。", ("3加4：", "7。")),
        ("In Chinese, red bird is", "红鸟.", ("In Chinese, red bird is", " 红鸟.")),
    ],
)
def test_the_space_of_a_document_line_stands_before_the_answer(prompt, target, halves):
    assert document_prompt_and_answer(prompt, target) == halves


def test_an_example_is_a_line_in_document_form_and_a_turn_in_chat():
    example = item("t", document_prompt="The river is", example_answer="Miran, I think.", question="Which?")
    assert example_turns([example], "document_few_shot") == [{"prompt": "The river is", "answer": " Miran."}]
    assert example_turns([example], "chat_few_shot") == [{"prompt": "Which?", "answer": "Miran, I think."}]


def test_an_example_comes_after_the_turns_that_it_refers_to():
    earlier = [{"prompt": "What is the capital?", "answer": "Balit"}]
    example = item("t", split="train", question="And its river?", turns=json.dumps(earlier))
    turns = example_turns([example], "chat_few_shot")
    assert turns == [*earlier, {"prompt": "And its river?", "answer": "Miran."}]
    assert len(example_turns([example], "document_few_shot")) == 1
