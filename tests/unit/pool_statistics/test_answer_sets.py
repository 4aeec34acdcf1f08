import numpy as np
import pandas as pd
import pytest

from instruction_tuning.errors import InputError
from instruction_tuning.pool_statistics.answer_sets import compare_answer_sets
from instruction_tuning.reporting.answer_set_figure import answer_set_figure


def characters(texts):
    return np.array([len(text) for text in texts], dtype=np.int64)


def answers(**texts):
    return pd.DataFrame({"prompt_id": list(texts), "language": "en", "answer": list(texts.values())})


def test_only_prompts_of_both_are_compared_and_the_others_counted():
    sets = compare_answer_sets(
        answers(a="Write a poem.", b="Give an example.", c="x"),
        answers(b="Give an example.", a="Write two long songs.", d="y", e="z"),
        characters,
    )
    assert sets.lengths[["left", "right"]].to_numpy().tolist() == [[13, 21], [16, 16]]
    summary = sets.summary
    assert (summary["prompts"], summary["only_left_prompts"], summary["only_right_prompts"]) == (2, 1, 2)
    assert summary["identical_rate"] == 0.5
    assert (summary["left_longer_rate"], summary["right_longer_rate"]) == (0, 0.5)
    pairs = sets.pairs.set_index("noun")[["left", "right"]]
    assert pairs.loc["example"].tolist() == [1, 1]
    assert pairs.loc["poem"].tolist() == [1, 0] and pairs.loc["song"].tolist() == [0, 1]
    assert sets.histogram[["left", "right"]].sum().tolist() == [2, 2]


def test_of_several_answers_to_a_prompt_the_first_is_taken():
    twice = pd.concat([answers(a="one"), answers(a="another")])
    assert compare_answer_sets(twice, answers(a="two"), characters).lengths["left"].tolist() == [3]


def test_sets_without_a_common_prompt_are_refused():
    with pytest.raises(InputError, match="no prompt is in both"):
        compare_answer_sets(answers(a="x"), answers(b="x"), characters)


def test_the_figure_draws_sets_with_and_without_pairs_and_escapes_words():
    many = answers(**{f"p{n}": f"Write a poem <b>{n}</b>." for n in range(30)})
    others = answers(**{f"p{n}": f"Give the reader an example & {n}." for n in range(30)})
    figure = answer_set_figure(compare_answer_sets(many, others, characters, names=("<i>", "other")))
    assert figure.layout.meta["title"] == "Two answer sets"
    assert "<i>" not in figure.to_json()
    answer_set_figure(compare_answer_sets(answers(a="1"), answers(a="2"), characters))


@pytest.mark.real_data
def test_gpt4_answers_longer_than_davinci_to_the_same_prompts(real_data_dir):
    files = ("alpaca_en/alpaca_data.parquet", "alpaca_gpt4/alpaca_gpt4_en.parquet")
    frames = []
    for file in files:
        rows = pd.read_parquet(real_data_dir / file)
        frames.append(
            pd.DataFrame(
                {
                    "prompt_id": rows["instruction"] + "\n" + rows["input"],
                    "language": "en",
                    "answer": rows["output"],
                }
            )
        )
    sets = compare_answer_sets(*frames, characters)
    assert sets.summary["prompts"] > 600
    assert sets.summary["right_longer_rate"] > 0.8
