import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruction_tuning.selection.scores.cheap_quality import COMPONENTS, cheap_quality, length_scores

PROMPT = "Why do people keep bees in their gardens, and what does it take?"
SOUND = (
    "Bees give honey and wax, and they carry pollen from flower to flower. A hive needs a dry place, water "
    "nearby and somebody who looks after it once a week in summer."
)
words = st.text(alphabet="ab c.\n，蜂蜜", max_size=60)


def pool_of(answers: list[str | None], prompt: str = PROMPT, category: str | None = None) -> pd.DataFrame:
    rows = range(len(answers))
    return pd.DataFrame(
        {
            "record_id": [f"{row:016x}" for row in rows],
            "prompt": [prompt for _ in rows],
            "answer": pd.Series(answers, dtype="str"),
            "category": pd.Series([category for _ in rows], dtype="str"),
        }
    )


def component(name: str, answer: str, prompt: str = PROMPT) -> float:
    return float(cheap_quality(pool_of([answer], prompt))[name].iloc[0])


def test_a_sound_answer_has_nothing_amiss() -> None:
    row = cheap_quality(pool_of([SOUND])).iloc[0]
    assert row.tolist() == [1.0] * (1 + len(COMPONENTS))


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("repetition_score", SOUND + " They are good for us." * 30),
        ("refusal_score", "I'm sorry, but I can't help with that request."),
        ("ending_score", SOUND + " Above all they need a"),
        ("language_score", "蜜蜂带来蜂蜜和蜂蜡，它们在花间传播花粉。"),
        ("originality_score", PROMPT),
        ("format_score", SOUND + "\n\n7. Instruction: Name a flower.\n7. Output: <noinput>"),
    ],
)
def test_each_fault_takes_its_own_component_to_0_and_the_score_below_a_sound_answer(
    name: str, answer: str
) -> None:
    scores = cheap_quality(pool_of([answer, SOUND]))
    assert scores[name].tolist() == [0.0, 1.0]
    assert scores["cheap_quality_score"].iloc[0] <= 1 - 0.9 / len(COMPONENTS)


def test_an_answer_that_calls_itself_a_program_and_goes_on_is_half_a_refusal() -> None:
    assert component("refusal_score", "As an AI language model, I think that bees are useful.") == 0.5


def test_an_answer_in_the_words_of_the_question_is_no_copy() -> None:
    prompt = "What is the capital of the country that lies between France and Germany?"
    answer = "The capital of the country that lies between France and Germany is Luxembourg."
    assert component("originality_score", answer, prompt) == 1


def test_a_short_copy_is_a_copy_but_one_word_is_an_answer() -> None:
    assert component("originality_score", "Say hello!", "say hello") == 0
    assert component("originality_score", "Yes", "Yes?") == 1


def test_repetition_counts_in_chinese_too() -> None:
    assert component("repetition_score", "蜜蜂很有用，" * 20, "蜜蜂有什么用？") == 0


def test_the_score_is_the_mean_of_what_can_be_told() -> None:
    row = cheap_quality(pool_of(["12"], prompt="What is 3 times 4?")).iloc[0]
    assert np.isnan(row["language_score"])
    assert row["cheap_quality_score"] == pytest.approx(row[list(COMPONENTS)].mean())


def test_without_an_answer_nothing_is_known() -> None:
    assert cheap_quality(pool_of([None, SOUND])).iloc[0].isna().all()


def test_a_length_is_measured_against_its_own_category() -> None:
    """Labels of one word, essays of some 300: a word is ordinary among labels and odd among essays."""
    lengths = pd.Series([1.0] * 30 + [300.0] * 30 + [1.0], dtype="float64")
    categories = pd.Series(["label"] * 30 + ["essay"] * 31)
    scores = length_scores(lengths, categories, pd.Series(["en"] * 61))
    assert scores.iloc[:60].tolist() == [1.0] * 60
    assert scores.iloc[60] < 0.01


def test_both_tails_of_the_lengths_count_alike() -> None:
    # log(1 + tokens) lies as far below as above the median.
    lengths = pd.Series([99.0] * 40 + [0.0, 9999.0])
    scores = length_scores(lengths, pd.Series(["a"] * 42), pd.Series(["en"] * 42))
    assert scores.iloc[40] == pytest.approx(scores.iloc[41])
    assert scores.iloc[40] < 0.01


def test_a_small_category_is_measured_against_its_language() -> None:
    lengths = pd.Series([100.0] * 50 + [100.0, 1.0])
    categories = pd.Series(["large"] * 50 + ["small"] * 2)
    scores = length_scores(lengths, categories, pd.Series(["en"] * 52))
    assert scores.iloc[50] == 1.0 and scores.iloc[51] < 0.1


def test_a_pool_that_knows_no_categories_can_be_scored() -> None:
    pool = pool_of([SOUND, "Honey."])
    pd.testing.assert_frame_equal(cheap_quality(pool.drop(columns="category")), cheap_quality(pool))


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(words, st.one_of(st.none(), words)), min_size=1, max_size=8), st.randoms())
def test_every_number_lies_between_0_and_1_whatever_the_texts_and_the_order_of_the_rows(
    texts: list[tuple[str, str | None]], random: object
) -> None:
    pool = pool_of([answer for _, answer in texts]).assign(prompt=[prompt for prompt, _ in texts])
    scores = cheap_quality(pool)
    values = scores.to_numpy()
    assert ((values >= 0) & (values <= 1) | np.isnan(values)).all()
    assert (scores["cheap_quality_score"].isna() == pool["answer"].isna().to_numpy()).all()
    order = list(range(len(pool)))
    random.shuffle(order)  # type: ignore[attr-defined]
    shuffled = cheap_quality(pool.iloc[order])
    pd.testing.assert_frame_equal(shuffled.loc[scores.index], scores, check_exact=True)


def test_two_thousand_records_take_no_more_than_their_share_of_20_seconds_for_50_000() -> None:
    pool = pool_of([f"{SOUND} {number}." for number in range(2_000)])
    started = time.process_time()
    cheap_quality(pool)
    assert time.process_time() - started < 20 * 2_000 / 50_000 * 2
