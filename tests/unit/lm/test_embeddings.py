import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from training_builders import tiny_base

from instruction_tuning.lm.embeddings import batches_by_length, embed_hidden_states
from instruction_tuning.lm.loading import load_model, load_tokenizer

TEXTS = ["what is 1 plus 1?", "红色的苹果", "a much longer text that says what is 12 plus 30 and more", "x"]


@pytest.mark.parametrize("pooling", ["mean", "last_token"])
def test_batching_and_padding_do_not_change_a_vector(pooling: str) -> None:
    together = embed_hidden_states(tiny_base(), TEXTS, pooling=pooling, max_length_tokens=90)
    alone = [
        embed_hidden_states(tiny_base(), [text], pooling=pooling, max_length_tokens=90)[0] for text in TEXTS
    ]
    np.testing.assert_allclose(together, np.stack(alone), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, rtol=1e-5)


def test_pooling_is_over_the_last_layer() -> None:
    import torch

    ids = load_tokenizer(tiny_base())(TEXTS[0], return_tensors="pt")["input_ids"]
    with torch.inference_mode():
        states = load_model(tiny_base(), "none")(input_ids=ids).last_hidden_state[0]
    for pooling, expected in (("mean", states.mean(dim=0)), ("last_token", states[-1])):
        vector = embed_hidden_states(tiny_base(), TEXTS[:1], pooling=pooling, max_length_tokens=90)[0]
        np.testing.assert_allclose(vector, (expected / expected.norm()).numpy(), atol=1e-6)


def test_a_long_text_is_cut_and_an_empty_one_is_a_single_token() -> None:
    vectors = embed_hidden_states(
        tiny_base(), ["one two three " * 200, ""], pooling="mean", max_length_tokens=16
    )
    assert np.isfinite(vectors).all()


@given(st.lists(st.integers(0, 50), max_size=40), st.integers(1, 120))
def test_batches_hold_every_row_once_and_no_more_tokens_than_allowed(lengths: list[int], most: int) -> None:
    batches = batches_by_length(lengths, batch_tokens=most)
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * max(lengths[row] for row in batch) <= most
