from pathlib import Path

import pytest
import yaml
from training_builders import CONTEXT, replay_documents, tiny_base, verified_examples

from instruction_tuning.errors import InputError
from instruction_tuning.training.on_examples import fine_tune_on_examples
from instruction_tuning.training.sft_parameters import SFTParameters


def parameters(project_path: Path, work_folder: Path) -> SFTParameters:
    file = project_path / "conf/base/parameters_sft.yml"
    values = yaml.safe_load(file.read_text(encoding="utf-8").replace("${globals:seed}", "7"))["sft"]
    small = {"max_length": CONTEXT, "num_train_epochs": 1, "validation_minimum": 2}
    return SFTParameters(**{**values, **small, "work_folder": str(work_folder)})


def test_the_order_of_the_examples_does_not_matter_and_a_finished_training_is_found(
    project_path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    examples = verified_examples(20).drop(columns="response_id")
    chosen = parameters(project_path, tmp_path)
    first = fine_tune_on_examples(tiny_base(), examples, replay_documents(10), chosen)
    assert first.model.digest != tiny_base().digest
    caplog.set_level("INFO")
    again = fine_tune_on_examples(tiny_base(), examples[::-1], replay_documents(10), chosen)
    assert again.model.digest == first.model.digest
    assert "found the finished run" in caplog.text


def test_one_record_is_too_few(project_path: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="too few to train"):
        fine_tune_on_examples(
            tiny_base(), verified_examples(1), replay_documents(2), parameters(project_path, tmp_path)
        )
