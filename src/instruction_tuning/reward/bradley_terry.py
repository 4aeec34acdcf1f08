"""A reward model: one number an answer, trained on pairs.

Bradley and Terry 1952; Ouyang et al. 2022, arXiv 2203.02155; centring from Eisenstein et al. 2023,
arXiv 2312.09244:

    loss = -log sigmoid(r_chosen - r_rejected) + c · (r_chosen + r_rejected)^2

by TRL's RewardTrainer, from the fine-tuned model with a new scalar head. O(tokens · parameters).
Departure: TRL silently filters pairs longer than the maximal length; here they are counted first.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from instruction_tuning.chat_format.loss_mask import tokenize_chat
from instruction_tuning.errors import InputError
from instruction_tuning.lm.loading import load_model
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.training.progress import training_progress
from instruction_tuning.training.resumable import (
    TrainingResult,
    finished_or_trained,
    log_frame,
    run_fingerprint,
    train_resumably,
)
from instruction_tuning.training.saving import save_model
from instruction_tuning.training.schedule import Schedule, deciding, trainer_arguments
from instruction_tuning.training.tokenized import load_training_tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

logger = logging.getLogger(__name__)
SIDES = ("chosen", "rejected")


@dataclass(frozen=True)
class RewardRecipe:
    """How to train; `max_length` in tokens of prompt and answer together."""

    schedule: Schedule
    max_length: int
    center_rewards_coefficient: float
    saved_dtype: str
    chat_template_path: str | None


def train_reward_model(
    start: ModelFolder, pairs: pd.DataFrame, recipe: RewardRecipe, work_folder: Path
) -> TrainingResult:
    """Train on the pairs of the train split; a stopped run goes on in `work_folder`/<fingerprint>."""
    training = pairs[pairs["split"] == "train"]
    fingerprint = run_fingerprint(
        start=start.digest,
        pairs=training,
        recipe=deciding(recipe),
        code=Path(__file__).read_text(encoding="utf-8"),
    )
    folder = work_folder / fingerprint
    return finished_or_trained(
        folder, lambda destination: _train(start, training, recipe, folder / "checkpoints", destination)
    )


def tokenize_answers(
    tokenizer: "PreTrainedTokenizerBase", prompts: Iterable[Any], answers: Iterable[str]
) -> list[list[int]]:
    """Prompt messages and answer as the reward model reads them, end-of-turn token included."""
    return [
        tokenize_chat(tokenizer, [*messages, {"role": "assistant", "content": answer}]).input_ids
        for messages, answer in zip(prompts, answers, strict=True)
    ]


def fits_length(
    tokenizer: "PreTrainedTokenizerBase", pairs: pd.DataFrame, *, max_length: int
) -> "pd.Series[bool]":
    """Whether both answers of each pair, with the prompt, are at most `max_length` tokens."""
    chosen, rejected = (tokenize_answers(tokenizer, pairs["messages"], pairs[side]) for side in SIDES)
    return pd.Series(
        [max(len(better), len(worse)) <= max_length for better, worse in zip(chosen, rejected, strict=True)],
        index=pairs.index,
        dtype=bool,
    )


def _train(
    start: ModelFolder, pairs: pd.DataFrame, recipe: RewardRecipe, checkpoints: Path, destination: Path
) -> TrainingResult:
    import datasets
    from transformers import PrinterCallback, set_seed
    from trl import RewardConfig, RewardTrainer

    tokenizer = load_training_tokenizer(start, recipe.chat_template_path)
    fitting = pairs[fits_length(tokenizer, pairs, max_length=recipe.max_length)]
    if fitting.empty:
        raise InputError(
            f"all {len(pairs)} training pairs are longer than {recipe.max_length} tokens",
            field="reward_model.max_length",
            fix="raise max_length, up to the model's context",
        )
    chosen, rejected = (tokenize_answers(tokenizer, fitting["messages"], fitting[side]) for side in SIDES)
    set_seed(recipe.schedule.seed % 2**32)  # the scalar head starts at random
    model = _with_scalar_head(start, tokenizer)
    datasets.disable_progress_bars()
    trainer = RewardTrainer(
        model=model,
        args=RewardConfig(
            **trainer_arguments(recipe.schedule, checkpoints, rows=len(fitting)),
            max_length=None,  # those too long are out already
            center_rewards_coefficient=recipe.center_rewards_coefficient,
        ),
        train_dataset=datasets.Dataset.from_dict({"chosen_ids": chosen, "rejected_ids": rejected}),
        processing_class=tokenizer,
        callbacks=[training_progress("reward model")],
    )
    trainer.remove_callback(PrinterCallback)
    logger.info("reward model on %d pairs; %d were too long", len(fitting), len(pairs) - len(fitting))
    throughput = train_resumably(trainer, checkpoints, save_seconds=recipe.schedule.save_seconds)
    metrics = {
        "train_pairs": float(len(fitting)),
        "overlength_pairs": float(len(pairs) - len(fitting)),
        "seconds": throughput.seconds,
        "tokens_per_second": throughput.tokens_per_second,
    }
    saved = save_model(trainer.model, tokenizer, recipe.saved_dtype, destination)
    return TrainingResult(saved, log_frame(trainer.state), metrics)


def _with_scalar_head(start: ModelFolder, tokenizer: "PreTrainedTokenizerBase") -> "PreTrainedModel":
    """The language model with a new head; that its weights are missing from the folder is as it should be."""
    report = logging.getLogger("transformers.modeling_utils")
    level = report.level
    report.setLevel(logging.ERROR)
    try:
        return load_model(start, "reward", is_trained=True, num_labels=1, pad_token_id=tokenizer.pad_token_id)
    finally:
        report.setLevel(level)
