"""What is exported is a plain folder that answers as the model it was made of."""

import json
import shutil
from pathlib import Path

import pytest
from family_builders import FAMILIES, family_folder
from training_builders import tiny_base

from instruction_tuning.errors import ConfigurationError, ModelFolderError, WorkspaceError
from instruction_tuning.lm.model_folder import ModelFolder, open_model_folder
from instruction_tuning.training import export
from instruction_tuning.training.export import export_model
from instruction_tuning.training.provenance import base_facts, read_base_record, write_base_record

# peft 0.21 asks transformers by a name that transformers 5 has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")


def logits_of(model):
    import torch

    with torch.inference_mode():
        return model(input_ids=torch.arange(20, 40)[None], use_cache=False).logits


def adapter_on(base: ModelFolder, folder: Path) -> ModelFolder:
    """A LoRA adapter with random weights: as saved by peft, not merged."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(base.path),
        LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM", init_lora_weights=False),
    )
    torch.manual_seed(1)
    model.save_pretrained(folder)
    return open_model_folder(folder)


@pytest.mark.parametrize("name", FAMILIES)
def test_an_adapter_is_merged_into_plain_weights_with_its_own_logits(name, tmp_path):
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    base = family_folder(name)
    adapter = adapter_on(base, tmp_path / "adapter")
    made = export_model(adapter, tmp_path / "export", dtype="float32")
    plain = AutoModelForCausalLM.from_pretrained(made.folder.path)
    expected = logits_of(
        PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base.path), adapter.path)
    )
    assert torch.allclose(logits_of(plain), expected, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(logits_of(AutoModelForCausalLM.from_pretrained(base.path)), expected, atol=1e-2)
    assert not list(made.folder.path.glob("adapter*")) and not list(made.folder.path.glob("*.bin"))
    assert AutoTokenizer.from_pretrained(made.folder.path).get_vocab()
    assert read_base_record(made.folder)["digest"] == base.digest


@pytest.mark.parametrize(("dtype", "tolerance"), [(None, 0.0), ("bfloat16", 0.05)])
def test_a_whole_model_keeps_its_weights_in_the_format_asked_for(tmp_path, dtype, tolerance):
    source = family_folder("qwen3")
    made = export_model(source, tmp_path / "export", dtype=dtype)
    assert made.logit_difference <= tolerance
    assert made.dtype == (dtype or "float32")
    config = json.loads((made.folder.path / "config.json").read_text())
    assert config["dtype"] == made.dtype
    # The same weights, configuration and tokenizer are the same model to the registry.
    assert (made.folder.digest == source.digest) is (dtype is None)
    assert json.loads((made.folder.path / "generation_config.json").read_text())["do_sample"] is True


def test_card_licence_and_provenance_go_along(tmp_path):
    hub = tmp_path / "models--maker--small-model" / "snapshots" / "0123456789abcdef"
    shutil.copytree(tiny_base().path, hub)
    (hub / "README.md").write_text("---\nlanguage: en\nlicense: apache-2.0\n---\n# Model\n")
    (hub / "LICENSE").write_text("Terms.")
    tuned = open_model_folder(shutil.copytree(tiny_base().path, tmp_path / "tuned"))
    write_base_record(tuned, open_model_folder(hub))
    (tuned.path / "training_data.json").write_text("{}")
    made = export_model(tuned, tmp_path / "export", card="# The card\n").folder.path
    assert (made / "LICENSE").read_text() == "Terms."
    assert (made / "training_data.json").is_file()
    card = (made / "README.md").read_text()
    assert card.startswith("---\nlibrary_name: transformers\n") and "# The card" in card
    assert "base_model: maker/small-model\nlicense: apache-2.0\n" in card and "0123456789abcdef" in card
    assert str(tmp_path) not in "".join(file.read_text() for file in made.glob("*.[jm][sd]*"))


def test_a_local_base_is_named_without_the_path_to_it():
    assert base_facts(tiny_base()) == {
        "model": tiny_base().path.name,
        "revision": None,
        "digest": tiny_base().digest,
        "licence": "unknown",
    }


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path):
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "mine").write_text("mine")
    with pytest.raises(WorkspaceError, match="something is here already"):
        export_model(tiny_base(), tmp_path / "export")
    assert (tmp_path / "export" / "mine").read_text() == "mine"


def test_an_export_with_other_logits_gets_no_name(tmp_path, monkeypatch):
    monkeypatch.setitem(export.TOLERANCES, "bfloat16", 1e-9)
    with pytest.raises(ModelFolderError, match="answers differently"):
        export_model(tiny_base(), tmp_path / "export", dtype="bfloat16")
    assert list(tmp_path.iterdir()) == []


def test_an_adapter_whose_base_is_elsewhere_asks_for_it(tmp_path):
    adapter = adapter_on(tiny_base(), tmp_path / "adapter")
    file = adapter.path / "adapter_config.json"
    file.write_text(file.read_text().replace(str(tiny_base().path), "maker/small-model"))
    with pytest.raises(ConfigurationError, match="belongs to `maker/small-model`"):
        export_model(adapter, tmp_path / "export")
    assert export_model(adapter, tmp_path / "export", base=tiny_base()).logit_difference < 1e-4


def test_a_reward_model_is_not_exported(tmp_path):
    folder = shutil.copytree(tiny_base().path, tmp_path / "reward")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(
        json.dumps(config | {"architectures": ["LlamaForSequenceClassification"]})
    )
    with pytest.raises(ConfigurationError, match="no language model"):
        export_model(open_model_folder(folder), tmp_path / "export")
