import math

import pytest
from family_builders import FAMILIES, family_folder
from training_builders import tiny_base

from instruction_tuning.errors import ConfigurationError, ModelFolderError, WorkspaceError
from instruction_tuning.lm.model_files import parameter_count
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.training.memory import require_memory


@pytest.mark.parametrize("name", ["qwen3", "opt", "bloom"])  # tied embeddings, and untied ones
def test_parameters_are_counted_without_reading_them(name):
    from transformers import AutoModelForCausalLM

    assert name in FAMILIES
    model = AutoModelForCausalLM.from_pretrained(family_folder(name).path)
    assert parameter_count(family_folder(name).path) == sum(math.prod(p.shape) for p in model.parameters())


@pytest.mark.parametrize(
    ("tuning", "is_bfloat16", "bytes_each"), [("full", True, 16), ("lora", True, 2), ("lora", False, 4)]
)
def test_what_cannot_fit_is_refused_before_it_is_loaded(tuning, is_bfloat16, bytes_each):
    needed = parameter_count(tiny_base().path) * bytes_each
    settings = {"tuning": tuning, "is_bfloat16": is_bfloat16, "device": "the GPU"}
    assert require_memory(tiny_base(), free_bytes=needed, **settings) == needed
    with pytest.raises(ConfigurationError, match=r"the GPU has 0\.0 GiB free") as caught:
        require_memory(tiny_base(), free_bytes=needed - 1, **settings)
    assert ("set sft.tuning to lora" in str(caught.value)) is (tuning == "full")


@pytest.mark.parametrize("content", [b"", b"\xff" * 64])
def test_broken_weights_are_named(tmp_path, content):
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(ModelFolderError, match=r"model\.safetensors"):
        require_memory(
            ModelFolder(tmp_path, ""), tuning="full", is_bfloat16=False, free_bytes=1, device="the GPU"
        )


def test_a_step_that_does_not_fit_says_what_to_change(tmp_path):
    import torch

    from instruction_tuning.training.resumable import train_resumably

    class Trainer:
        model = None

        def add_callback(self, callback): ...

        def train(self, **_):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nmore")

    with pytest.raises(WorkspaceError, match="halve rows_per_microbatch") as caught:
        train_resumably(Trainer(), tmp_path, save_seconds=60)
    assert "2.00 GiB" in str(caught.value) and "more" not in str(caught.value)
