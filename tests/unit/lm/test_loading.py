"""No code from a model folder is run; a folder without a usable tokenizer is named with the fix."""

import json
import shutil
from pathlib import Path

import pytest

from instruction_tuning.errors import ModelFolderError
from instruction_tuning.lm.loading import load_config, load_model, load_tokenizer
from instruction_tuning.lm.model_folder import open_model_folder


@pytest.fixture
def folder_with_code(tiny_model_path: Path, tmp_path: Path) -> Path:
    """A model that brings a Python file, which would leave a mark when it ran."""
    folder = shutil.copytree(tiny_model_path, tmp_path / "model")
    mark = tmp_path / "ran"
    (folder / "modeling_own.py").write_text(f"open({str(mark)!r}, 'w').close()\n")
    names = ("AutoConfig", "AutoModel", "AutoModelForCausalLM")
    change(folder, auto_map={name: "modeling_own.Own" for name in names})
    tokenizer = json.loads((folder / "tokenizer_config.json").read_text())
    tokenizer["auto_map"] = {"AutoTokenizer": ["modeling_own.Own", None]}
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    return folder


def change(folder: Path, **values: object) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | values))


def test_a_known_architecture_is_read_by_transformers_own_code(folder_with_code, tmp_path):
    folder = open_model_folder(folder_with_code)
    assert type(load_model(folder, "causal")).__name__ == "LlamaForCausalLM"
    assert load_tokenizer(folder)("abc").input_ids
    assert not (tmp_path / "ran").exists()


def test_an_architecture_that_needs_its_own_code_is_refused(folder_with_code, tmp_path):
    change(folder_with_code, model_type="own")
    folder = open_model_folder(folder_with_code)
    for load in (load_tokenizer, lambda folder: load_model(folder, "causal")):
        with pytest.raises(ModelFolderError, match="needs code of its own, which is never run"):
            load(folder)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("multiplies", "is_trained", "expected"),
    [(True, False, "bfloat16"), (True, True, "float32"), (False, False, "float32")],
)
def test_weights_are_bfloat16_only_on_a_gpu_that_has_it(
    monkeypatch, tiny_model_path, multiplies, is_trained, expected
):
    """A GPU before Ampere says that it supports it, and emulates it."""
    import torch
    from transformers import PreTrainedModel

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(
        torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation or multiplies
    )
    monkeypatch.setattr(PreTrainedModel, "to", lambda model, device: model)  # there may be no GPU here
    model = load_model(open_model_folder(tiny_model_path), "causal", is_trained=is_trained)
    assert str(model.dtype) == f"torch.{expected}"


def test_a_cpu_has_float32(monkeypatch, tiny_model_path):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert load_model(open_model_folder(tiny_model_path), "causal").dtype == torch.float32


@pytest.mark.parametrize("left", [None, "no JSON"])
def test_a_folder_whose_tokenizer_cannot_be_read_is_named_with_the_fix(tiny_model_path, tmp_path, left):
    folder = shutil.copytree(tiny_model_path, tmp_path / "model")
    file = folder / "tokenizer.json"
    file.unlink()
    if left is not None:
        file.write_text(left)
    with pytest.raises(ModelFolderError, match="no tokenizer that can be read") as refused:
        load_tokenizer(open_model_folder(folder))
    assert refused.value.file == (folder if left is None else file)
    assert "tokenizer.json" in refused.value.fix and "\n" not in refused.value.problem


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"model_type": "nonesuch"}', "model type `nonesuch`"),
        ('{"model_type": "llama", "hidden_size": "64"}', "configuration: .*hidden_size"),
    ],
)
def test_a_configuration_that_transformers_cannot_read_is_named(tiny_model_path, tmp_path, content, said):
    folder = shutil.copytree(tiny_model_path, tmp_path / "model")
    (folder / "config.json").write_text(content)
    with pytest.raises(ModelFolderError, match=said) as refused:
        load_config(open_model_folder(folder))
    assert refused.value.file == folder / "config.json"
