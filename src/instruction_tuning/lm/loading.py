"""Reading a model folder: one place for device, number format, silence, and for what is not run.

No code that a folder brings along is ever run, and no pickle is read.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from instruction_tuning.errors import ModelFolderError
from instruction_tuning.lm.model_files import read_json
from instruction_tuning.lm.model_folder import ModelFolder

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

TOKENIZER_FILE = "tokenizer.json"
Head = Literal["causal", "none", "reward"]


def load_model(
    folder: ModelFolder, head: Head, *, is_trained: bool = False, dtype: str | None = None, **config: Any
) -> "PreTrainedModel":
    """The model in eval mode on CUDA where there is one, else on the CPU.

    Weights are bfloat16 on a GPU that multiplies it, where the model is not trained further (`is_trained`),
    else float32, unless `dtype` names a format. Attention is SDPA where the architecture has it, else eager
    (Gemma 2, BLOOM).
    """
    import torch
    import transformers

    require_known_architecture(folder.path)
    transformers.utils.logging.disable_progress_bar()  # a bar a load would drown the run's own lines
    classes = {
        "causal": transformers.AutoModelForCausalLM,
        "none": transformers.AutoModel,
        "reward": transformers.AutoModelForSequenceClassification,
    }
    on_gpu = torch.cuda.is_available()
    model = classes[head].from_pretrained(
        folder.path,
        dtype=getattr(torch, dtype or ("bfloat16" if not is_trained and gpu_has_bfloat16() else "float32")),
        trust_remote_code=False,
        use_safetensors=True,
        **config,
    )
    return model.to("cuda" if on_gpu else "cpu").eval()


def gpu_has_bfloat16() -> bool:
    """Whether there is a GPU that multiplies bfloat16 by itself: older ones emulate it, and are slow."""
    import torch

    return torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)


def load_tokenizer(folder: ModelFolder) -> "PreTrainedTokenizerBase":
    """The folder's tokenizer as it is. Raises `ModelFolderError` where there is none, or a broken one."""
    from transformers import AutoTokenizer

    require_known_architecture(folder.path)
    try:
        return AutoTokenizer.from_pretrained(folder.path, trust_remote_code=False)
    except Exception as error:  # transformers and tokenizers raise whatever their parsers do
        raise unreadable_tokenizer(folder.path / TOKENIZER_FILE, error) from error


def unreadable_tokenizer(file: Path, error: Exception) -> ModelFolderError:
    """That `file` is missing, or what a library said of it."""
    said = f": {next(iter(str(error).splitlines()), type(error).__name__)}" if file.is_file() else ""
    return ModelFolderError(
        f"the model folder has no tokenizer that can be read{said}",
        file=file if file.is_file() else file.parent,
        fix=f"copy {TOKENIZER_FILE} and tokenizer_config.json again from where the model comes, or save "
        "them with tokenizer.save_pretrained(folder)",
    )


def require_tokenizer(folder: ModelFolder) -> None:
    """Raise `ModelFolderError` where the folder has no tokenizer; one with the usual file is not loaded."""
    if not (folder.path / TOKENIZER_FILE).is_file():
        load_tokenizer(folder)


def require_readable(folder: ModelFolder) -> None:
    """Raise `ModelFolderError` for a configuration (adapters have none) or tokenizer that cannot be read."""
    if (folder.path / "config.json").is_file():
        load_config(folder)
    load_tokenizer(folder)


def load_config(folder: ModelFolder) -> "PreTrainedConfig":
    """The model's configuration as its architecture completes it."""
    from transformers import AutoConfig

    require_known_architecture(folder.path)
    try:
        return AutoConfig.from_pretrained(folder.path, trust_remote_code=False)
    except Exception as error:  # a class of its own for each kind of wrong value
        said = next(filter(None, str(error).splitlines()), type(error).__name__)
        raise ModelFolderError(
            f"transformers cannot read the model's configuration: {said.strip()}",
            file=folder.path / "config.json",
            fix="copy the file again from where the model comes; an architecture that this version of "
            "transformers does not have needs a newer one, or another model",
        ) from error


def require_known_architecture(folder: Path) -> None:
    """Raise `ModelFolderError` where only code from the folder (`auto_map`) could read the model.

    A folder that brings code for an architecture that transformers has is read by transformers' own.
    """
    from transformers import CONFIG_MAPPING

    file = folder / "config.json"
    config = read_json(file)
    if "auto_map" in config and config.get("model_type") not in CONFIG_MAPPING:
        raise ModelFolderError(
            f"the model (model_type {config.get('model_type')}) needs code of its own, which is never run",
            file=file,
            field="auto_map",
            fix="use a model whose architecture transformers has itself",
        )


def context_length(config: "PreTrainedConfig") -> int | None:
    """The most tokens that the model can read at once; null where its configuration does not say."""
    length = getattr(config.get_text_config(), "max_position_embeddings", None)
    return None if length is None else int(length)
