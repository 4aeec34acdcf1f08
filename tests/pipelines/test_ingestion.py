import json
import os
import random
import re
import time
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner
from pydantic import ValidationError

from instruction_tuning.canonical.cleaning import ReadingRules
from instruction_tuning.canonical.raw_files import list_raw_files
from instruction_tuning.canonical.reading import read_outcomes
from instruction_tuning.datasets.atomic import DocumentDataset, JSONDataset
from instruction_tuning.datasets.frame import FrameDataset
from instruction_tuning.errors import InputError, RejectionRateError
from instruction_tuning.lm.model_folder import open_model_folder
from instruction_tuning.microworld.benchmark import benchmark_items
from instruction_tuning.microworld.pool import raw_pool
from instruction_tuning.microworld.world import build_world
from instruction_tuning.pipelines.ingestion import create_pipeline
from instruction_tuning.pipelines.ingestion.decontamination_nodes import remove_benchmark_leaks
from instruction_tuning.pipelines.ingestion.duplicate_nodes import remove_duplicates
from instruction_tuning.pipelines.ingestion.duplicate_parameters import DuplicateParameters
from instruction_tuning.pipelines.ingestion.frames import read_frames
from instruction_tuning.pipelines.ingestion.nodes import (
    collect_rejected_records,
    read_raw_records,
)
from instruction_tuning.pipelines.ingestion.parameters import (
    DecontaminationParameters,
    EvaluationDataParameters,
    IngestionParameters,
)
from instruction_tuning.pipelines.ingestion.pool_parameters import PoolStatisticsParameters
from instruction_tuning.pipelines.query_selection.nodes import collect_selected_queries
from instruction_tuning.schemas.answer_comparisons import AnswerComparisons
from instruction_tuning.schemas.canonical_instructions import CanonicalInstructions, InstructionPool
from instruction_tuning.schemas.contamination_matches import ContaminationMatches
from instruction_tuning.schemas.contamination_report import ContaminationReport
from instruction_tuning.schemas.duplicate_clusters import DuplicateClusters
from instruction_tuning.schemas.pool_topics import PoolTopics
from instruction_tuning.schemas.record_repairs import RecordRepairs
from instruction_tuning.schemas.rejected_records import RejectedRecords, UnreadableRecords
from instruction_tuning.schemas.selected_queries import SelectedQueries
from instruction_tuning.schemas.source_documents import SourceDocuments
from instruction_tuning.schemas.source_files import SourceFiles
from instruction_tuning.schemas.verb_noun_pairs import VerbNounPairs
from instruction_tuning.selection.reasons import SELECTED

REPOSITORY = Path(__file__).parents[2]
REAL_DATA = Path(os.environ.get("REAL_DATA_DIR", REPOSITORY.parent / "shared" / "data"))
NOTHING_REPAIRED = (
    pd.DataFrame({"source_row_id": []}),
    pd.DataFrame({"records": [9], "documents": [0], "unreadable": [3]}),
    pd.DataFrame({"source_row_id": [], "flags": []}),
    pd.DataFrame({"source_row_id": []}),
)
SHOWN = ("verb_noun_pairs", "pool_topics", "duplicate_clusters")
OUTPUTS = ("canonical_instructions", "unreadable_records", "instruction_pool", "rejected_records")


def pair(instruction, output, **more):
    return {"instruction": instruction, "input": "", "output": output, **more}


def write(path, *rows):
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def benchmark(*questions, split="test"):
    return pd.DataFrame(
        {
            "item_id": [f"{split}-{number}" for number in range(len(questions))],
            "split": pd.Series([split] * len(questions), dtype="str"),
            "question": pd.Series(list(questions), dtype="str"),
        }
    )


