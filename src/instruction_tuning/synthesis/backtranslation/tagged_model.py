"""A model whose chat template puts the source tags before what it is asked (source_tags.py).

The weights are those of the model; folder and digest are new. O(bytes).
"""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from instruction_tuning.lm.loading import load_tokenizer
from instruction_tuning.lm.model_folder import ModelFolder, open_model_folder
from instruction_tuning.synthesis.backtranslation.source_tags import (
    Source,
    system_text,
    template_with_tags,
)


def with_tagged_template(model: ModelFolder, sources: Sequence[Source], work_folder: Path) -> ModelFolder:
    """A copy of `model` in `work_folder` that carries the tags of `sources`; without any, a plain copy."""
    target = work_folder / model.digest
    part = work_folder / f"{model.digest}.{os.getpid()}.part"
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(model.path, part)
    tokenizer = load_tokenizer(model)
    if system_text(sources):
        tokenizer.chat_template = template_with_tags(str(tokenizer.chat_template), sources)
        tokenizer.save_pretrained(part)
    shutil.rmtree(target, ignore_errors=True)
    os.replace(part, target)
    return open_model_folder(target)
