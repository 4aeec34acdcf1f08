import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from pydantic import ValidationError
from training_builders import CONTEXT, replay_documents, tiny_base, turns, verified_examples

from instruction_tuning.datasets.atomic import DocumentDataset, JSONDataset
from instruction_tuning.datasets.frame import FrameDataset
from instruction_tuning.datasets.model_folder import ModelFolderDataset
from instruction_tuning.pipelines.sft.nodes import decide_examples, mix_examples, preview_mask
from instruction_tuning.pipelines.sft.pipeline import create_pipeline
from instruction_tuning.schemas.example_decisions import ExampleDecisions
from instruction_tuning.schemas.sft_mixture import SFTMixture
from instruction_tuning.schemas.training_log import TrainingLog
from instruction_tuning.training.sft_parameters import SFTParameters
from instruction_tuning.training.tokenized import load_training_tokenizer, tokenize_mixture
from instruction_tuning.training.training_record import read_training_data, read_training_record

FLAT_METRICS = {
    "heldout_loss_before",
    "heldout_loss_after",
    "tokens_per_byte",
    "truncated_share",
    "train_tokens",
    "examples",
    "documents",
    "tokens_per_second",
    "seconds",
    "packing_efficiency",
}


def parameters(project_path: Path, work_folder: Path, **changes: Any) -> SFTParameters:
    file = project_path / "conf/base/parameters_sft.yml"
    values = yaml.safe_load(file.read_text(encoding="utf-8").replace("${globals:seed}", "7"))["sft"]
    return SFTParameters(
        **{**values, "max_length": CONTEXT, "work_folder": str(work_folder), "learning_rate": 1e-2, **changes}
    )


def selected_queries(count: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "record_id": [f"{number:016x}" for number in range(count)],
            "language": ["zh" if number % 2 else "en" for number in range(count)],
            "licence": pd.Series([None] * count, dtype="str"),
            "category": pd.Series([None] * count, dtype="str"),
            "source_row_id": [f"{0:012x}:{row}" for row in range(count)],
            "sampler": "uniform",
            "selected_because": [f"uniform draw {n + 1} of {count} from 90 records" for n in range(count)],
        }
    )


@pytest.fixture(scope="module")
def catalog(project_path: Path, tmp_path_factory: pytest.TempPathFactory) -> DataCatalog:
    """What a run of the pipeline leaves."""
    tmp_path = tmp_path_factory.mktemp("sft")
    frames = {
        name: FrameDataset(filepath=str(tmp_path / f"{name}.parquet"))
        for name in ("sft_mixture", "sft_validation", "example_decisions", "sft_training_log")
    }
    catalog = DataCatalog(
        {
            "verified_examples": MemoryDataset(verified_examples(60)),
            "replay_documents": MemoryDataset(replay_documents(60)),
            "selected_queries": MemoryDataset(selected_queries(60)),
            "instruction_pool": MemoryDataset(selected_queries(90)),
            "base_model": MemoryDataset(tiny_base()),
            "params:sft": MemoryDataset(parameters(project_path, tmp_path / "work")),
            "sft_mask_preview": DocumentDataset(filepath=str(tmp_path / "preview.md")),
            "sft_model": ModelFolderDataset(filepath=str(tmp_path / "model")),
            "sft_metrics": JSONDataset(filepath=str(tmp_path / "metrics.json")),
            **frames,
        }
    )
    SequentialRunner().run(create_pipeline(), catalog)
    return catalog


def test_the_pipeline_ends_with_a_model_its_loss_curve_and_flat_metrics(catalog: DataCatalog) -> None:
    for name in ("sft_mixture", "sft_validation"):
        SFTMixture.validate(catalog.load(name))
    ExampleDecisions.validate(catalog.load("example_decisions"))
    TrainingLog.validate(catalog.load("sft_training_log"))
    metrics = catalog.load("sft_metrics")
    assert metrics.keys() >= FLAT_METRICS
    assert all(isinstance(value, float) for value in metrics.values())
    assert metrics["heldout_loss_after"] < metrics["heldout_loss_before"]
    assert catalog.load("sft_model").digest != tiny_base().digest
    assert "⟦" in catalog.load("sft_mask_preview").read_text(encoding="utf-8")


