"""Pre-training of the project's own tiny base models, from scratch on documents.

A Llama-architecture decoder, next-token loss -mean log p(x_t | x_<t) over packed documents, AdamW for
embeddings and norms, Muon (K. Jordan, 2024) for the matrices, linear warm-up and decay to zero; then the
same once more, shorter and lower, on the late documents (warm restart: Loshchilov and Hutter, 1608.03983).
O(tokens · parameters) time; the tokens are in memory (2 bytes each).

A run that is stopped goes on from its last checkpoint; the order of the batches depends on the seed
and the step alone.
"""

import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from instruction_tuning.seeds import substream_seed

if TYPE_CHECKING:
    import torch
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PretrainingRecipe:
    """Shape of the model and of its training; lengths in tokens.

    `long_share` is the share of the steps, the last ones of either stretch, that read rows of `max_length`
    tokens, so that the model knows its whole context; the steps before read rows of `short_length`.
    `late_rate` is the height of the second stretch as a share of the first's. `compile` needs a C++ compiler.
    """

    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    max_length: int
    short_length: int
    long_share: float
    batch_tokens: int
    train_tokens: int
    late_tokens: int
    late_rate: float
    learning_rate: float
    muon_learning_rate: float
    warmup_steps: int
    weight_decay: float
    compile: bool
    seed: int

    @property
    def first_steps(self) -> int:
        return self.train_tokens // self.batch_tokens

    @property
    def late_steps(self) -> int:
        return self.late_tokens // self.batch_tokens

    @property
    def steps(self) -> int:
        return self.first_steps + self.late_steps


def pretrain(
    tokens: np.ndarray,
    late: np.ndarray,
    tokenizer: "PreTrainedTokenizerFast",
    recipe: PretrainingRecipe,
    folder: Path,
    *,
    checkpoint_every_steps: int = 200,
) -> pd.DataFrame:
    """Train on `tokens`, then on `late`, save into `folder`/model.

    Both are rows of token ids, in which documents end in the separator.
    Returns the training log: step, loss (nats a token), learning_rate, tokens_seen, seconds.
    `folder` keeps the checkpoint of an unfinished run.
    """
    import torch

    torch.manual_seed(recipe.seed)
    model = _new_model(tokenizer, recipe)
    optimizers = _optimizers(model, recipe)
    first_step, log, spent = _resume(folder, model, optimizers)
    started = time.monotonic() - spent
    model.train()
    forward = torch.compile(model) if recipe.compile else model
    for step, batch in _batches(tokens, late, recipe, first_step=first_step):
        factor = _schedule(step, recipe)
        loss = _train_step(forward, optimizers, torch.from_numpy(batch), factor)
        log.append(
            {
                "step": step,
                "loss": loss,
                "learning_rate": recipe.learning_rate * factor,
                "tokens_seen": (step + 1) * recipe.batch_tokens,
                "seconds": time.monotonic() - started,
            }
        )
        if (step + 1) % 50 == 0:
            _report(log, recipe)
        if (step + 1) % checkpoint_every_steps == 0:
            _save_checkpoint(folder, model, optimizers, step + 1, log)
    model.to(torch.bfloat16).save_pretrained(folder / "model")
    tokenizer.save_pretrained(folder / "model")
    return pd.DataFrame(log)


def _new_model(tokenizer: "PreTrainedTokenizerFast", recipe: PretrainingRecipe) -> "LlamaForCausalLM":
    from transformers import LlamaConfig, LlamaForCausalLM

    configuration = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=recipe.hidden_size,
        intermediate_size=recipe.intermediate_size,
        num_hidden_layers=recipe.num_hidden_layers,
        num_attention_heads=recipe.num_attention_heads,
        max_position_embeddings=recipe.max_length,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        attn_implementation="eager",  # on a CPU, in bf16 and at these lengths, a fifth faster than sdpa
    )
    model = LlamaForCausalLM(configuration)
    model.generation_config.eos_token_id = [tokenizer.eos_token_id, tokenizer.bos_token_id]
    return model


