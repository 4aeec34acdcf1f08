"""Every open family's architecture goes through the chain: random weights, real tokenizers, few steps."""

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from benchmark_builders import benchmark_settings, small_benchmark
from family_builders import CONTEXT, FAMILIES, family_folder
from recipe_builders import small_schedule, small_sft_recipe
from training_builders import replay_documents, turns, verified_examples

from instruction_tuning.chat_format.loss_mask import IGNORED, MaskedTokens
from instruction_tuning.evaluation.benchmarks import measure_model
from instruction_tuning.lm.embeddings import embed_hidden_states
from instruction_tuning.lm.loading import load_model
from instruction_tuning.lm.local import sample_completions
from instruction_tuning.mixture.replay import build_mixture
from instruction_tuning.reward.bradley_terry import RewardRecipe, train_reward_model
from instruction_tuning.reward.scoring import score_answers
from instruction_tuning.training.heldout_loss import heldout_loss
from instruction_tuning.training.packing import tells_sequences_apart
from instruction_tuning.training.resumable import TrainingResult
from instruction_tuning.training.supervised import SFTRecipe, fine_tune
from instruction_tuning.training.tokenized import load_training_tokenizer, tokenize_mixture

# peft 0.21 asks transformers by a name that transformers 5 has deprecated.
ignored = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")
pytestmark = [pytest.mark.slow, ignored]

PLAIN_TURNS = str(Path(__file__).parents[3] / "conf" / "hub" / "plain_turns.jinja")
SCHEDULE = small_schedule(
    learning_rate=5e-3,
    num_train_epochs=2,
    rows_per_microbatch=4,
    weight_decay=0.0,
    lr_scheduler_type="constant",
    logging_steps=1,
)
every_family = pytest.mark.parametrize("name", FAMILIES)


def recipe_for(name: str, **changes: object) -> SFTRecipe:
    """The tokenizer's own template where it has one, else the project's for base models."""
    template = None if FAMILIES[name].template else PLAIN_TURNS
    recipe = small_sft_recipe(schedule=SCHEDULE, max_length=CONTEXT, chat_template_path=template)
    return replace(recipe, **changes)


def train(name: str, work_folder: Path, **changes: object) -> TrainingResult:
    training, validation = build_mixture(
        verified_examples(24),
        replay_documents(24),
        documents_per_example=0.5,
        validation_share=0.2,
        validation_minimum=4,
        seed=0,
    )
    return fine_tune(family_folder(name), training, validation, recipe_for(name, **changes), work_folder)


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory):
    """A function from a family's name to its fully tuned model, trained once."""
    results: dict[str, TrainingResult] = {}

    def result(name: str) -> TrainingResult:
        if name not in results:
            results[name] = train(name, tmp_path_factory.mktemp(name))
        return results[name]

    return result


@pytest.fixture
def machine_not_described(monkeypatch):
    """lm_eval asks pip, git and the driver about the machine after each measurement: a second each."""
    monkeypatch.setattr("lm_eval.evaluator.add_env_info", lambda results: None)


def sequences() -> list[MaskedTokens]:
    stream = random.Random(5)
    lengths = [stream.randint(2, 60) for _ in range(14)]
    return [
        MaskedTokens([stream.randrange(10, 250) for _ in range(length)], [True] * length)
        for length in lengths
    ]


@every_family
def test_only_models_that_tell_sequences_apart_are_given_packed_rows(name):
    model = load_model(family_folder(name), "causal", is_trained=True)
    assert tells_sequences_apart(model) is FAMILIES[name].tells_packed_apart
    assert not model.training


@every_family
def test_the_heldout_loss_is_that_of_each_sequence_alone(name):
    import torch

    model = load_model(family_folder(name), "causal", is_trained=True)
    total, count = 0.0, 0
    with torch.inference_mode():
        for one in sequences():
            logits = model(input_ids=torch.tensor([one.input_ids]), use_cache=False).logits[0, :-1]
            targets = torch.tensor(one.labels[1:])
            total += float(
                torch.nn.functional.cross_entropy(logits, targets, ignore_index=IGNORED, reduction="sum")
            )
            count += len(targets)
    packed = heldout_loss(model, sequences(), max_length=CONTEXT, pad_token_id=0)
    assert packed == pytest.approx(total / count, abs=2e-5)


