import pandas as pd
import pytest
from training_builders import replay_documents, tiny_base

from instruction_tuning.chat_format.loss_mask import IGNORED, tokenize_chat
from instruction_tuning.errors import InputError
from instruction_tuning.lm.loading import load_tokenizer
from instruction_tuning.mixture.replay import build_mixture
from instruction_tuning.schemas.sft_mixture import SFTMixture
from instruction_tuning.selection.scores.scorer_documents import score_question, scorer_examples


def scored(count: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "record_id": [f"{row // 2:016x}" for row in range(count)],
            "rung": [row % 2 for row in range(count)],
            "instruction": [f"What is {row} plus 1?" for row in range(count)],
            "answer": [f"{row + 1}" for row in range(count)],
            "score": [None if row == 3 else float(row % 6 + 1) for row in range(count)],
        }
    )


def test_a_rung_with_a_score_is_a_chat_that_ends_in_its_digit() -> None:
    rows = scorer_examples(scored(6), aspect="quality")
    assert rows["response_id"].tolist()[:2] == ["0000000000000000-quality-00", "0000000000000000-quality-01"]
    assert len(rows) == 5 and rows["source"].unique().tolist() == ["scorer_quality"]
    for messages, answer, digit in zip(rows["messages"], "12356", "12356", strict=True):
        assert [turn["role"] for turn in messages] == ["user", "assistant"]
        assert messages[0]["content"].endswith(f"\n\nAnswer: {answer}") and messages[1]["content"] == digit


def test_training_and_scoring_ask_in_the_same_words() -> None:
    row = scorer_examples(scored(2), aspect="complexity")["messages"][0]
    assert row[:1] == score_question("complexity", "What is 0 plus 1?")
    assert "1?\n\nAnswer" not in row[0]["content"]  # complexity does not look at the answer


def test_the_loss_is_on_the_digit_and_the_end_of_the_turn() -> None:
    tokenizer = load_tokenizer(tiny_base())
    masked = tokenize_chat(tokenizer, scorer_examples(scored(2), aspect="complexity")["messages"][1])
    trained = [token for token in masked.labels if token != IGNORED]
    assert tokenizer.convert_ids_to_tokens(trained) == ["2", "<|end|>"]


def test_the_rows_are_what_the_mixture_takes_and_a_ladder_is_held_out_whole() -> None:
    both = pd.concat([scorer_examples(scored(40), aspect=name) for name in ("complexity", "quality")])
    training, validation = build_mixture(
        both.reset_index(drop=True),
        replay_documents(4),
        documents_per_example=0,
        validation_share=0.2,
        validation_minimum=2,
        seed=0,
    )
    SFTMixture.validate(training)
    assert len(training) + len(validation) == 78
    sides = [{parents[0] for parents in side["parent_ids"]} for side in (training, validation)]
    assert not sides[0] & sides[1] and len(sides[1]) == 4


def test_ladders_without_any_score_are_refused() -> None:
    with pytest.raises(InputError, match="none of the 4 rungs has a quality score"):
        scorer_examples(scored(4).assign(score=float("nan")), aspect="quality")
