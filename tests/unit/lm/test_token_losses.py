from pathlib import Path
from typing import Any

import pytest
import torch
from likelihood_builders import other_architecture
from training_builders import tiny_base

from instruction_tuning.lm import token_losses
from instruction_tuning.lm.loading import load_model
from instruction_tuning.lm.token_losses import TokenLosses

SIZES = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
INPUT = torch.tensor([[6, 20, 30, 40], [6, 50, 60, 0]])
PLACES = (torch.tensor([0, 0, 1, 1]), torch.tensor([0, 3, 0, 2]))
TARGETS = torch.tensor([20, 70, 50, 80])


def expected(model: Any) -> torch.Tensor:
    with torch.inference_mode():
        log_p = model(input_ids=INPUT).logits.log_softmax(dim=-1)
    return -log_p[(*PLACES, TARGETS)]


@pytest.mark.parametrize("logits_at_a_time", [1, 700, 1 << 24])
def test_parts_do_not_change_the_losses_and_none_is_larger_than_allowed(
    monkeypatch: pytest.MonkeyPatch, logits_at_a_time: int
) -> None:
    monkeypatch.setattr(token_losses, "_LOGITS_AT_A_TIME", logits_at_a_time)
    model = load_model(tiny_base(), "causal")
    sizes: list[int] = []
    losses_of = TokenLosses(model, INPUT[:1])
    model.get_output_embeddings().register_forward_hook(
        lambda layer, states, logits: sizes.append(logits.numel())
    )
    with torch.inference_mode():
        torch.testing.assert_close(
            losses_of(INPUT, PLACES, TARGETS), expected(load_model(tiny_base(), "causal"))
        )
    vocabulary = model.config.vocab_size
    # What is no target never reaches the output layer: 4 of 8 tokens do.
    assert sum(sizes) == 4 * vocabulary and max(sizes) <= max(logits_at_a_time, vocabulary)


def test_a_model_that_does_more_to_its_logits_is_asked_itself_and_in_small_batches(tmp_path: Path) -> None:
    folder = other_architecture(
        tmp_path / "model", "GraniteConfig", **SIZES, num_key_value_heads=2, logits_scaling=0.05
    )
    model = load_model(folder, "causal")
    losses_of = TokenLosses(model, INPUT[:1])
    assert losses_of.batch_tokens <= token_losses._LOGITS_AT_A_TIME // model.config.vocab_size
    with torch.inference_mode():
        torch.testing.assert_close(losses_of(INPUT, PLACES, TARGETS), expected(model))
    # The hook is gone again: the model says what it said.
    assert model(input_ids=INPUT).logits.shape == (2, 4, model.config.vocab_size)
