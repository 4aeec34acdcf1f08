"""Whether a base model can be fine-tuned as asked, by the small files of its folder alone."""

import json
from pathlib import Path
from typing import Any

from instruction_tuning.errors import ConfigurationError, ModelFolderError
from instruction_tuning.lm.model_folder import ModelFolder


def check_trainable(base: ModelFolder, parameters: Any) -> None:
    """Raise `ConfigurationError` for what training would find out after the teacher was paid.

    `parameters` are those of the pipeline `sft`: `chat_template_path` and `max_length` are looked at.
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
            fix="name a Jinja file that renders `messages`, or add chat_template.jinja to the folder",
        )
    context = context_tokens(base.path)
    if context is not None and parameters.max_length > context:
        raise ConfigurationError(
            f"max_length {parameters.max_length} is longer than the base model's context of {context} tokens",
            file=base.path / "config.json",
            field="sft.max_length",
            fix=f"set sft.max_length to {context} or less",
        )


def has_chat_template(folder: Path) -> bool:
    """A file of its own, as transformers writes it today, or an entry of the tokenizer's configuration."""
    if (folder / "chat_template.jinja").is_file():
        return True
    return any(
        bool(_read(folder / name).get("chat_template"))
        for name in ("tokenizer_config.json", "chat_template.json")
    )


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