def ingest(path, items=None, evaluation=None, duplicate_rules=None, **parameters):
    """The four outputs, by the node functions in the pipeline's order."""
    canonical, unreadable, repairs, files, documents, comparisons = read_raw_records(
        list_raw_files(path), IngestionParameters(**parameters)
    )
    distinct, duplicates, _ = remove_duplicates(canonical, duplicate_rules or DuplicateParameters())
    pool, leaks, matches, report = remove_benchmark_leaks(
        distinct,
        benchmark() if items is None else items,
        EvaluationDataParameters(path=evaluation and str(evaluation)),
        DecontaminationParameters(),
    )
    rejected = collect_rejected_records(
        canonical, unreadable, duplicates, leaks, pool, repairs, files, documents, comparisons
    )
    ContaminationMatches.validate(matches)
    ContaminationReport.validate(report)
    SourceDocuments.validate(documents)
    AnswerComparisons.validate(comparisons)
    SourceFiles.validate(files)
    RecordRepairs.validate(repairs)
    return canonical, unreadable, pool, rejected


def small_world(folder):
    """Three files with one fault of each kind; every record that should be kept has `keep` in its answer."""
    folder.mkdir()
    alpaca = [
        pair("What is 47 plus 25?", "72, keep", category="arithmetic", licence="CC0"),
        pair("What is 48 plus 25?", "73, keep", category="arithmetic"),
        pair("what is 47 plus 25", "72"),
        pair("Name a colour.", "Red, keep"),
        pair("Name a colour.", "Red, keep"),
        pair("What is 9 plus 9?", "18"),
        pair("Say nothing.", ""),
    ]
    (folder / "alpaca.json").write_text(json.dumps(alpaca), encoding="utf-8")
    turns = [{"from": "human", "value": "Hello!"}, {"from": "gpt", "value": "Hi, keep"}]
    write(folder / "sharegpt.jsonl", {"conversations": turns}, {"conversations": turns[:1] * 2}, "{broken")
    write(folder / "belle.jsonl", pair("沃兰的首都是哪里？", "巴利 keep"), pair("请写一首诗。", "keep 好"))
    return folder


def test_every_fault_of_three_formats_ends_in_its_stage_and_the_rest_in_the_pool(tmp_path):
    items = pd.concat([benchmark("What is 9 plus 9?"), benchmark("Name a colour.", split="train")])
    canonical, unreadable, pool, rejected = ingest(small_world(tmp_path / "raw"), items)
    assert len(canonical) == 9 and len(unreadable) == 3
    assert sorted(pool["format"]) == ["alpaca"] * 3 + ["belle"] * 2 + ["sharegpt"]
    assert pool["answer"].str.contains("keep").all() and len(pool) == 6
    assert rejected.groupby(["stage", "reason"]).size().to_dict() == {
        ("contaminated", "equals_item"): 1,
        ("exact_duplicate", "same_record"): 1,
        ("near_duplicate", "similar_prompt"): 1,
        ("read", "invalid_json"): 1,
        ("validate", "empty_answer"): 1,
        ("validate", "turn_order"): 1,
    }
    near = rejected[rejected["stage"] == "near_duplicate"].iloc[0]
    assert "row 1 of alpaca" in near["detail"] and pool["source_row_id"].iloc[0] in near["detail"]
    assert json.loads(near["raw"])[0] == {"role": "user", "content": "what is 47 plus 25"}
    assert near["collides_with"] == pool["record_id"].iloc[0] and near["similarity"] == 1.0
    exact = rejected[rejected["stage"] == "exact_duplicate"].iloc[0]
    assert exact["collides_with"] in set(pool["source_row_id"])
    leaked = rejected.loc[rejected["stage"] == "contaminated", "collides_with"]
    assert leaked.tolist() == ["test-0"]


