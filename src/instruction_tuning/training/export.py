"""A model version as a folder that serves: weights without adapters, tokenizer, card, licence, provenance.

The folder is loaded again by plain `from_pretrained` and its logits are compared with those of the model
that it was made of, in float32, before it gets its name. O(parameters).
"""

import json
import logging
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from instruction_tuning.errors import ConfigurationError, ModelFolderError, WorkspaceError
from instruction_tuning.lm.loading import load_model, require_known_architecture
from instruction_tuning.lm.model_folder import ModelFolder, open_model_folder
from instruction_tuning.training.provenance import (
    BASE_FILE,
    LICENCE_PATTERNS,
    base_facts,
    read_base_record,
    write_base_record,
)
from instruction_tuning.training.training_record import DATA_FILE, LOG_FILE, METRICS_FILE

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

logger = logging.getLogger(__name__)

ADAPTER_CONFIG = "adapter_config.json"
# Largest difference of a logit, as a share of the largest logit: bfloat16 keeps 8 bits of each weight.
TOLERANCES = {"float32": 1e-4, "bfloat16": 5e-2}
WEIGHT_FILES = ("config.json", "*.safetensors", "*.safetensors.index.json")
TOKENIZER_FILES = (
    *("tokenizer*", "chat_template*", "special_tokens_map.json", "added_tokens.json"),
    *("vocab.*", "merges.txt", "*.model"),
)
_PROBE_ROWS, _PROBE_TOKENS = 4, 16


@dataclass(frozen=True)
class Export:
    """The folder, the format of its weights, and the largest relative difference of a logit."""

    folder: ModelFolder
    dtype: str
    logit_difference: float


def export_model(
    source: ModelFolder,
    destination: Path,
    *,
    dtype: str | None = None,
    base: ModelFolder | None = None,
    card: str | None = None,
) -> Export:
    """Write `source`, a whole model or an adapter on `base`, to the new or empty folder `destination`.

    `dtype` null keeps the source's; `card` is the Markdown under the front matter of README.md. An adapter
    without `base` takes the folder that it names itself. Raises `WorkspaceError` for a folder that is not
    empty, `ConfigurationError` for what is no language model, `ModelFolderError` where the logits differ.
    """
    if destination.exists() and (not destination.is_dir() or any(destination.iterdir())):
        raise WorkspaceError(
            "something is here already", file=destination, fix="name a folder that is new or empty"
        )
    base = _base_of(source, base) if (source.path / ADAPTER_CONFIG).is_file() else None
    model = _load(source, base)
    logits = _probe_logits(model)
    stored = _dtype_of(base or source)
    dtype = dtype or (stored if stored in TOLERANCES else "bfloat16")
    part = destination.with_name(destination.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        _write(model, source, base, dtype, part)
        _write_card(part, card)
        exported = open_model_folder(part)
        difference = _difference(logits, _probe_logits(_load(exported, None)))
        if difference > TOLERANCES[dtype]:
            raise ModelFolderError(
                f"the export answers differently: logits differ by {difference:.2g} of the largest one",
                file=source.path,
                fix="export with --dtype=float32",
            )
        os.replace(part, destination)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Export(open_model_folder(destination), dtype, difference)


def _base_of(adapter: ModelFolder, base: ModelFolder | None) -> ModelFolder:
    if base is not None:
        return base
    named = json.loads((adapter.path / ADAPTER_CONFIG).read_text(encoding="utf-8"))["base_model_name_or_path"]
    if not Path(named).is_dir():
        raise ConfigurationError(
            f"the adapter belongs to `{named}`, which is no folder here",
            file=adapter.path / ADAPTER_CONFIG,
            field="base_model_name_or_path",
            fix="name the base model's folder with --base",
        )
    return open_model_folder(named)


def _load(source: ModelFolder, base: ModelFolder | None) -> "PreTrainedModel":
    """The whole model in float32, an adapter merged."""
    whole = base or source
    require_known_architecture(whole.path)
    config = json.loads((whole.path / "config.json").read_text(encoding="utf-8"))
    architecture = next(iter(config.get("architectures") or ["none"]))
    if not architecture.endswith(("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")):
        raise ConfigurationError(
            f"{architecture} is no language model, and nothing serves it as a chat",
            file=whole.path / "config.json",
            field="architectures",
            fix="name a version of sft-model",
        )
    model = load_model(whole, "causal", is_trained=True)
    if base is None:
        return model
    from peft import PeftModel

    return PeftModel.from_pretrained(model, str(source.path)).eval()


def _probe_logits(model: "PreTrainedModel") -> "torch.Tensor":
    """Logits (R, T, V) of the same arbitrary tokens for every model of a vocabulary."""
    import torch

    rows = model.get_input_embeddings().weight.shape[0]
    ids = torch.randint(rows, (_PROBE_ROWS, _PROBE_TOKENS), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        return model(input_ids=ids.to(model.device), use_cache=False).logits.float().cpu()


def _difference(expected: "torch.Tensor", found: "torch.Tensor") -> float:
    return float((expected - found).abs().max() / expected.abs().max())


def _dtype_of(folder: ModelFolder) -> str:
    config = json.loads((folder.path / "config.json").read_text(encoding="utf-8"))
    return str(config.get("dtype") or config.get("torch_dtype"))


def _write(model: Any, source: ModelFolder, base: ModelFolder | None, dtype: str, part: Path) -> None:
    import torch

    part.mkdir(parents=True)
    whole = model.merge_and_unload() if base is not None else model
    if base is None and dtype == _dtype_of(source):
        _copy(
            source.path, part, WEIGHT_FILES
        )  # byte for byte, so that the registry knows the model by digest
    else:
        whole.config.use_cache = True
        whole.to("cpu", getattr(torch, dtype)).save_pretrained(part, safe_serialization=True)
    # transformers serve samples at a request's temperature only where this is set; others do in any case.
    whole.generation_config.do_sample = True
    whole.generation_config.save_pretrained(part)
    has_tokenizer = any(source.path.glob("tokenizer*"))
    _copy(source.path if has_tokenizer or base is None else base.path, part, TOKENIZER_FILES)
    _copy(source.path, part, (DATA_FILE, LOG_FILE, METRICS_FILE, BASE_FILE, *LICENCE_PATTERNS))
    if base is not None:
        write_base_record(open_model_folder(part), base)


def _copy(source: Path, destination: Path, patterns: Iterable[str]) -> None:
    for pattern in patterns:
        for file in source.glob(pattern):
            if file.is_file():
                shutil.copyfile(file, destination / file.name)


def _write_card(part: Path, card: str | None) -> None:
    """README.md with the front matter that model hubs read."""
    exported = open_model_folder(part)
    facts = read_base_record(exported) or {**base_facts(exported), "model": "unknown", "licence": "unknown"}
    head = [
        "---",
        "library_name: transformers",
        "pipeline_tag: text-generation",
        f"base_model: {facts['model']}",
        f"license: {facts['licence']}",
        "---",
        "",
    ]
    words = card or "# Supervised fine-tuned model\n\nNo evaluation of this version is known.\n"
    revision = facts.get("revision") or "not known"
    base_lines = [
        "",
        "## Base model",
        "",
        f"`{facts['model']}`, revision {revision}; its licence, {facts['licence']}, binds this model too.",
    ]
    text = "\n".join([*head, words.rstrip(), *base_lines]) + "\n"
    (part / "README.md").write_text(text, encoding="utf-8", newline="\n")
