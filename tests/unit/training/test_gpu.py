"""Training as a GPU does it by itself: bfloat16, a frozen base, packed rows. Skips without CUDA."""

import math
from pathlib import Path

import pytest
from family_builders import CONTEXT, family_folder
from recipe_builders import small_schedule, small_sft_recipe
from training_builders import replay_documents, verified_examples

from instruction_tuning.mixture.replay import build_mixture
from instruction_tuning.training.schedule import trains_in_bfloat16
from instruction_tuning.training.supervised import fine_tune

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.slow,
    # peft 0.21 asks transformers by a name that transformers 5 has deprecated.
    pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning"),
]

PLAIN_TURNS = str(Path(__file__).parents[3] / "conf" / "hub" / "plain_turns.jinja")


@pytest.fixture(autouse=True)
def cuda() -> None:
    import torch

    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    if not torch.cuda.is_bf16_supported():
        pytest.skip(f"{torch.cuda.get_device_name()} has no bfloat16")


def test_lora_on_packed_rows_in_bfloat16_lowers_the_loss_and_leaves_a_plain_folder(tmp_path, monkeypatch):
    import torch
    from transformers import AutoModelForCausalLM

    from instruction_tuning.training import supervised

    seen: dict[str, set[tuple[torch.dtype, str]]] = {}
    original = supervised.train_resumably

    def look(trainer, checkpoints, **saving):
        for parameter in trainer.model.parameters():
            kind = "adapter" if parameter.requires_grad else "frozen"
            seen.setdefault(kind, set()).add((parameter.dtype, parameter.device.type))
        return original(trainer, checkpoints, **saving)

    monkeypatch.setattr(supervised, "train_resumably", look)
    training, validation = build_mixture(
        verified_examples(24),
        replay_documents(24),
        documents_per_example=0.5,
        validation_share=0.2,
        validation_minimum=4,
        seed=0,
    )
    # As conf/hub: what the device decides is left to it.
    schedule = small_schedule(
        learning_rate=2e-2,
        num_train_epochs=2,
        rows_per_microbatch=4,
        weight_decay=0.0,
        lr_scheduler_type="constant",
        precision="auto",
        activation_checkpointing="auto",
        logging_steps=1,
        save_seconds=60,
    )
    assert trains_in_bfloat16(schedule.precision)
    recipe = small_sft_recipe(
        schedule=schedule,
        tuning="lora",
        max_length=CONTEXT,
        saved_dtype="bfloat16",
        chat_template_path=PLAIN_TURNS,
    )
    base = family_folder("llama")
    result = fine_tune(base, training, validation, recipe, tmp_path)
    assert seen == {"adapter": {(torch.float32, "cuda")}, "frozen": {(torch.bfloat16, "cuda")}}
    metrics = result.metrics
    assert all(math.isfinite(value) for value in metrics.values() if isinstance(value, float))
    assert metrics["packing_efficiency"] > 0.5
    # As on a CPU in bfloat16 (test_families), whose numbers a GPU's are near but not equal to.
    assert metrics["heldout_loss_after"] < metrics["heldout_loss_before"] - 0.1
    assert not (result.model.path / "adapter_config.json").exists()
    merged = AutoModelForCausalLM.from_pretrained(result.model.path)
    assert merged.dtype == torch.bfloat16
    before = AutoModelForCausalLM.from_pretrained(base.path, dtype=torch.bfloat16).state_dict()
    after = merged.state_dict()
    assert before.keys() == after.keys()
    assert any(not torch.equal(before[name], after[name]) for name in before)
    assert all(bool(torch.isfinite(tensor).all()) for tensor in after.values())
