"""Supervised fine-tuning on chats and documents, in full or with LoRA.

Loss -mean log p(x_t | x_<t) over the trained tokens of a step (Ouyang et al. 2022, arXiv 2203.02155; loss
on answers only), by TRL's SFTTrainer; LoRA: Hu et al. 2021, arXiv 2106.09685, merged into the weights at
the end, so that the result is a plain model folder. O(tokens · parameters) time.
Departure: packed rows are stacked, not flattened (see packing.py).
"""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from instruction_tuning.lm.loading import load_model
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.training.heldout_loss import heldout_loss
from instruction_tuning.training.packing import (
    StackedRowsCollator,
    pack_rows,
    packing_efficiency,
    tells_sequences_apart,
)
from instruction_tuning.training.progress import training_progress
from instruction_tuning.training.provenance import write_base_record
from instruction_tuning.training.resumable import (
    TrainingResult,
    finished_or_trained,
    log_frame,
    run_fingerprint,
    train_resumably,
)
from instruction_tuning.training.saving import require_other_weights, save_model
from instruction_tuning.training.schedule import (
    Schedule,
    deciding,
    trainer_arguments,
    trains_in_bfloat16,
)
from instruction_tuning.training.tokenized import TokenizedMixture, tokenize_mixture
from instruction_tuning.training.trainable import trainable_tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SFTRecipe:
    """How to fine-tune; lengths in tokens. `lora_*` count only where `tuning` is `lora`."""

    schedule: Schedule
    tuning: str
    lora_r: int
    lora_alpha: int
    lora_dropout: float
    max_length: int
    packing: bool
    saved_dtype: str
    chat_template_path: str | None


def fine_tune(
    base: ModelFolder, training: pd.DataFrame, validation: pd.DataFrame, recipe: SFTRecipe, work_folder: Path
) -> TrainingResult:
    """Fine-tune `base`; the model folder lies in `work_folder`/<fingerprint>, where a stopped run goes on.

    Metrics: heldout_loss_before, heldout_loss_after (nats a token of held-out answers), the same for
    held-out documents where there are any, tokens_per_byte, truncated_share, train_tokens, examples,
    documents, tokens_per_second, seconds, packing_efficiency, steps.
    """
    fingerprint = run_fingerprint(
        base=base.digest, training=training, validation=validation, recipe=deciding(recipe)
    )
    folder = work_folder / fingerprint
    return finished_or_trained(
        folder, lambda destination: _fine_tune(base, training, validation, recipe, folder, destination)
    )


def _fine_tune(
    base: ModelFolder,
    training: pd.DataFrame,
    validation: pd.DataFrame,
    recipe: SFTRecipe,
    folder: Path,
    destination: Path,
) -> TrainingResult:
    tokenizer = trainable_tokenizer(
        base, chat_template_path=recipe.chat_template_path, max_length=recipe.max_length
    )
    mixture = tokenize_mixture(tokenizer, training, max_length=recipe.max_length)
    mixture.tell(recipe.max_length)
    heldout = tokenize_mixture(tokenizer, validation, max_length=recipe.max_length, keep_empty=True)
    model = _load_model(base, tokenizer, recipe)
    before = _heldout_metrics(model, heldout, tokenizer, recipe, "before")
    trainer, rows = _make_trainer(model, tokenizer, mixture, recipe, folder / "checkpoints")
    throughput = train_resumably(trainer, folder / "checkpoints", save_seconds=recipe.schedule.save_seconds)
    metrics = {
        **before,
        **_heldout_metrics(trainer.model, heldout, tokenizer, recipe, "after"),
        "tokens_per_byte": mixture.tokens_per_byte,
        "truncated_share": mixture.truncated_share,
        "without_target": float(mixture.without_target),
        "examples": float(len(mixture.chats)),
        "documents": float(len(mixture.documents)),
        "train_tokens": float(trainer.state.num_input_tokens_seen),
        "steps": float(trainer.state.global_step),
        "packing_efficiency": packing_efficiency(rows, max_length=recipe.max_length),
        "tokens_per_second": throughput.tokens_per_second,
        "seconds": throughput.seconds,
    }
    tuned = _merged(trainer.model) if recipe.tuning == "lora" else trainer.model
    _stop_at(tuned, tokenizer)
    tuned.config.use_cache = True
    saved = save_model(tuned, tokenizer, recipe.saved_dtype, destination)
    require_other_weights(base, saved)
    return TrainingResult(write_base_record(saved, base), log_frame(trainer.state), metrics)