@every_family
def test_answers_and_the_end_of_the_turn_are_trained_on_and_nothing_else_is(name):
    family = FAMILIES[name]
    tokenizer = load_training_tokenizer(family_folder(name), recipe_for(name).chat_template_path)
    assert tokenizer.eos_token == (family.end_of_turn or family.eos)
    chat = pd.DataFrame({"kind": ["chat"], "messages": [turns("what is 1?", "it is 1.")], "text": [None]})
    (masked,) = tokenize_mixture(tokenizer, chat, max_length=CONTEXT).chats
    trained = [token for token, on in zip(masked.input_ids, masked.trained, strict=True) if on]
    assert tokenizer.decode(trained) == f"it is 1.{tokenizer.eos_token}"
    # At most one beginning token, at the beginning: none is doubled by the template and the tokenizer.
    if family.bos and family.bos != family.eos:
        begins = tokenizer.bos_token_id in masked.input_ids
        assert masked.input_ids.count(tokenizer.bos_token_id) == begins
        assert not begins or masked.input_ids[0] == tokenizer.bos_token_id


@every_family
def test_full_tuning_lowers_both_losses(name, tuned):
    metrics = tuned(name).metrics
    assert metrics["heldout_loss_after"] < metrics["heldout_loss_before"] - 0.3
    assert metrics["heldout_document_loss_after"] < metrics["heldout_document_loss_before"]
    packed = FAMILIES[name].tells_packed_apart
    assert (metrics["packing_efficiency"] > 0.5) is packed


@every_family
def test_lora_is_merged_into_a_plain_folder_with_other_weights(name, tmp_path):
    import torch
    from transformers import AutoModelForCausalLM

    result = train(name, tmp_path, tuning="lora", schedule=replace(SCHEDULE, learning_rate=2e-2))
    assert result.metrics["heldout_loss_after"] < result.metrics["heldout_loss_before"] - 0.1
    assert not (result.model.path / "adapter_config.json").exists()
    merged = AutoModelForCausalLM.from_pretrained(result.model.path).state_dict()
    base = AutoModelForCausalLM.from_pretrained(family_folder(name).path).state_dict()
    assert merged.keys() == base.keys()
    embeddings = [key for key in base if "embed" in key and "norm" not in key]
    assert embeddings and all(torch.equal(merged[key], base[key]) for key in embeddings)
    assert any(not torch.equal(merged[key], base[key]) for key in base)


@pytest.mark.parametrize("tuning", ["full", "lora"])
def test_a_stopped_run_ends_with_the_weights_of_one_that_nothing_stopped(tmp_path, tuning, monkeypatch):
    from instruction_tuning.training import supervised

    changes = {"tuning": tuning, "max_length": 64, "schedule": replace(SCHEDULE, save_seconds=0)}
    whole = train("qwen3", tmp_path / "whole", **changes)
    steps = int(whole.metrics["steps"])
    assert steps > 3

    class Killed(Exception):
        pass

    original = supervised.train_resumably

    def killed_on_the_way(trainer, checkpoints, **saving):
        from transformers import TrainerCallback

        class Kill(TrainerCallback):
            def on_step_end(self, args, state, control, **kwargs):
                if state.global_step == steps - 1:
                    raise Killed

        trainer.add_callback(Kill())
        return original(trainer, checkpoints, **saving)

    with monkeypatch.context() as patched:
        patched.setattr(supervised, "train_resumably", killed_on_the_way)
        with pytest.raises(Killed):
            train("qwen3", tmp_path / "stopped", **changes)
    assert list((tmp_path / "stopped").glob("*/checkpoints/checkpoint-*"))
    assert train("qwen3", tmp_path / "stopped", **changes).model.digest == whole.model.digest


