"""A licence's way from a source to the model card, and a policy that keeps rows out, through the pipeline."""

import json

import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from pydantic import ValidationError
from reporting_builders import verdict

from instruction_tuning.canonical.dry_run import dry_run
from instruction_tuning.canonical.raw_files import list_raw_files
from instruction_tuning.datasets.atomic import DocumentDataset, JSONDataset
from instruction_tuning.datasets.frame import FrameDataset
from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.lm.model_folder import open_model_folder
from instruction_tuning.mixture.training_data import training_data
from instruction_tuning.pipelines.ingestion import create_pipeline
from instruction_tuning.pipelines.ingestion.duplicate_parameters import DuplicateParameters
from instruction_tuning.pipelines.ingestion.parameters import (
    DecontaminationParameters,
    EvaluationDataParameters,
    IngestionParameters,
)
from instruction_tuning.pipelines.ingestion.pool_parameters import PoolStatisticsParameters
from instruction_tuning.reporting.model_card import model_card

NO_ITEMS = pd.DataFrame({name: pd.Series([], dtype="str") for name in ("item_id", "split", "question")})
STORED = (
    *("instruction_pool", "rejected_records", "source_documents", "answer_comparisons"),
    *("canonical_instructions", "unreadable_records"),
)


@pytest.fixture
def ingest(tmp_path, tiny_model_path):
    """A function from ingestion's parameters to the stored frames and the page."""
    raw = tmp_path / "raw"
    raw.mkdir()
    alpaca = [
        {"instruction": "Name a colour.", "output": "Red"},
        {"instruction": "Name a river.", "output": "The Rhine", "license": "CC-BY 4.0"},
        {"instruction": "Name a town.", "output": "Ulm", "license": "MIT"},
    ]
    write(raw / "alpaca_en.jsonl", alpaca)
    write(raw / "unmarked.jsonl", [{"instruction": "Name a tree.", "output": "Oak"}])
    pair = {"prompt": "Name a fish.", "chosen": "Carp", "rejected": "Dog"}
    write(raw / "pairs.jsonl", [pair, {**pair, "prompt": "Name a bird.", "license": "cc by-nc 4.0"}])
    texts = [{"text": "The moon pulls at the sea.", "license": "CC-BY-NC-SA-4.0"}, {"text": "Winds."}]
    write(raw / "texts.jsonl", texts)

    def ingested(**parameters):
        catalog = DataCatalog(
            {
                "raw_instructions": MemoryDataset(list_raw_files(raw)),
                "benchmark_items": MemoryDataset(NO_ITEMS),
                "base_model": MemoryDataset(open_model_folder(tiny_model_path), copy_mode="assign"),
                "params:evaluation_data": MemoryDataset(EvaluationDataParameters()),
                "params:ingestion": MemoryDataset(IngestionParameters(**parameters)),
                "params:duplicates": MemoryDataset(DuplicateParameters()),
                "params:decontamination": MemoryDataset(DecontaminationParameters()),
                "params:pool_statistics": MemoryDataset(PoolStatisticsParameters()),
                "pool_page": DocumentDataset(filepath=str(tmp_path / "pool_page.html")),
                "pool_metrics": JSONDataset(filepath=str(tmp_path / "pool_metrics.json")),
                **{
                    name: FrameDataset(filepath=str(tmp_path / f"{name}.parquet"), arrow_lists=True)
                    for name in STORED
                },
            }
        )
        SequentialRunner().run(create_pipeline(), catalog)
        return {name: catalog.load(name) for name in (*STORED, "pool_page", "pool_metrics")}

    return ingested


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


SOURCES = {"alpaca_*": "CC BY-NC 4.0", "texts": "CC0", "pairs": "Apache 2.0"}


def licences(frame):
    return sorted(frame["licence"].fillna("?"))


def test_without_a_policy_every_row_is_kept_under_one_spelling_of_its_licence(ingest):
    made = ingest(licences=SOURCES)
    found = licences(made["instruction_pool"])
    assert found == ["?", "apache-2.0", "cc-by-4.0", "cc-by-nc-4.0", "cc-by-nc-4.0", "mit"]
    assert licences(made["source_documents"]) == ["cc-by-nc-sa-4.0", "cc0-1.0"]
    assert made["pool_metrics"]["rows/licence/cc-by-nc-4.0"] == 2
    page = made["pool_page"].read_text(encoding="utf-8")
    assert "<td>cc-by-nc-4.0</td><td>2</td>" in page and "<td>apache-2.0</td><td>1</td>" in page


