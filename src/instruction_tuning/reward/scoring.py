"""Rewards of answers, by a trained reward model; batched by length, O(tokens · parameters)."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from instruction_tuning.lm.embeddings import batches_by_length
from instruction_tuning.lm.loading import load_model, load_tokenizer
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.reward.bradley_terry import tokenize_answers


def score_answers(
    reward_model: ModelFolder,
    prompts: Iterable[Any],
    answers: Iterable[str],
    *,
    max_length: int,
    batch_tokens: int = 16_384,
) -> np.ndarray:
    """Rewards (N,), up is better; NaN where prompt and answer are longer than `max_length` tokens."""
    import torch

    tokenizer, model = load_tokenizer(reward_model), load_model(reward_model, "reward")
    pad = model.config.get_text_config().pad_token_id
    sequences = tokenize_answers(tokenizer, prompts, answers)
    fitting = [row for row, ids in enumerate(sequences) if len(ids) <= max_length]
    rewards = np.full(len(sequences), np.nan)
    with torch.inference_mode():
        for batch in batches_by_length([len(sequences[row]) for row in fitting], batch_tokens=batch_tokens):
            rows = [fitting[place] for place in batch]
            longest = max(len(sequences[row]) for row in rows)
            padding = [longest - len(sequences[row]) for row in rows]
            input_ids = torch.tensor(
                [sequences[row] + [pad] * n for row, n in zip(rows, padding, strict=True)]
            )
            mask = torch.tensor([[1] * (longest - n) + [0] * n for n in padding])
            logits = model(
                input_ids=input_ids.to(model.device), attention_mask=mask.to(model.device), use_cache=False
            ).logits  # (B, 1)
            rewards[rows] = logits[:, 0].float().cpu().numpy()
    return rewards