def test_the_pipeline_runs_in_kedro_and_the_stored_frames_pass_their_schemas(tmp_path, tiny_model_path):
    catalog = DataCatalog(
        {
            "raw_instructions": MemoryDataset(list_raw_files(small_world(tmp_path / "raw"))),
            "benchmark_items": MemoryDataset(benchmark()),
            "params:evaluation_data": MemoryDataset(EvaluationDataParameters()),
            "base_model": MemoryDataset(open_model_folder(tiny_model_path), copy_mode="assign"),
            "params:ingestion": MemoryDataset(IngestionParameters()),
            "params:duplicates": MemoryDataset(DuplicateParameters()),
            "params:decontamination": MemoryDataset(DecontaminationParameters()),
            "params:pool_statistics": MemoryDataset(PoolStatisticsParameters()),
            "pool_page": DocumentDataset(filepath=str(tmp_path / "pool_page.html")),
            "pool_metrics": JSONDataset(filepath=str(tmp_path / "pool_metrics.json")),
            **{name: FrameDataset(filepath=str(tmp_path / f"{name}.parquet")) for name in (*OUTPUTS, *SHOWN)},
        }
    )
    SequentialRunner().run(create_pipeline(), catalog)
    page = catalog.load("pool_page").read_text(encoding="utf-8")
    assert "Kept: 7 of 7 rows" in page and "Rejected: 5 of 5 rows" in page
    VerbNounPairs.validate(catalog.load("verb_noun_pairs"))
    PoolTopics.validate(catalog.load("pool_topics"))
    DuplicateClusters.validate(catalog.load("duplicate_clusters"))
    assert "Duplicates: 2 clusters" in page
    assert catalog.load("pool_metrics")["rows"] == 7
    models = (CanonicalInstructions, UnreadableRecords, InstructionPool, RejectedRecords)
    for name, model in zip(OUTPUTS, models, strict=True):
        model.validate(catalog.load(name))
    making = ["read_raw_records", "remove_duplicates", "remove_benchmark_leaks", "collect_rejected_records"]
    assert [node.name for node in create_pipeline().nodes if node.name in making] == making
    assert create_pipeline().outputs() == {"pool_page"}


def test_frames_without_rows_and_without_rejects_pass_their_schemas_before_and_after_parquet(tmp_path):
    clean = write(tmp_path / "a.jsonl", pair("Say a.", "a"))
    models = (CanonicalInstructions, UnreadableRecords, InstructionPool, RejectedRecords)
    for frame, model in zip(ingest(clean), models, strict=True):
        for rows in (frame, frame.iloc[:0]):
            model.validate(rows)
            for arrow_lists in (False, True):
                stored = FrameDataset(filepath=str(tmp_path / "frame.parquet"), arrow_lists=arrow_lists)
                stored.save(rows)
                model.validate(stored.load())


def test_frames_made_chunk_by_chunk_are_those_made_at_once(tmp_path):
    write(tmp_path / "a.jsonl", *(pair(f"Say {n}.", str(n), system="Be brief.") for n in range(7)), "{broken")
    write(tmp_path / "b.jsonl", {"text": "Tides. "}, {"text": ""}, {"text": "Winds."})
    write(tmp_path / "c.jsonl", {"prompt": "Say a.", "chosen": "a", "rejected": "b"})
    write(tmp_path / "d.jsonl", *(pair(f"Write f{n}.", "f", tests=f"assert f({n})") for n in range(4)))
    outcomes = list(read_outcomes(list_raw_files(tmp_path), ReadingRules()))
    whole, parts = read_frames(outcomes), read_frames(outcomes, chunk_rows=3)
    for name in ("canonical", "documents", "rejected", "repairs", "comparisons"):
        pd.testing.assert_frame_equal(getattr(whole, name), getattr(parts, name))


def selected_of(pool, folder):
    """All records of a stored pool, selected and stored."""
    stored = FrameDataset(filepath=str(folder / "pool.parquet"), arrow_lists=True)
    stored.save(pool)
    loaded = stored.load()
    InstructionPool.validate(loaded)
    decisions = pd.DataFrame({"record_id": pool["record_id"], "rank": range(len(pool))}).assign(
        decision=SELECTED, reason="all of it", sampler="uniform", selection_score=0.0
    )
    queries = FrameDataset(filepath=str(folder / "selected_queries.parquet"))
    queries.save(collect_selected_queries(loaded, decisions))
    SelectedQueries.validate(queries.load())
    return queries.load()