def test_a_policy_keeps_other_rows_out_of_pool_documents_and_comparisons(ingest):
    made = ingest(licences=SOURCES, allowed_licences="commercial")
    assert licences(made["instruction_pool"]) == ["apache-2.0", "cc-by-4.0", "mit"]
    assert licences(made["source_documents"]) == ["cc0-1.0"]
    assert made["answer_comparisons"]["first"].tolist() == ["Carp"]
    rejected = made["rejected_records"]
    assert set(rejected["stage"]) == {"licence"}
    counts = rejected.groupby(["source", "reason"]).size().to_dict()
    assert counts == {
        ("alpaca_en", "licence_not_allowed"): 1,
        ("pairs", "licence_not_allowed"): 1,
        ("texts", "licence_not_allowed"): 1,
        ("unmarked", "licence_unknown"): 1,
    }
    refused = rejected[rejected["source"] == "pairs"].iloc[0]
    assert json.loads(refused["raw"])["prompt"] == "Name a bird." and refused["source_row_id"].endswith(":1")
    assert "licence / licence_not_allowed" in made["pool_page"].read_text(encoding="utf-8")


def test_rows_without_a_licence_stay_on_request(ingest):
    made = ingest(licences=SOURCES, allowed_licences=["commercial"], unknown_licence="keep")
    assert licences(made["instruction_pool"]) == ["?", "apache-2.0", "cc-by-4.0", "mit"]


def test_refused_rows_do_not_count_as_faulty_ones(ingest):
    made = ingest(allowed_licences=["mit"], max_rejection_rate=0.0)
    assert licences(made["instruction_pool"]) == ["mit"] and len(made["rejected_records"]) == 7


@pytest.mark.parametrize(("allowed", "kept_out"), [("mit", 7), ("permissive", 6), (None, 0)])
def test_a_look_before_counts_refused_rows_as_the_run_does(ingest, tmp_path, allowed, kept_out):
    parameters = {"allowed_licences": allowed, "max_rejection_rate": 0.0}
    ingest(**parameters)
    report = dry_run(
        tmp_path / "raw",
        lambda texts: [len(text) for text in texts],
        max_length_tokens=100,
        rules=IngestionParameters(**parameters).reading_rules(),
        max_rejection_rate=0.0,
    )
    assert (report.kept_out_rows, report.bad_rows) == (kept_out, 0)
    assert "rows are bad" not in report.render()
    assert report.is_usable is (report.good_rows > 1)  # one row alone cannot be trained on
    assert (f", 0 bad rows, {kept_out} kept out by licence" in report.render()) == bool(kept_out)


def test_a_policy_that_refuses_every_row_stops_the_run(ingest):
    with pytest.raises(InputError, match=r"no row is under an allowed licence: .*isc"):
        ingest(licences=SOURCES | {"unmarked": "MIT"}, allowed_licences=["isc"])


@pytest.mark.parametrize(
    ("allowed", "said"),
    [
        ("comercial", "did you mean 'commercial'"),
        (["mit", "our own"], "`our own` is no group, pattern or known licence"),
        ([], "allowed_licences is empty"),
    ],
)
def test_a_misspelt_policy_is_no_policy(allowed, said):
    with pytest.raises(ValidationError, match=said):
        IngestionParameters(allowed_licences=allowed)
    assert IngestionParameters(allowed_licences="our own", licences={"a": "Our  Own"})


def test_a_source_or_a_setting_that_does_not_exist_stops_the_run(ingest):
    with pytest.raises(ConfigurationError, match="no source is called `alpaka"):
        ingest(licences={"alpaka*": "MIT"})
    with pytest.raises(ValidationError):
        IngestionParameters(unknown_licence="drop")


def test_the_pools_licences_reach_the_model_card(ingest):
    pool = ingest(licences=SOURCES)["instruction_pool"]
    examples = pool["record_id"].tolist()
    mixture = pd.DataFrame(
        {
            "example_id": examples,
            "kind": "chat",
            "source": pool["source"].tolist(),
            "parent_ids": [[one] for one in examples],
        }
    )
    decisions = pd.DataFrame({"example_id": examples, "decision": "kept"})
    facts = training_data(
        mixture,
        mixture.iloc[:0],
        pool.assign(sampler="uniform"),
        decisions=decisions,
        pool=pool["record_id"],
    )
    found = verdict()
    metrics, comparisons = (pd.DataFrame(found["evidence"][name]) for name in ("metrics", "comparisons"))
    card = model_card(metrics, comparisons, found, trained_on=facts, folder="data")
    (line,) = (line for line in card.splitlines() if line.startswith("- licences: "))
    assert "cc-by-nc-4.0 2" in line and "mit 1" in line and "not stated" in line