def _load_model(
    base: ModelFolder, tokenizer: "PreTrainedTokenizerBase", recipe: SFTRecipe
) -> "PreTrainedModel":
    # Weights that stay as they are need no float32: half the memory, and the adapter is float32 anyway.
    is_frozen = recipe.tuning == "lora" and trains_in_bfloat16(recipe.schedule.precision)
    model = load_model(base, "causal", is_trained=True, dtype="bfloat16" if is_frozen else None)
    model.config.pad_token_id = tokenizer.pad_token_id
    model.config.eos_token_id = tokenizer.eos_token_id
    _stop_at(model, tokenizer)
    return model


def _stop_at(model: Any, tokenizer: "PreTrainedTokenizerBase") -> None:
    """Generation ends at the end of a turn, and wherever the base model ended it."""
    ends = model.generation_config.eos_token_id
    ends = [] if ends is None else [ends] if isinstance(ends, int) else list(ends)
    model.generation_config.eos_token_id = list(dict.fromkeys([tokenizer.eos_token_id, *ends]))
    model.generation_config.pad_token_id = tokenizer.pad_token_id


def _merged(model: Any) -> "PreTrainedModel":
    """The adapter added to the weights, on the CPU and in float32: in bfloat16 most of it would be lost."""
    import torch

    merged: PreTrainedModel = model.to("cpu", torch.float32).merge_and_unload()
    return merged


def _make_trainer(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    mixture: TokenizedMixture,
    recipe: SFTRecipe,
    checkpoints: Path,
) -> tuple[Any, Any]:
    from transformers import PrinterCallback
    from trl import SFTConfig, SFTTrainer

    packing = recipe.packing and tells_sequences_apart(model)
    if recipe.packing and not packing:
        logger.warning(
            "%s models cannot tell packed sequences apart: training on one sequence a row, which is slower",
            model.config.model_type,
        )
    rows = pack_rows(
        mixture.sequences, max_length=recipe.max_length, packing=packing, seed=recipe.schedule.seed
    )
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(
            **trainer_arguments(recipe.schedule, checkpoints, rows=len(rows)),
            max_length=None,  # cut and packed already
            dataset_kwargs={"skip_prepare_dataset": True},
        ),
        train_dataset=rows,
        data_collator=StackedRowsCollator(tokenizer.pad_token_id),
        processing_class=tokenizer,
        peft_config=_lora(recipe) if recipe.tuning == "lora" else None,
        callbacks=[training_progress("fine-tuning")],
    )
    trainer.remove_callback(PrinterCallback)
    logger.info(
        "fine-tuning (%s) on %d rows of at most %d tokens", recipe.tuning, len(rows), recipe.max_length
    )
    return trainer, rows


def _lora(recipe: SFTRecipe) -> Any:
    from peft import LoraConfig

    return LoraConfig(
        r=recipe.lora_r,
        lora_alpha=recipe.lora_alpha,
        lora_dropout=recipe.lora_dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )


def _heldout_metrics(
    model: Any, heldout: TokenizedMixture, tokenizer: "PreTrainedTokenizerBase", recipe: SFTRecipe, when: str
) -> dict[str, float]:
    # The trainer's wrapping stays on the model: without the same before, equal weights have two losses.
    losses = {
        name: heldout_loss(
            model,
            sequences,
            max_length=recipe.max_length,
            pad_token_id=tokenizer.pad_token_id,
            in_bfloat16=trains_in_bfloat16(recipe.schedule.precision),
        )
        for name, sequences in (("", heldout.chats), ("document_", heldout.documents))
    }
    return {f"heldout_{name}loss_{when}": loss for name, loss in losses.items() if loss is not None}
