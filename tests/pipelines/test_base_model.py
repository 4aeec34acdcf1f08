from pathlib import Path

import pytest
import yaml
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from instruction_tuning.datasets.frame import FrameDataset
from instruction_tuning.datasets.model_folder import ModelFolderDataset
from instruction_tuning.pipelines.base_model.parameters import BaseModelParameters
from instruction_tuning.pipelines.base_model.pipeline import create_pipeline
from instruction_tuning.schemas.documents import Documents
from instruction_tuning.schemas.training_log import PretrainingLog

DEFAULTS = Path(__file__).parents[2] / "conf" / "base" / "parameters_base_model.yml"
TINY = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}


def parameters() -> BaseModelParameters:
    """The recipe in small: 30 steps, then 10 on late documents."""
    recipe = yaml.safe_load(DEFAULTS.read_text(encoding="utf-8").replace("${globals:seed}", "1"))[
        "base_model"
    ]
    small = {
        "shapes": dict.fromkeys(("small", "default", "large"), TINY),
        "vocab_size": 320,
        "documents": 80,
        "late_documents": 40,
        "tokenizer_documents": 60,
        "max_length": 64,
        "short_length": 32,
        "batch_tokens": 256,
        "train_tokens": 256 * 30,
        "late_tokens": 256 * 10,
        "warmup_steps": 2,
    }
    return BaseModelParameters(**{**recipe, **small})


def test_the_recipe_ends_with_a_second_lower_stretch_on_late_documents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = ("pretraining_documents", "pretraining_log")
    made = {name: FrameDataset(filepath=str(tmp_path / f"{name}.parquet")) for name in names}
    made["pretrained_base"] = ModelFolderDataset(filepath=str(tmp_path / "base"))
    chosen = MemoryDataset(parameters(), copy_mode="assign")
    SequentialRunner().run(create_pipeline(), DataCatalog({"params:base_model": chosen, **made}))

    documents = Documents.validate(made["pretraining_documents"].load())
    assert documents["is_late"].tolist() == [False] * 80 + [True] * 40
    log = PretrainingLog.validate(made["pretraining_log"].load())
    rates = log["learning_rate"].to_numpy()
    assert len(rates) == 40 and rates[29] < 0.1 * rates.max()
    assert rates[30:].max() == pytest.approx(0.7 * rates.max()) and rates[39] < rates[34]
    assert log["loss"].iloc[-5:].mean() < log["loss"].iloc[:5].mean()
    model = made["pretrained_base"].load()
    assert (model.path / "model.safetensors").is_file()