def test_a_frozen_base_is_held_in_bfloat16_and_its_adapter_in_float32(tmp_path, monkeypatch):
    """What a GPU does by itself, asked for on a CPU."""
    import torch

    from instruction_tuning.training import supervised

    seen: dict[str, set[torch.dtype]] = {}
    original = supervised.train_resumably

    def look(trainer, checkpoints, **saving):
        for parameter in trainer.model.parameters():
            kind = "adapter" if parameter.requires_grad else "frozen"
            seen.setdefault(kind, set()).add(parameter.dtype)
        return original(trainer, checkpoints, **saving)

    monkeypatch.setattr(supervised, "train_resumably", look)
    schedule = replace(SCHEDULE, precision="bfloat16", activation_checkpointing="always", learning_rate=2e-2)
    result = train("llama", tmp_path, tuning="lora", schedule=schedule, saved_dtype="bfloat16")
    assert seen == {"adapter": {torch.float32}, "frozen": {torch.bfloat16}}
    assert result.metrics["heldout_loss_after"] < result.metrics["heldout_loss_before"] - 0.1


@every_family
def test_answers_are_sampled_and_vectors_made(name, tuned):
    folder = tuned(name).model
    prompts = {str(number): turns(f"what is {number} plus 1?", "")[:1] for number in (1, 22222)}
    alone = sample_completions(
        folder, {"1": prompts["1"]}, samples=1, temperature=0.0, max_new_tokens=6, seed=1
    )
    both = sample_completions(folder, prompts, samples=2, temperature=0.0, max_new_tokens=6, seed=1)
    assert both["1"] == [alone["1"][0]] * 2  # padding on the left changes nothing
    vectors = embed_hidden_states(folder, ["a", "longer text"], pooling="mean", max_length_tokens=32)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1], abs=1e-5)


@every_family
def test_a_reward_model_is_trained_and_scores_alike_in_any_batch(name, tuned, tmp_path):
    start = tuned(name).model
    pairs = pd.DataFrame(
        {
            "record_id": [f"r{number}" for number in range(16)],
            "messages": [turns(f"what is {number} plus 1?", "")[:1] for number in range(16)],
            "chosen": [f"the answer is {number + 1}." for number in range(16)],
            "rejected": "红色的苹果",
            "split": "train",
        }
    )
    recipe = RewardRecipe(
        schedule=replace(SCHEDULE, num_train_epochs=6, learning_rate=3e-3),
        max_length=CONTEXT,
        center_rewards_coefficient=0.01,
        saved_dtype="float32",
        chat_template_path=None,
    )
    model = train_reward_model(start, pairs, recipe, tmp_path).model
    prompts, answers = [*pairs["messages"], *pairs["messages"]], [*pairs["chosen"], *pairs["rejected"]]
    rewards = score_answers(model, prompts, answers, max_length=CONTEXT)
    assert (rewards[:16] > rewards[16:]).mean() > 0.8
    one_by_one = score_answers(model, prompts[:4], answers[:4], max_length=CONTEXT, batch_tokens=1)
    assert one_by_one == pytest.approx(rewards[:4], abs=1e-4)


@pytest.mark.usefixtures("machine_not_described")
@pytest.mark.parametrize(
    ("name", "is_tuned"), [*((name, True) for name in FAMILIES), ("llama", False), ("qwen3", False)]
)
def test_the_benchmark_measures_tuned_models_and_bases(name, is_tuned, tuned, tmp_path):
    settings = benchmark_settings(
        items_per_ability=2,
        few_shot=1,
        batch_size=8,
        max_new_tokens_chat=4,
        max_new_tokens_document=4,
        seed=1,
    )
    folder = tuned(name).model if is_tuned else family_folder(name)
    # What the pipeline gives to a base without a template: the tuned model's.
    template = Path(PLAIN_TURNS).read_text(encoding="utf-8")
    outputs = measure_model(folder, small_benchmark(), settings, tmp_path, chat_template=template)
    assert len(outputs) == 2 * 2 * 3
    assert set(outputs["form"]) == {"document_few_shot", "chat_zero_shot", "chat_few_shot"}
