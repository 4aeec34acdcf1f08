from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from likelihood_builders import answered_pool, naive_loss, other_architecture, without_separator
from training_builders import CONTEXT, tiny_base

from instruction_tuning.chat_format.loss_mask import prompt_ids
from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.lm.answer_likelihood import LOSSES, answer_likelihoods
from instruction_tuning.lm.loading import load_tokenizer
from instruction_tuning.lm.model_folder import ModelFolder

ROWS: dict[str, tuple[str, str | None]] = {
    "c": ("what is 1 plus 1?", "2"),
    "a": ("红色的苹果 and a longer question, what is 10 plus 20?", "the answer is 30."),
    "b": ("what is 1 plus 1?", "I say that it is two, and that 2 plus 2 is four."),
    "d": ("say it", "the answer is 30."),
}
POOL = answered_pool(ROWS)


def measure(pool: pd.DataFrame = POOL, folder: ModelFolder | None = None, **settings: Any) -> pd.DataFrame:
    chosen = {"prompt_form": "chat", "max_length_tokens": CONTEXT, **settings}
    return answer_likelihoods(folder or tiny_base(), pool, **chosen)


def ids_of(text: str) -> list[int]:
    return list(load_tokenizer(tiny_base())(text, add_special_tokens=False)["input_ids"])


def chat_prompt(record_id: str) -> list[int]:
    return prompt_ids(load_tokenizer(tiny_base()), [{"role": "user", "content": ROWS[record_id][0]}])


def test_the_losses_are_those_of_one_row_at_a_time() -> None:
    measured = measure()
    assert measured.columns.tolist() == ["n_answer_tokens", *LOSSES, "is_truncated"]
    assert measured.index.tolist() == list(ROWS)
    separator = load_tokenizer(tiny_base()).bos_token_id
    for record_id, (prompt, answer) in ROWS.items():
        row, answer_ids = measured.loc[record_id], ids_of(str(answer))
        assert row["n_answer_tokens"] == len(answer_ids) and not row["is_truncated"]
        expected = [
            naive_loss(tiny_base(), chat_prompt(record_id), answer_ids),
            naive_loss(tiny_base(), [separator], answer_ids),
            # Its own words: behind <|user|>, without the tokens that the template puts around them.
            naive_loss(tiny_base(), chat_prompt(record_id)[:1], ids_of(prompt)),
        ]
        np.testing.assert_allclose(row[list(LOSSES)].astype(float), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("GPT2Config", {"n_embd": 16, "n_layer": 1, "n_head": 2}),
        (
            "GraniteConfig",  # divides its logits behind the output layer
            {
                "hidden_size": 16,
                "intermediate_size": 32,
                "num_hidden_layers": 1,
                "num_attention_heads": 2,
                "num_key_value_heads": 2,
                "logits_scaling": 0.05,
            },
        ),
    ],
)
def test_other_architectures_are_measured_as_they_are(tmp_path: Path, name: str, config: Any) -> None:
    folder = other_architecture(tmp_path / "model", name, **config)
    losses = measure(folder=folder)["answer_loss"]
    expected = [
        naive_loss(folder, chat_prompt(record_id), ids_of(str(answer)))
        for record_id, (_, answer) in ROWS.items()
    ]
    np.testing.assert_allclose(losses, expected, atol=1e-5)


@pytest.mark.parametrize("batch_tokens", [1, 40, 200])
def test_batches_and_the_order_of_rows_do_not_change_a_loss(batch_tokens: int) -> None:
    pd.testing.assert_frame_equal(measure(batch_tokens=batch_tokens), measure(), rtol=0, atol=1e-5)
    backwards = measure(POOL.iloc[::-1].reset_index(drop=True))
    assert backwards.index.tolist() == list(ROWS)[::-1]
    pd.testing.assert_frame_equal(backwards.loc[list(ROWS)], measure(), rtol=0, atol=0)


def test_equal_answers_have_exactly_the_same_loss_without_a_prompt() -> None:
    direct = measure()["direct_answer_loss"]
    assert direct["a"] == direct["d"] != direct["b"]


