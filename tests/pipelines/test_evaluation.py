import pytest
from benchmark_builders import FORMS, random_model, small_benchmark
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from pydantic import ValidationError

from instruction_tuning.datasets.atomic import JSONDataset, TextDataset
from instruction_tuning.datasets.frame import FrameDataset
from instruction_tuning.evaluation.parameters import EvaluationParameters
from instruction_tuning.pipelines.evaluation import create_pipeline
from instruction_tuning.schemas.benchmark_comparisons import BenchmarkComparisons
from instruction_tuning.schemas.benchmark_items import BenchmarkItems
from instruction_tuning.schemas.benchmark_metrics import BenchmarkMetrics
from instruction_tuning.schemas.benchmark_outputs import BenchmarkOutputs

FRAMES = ("benchmark_outputs", "benchmark_metrics", "benchmark_comparisons")
PARAMETERS = {
    "items_per_ability": 2,
    "items_per_reported_ability": 1,
    "few_shot": 1,
    "batch_size": 16,
    "max_new_tokens_chat": 4,
    "max_new_tokens_document": 4,
    "seed": 1,
    "delta": 0.03,
    "alpha": 0.05,
    "confidence": 0.95,
    "min_extraction_rate": 0.8,
    "promote": False,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("evaluation")


@pytest.fixture(scope="module")
def models(folder):
    return [random_model(folder / str(seed), seed=seed) for seed in (0, 1)]


def evaluate(folder, base, candidate, champion=None):
    inputs = {
        "base_model": base,
        "sft_model": candidate,
        "champion_model": champion,
        "benchmark_items": small_benchmark(),
        "params:evaluation": EvaluationParameters(**PARAMETERS, work_folder=str(folder / "work")),
    }
    outputs = {name: FrameDataset(filepath=str(folder / f"{name}.parquet")) for name in FRAMES} | {
        "promotion_verdict": JSONDataset(filepath=str(folder / "promotion_verdict.json")),
        "model_card": TextDataset(filepath=str(folder / "model_card.md")),
    }
    given = {name: MemoryDataset(data, copy_mode="assign") for name, data in inputs.items()}
    SequentialRunner().run(create_pipeline(), DataCatalog(given | outputs))
    return {name: dataset.load() for name, dataset in outputs.items()}


@pytest.fixture(scope="module")
def found(folder, models):
    return evaluate(folder, *models)


def test_the_outputs_fit_their_schemas(found):
    BenchmarkItems.validate(small_benchmark())
    BenchmarkOutputs.validate(found["benchmark_outputs"])
    BenchmarkMetrics.validate(found["benchmark_metrics"])
    BenchmarkComparisons.validate(found["benchmark_comparisons"])


def test_base_and_candidate_answer_the_same_items_in_every_form(found):
    outputs = found["benchmark_outputs"]
    assert outputs.groupby(["model_role", "form"]).size().to_dict() == {
        (role, form): 4 for role in ("base", "candidate") for form in FORMS
    }


def test_a_random_model_is_not_promoted(found, models):
    verdict = found["promotion_verdict"]
    assert verdict["verdict"] == "fail"
    assert verdict["incumbent"] == "base"
    assert verdict["candidate_digest"] == models[1].digest
    assert models[1].digest in found["model_card"]
    assert verdict["model_card"] == found["model_card"]


def test_the_verdict_holds_what_both_models_said_to_two_unseen_items(found):
    outputs = found["benchmark_outputs"].set_index(["form", "model_role", "item_id"])
    pairs = found["promotion_verdict"]["evidence"]["answer_pairs"]
    assert {pair["ability"] for pair in pairs} == {"math", "open_qa"} and len(pairs) == 2
    for pair in pairs:
        for role in ("base", "candidate"):
            said = outputs.loc[("chat_zero_shot", role, pair["item_id"])]
            assert (pair[f"response_{role}"], pair[f"score_{role}"]) == (said["response"], said["score"])


def test_the_card_has_the_command_that_measures_again(found, models):
    assert f"--params=candidate={models[1].path.as_posix()}\n" in found["model_card"]


def test_a_champion_known_already_costs_no_measuring(folder, models, found, monkeypatch, caplog):
    caplog.set_level("INFO")
    monkeypatch.setattr("transformers.AutoModelForCausalLM.from_pretrained", None)
    base, candidate = models
    again = evaluate(folder, base, candidate, champion=base)
    assert set(again["benchmark_comparisons"]["reference_role"]) == {"base", "champion"}
    assert again["promotion_verdict"]["incumbent"] == "champion"
    told = " ".join(record.message for record in caplog.records)
    for role in ("base", "candidate", "champion"):
        assert f"the {role} (" in told
    assert "against champion, document form, mean over abilities" in told


def test_a_champion_is_not_compared_with_itself_but_with_the_base(folder, models, found):
    base, candidate = models
    again = evaluate(folder, base, candidate, champion=candidate)
    assert again["benchmark_outputs"].equals(found["benchmark_outputs"])
    first, verdict = found["promotion_verdict"], again["promotion_verdict"]
    assert verdict["incumbent"] == "base" and verdict["checks"] == first["checks"]
    assert (first["is_champion"], verdict["is_champion"]) == (False, True)
    assert "Incumbent: base (the candidate is the champion itself); tolerated" in again["model_card"]
    assert "Incumbent: base; tolerated" in found["model_card"]


def test_a_misspelt_parameter_is_refused():
    with pytest.raises(ValidationError, match="tolerance"):
        EvaluationParameters(**PARAMETERS, work_folder=".", tolerance=0.1)


def test_only_models_and_items_come_from_outside():
    assert create_pipeline().inputs() == {
        "base_model",
        "sft_model",
        "champion_model",
        "benchmark_items",
        "params:evaluation",
    }
