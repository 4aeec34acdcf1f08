import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from pydantic import ValidationError
from training_builders import CONTEXT, rated_response, tiny_base

from instruction_tuning.datasets.atomic import JSONDataset
from instruction_tuning.datasets.frame import FrameDataset
from instruction_tuning.datasets.model_folder import ModelFolderDataset
from instruction_tuning.errors import InputError
from instruction_tuning.lm.model_folder import ModelFolder, open_model_folder
from instruction_tuning.pipelines.reward_model.nodes import pair_responses
from instruction_tuning.pipelines.reward_model.parameters import RewardModelParameters
from instruction_tuning.pipelines.reward_model.pipeline import create_pipeline
from instruction_tuning.schemas.best_of_n_completions import BestOfNCompletions
from instruction_tuning.schemas.pair_decisions import PairDecisions
from instruction_tuning.schemas.preference_pairs import PreferencePairs
from instruction_tuning.schemas.training_log import TrainingLog
from instruction_tuning.training.training_record import read_training_record, write_training_data

HELD = range(40, 52)


def parameters(project_path: Path, work_folder: Path, **changes: Any) -> RewardModelParameters:
    file = project_path / "conf/base/parameters_reward_model.yml"
    values = yaml.safe_load(file.read_text(encoding="utf-8").replace("${globals:seed}", "7"))["reward_model"]
    small = {"max_length": CONTEXT, "best_of_n_prompts": 5, "best_of_n_max_new_tokens": 8}
    return RewardModelParameters(**{**values, **small, "work_folder": str(work_folder), **changes})


def rated_responses(records: int) -> pd.DataFrame:
    """The better the rating, the more it says of the sum; the last two answers of a record tie."""
    rows = []
    for number in range(records):
        answers = [
            (f"the answer is {number + 1}.", 9),
            ("红色的苹果", 2),
            (f"it is {number + 1}.", 9),
        ]
        rows += [
            rated_response(
                f"{number:016x}",
                f"{number}-{place}",
                rating,
                prompt=f"What is {number} plus 1?",
                response=text,
            )
            for place, (text, rating) in enumerate(answers)
        ]
    return pd.DataFrame(rows)


def sft_model(folder: Path, held: Iterable[int]) -> ModelFolder:
    """A model whose training held out those records."""
    shutil.copytree(tiny_base().path, folder)
    return write_training_data(
        open_model_folder(folder), {"held_out_records": [f"{number:016x}" for number in held]}
    )


def test_the_pipeline_trains_ranks_and_measures(
    project_path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    chosen = parameters(project_path, tmp_path / "work", num_train_epochs=6, learning_rate=5e-3)
    frames = {
        name: FrameDataset(filepath=str(tmp_path / f"{name}.parquet"))
        for name in ("preference_pairs", "pair_decisions", "reward_training_log", "best_of_n_completions")
    }
    catalog = DataCatalog(
        {
            "rated_responses": MemoryDataset(rated_responses(60)),
            "sft_model": MemoryDataset(sft_model(tmp_path / "sft_model", HELD)),
            "params:reward_model": MemoryDataset(chosen),
            "reward_model": ModelFolderDataset(filepath=str(tmp_path / "model")),
            "reward_metrics": JSONDataset(filepath=str(tmp_path / "metrics.json")),
            **frames,
        }
    )
    SequentialRunner().run(create_pipeline(), catalog)

    PreferencePairs.validate(catalog.load("preference_pairs"))
    decisions = catalog.load("pair_decisions")
    PairDecisions.validate(decisions)
    assert decisions["decision"].value_counts().to_dict() == {"train": 96, "left_out": 60, "test": 24}
    assert set(decisions["reason"].dropna()) == {"tie"}
    TrainingLog.validate(catalog.load("reward_training_log"))
    completions = catalog.load("best_of_n_completions")
    BestOfNCompletions.validate(completions)
    assert len(completions) == 5 * 8
    held = {f"{number:016x}" for number in HELD}
    assert set(catalog.load("preference_pairs").query("split == 'test'")["record_id"]) == held
    assert set(completions["record_id"]) <= held
    best = completions.sort_values("rank").groupby("record_id")["reward"].first()
    assert (best == completions.groupby("record_id")["reward"].max()).all()

    metrics = catalog.load("reward_metrics")
    assert all(isinstance(value, float) for value in metrics.values())
    assert metrics["heldout_accuracy"] > 0.9
    assert metrics["heldout_ci_low"] <= metrics["heldout_accuracy"] <= metrics["heldout_ci_high"]
    assert (metrics["ties_dropped"], metrics["train_pairs"], metrics["heldout_pairs"]) == (60, 96, 24)
    assert metrics["heldout_records"] == 12
    assert metrics["overlength_pairs"] == 0 and "seconds" not in metrics
    assert metrics["best_of_n/reward_at_8"] >= metrics["best_of_n/reward_at_1"]
    assert metrics["best_of_n/checked_prompts"] == 5
    assert -1 <= metrics["best_of_n/pass_rate_gain"] <= 1 and "best_of_n/pass_rate_gain_ci_low" not in metrics
    told = [record.message for record in caplog.records if "reward_model.nodes" in record.name]
    assert any("of 24 held-out pairs" in line for line in told)
    assert not any("{" in line or "PairCounts" in line for line in told)
    log, carried = read_training_record(catalog.load("reward_model"))
    assert carried == metrics
    card = (catalog.load("reward_model").path / "README.md").read_text(encoding="utf-8")
    assert card.startswith("# Reward model\n") and "- trained on 96 pairs" in card
    assert catalog.load("sft_model").digest in card and catalog.load("reward_model").digest in card
    assert log["loss"].tolist() == catalog.load("reward_training_log")["loss"].tolist()


def test_a_pair_that_training_leaves_out_for_its_length_is_stored_as_left_out(
    project_path: Path, tmp_path: Path
) -> None:
    rated = rated_responses(60)
    is_long = (rated["record_id"] == f"{0:016x}") & (rated["rating"] == 2)
    rated["response"] = rated["response"].mask(is_long, "红色的苹果" * 30)
    pairs, decisions = pair_responses(
        rated, sft_model(tmp_path / "sft_model", HELD), parameters(project_path, tmp_path)
    )
    of_record = decisions[decisions["record_id"] == f"{0:016x}"]
    assert sorted(of_record["reason"]) == ["overlength", "overlength", "tie"]
    assert len(pairs[pairs["record_id"] == f"{0:016x}"]) == 2


def test_a_model_that_held_out_none_of_the_rated_records_is_refused(
    project_path: Path, tmp_path: Path
) -> None:
    chosen = parameters(project_path, tmp_path / "work")
    for model in (tiny_base(), sft_model(tmp_path / "older", [999])):
        with pytest.raises(InputError, match="held_out_records"):
            pair_responses(rated_responses(3), model, chosen)


@pytest.mark.parametrize("wrong", [{"max_pairs": 0}, {"best_of_n_samples": 1}, {"preferance": "rating"}])
def test_wrong_parameters_are_refused(project_path: Path, tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        parameters(project_path, tmp_path, **wrong)