@pytest.mark.parametrize("answer", [None, np.nan, "", " \n"])
def test_a_record_without_an_answer_has_the_loss_of_its_prompt_alone(answer: Any) -> None:
    pool = answered_pool({"a": ("what is 1 plus 1?", answer), "c": ROWS["c"]})
    pool.at[0, "messages"] = pool.at[0, "messages"][:1]
    row = measure(pool).loc["a"]
    assert row["n_answer_tokens"] == 0 and row[["answer_loss", "direct_answer_loss"]].isna().all()
    np.testing.assert_allclose(row["prompt_loss"], measure().loc["c", "prompt_loss"], atol=1e-5)


def test_a_pool_without_any_answer_is_measured_too() -> None:
    measured = measure(answered_pool({"a": ("say it", None)}))
    assert measured["answer_loss"].isna().all() and measured["prompt_loss"].notna().all()
    assert measure(POOL.iloc[:0]).empty


def test_both_losses_of_a_long_answer_are_of_the_same_first_tokens() -> None:
    long = "one two three four five " * 30
    row = measure(answered_pool({"a": ("say it", long)}), max_length_tokens=40).loc["a"]
    prompt = prompt_ids(load_tokenizer(tiny_base()), [{"role": "user", "content": "say it"}])
    kept = ids_of(long)[: 40 - len(prompt)]
    assert row["is_truncated"] and row["n_answer_tokens"] == len(kept)
    np.testing.assert_allclose(row["answer_loss"], naive_loss(tiny_base(), prompt, kept), atol=1e-5)
    separator = load_tokenizer(tiny_base()).bos_token_id
    np.testing.assert_allclose(
        row["direct_answer_loss"], naive_loss(tiny_base(), [separator], kept), atol=1e-5
    )


def test_a_long_prompt_loses_its_beginning() -> None:
    long = "one two three four five " * 30
    row = measure(answered_pool({"a": (long, "2")}), max_length_tokens=40).loc["a"]
    prompt = prompt_ids(load_tokenizer(tiny_base()), [{"role": "user", "content": long}])[-39:]
    assert row["is_truncated"] and row["n_answer_tokens"] == 1
    np.testing.assert_allclose(row["answer_loss"], naive_loss(tiny_base(), prompt, ids_of("2")), atol=1e-5)


def test_the_models_context_is_the_budget_where_it_is_shorter() -> None:
    row = measure(answered_pool({"a": ("say it", "one two three " * 60)}), max_length_tokens=10_000).loc["a"]
    assert row["is_truncated"] and row["n_answer_tokens"] < CONTEXT


def test_without_a_separator_the_first_token_counts_in_neither_loss(tmp_path: Path) -> None:
    folder = without_separator(tmp_path / "model", bos_token_id=None)
    measured = measure(folder=folder)
    answer = ids_of(str(ROWS["a"][1]))
    assert measured.loc["a", "n_answer_tokens"] == len(answer) - 1
    np.testing.assert_allclose(
        measured.loc["a", ["answer_loss", "direct_answer_loss"]].astype(float),
        [
            naive_loss(folder, chat_prompt("a") + answer[:1], answer[1:]),
            naive_loss(folder, answer[:1], answer[1:]),
        ],
        atol=1e-5,
    )
    # "2" is one token: there is nothing left to measure.
    assert measured.loc["c", "n_answer_tokens"] == 0 and np.isnan(measured.loc["c", "answer_loss"])


def test_the_plain_form_begins_with_the_separator() -> None:
    measured = measure(prompt_form="plain")
    separator = load_tokenizer(tiny_base()).bos_token_id
    prompt, answer = ROWS["d"]
    header = [separator, *ids_of("Instruction:\n")]
    context = [*header, *ids_of(prompt), *ids_of("\n\n"), *ids_of("Response:\n")]
    np.testing.assert_allclose(
        measured.loc["d", ["answer_loss", "prompt_loss"]].astype(float),
        [
            naive_loss(tiny_base(), context, ids_of(str(answer))),
            naive_loss(tiny_base(), header, ids_of(prompt)),
        ],
        atol=1e-5,
    )


def test_doubled_ids_and_a_budget_for_nothing_are_refused() -> None:
    with pytest.raises(InputError, match="occur more than once") as caught:
        measure(pd.concat([POOL, POOL.iloc[:1]]))
    assert caught.value.record == "c"
    with pytest.raises(ConfigurationError, match="hold no prompt and answer"):
        measure(max_length_tokens=1)