def test_tests_and_constraints_reach_the_selected_queries_and_data_without_them_have_no_column(tmp_path):
    asserts, short = ["assert f(1) == 4"], [{"kind": "words", "value": 9, "relation": "at_most"}]
    rows = [
        pair("Write f.", "def f(x): return x + 3", tests=asserts),
        pair("Tell of rain in a line.", "It falls.", constraints=short),
        pair("Say a.", "a"),
    ]
    *_, pool, _ = ingest(write(tmp_path / "a.jsonl", *rows))
    both = selected_of(pool, tmp_path)
    assert [list(tests) for tests in both["tests"].dropna()] == [asserts]
    assert [json.loads(text) for text in both["constraints"].dropna()] == [short]
    # Those that brought some may all be dropped.
    none = selected_of(pool[pool["answer"] == "a"], tmp_path)
    assert none[["tests", "constraints"]].isna().all(axis=None)
    canonical, _, pool, _ = ingest(write(tmp_path / "b.jsonl", pair("Say a.", "a", tests=None)))
    assert not {"tests", "constraints"} & {*canonical, *pool}


def test_documents_and_comparisons_are_accounted_for_beside_the_pool(tmp_path):
    (tmp_path / "raw").mkdir()
    write(tmp_path / "raw" / "a.jsonl", {"text": "Tides. "}, {"text": ""}, {"text": "Winds."})
    write(tmp_path / "raw" / "b.jsonl", {"prompt": "Say a.", "chosen": "a", "rejected": "b"})
    files = list_raw_files(tmp_path / "raw")
    *_, source_files, documents, comparisons = read_raw_records(files, IngestionParameters())
    _, _, pool, rejected = ingest(tmp_path / "raw")
    assert documents["text"].tolist() == ["Tides.", "Winds."] and pool["answer"].tolist() == ["a"]
    assert comparisons["source_row_id"].tolist() == pool["source_row_id"].tolist()
    assert comparisons[["first", "second", "verdict"]].values.tolist() == [["a", "b", "first"]]
    assert source_files[["records", "documents", "unreadable"]].values.tolist() == [[0, 2, 1], [1, 0, 0]]
    assert rejected["reason"].tolist() == ["empty_text"]


def test_frames_that_come_back_from_parquet_flow_on(tmp_path):
    canonical, *_ = ingest(small_world(tmp_path / "raw"))
    FrameDataset(filepath=str(tmp_path / "frame.parquet")).save(canonical)
    again, *_ = remove_duplicates(pd.read_parquet(tmp_path / "frame.parquet"), DuplicateParameters())
    direct, *_ = remove_duplicates(canonical, DuplicateParameters())
    assert again["source_row_id"].tolist() == direct["source_row_id"].tolist()


def test_nodes_do_not_change_their_input(tmp_path):
    canonical, *_ = ingest(small_world(tmp_path / "raw"))
    before = canonical.copy(deep=True)
    remove_duplicates(canonical, DuplicateParameters())
    pd.testing.assert_frame_equal(canonical, before)


def test_two_answers_to_one_prompt_are_near_duplicates_only_when_prompts_alone_are_compared(tmp_path):
    path = write(tmp_path / "a.jsonl", pair("Name a colour.", "Red"), pair("Name a colour.", "Ultramarine"))
    _, _, pool, rejected = ingest(path)
    assert pool["answer"].tolist() == ["Ultramarine"], "the longest answer stays"
    assert rejected["stage"].tolist() == ["near_duplicate"]
    _, _, both, _ = ingest(path, duplicate_rules=DuplicateParameters(compare="prompt_and_answer"))
    assert len(both) == 2


def test_conversations_that_end_alike_but_began_differently_are_not_duplicates(tmp_path):
    def talk(topic):
        said = [
            ("human", f"Tell me about {topic}."),
            ("gpt", "Gladly."),
            ("human", "Go on."),
            ("gpt", "Well."),
        ]
        return {"conversations": [{"from": speaker, "value": value} for speaker, value in said]}

    _, _, pool, _ = ingest(write(tmp_path / "a.jsonl", talk("whales"), talk("tides")))
    assert len(pool) == 2


def test_the_order_of_rows_does_not_change_which_contents_stay(tmp_path):
    rows = [pair(f"What is {a} plus {b}?", "x" * (1 + a % 3)) for a in range(4) for b in range(4)]
    rows += [pair(f"please, what is {a} plus 1", "x" * (1 + a)) for a in range(4)]
    rng, kept = random.Random(3), []
    for number in range(3):
        rng.shuffle(rows)
        _, _, pool, _ = ingest(write(tmp_path / f"{number}.jsonl", *rows))
        kept.append(set(pool["record_id"]))
    assert kept[0] == kept[1] == kept[2] and len(kept[0]) == 16


