"""Saving a trained model: its folder appears whole, by a rename, or not at all."""

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from instruction_tuning.lm.model_folder import ModelFolder, open_model_folder

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def save_model(
    model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", saved_dtype: str, destination: Path
) -> ModelFolder:
    """Weights in the number format `saved_dtype` and the tokenizer, in the new folder `destination`."""
    import torch

    part = destination.with_name(destination.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    model.to(getattr(torch, saved_dtype)).save_pretrained(part, safe_serialization=True)
    tokenizer.save_pretrained(part)
    os.replace(part, destination)
    return open_model_folder(destination)