def _optimizers(model: "LlamaForCausalLM", recipe: PretrainingRecipe) -> "list[torch.optim.Optimizer]":
    import torch

    matrices = [
        weight for name, weight in model.named_parameters() if weight.ndim == 2 and "embed" not in name
    ]
    inside = {id(weight) for weight in matrices}
    others = [weight for weight in model.parameters() if id(weight) not in inside]
    optimizers: list[torch.optim.Optimizer] = [
        torch.optim.AdamW(others, lr=recipe.learning_rate, betas=(0.9, 0.95), weight_decay=0.0),
        torch.optim.Muon(
            matrices,
            lr=recipe.muon_learning_rate,
            weight_decay=recipe.weight_decay,
            adjust_lr_fn="match_rms_adamw",
        ),
    ]
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["peak_lr"] = group["lr"]
    return optimizers


def _stretch(step: int, recipe: PretrainingRecipe) -> tuple[bool, int, int]:
    """Whether `step` is of the late stretch, its number there, and the stretch's steps."""
    is_late = step >= recipe.first_steps
    return (
        (True, step - recipe.first_steps, recipe.late_steps) if is_late else (False, step, recipe.first_steps)
    )


def _schedule(step: int, recipe: PretrainingRecipe) -> float:
    """In each stretch linear warm-up, a plateau for half of the steps, then linear decay to zero."""
    is_late, step, steps = _stretch(step, recipe)
    warm = min(1.0, (step + 1) / recipe.warmup_steps)
    left = (steps - step) / (steps * 0.5)
    return (recipe.late_rate if is_late else 1.0) * warm * min(1.0, left)


def _batches(
    tokens: np.ndarray, late: np.ndarray, recipe: PretrainingRecipe, *, first_step: int
) -> "Iterator[tuple[int, np.ndarray]]":
    """(step, rows of token ids (B, T)); each row starts at a place that (seed, step) decides."""
    for step in range(first_step, recipe.steps):
        is_late, place, steps = _stretch(step, recipe)
        stream = late if is_late else tokens
        length = recipe.max_length if place >= int(steps * (1 - recipe.long_share)) else recipe.short_length
        rng = np.random.default_rng(substream_seed(recipe.seed, "batch", step))
        starts = rng.integers(0, len(stream) - length, size=recipe.batch_tokens // length)
        yield step, stream[starts[:, None] + np.arange(length)].astype(np.int64)  # (B, T)


def _train_step(
    forward: "Callable[..., Any]",
    optimizers: "list[torch.optim.Optimizer]",
    batch: "torch.Tensor",
    factor: float,
) -> float:
    import torch

    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = group["peak_lr"] * factor
    weights = [
        weight for optimizer in optimizers for group in optimizer.param_groups for weight in group["params"]
    ]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = forward(input_ids=batch, labels=batch, use_cache=False).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(weights, 1.0)
    for optimizer in optimizers:
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return float(loss.detach())


def _report(log: list[dict[str, Any]], recipe: PretrainingRecipe) -> None:
    last = log[-1]
    share = (last["step"] + 1) / recipe.steps
    logger.info(
        "pre-training: step %d of %d, loss %.3f, %.0f tokens/s, about %.0f min left",
        last["step"] + 1,
        recipe.steps,
        float(np.mean([row["loss"] for row in log[-50:]])),
        last["tokens_seen"] / last["seconds"],
        last["seconds"] * (1 / share - 1) / 60,
    )


def _save_checkpoint(
    folder: Path,
    model: "LlamaForCausalLM",
    optimizers: "list[torch.optim.Optimizer]",
    step: int,
    log: list[dict[str, Any]],
) -> None:
    import torch

    folder.mkdir(parents=True, exist_ok=True)
    state = {
        "step": step,
        "model": model.state_dict(),
        "optimizers": [optimizer.state_dict() for optimizer in optimizers],
        "log": log,
    }
    part = folder / "checkpoint.pt.part"
    torch.save(state, part)
    os.replace(part, folder / "checkpoint.pt")


def _resume(
    folder: Path, model: "LlamaForCausalLM", optimizers: "list[torch.optim.Optimizer]"
) -> tuple[int, list[dict[str, Any]], float]:
    import torch

    path = folder / "checkpoint.pt"
    if not path.exists():
        return 0, [], 0.0
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    for optimizer, saved in zip(optimizers, state["optimizers"], strict=True):
        optimizer.load_state_dict(saved)
    log: list[dict[str, Any]] = state["log"]
    logger.info("pre-training goes on from step %d", state["step"])
    return int(state["step"]), log, float(log[-1]["seconds"])