def test_too_many_bad_rows_stop_the_run_with_the_top_reasons(tmp_path):
    path = write(tmp_path / "a.jsonl", pair("Say a.", "a"), "{broken", "{broken", pair("Say b.", ""))
    with pytest.raises(RejectionRateError) as caught:
        ingest(path)
    for words in (
        "3 of 4 rows",
        "75%",
        "invalid_json x 2",
        "line 2",
        "empty_answer x 1",
        "output",
        "max_rejection_rate",
    ):
        assert words in str(caught.value)
    assert len(ingest(path, max_rejection_rate=0.75)[2]) == 1


def test_raw_data_without_a_single_row_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="single row"):
        ingest(write(tmp_path / "a.jsonl", ""))


def test_benchmark_items_without_a_needed_column_name_it(tmp_path):
    path = write(tmp_path / "a.jsonl", pair("Say a.", "a"))
    with pytest.raises(InputError, match="no column question"):
        ingest(path, benchmark("x").drop(columns="question"))


@pytest.mark.parametrize(
    ("model", "parameters"),
    [
        (IngestionParameters, {"max_rejection_rte": 0.1}),
        (DuplicateParameters, {"treshold": 0.8}),
        (DecontaminationParameters, {"ngram_tokens": 0}),
        (IngestionParameters, {"max_rejection_rate": 1.5}),
        (IngestionParameters, {"format": "vicuna"}),
        (IngestionParameters, {"columns": {"instructions": "q"}}),
        (DuplicateParameters, {"permutations": 128, "bands": 20}),
    ],
)
def test_misspelt_and_impossible_parameters_are_refused(model, parameters):
    with pytest.raises(ValidationError):
        model(**parameters)


def test_a_lost_row_is_an_internal_error_that_says_which(tmp_path):
    canonical, unreadable, pool, rejected = ingest(small_world(tmp_path / "raw"))
    with pytest.raises(AssertionError, match="rows got lost or doubled"):
        nothing = rejected.iloc[:0]
        collect_rejected_records(canonical, unreadable, nothing, nothing, pool, *NOTHING_REPAIRED)


words = st.sampled_from(["add", "sort", "the", "please", "3", "4", "list", "诗", "写"])
rows = st.one_of(
    st.tuples(st.lists(words, max_size=4), st.sampled_from(["", "a", "bb"])).map(
        lambda row: json.dumps(pair(" ".join(row[0]), row[1])).encode()
    ),
    st.binary(max_size=20),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.lists(rows, min_size=1, max_size=12).map(b"\n".join))
def test_kept_and_rejected_add_up_to_what_was_read_whatever_the_bytes(tmp_path, data):
    path = tmp_path / "any.jsonl"
    data += b'\n{"instruction": "One good row.", "output": "yes"}'
    path.write_bytes(data)
    lines = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape").split("\n")
    read = sum(bool(line.strip()) for line in lines)
    canonical, unreadable, pool, rejected = ingest(
        path, benchmark("sort the list 3 4"), format="alpaca", max_rejection_rate=1.0
    )
    assert len(canonical) + len(unreadable) == len(pool) + len(rejected) == read
    ids = [*pool["source_row_id"], *rejected["source_row_id"]]
    assert len(set(ids)) == len(ids)
    assert pool["record_id"].is_unique


@pytest.fixture(scope="module")
def microworld(tmp_path_factory):
    """Ingestion's outputs on the microworld's pool, the truth by source_row_id, and the benchmark items."""
    world, folder = build_world(), tmp_path_factory.mktemp("pool")
    planted = raw_pool(world, seed=5)
    for name, content in planted.files.items():
        (folder / name).write_bytes(content)
    items = pd.DataFrame(benchmark_items(world, seed=5))
    digests = {file.source: file.sha256[:12] for file in list_raw_files(folder)}
    truth = {f"{digests[row['source']]}:{row['row']}": row for row in planted.truth}
    return ingest(folder, items), truth, items


