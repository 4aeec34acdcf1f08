"""What both models said to a few unseen questions."""

import pandas as pd
import pytest
from benchmark_builders import FORMS, answers, item

from instruction_tuning.evaluation.answer_pairs import answer_pairs

ABILITIES = ("math", "open_qa", "rewrite")


@pytest.fixture
def items():
    return pd.DataFrame([item(f"{ability}-{n}", ability=ability) for ability in ABILITIES for n in range(5)])


@pytest.fixture
def outputs():
    said = pd.concat(
        [
            answers(role, right, form=form, ability=ability, items=5)
            for role, right in (("base", 0), ("candidate", 5), ("champion", 3))
            for form in FORMS
            for ability in ABILITIES
        ],
        ignore_index=True,
    )
    words = [f"{row.model_role} on {row.item_id} in {row.form}" for row in said.itertuples()]
    return said.assign(response=words)


def test_a_pair_has_the_question_its_answer_and_what_base_and_candidate_said_in_chat(outputs, items):
    pair = answer_pairs(outputs, items, count=1, seed=0).to_dict("records")[0]
    name = pair["item_id"]
    assert pair == {
        "item_id": name,
        "ability": name.rpartition("-")[0],
        "question": f"What is {name}?",
        "target": "Miran",
        "response_base": f"base on {name} in chat_zero_shot",
        "score_base": 0.0,
        "response_candidate": f"candidate on {name} in chat_zero_shot",
        "score_candidate": 1.0,
    }


def test_no_ability_comes_twice_before_each_has_come_once(outputs, items):
    for seed in range(5):
        abilities = answer_pairs(outputs, items, count=5, seed=seed)["ability"].tolist()
        assert sorted(abilities[:3]) == sorted(ABILITIES) and len(set(abilities[3:])) == 2


def test_neither_what_was_said_nor_the_order_of_the_rows_decides_what_is_shown(outputs, items):
    drawn = answer_pairs(outputs, items, count=4, seed=1)["item_id"].tolist()
    turned = outputs.assign(score=1 - outputs["score"])[::-1]
    assert answer_pairs(turned, items[::-1], count=4, seed=1)["item_id"].tolist() == drawn
    assert answer_pairs(outputs, items, count=4, seed=2)["item_id"].tolist() != drawn


def test_items_that_decide_nothing_or_go_on_from_earlier_turns_are_left_out(outputs, items):
    uncounted = outputs.assign(counted=outputs["ability"] != "math")
    later = items.assign(turns=['[{"prompt": "a", "answer": "b"}]' if n % 2 else None for n in range(15)])
    shown = answer_pairs(uncounted, later, count=15, seed=0)
    assert set(shown["ability"]) == {"open_qa", "rewrite"}
    alone = later.loc[later["turns"].isna() & (later["ability"] != "math"), "item_id"]
    assert sorted(shown["item_id"]) == sorted(alone)


def test_a_benchmark_without_such_items_has_no_pairs(outputs, items):
    assert answer_pairs(outputs.assign(counted=False), items, count=2, seed=0).empty
