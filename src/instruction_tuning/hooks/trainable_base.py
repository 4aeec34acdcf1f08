"""Whether a base model can be fine-tuned as asked: its small files, its tokenizer, the memory there is."""

import json
import logging
from pathlib import Path
from typing import Any

from instruction_tuning.errors import ConfigurationError, ModelFolderError
from instruction_tuning.lm.model_folder import ModelFolder

logger = logging.getLogger(__name__)

# What a CPU trains within hours.
_CPU_PARAMETERS = 100_000_000


def check_trainable(base: ModelFolder, parameters: Any) -> None:
    """Raise `ConfigurationError` for what training would find out after the teacher was paid.

    `parameters` are those of the pipeline `sft`. The quick checks come first; the tokenizer is loaded last.
    """
    if parameters.chat_template_path is not None:
        if not Path(parameters.chat_template_path).is_file():
            raise ConfigurationError(
                "there is no chat template here",
                file=parameters.chat_template_path,
                field="sft.chat_template_path",
                fix="name a Jinja file that renders `messages`, or null for the tokenizer's own template",
            )
    elif not has_chat_template(base.path):
        raise ConfigurationError(
            "the base model's tokenizer has no chat template, so chats cannot be trained on",
            file=base.path,
            field="sft.chat_template_path",
            fix="name a Jinja file that renders `messages`, such as conf/hub/plain_turns.jinja, or add "
            "chat_template.jinja to the folder",
        )
    context = context_tokens(base.path)
    if context is not None and parameters.max_length > context:
        raise ConfigurationError(
            f"max_length {parameters.max_length} is longer than the base model's context of {context} tokens",
            file=base.path / "config.json",
            field="sft.max_length",
            fix=f"set sft.max_length to {context} or less",
        )
    check_memory(base, parameters)
    check_tokenizer(base, parameters.chat_template_path)


def check_memory(base: ModelFolder, parameters: Any) -> None:
    """Raise where not even weights and optimiser fit; warn of a large model without a GPU."""
    import psutil
    import torch

    from instruction_tuning.training.memory import parameter_count, require_memory
    from instruction_tuning.training.schedule import trains_in_bfloat16

    on_gpu = torch.cuda.is_available()
    needed = require_memory(
        base,
        tuning=parameters.tuning,
        is_bfloat16=trains_in_bfloat16(parameters.precision),
        free_bytes=torch.cuda.mem_get_info()[0] if on_gpu else psutil.virtual_memory().available,
        device="the GPU" if on_gpu else "this machine",
    )
    if not on_gpu and (parameter_count(base.path) > _CPU_PARAMETERS or parameters.precision == "bfloat16"):
        logger.warning(
            "no CUDA GPU is found: training on the CPU (%s, at least %.1f GiB), which is slow for this model",
            "bfloat16" if parameters.precision == "bfloat16" else "float32",
            needed / 2**30,
        )


def check_tokenizer(base: ModelFolder, chat_template_path: str | None) -> None:
    """Raise what the template and the tokenizer would raise in training, for a dialogue of two turns."""
    from instruction_tuning.chat_format.loss_mask import tokenize_chat
    from instruction_tuning.training.tokenized import load_training_tokenizer

    tokenizer = load_training_tokenizer(base, chat_template_path)
    tokenize_chat(tokenizer, [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}])
    rows = _read(base.path / "config.json").get("vocab_size")
    if isinstance(rows, int) and len(tokenizer) > rows:
        raise ConfigurationError(
            f"the tokenizer has {len(tokenizer)} tokens, the model has embeddings for {rows}",
            file=base.path,
            field="vocab_size",
            fix="take tokenizer and weights from one place; after adding tokens, resize_token_embeddings and "
            "save the model",
        )


def has_chat_template(folder: Path) -> bool:
    """A file of its own, as transformers writes it today, or an entry of the tokenizer's configuration."""
    if (folder / "chat_template.jinja").is_file():
        return True
    return bool(_read(folder / "tokenizer_config.json").get("chat_template"))


def context_tokens(folder: Path) -> int | None:
    """`max_position_embeddings`, of the text part where a model has several; null where nothing says."""
    config = _read(folder / "config.json")
    text = config.get("text_config")
    for part in (text if isinstance(text, dict) else {}, config):
        if isinstance(length := part.get("max_position_embeddings"), int):
            return length
    return None


def _read(file: Path) -> dict[str, Any]:
    if not file.is_file():
        return {}
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelFolderError(
            f"the model folder's {file.name} is no JSON: {error}", file=file, fix="copy the model again"
        ) from None
    return content if isinstance(content, dict) else {}