def test_broken_rows_of_the_microworld_are_all_set_aside_and_sound_ones_only_as_duplicates(microworld):
    (_, _, _, rejected), truth, _ = microworld
    stages = {row: set() for row in ("none", "broken_json", "empty_answer", "wrong_type")}
    stage_of = dict(zip(rejected["source_row_id"], rejected["stage"], strict=True))
    for row_id, row in truth.items():
        stages.setdefault(row["fault"], set()).add(stage_of.get(row_id, "kept"))
    assert stages["broken_json"] == {"read"}
    assert stages["empty_answer"] == stages["wrong_type"] == {"validate"}
    assert stages["none"] == {"kept", "exact_duplicate", "near_duplicate"}


def test_no_two_items_of_the_microworld_are_taken_for_one(microworld):
    (_, _, _, rejected), truth, _ = microworld
    near = rejected[rejected["stage"] == "near_duplicate"]
    assert len(near) > 100
    for row_id, detail in zip(near["source_row_id"], near["detail"], strict=True):
        kept = re.search(r"\((\w+:\d+)\)", detail)[1]
        assert truth[row_id]["key"] == truth[kept]["key"]


def test_every_planted_copy_and_leak_of_the_microworld_is_gone_from_the_pool(microworld):
    (_, _, pool, _), _, items = microworld
    heard = [str([dict(turn) for turn in messages[:-2]]) for messages in pool["messages"]]
    plain = [re.sub(r"[\s.!?。！？]+", "", prompt) for prompt in pool["prompt"]]
    assert not pd.DataFrame({"heard": heard, "plain": plain}).duplicated().any()
    assert not set(pool["prompt"]) & set(items.loc[items["split"] == "test", "question"])


@pytest.fixture(scope="module")
def alpaca_file():
    path = REAL_DATA / "alpaca_en" / "alpaca_data.parquet"
    if not path.exists():
        pytest.skip(f"no real data at {path}: set REAL_DATA_DIR")
    return path


@pytest.mark.real_data
def test_all_of_alpaca_goes_through_in_seconds_and_adds_up(alpaca_file):
    started = time.monotonic()
    leaked = "Give three tips for staying healthy."
    canonical, unreadable, pool, rejected = ingest(alpaca_file, benchmark(leaked))
    assert time.monotonic() - started < 60
    assert len(canonical) + len(unreadable) == len(pool) + len(rejected) == 49_948
    reasons = rejected["reason"].value_counts()
    assert reasons["empty_answer"] == 28  # as the data's own table says
    assert (
        reasons["placeholder_answer"] == 52
    )  # all are "<nooutput>", "<noinput>" or "No Output" in some spelling
    assert reasons["equals_item"] == 1
    assert set(rejected.loc[rejected["stage"] == "near_duplicate", "detail"].str[:10]) <= {"similarity"}
    assert pool["flags"].map(lambda flags: "input_placeholder_removed" in flags).sum() > 500
    assert (pool["language"] == "en").mean() > 0.99


@pytest.mark.real_data
def test_the_content_guard_keeps_different_tasks_on_one_passage(alpaca_file, tmp_path):
    # Without it, MinHash takes "Write a summary" and "Cite the sources" of one abstract for one request.
    rows = pd.read_parquet(alpaca_file)
    rows = rows[rows["input"].str.startswith("Abstract: Fine-tuning continuous prompts")]
    path = tmp_path / "one_abstract.parquet"
    rows.to_parquet(path)
    assert len(rows) == 4 and rows["instruction"].is_unique
    assert len(ingest(path)[2]) == 4
    assert len(ingest(path, duplicate_rules=DuplicateParameters(content_guard=False))[2]) == 1


@pytest.mark.real_data
def test_the_exact_duplicates_of_a_chinese_set_are_found():
    path = REAL_DATA / "alpaca_gpt4" / "alpaca_gpt4_zh.parquet"
    if not path.exists():
        pytest.skip(f"no real data at {path}: set REAL_DATA_DIR")
    _, _, pool, rejected = ingest(path)
    assert rejected["stage"].tolist() == ["exact_duplicate"] * 5  # as the data's own table says
    assert (pool["language"] == "zh").mean() > 0.9