def test_the_published_model_carries_its_loss_curve_and_metrics(catalog: DataCatalog) -> None:
    log, metrics = read_training_record(catalog.load("sft_model"))
    assert metrics == catalog.load("sft_metrics")
    stored = catalog.load("sft_training_log")
    pd.testing.assert_frame_equal(log, stored, check_dtype=False)
    assert stored["step"].iloc[[0, -1]].tolist() == [1, metrics["steps"]]


def test_the_published_model_says_what_it_was_trained_on(catalog: DataCatalog) -> None:
    facts = read_training_data(catalog.load("sft_model"))
    mixture = catalog.load("sft_mixture")
    assert facts["examples"] + facts["documents"] == len(mixture)
    held = catalog.load("sft_validation").query("kind == 'chat'")
    assert facts["held_out_records"] == sorted(parents[0] for parents in held["parent_ids"])
    assert (facts["sampler"], facts["selected_queries"], facts["pool_records"]) == ("uniform", 60, 90)


def test_the_log_tells_chats_from_documents_and_names_no_documents_where_there_are_none(
    project_path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    chosen = parameters(project_path, tmp_path)
    without = chosen.model_copy(update={"documents_per_example": 0.0})
    for parameter in (chosen, without):
        mix_examples(verified_examples(60), replay_documents(60), parameter)
    with_documents, chats_only = (record.message for record in caplog.records)
    assert with_documents.count("documents") == 2
    assert chats_only.startswith("to train on: ") and "documents" not in chats_only


def test_the_preview_shows_four_chats_and_a_document_with_the_trained_tokens_marked(
    project_path: Path, tmp_path: Path
) -> None:
    rows = [
        {"example_id": f"c{n}", "kind": "chat", "messages": turns("ask", f"say {n}"), "text": None}
        for n in range(6)
    ]
    rows.append({"example_id": "d0", "kind": "document", "messages": None, "text": "a line"})
    preview = preview_mask(pd.DataFrame(rows), tiny_base(), parameters(project_path, tmp_path))
    assert re.findall(r"^## (\w+ \w+)", preview, re.MULTILINE) == [
        "chat c0",
        "chat c1",
        "chat c2",
        "chat c3",
        "document d0",
    ]
    assert "<|user|>ask<|end|><|assistant|>⟦say 0<|end|>⟧" in preview
    assert "<|endoftext|>⟦a line⟧" in preview


def test_a_small_max_length_decides_what_the_training_decides(project_path: Path, tmp_path: Path) -> None:
    chats = {"whole": turns("a", "b"), "cut": turns("a", "b " * 40), "dropped": turns("a " * 40, "b")}
    mixture = pd.DataFrame(
        [
            {"example_id": name, "kind": "chat", "messages": chat, "text": None, "parent_ids": [f"r-{name}"]}
            for name, chat in chats.items()
        ]
        + [{"example_id": "d", "kind": "document", "messages": None, "text": "a " * 40, "parent_ids": ["d"]}]
    )
    decisions = decide_examples(mixture, tiny_base(), parameters(project_path, tmp_path, max_length=20))
    ExampleDecisions.validate(decisions)
    assert decisions["decision"].tolist() == ["trained", "cut", "dropped"]
    assert decisions["record_id"].tolist() == ["r-whole", "r-cut", "r-dropped"]
    assert decisions["reason"].iloc[1].startswith("cut at 20 of ")
    assert decisions["reason"].iloc[2].startswith("the answer begins after the first 20 tokens")
    tokenized = tokenize_mixture(load_training_tokenizer(tiny_base(), None), mixture, max_length=20)
    left = decisions[decisions["decision"] != "dropped"]
    assert [sum(one.trained) for one in tokenized.chats] == left["trained_tokens"].tolist()
    assert tokenized.without_target == len(decisions) - len(left)


@pytest.mark.parametrize(
    "wrong", [{"learning_rate": 0}, {"tuning": "qlora"}, {"max_lenght": 5}, {"validation_share": 1}]
)
def test_wrong_parameters_are_refused(project_path: Path, tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        parameters(project_path, tmp_path, **wrong)
