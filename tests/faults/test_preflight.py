"""What is wrong before a run is said before the run, by name and with the way out."""

import errno
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import yaml
from chat_server import ChatServer
from kedro.io import DataCatalog, DatasetError, MemoryDataset, Version
from kedro.pipeline import Node, Pipeline
from raw_file_builders import write
from training_builders import tiny_base

from instruction_tuning.chat_format.template import CHAT_TEMPLATE
from instruction_tuning.cli.plain_errors import explain, plain_errors
from instruction_tuning.datasets.frame import FrameDataset
from instruction_tuning.datasets.jsonl import JSONLinesDataset
from instruction_tuning.datasets.model_folder import ModelFolderDataset
from instruction_tuning.datasets.raw_files import RawFilesDataset
from instruction_tuning.errors import (
    ConfigurationError,
    EndpointUnreachableError,
    InputError,
    InstructionTuningError,
    ModelFolderError,
    WorkspaceError,
)
from instruction_tuning.hooks.answer_source import TEACHER, check_teacher_knows, needs_teacher, what_is_used
from instruction_tuning.hooks.preflight import check_before_run, check_teacher, check_writable
from instruction_tuning.lm.embedding_endpoint import EmbeddingEndpoint
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.pipelines.answer_generation.parameters import AnswerGenerationParameters
from instruction_tuning.pipelines.ingestion.parameters import EvaluationDataParameters


def check(catalog: DataCatalog, tmp_path: Path, *inputs: str, output: str = "result") -> None:
    def work(*_: Any) -> None: ...

    pipeline = Pipeline([Node(work, list(inputs), output, name="do_work")])
    check_before_run({"project_path": str(tmp_path)}, pipeline, catalog)


def message(error: BaseException) -> str:
    text = explain(error)
    assert text is not None
    assert "fix:" in text
    return text


def test_a_missing_raw_file_is_named(tmp_path):
    catalog = DataCatalog({"raw_instructions": RawFilesDataset(filepath=str(tmp_path / "no.json"))})
    with pytest.raises(InputError) as caught:
        check(catalog, tmp_path, "raw_instructions")
    assert "no.json" in message(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("nowhere", None, ["no such file or folder", "evaluation_data.path"]),
        ("half.parquet", b"PAR1half", ["half.parquet"]),
        ("broken.jsonl", b'{"question": "Why is it so?"}\n{broken', ["broken.jsonl", "row 2"]),
    ],
)
def test_an_evaluation_set_that_cannot_be_read_is_named_before_the_run(tmp_path, name, content, words):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    data = EvaluationDataParameters(path=str(tmp_path / name))
    catalog = DataCatalog({"params:evaluation_data": MemoryDataset(data)})
    with pytest.raises(InputError) as caught:
        check(catalog, tmp_path, "params:evaluation_data")
    told = message(caught.value)
    assert all(word in told for word in words) and "raw data" not in told


def test_an_empty_raw_folder_is_named(tmp_path):
    (tmp_path / "raw").mkdir()
    catalog = DataCatalog({"raw_instructions": RawFilesDataset(filepath=str(tmp_path / "raw"))})
    with pytest.raises(Exception, match="holds no raw files") as caught:
        check(catalog, tmp_path, "raw_instructions")
    assert "raw" in message(caught.value)


def test_a_missing_model_folder_is_named(tmp_path):
    catalog = DataCatalog({"base_model": ModelFolderDataset(filepath=str(tmp_path / "model"))})
    with pytest.raises(InputError, match="base_model"):
        check(catalog, tmp_path, "base_model")


def test_a_model_folder_without_weights_is_named(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    catalog = DataCatalog({"base_model": ModelFolderDataset(filepath=str(tmp_path / "model"))})
    with pytest.raises(Exception, match="lacks") as caught:
        check(catalog, tmp_path, "base_model")
    assert "safetensors" in message(caught.value)


def test_a_data_set_of_an_earlier_stage_says_which_pipeline_makes_it(tmp_path, project_path, monkeypatch):
    from kedro.framework.startup import bootstrap_project

    monkeypatch.chdir(project_path)
    bootstrap_project(project_path)
    catalog = DataCatalog({"instruction_pool": FrameDataset(filepath=str(tmp_path / "pool.parquet"))})
    with pytest.raises(InputError, match="kedro run --pipeline=ingestion"):
        check(catalog, tmp_path, "instruction_pool")


@pytest.mark.parametrize(("name", "kind"), [("pol", "catalog entry"), ("params:stf", "parameter")])
def test_an_input_without_an_entry_is_named_with_the_nearest(tmp_path, name, kind):
    catalog = DataCatalog({"pool": MemoryDataset(1), "params:sft": MemoryDataset(1)})
    with pytest.raises(ConfigurationError, match=f"no such {kind}(.|\n)*did you mean"):
        check(catalog, tmp_path, name)


def test_an_unreachable_teacher_is_named_before_anything_is_sent(tmp_path):
    catalog = DataCatalog({TEACHER: MemoryDataset(Endpoint(base_url="http://127.0.0.1:9/v1", model="m"))})
    with pytest.raises(InstructionTuningError, match=r"127\.0\.0\.1:9") as caught:
        check(catalog, tmp_path, TEACHER)
    assert "paid" not in message(caught.value)


def judged(**judge: str) -> DataCatalog:
    endpoint = Endpoint(base_url="microworld", model="m", judge=Endpoint(**judge))
    return DataCatalog({TEACHER: MemoryDataset(endpoint)})


def test_an_unreachable_judge_and_one_without_its_key_are_named(tmp_path, monkeypatch):
    with pytest.raises(InstructionTuningError, match=r"127\.0\.0\.1:9"):
        check(judged(base_url="http://127.0.0.1:9/v1", model="j"), tmp_path, TEACHER)
    monkeypatch.delenv("JUDGE_KEY", raising=False)
    keyed = judged(base_url="http://127.0.0.1:9/v1", model="j", api_key_env="JUDGE_KEY")
    with pytest.raises(ConfigurationError, match="JUDGE_KEY"):
        check(keyed, tmp_path, TEACHER)


def test_an_endpoint_of_embeddings_that_does_not_answer_is_named_before_the_run(tmp_path):
    def embedded_at(base_url: str, **changes: str) -> DataCatalog:
        asked = EmbeddingEndpoint(
            base_url=base_url, model="m", price_per_million_input_tokens=0, **changes
        ).endpoint
        return DataCatalog({"params:pool_embeddings": MemoryDataset(SimpleNamespace(asked_endpoint=asked))})

    with pytest.raises(InstructionTuningError, match=r"127\.0\.0\.1:9"):
        check(embedded_at("http://127.0.0.1:9/v1"), tmp_path, "params:pool_embeddings")
    with pytest.raises(ConfigurationError, match="NO_SUCH_KEY"):
        check(
            embedded_at("http://127.0.0.1:9/v1", api_key_env="NO_SUCH_KEY"),
            *(tmp_path, "params:pool_embeddings"),
        )
    with pytest.raises(InputError, match="no model folder"):
        check(embedded_at(f"local:{tmp_path / 'none'}"), tmp_path, "params:pool_embeddings")


@pytest.mark.parametrize(
    ("missing", "pipeline"),
    [
        (["instruction_pool", "selected_queries", "verified_examples"], "answer_generation"),
        (["instruction_pool", "sft_model"], "sft"),
    ],
)
def test_one_pipeline_is_named_that_makes_all_that_is_missing(
    tmp_path, project_path, monkeypatch, missing, pipeline
):
    from kedro.framework.startup import bootstrap_project

    monkeypatch.chdir(project_path)
    bootstrap_project(project_path)
    entries = {name: FrameDataset(filepath=str(tmp_path / f"{name}.parquet")) for name in missing}
    with pytest.raises(InputError, match=f"all {len(missing)} inputs .*--pipeline={pipeline}$"):
        check(DataCatalog(entries), tmp_path, *missing)


@pytest.mark.parametrize(
    ("name", "dataset", "fix"),
    [
        ("base_model", ModelFolderDataset, "set `base_model` in conf/local/globals.yml"),
        ("raw_instructions", RawFilesDataset, "--params=data=<path>"),
    ],
)
def test_the_fix_for_a_missing_input_is_about_that_input(tmp_path, name, dataset, fix):
    catalog = DataCatalog({name: dataset(filepath=str(tmp_path / "missing"))})
    with pytest.raises(InputError) as caught:
        check(catalog, tmp_path, name)
    assert fix in message(caught.value)
    assert ("data=" in message(caught.value)) == (name == "raw_instructions")


def answering(
    tmp_path: Path,
    raw: Path,
    *,
    strategy: str = "teacher",
    base_url: str = "microworld",
    judge: dict[str, str] | None = None,
) -> Any:
    """A run that asks the teacher about `raw`, trains on it and makes a reward model."""
    raw.parent.mkdir(parents=True, exist_ok=True)
    raw.write_text('[{"instruction": "a", "output": "b"}]')
    teacher = Endpoint(base_url=base_url, model="m", judge=Endpoint(**judge) if judge else None)
    catalog = DataCatalog(
        {
            "raw_instructions": RawFilesDataset(filepath=str(raw)),
            TEACHER: MemoryDataset(teacher),
            "params:answer_generation": MemoryDataset(
                SimpleNamespace(strategy=strategy, asks_teacher=strategy == "teacher"), copy_mode="assign"
            ),
            "params:reward_model": MemoryDataset(1),
        }
    )
    inputs = ["raw_instructions", TEACHER, "params:answer_generation"]
    answer = Node(lambda *_: 1, inputs, "rated_responses", name="answer")
    reward = Node(lambda *_: 1, ["rated_responses", "params:reward_model"], "reward_model", name="reward")
    return catalog, Pipeline([answer]), Pipeline([answer, reward])


def test_a_file_where_versions_go_is_said_before_the_run(tmp_path):
    """As one lies there from before the data set had versions."""
    file = tmp_path / "new_instructions.jsonl"
    file.write_text("{}")
    versioned = JSONLinesDataset(filepath=str(file), version=Version(None, "2026-01-01T00.00.00.000Z"))
    catalog = DataCatalog({"new_instructions": versioned})
    with pytest.raises(WorkspaceError, match="a file lies where the versions of `new_instructions` go"):
        check(catalog, tmp_path, output="new_instructions")


def preflight(catalog: DataCatalog, pipeline: Pipeline, tmp_path: Path) -> None:
    check_before_run({"project_path": str(tmp_path)}, pipeline, catalog)


def test_the_built_in_teacher_is_not_asked_about_records_of_another_world(tmp_path):
    catalog, answers, _ = answering(tmp_path, tmp_path / "own.json")
    with pytest.raises(ConfigurationError, match="only its invented world") as caught:
        preflight(catalog, answers, tmp_path)
    assert "--env=alpaca" in message(caught.value) and "conf/local/globals.yml" in message(caught.value)
    assert "own.json" in message(caught.value)


def test_the_built_in_teacher_is_not_asked_for_tasks_like_those_of_another_world(tmp_path):
    teacher = Endpoint(base_url="microworld", model="m")
    catalog = DataCatalog(
        {
            "seed_tasks": JSONLinesDataset(filepath=str(write(tmp_path / "seeds.jsonl", [{"id": "a"}]))),
            TEACHER: MemoryDataset(teacher),
        }
    )
    start = Pipeline([Node(lambda *_: 1, ["seed_tasks", TEACHER], "rows", name="write_tasks")])
    with pytest.raises(ConfigurationError, match="write nonsense after these seed tasks") as caught:
        preflight(catalog, start, tmp_path)
    assert "--env=alpaca" not in message(caught.value) and "name a teacher" in message(caught.value)


def test_the_built_in_teacher_is_not_asked_about_documents_of_another_world(tmp_path):
    (tmp_path / "own.jsonl").write_text('{"text": "a"}\n')
    judged = {"judge": Endpoint(base_url="microworld", model="m")}
    for base_url, others, refused in (
        ("microworld", {}, True),
        ("local:nowhere", judged, False),  # a judge is not asked about documents
    ):
        catalog = DataCatalog(
            {
                "raw_documents": RawFilesDataset(filepath=str(tmp_path / "own.jsonl")),
                TEACHER: MemoryDataset(Endpoint(base_url=base_url, model="m", **others)),
            }
        )
        start = Pipeline([Node(lambda *_: 1, ["raw_documents", TEACHER], "rows", name="write_candidates")])
        if refused:
            with pytest.raises(ConfigurationError, match="nonsense about these documents") as caught:
                check_teacher_knows(start, catalog, tmp_path)
            assert "written_by=model" in message(caught.value)
        else:
            check_teacher_knows(start, catalog, tmp_path)


@pytest.mark.parametrize("strategy", ["tests_first", "self_repair"])
def test_other_teachers_that_a_strategy_would_never_ask_are_refused_before_the_run(tmp_path, strategy):
    other = Endpoint(base_url="http://127.0.0.1:9/v1", model="other")
    teacher = Endpoint(base_url="microworld", model="m", others=(other,))
    parameters = AnswerGenerationParameters.model_construct(strategy=strategy)
    catalog = DataCatalog(
        {
            TEACHER: MemoryDataset(teacher),
            "params:answer_generation": MemoryDataset(parameters, copy_mode="assign"),
        }
    )
    node = Node(lambda *_: 1, [TEACHER, "params:answer_generation"], "answer_completions", name="answer")
    with pytest.raises(ConfigurationError, match="would never be asked") as caught:
        preflight(catalog, Pipeline([node]), tmp_path)
    assert "other_teachers" in message(caught.value) and "rejection_sampling" in message(caught.value)


def test_an_endpoint_that_only_a_stage_names_is_asked_before_the_run(tmp_path):
    compared = SimpleNamespace(
        endpoints={"models.other": Endpoint(base_url="http://127.0.0.1:9/v1", model="other")}
    )
    catalog = DataCatalog(
        {
            TEACHER: MemoryDataset(Endpoint(base_url="microworld", model="m")),
            "params:comparison_data": MemoryDataset(compared, copy_mode="assign"),
        }
    )
    node = Node(lambda *_: 1, [TEACHER, "params:comparison_data"], "compared_answers", name="answer")
    with pytest.raises(EndpointUnreachableError, match=r"127\.0\.0\.1:9"):
        preflight(catalog, Pipeline([node]), tmp_path)


def test_one_name_of_two_models_is_said_before_the_run(tmp_path):
    teacher = Endpoint(base_url="http://127.0.0.1:8/v1", model="default")
    other = Endpoint(base_url="http://127.0.0.1:9/v1", model="default")
    compared = SimpleNamespace(endpoints={"models.other": other})
    strategy = AnswerGenerationParameters.model_construct(strategy="teacher")
    for asked, section, parameters in (
        (teacher, "params:comparison_data", compared),
        (teacher.model_copy(update={"others": (other,)}), "params:answer_generation", strategy),
    ):
        catalog = DataCatalog(
            {TEACHER: MemoryDataset(asked), section: MemoryDataset(parameters, copy_mode="assign")}
        )
        node = Node(lambda *_: 1, [TEACHER, section], "answers", name="answer")
        with pytest.raises(ConfigurationError, match="keeps answers by the model's name") as caught:
            preflight(catalog, Pipeline([node]), tmp_path)
        assert "default" in message(caught.value)


@pytest.mark.parametrize(("model", "warned"), [("default", True), (" ", True), ("default-7b", False)])
def test_a_model_name_that_names_none_is_warned_of(model, warned, caplog):
    with ChatServer() as server:
        check_teacher(Endpoint(base_url=server.base_url, model=model))
    assert ("names no model" in caplog.text) == warned


def test_the_built_in_teacher_does_not_rate_records_of_another_world(tmp_path):
    judge = {"base_url": "microworld", "model": "m"}
    catalog, answers, _ = answering(
        tmp_path, tmp_path / "own.json", base_url="http://127.0.0.1:9/v1", judge=judge
    )
    with pytest.raises(ConfigurationError, match="would rate these records with nonsense") as caught:
        preflight(catalog, answers, tmp_path)
    assert "judge.base_url" in message(caught.value)


def test_the_built_in_teacher_is_asked_about_its_own_world_and_nobody_about_stored_answers(tmp_path):
    for raw, strategy in (
        (tmp_path / "data/01_raw/microworld/pool/a.json", "teacher"),
        (tmp_path / "a.json", "source"),
    ):
        catalog, answers, _ = answering(tmp_path, raw, strategy=strategy)
        preflight(catalog, answers, tmp_path)


def test_a_reward_model_of_answers_without_ratings_is_refused_before_any_work(tmp_path):
    catalog, answers, with_reward = answering(tmp_path, tmp_path / "own.json", strategy="source")
    with pytest.raises(ConfigurationError, match="trained on ratings") as caught:
        preflight(catalog, with_reward, tmp_path)
    assert "--pipeline=sft" in message(caught.value)
    preflight(catalog, answers, tmp_path)


@pytest.mark.parametrize(
    ("base_url", "strategy", "said"),
    [
        ("microworld", "teacher", "teacher the microworld's own"),
        ("microworld", "source", "teacher none (the records' own answers)"),
    ],
)
def test_a_run_says_first_which_data_and_teacher_it_takes(tmp_path, caplog, base_url, strategy, said):
    raw = tmp_path / "data/01_raw/microworld/a.json"
    catalog, answers, _ = answering(tmp_path, raw, strategy=strategy, base_url=base_url)
    caplog.set_level("INFO", "instruction_tuning")
    preflight(catalog, answers, tmp_path)
    assert caplog.messages[0] == f"raw data data/01_raw/microworld/a.json; {said}"


def test_an_address_with_a_key_in_it_is_not_repeated(tmp_path):
    catalog, answers, _ = answering(
        tmp_path, tmp_path / "a.json", base_url="https://h/v1?api_key=sk-abcdefghijkl12"
    )
    line = what_is_used(answers, catalog, tmp_path)
    assert "m at https://h/v1" in line and "abcdefghijkl" not in line
    judge = {"base_url": "https://j/v1?api_key=sk-abcdefghijkl12", "model": "j"}
    catalog, answers, _ = answering(tmp_path, tmp_path / "a.json", judge=judge)
    line = what_is_used(answers, catalog, tmp_path)
    assert line.endswith("; teacher the microworld's own; judge j at https://j/v1")


def base_model(tmp_path: Path, *, template: str | None, context: int = 64) -> DataCatalog:
    """A base model with its chat template in file `template`, or without one."""
    folder = shutil.copytree(tiny_base().path, tmp_path / "model")
    (folder / "chat_template.jinja").unlink()
    change(folder / "config.json", max_position_embeddings=context)
    if template == "chat_template.jinja":
        (folder / template).write_text(CHAT_TEMPLATE)
    elif template is not None:
        change(folder / template, chat_template=CHAT_TEMPLATE)
    return DataCatalog({"base_model": ModelFolderDataset(filepath=folder.as_posix())})


def change(file: Path, **values: Any) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def sft(catalog: DataCatalog, *, max_length: int = 64, chat_template_path: str | None = None) -> None:
    parameters = SimpleNamespace(
        max_length=max_length, chat_template_path=chat_template_path, tuning="full", precision="auto"
    )
    catalog["params:sft"] = MemoryDataset(parameters, copy_mode="assign")


@pytest.mark.parametrize("template", ["chat_template.jinja", "tokenizer_config.json"])
def test_a_base_model_with_a_chat_template_and_room_passes(tmp_path, template):
    catalog = base_model(tmp_path, template=template)
    sft(catalog)
    check(catalog, tmp_path, "base_model", "params:sft")


@pytest.mark.parametrize("name", ["base_model", "sft_model"])
def test_a_model_folder_without_a_tokenizer_is_named_before_the_run(tmp_path, name):
    """As `sft_model` it is a candidate."""
    folder = Path(shutil.copytree(tiny_base().path, tmp_path / "model"))
    (folder / "tokenizer.json").unlink()
    catalog = DataCatalog({name: ModelFolderDataset(filepath=folder.as_posix())})
    with pytest.raises(DatasetError) as caught:
        check(catalog, tmp_path, name)
    said = message(caught.value)
    assert "no tokenizer that can be read" in said and str(folder) in said and "save_pretrained" in said


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("tokenizer.json", '{"version": "1.0", "model": {"type": "BP', "no tokenizer that can be read"),
        ("config.json", '{"model_type": "nonesuch"}', "cannot read the model's configuration"),
        ("config.json", '{"model_type": ', "is no JSON"),
        ("model.safetensors", "", "weights cannot be read"),
    ],
)
def test_a_candidate_that_cannot_be_loaded_is_named_before_the_base_is_measured(
    tmp_path, file, content, said
):
    folder = Path(shutil.copytree(tiny_base().path, tmp_path / "model"))
    (folder / file).write_text(content)
    catalog = DataCatalog({"sft_model": ModelFolderDataset(filepath=folder.as_posix())})
    with pytest.raises((ModelFolderError, DatasetError)) as caught:
        check(catalog, tmp_path, "sft_model")
    assert said in message(caught.value) and str(folder / file) in message(caught.value)


def test_a_base_model_without_a_chat_template_is_named_before_anything_is_paid(tmp_path):
    catalog = base_model(tmp_path, template=None)
    # An endpoint where nobody is: the cheaper check comes first.
    catalog[TEACHER] = Endpoint(base_url="http://127.0.0.1:9/v1", model="m")
    sft(catalog)
    with pytest.raises(ConfigurationError, match="no chat template, so chats cannot be trained on") as caught:
        check(catalog, tmp_path, "base_model", "params:sft", TEACHER)
    assert "chat_template.jinja" in message(caught.value)
    # A template of the user's own will do; a missing one will not.
    (tmp_path / "own.jinja").write_text(CHAT_TEMPLATE)
    sft(catalog, chat_template_path=str(tmp_path / "own.jinja"))
    check(catalog, tmp_path, "base_model", "params:sft")
    sft(catalog, chat_template_path=str(tmp_path / "other.jinja"))
    with pytest.raises(ConfigurationError, match=r"no chat template here.*other\.jinja"):
        check(catalog, tmp_path, "base_model", "params:sft")


def test_a_training_length_beyond_the_base_models_context_is_named(tmp_path):
    catalog = base_model(tmp_path, template="chat_template.jinja")
    sft(catalog, max_length=65)
    with pytest.raises(ConfigurationError, match=r"max_length 65 .* context of 64 tokens") as caught:
        check(catalog, tmp_path, "base_model", "params:sft")
    assert "64 or less" in message(caught.value)


def test_a_template_that_never_ends_a_turn_is_named_before_anything_is_paid(tmp_path):
    catalog = base_model(tmp_path, template="chat_template.jinja")
    (tmp_path / "model" / "chat_template.jinja").write_text("{{ messages[0]['content'] }}")
    sft(catalog)
    with pytest.raises(ConfigurationError, match="no special token after an answer"):
        check(catalog, tmp_path, "base_model", "params:sft")


def test_a_tokenizer_of_another_model_is_named_before_anything_is_paid(tmp_path):
    catalog = base_model(tmp_path, template="chat_template.jinja")
    change(tmp_path / "model" / "config.json", vocab_size=100)
    sft(catalog)
    with pytest.raises(ConfigurationError, match="embeddings for 100"):
        check(catalog, tmp_path, "base_model", "params:sft")


def test_answers_from_the_source_need_no_teacher():
    class Answers:
        asks_teacher = False

    catalog = DataCatalog({TEACHER: MemoryDataset(1), "params:answer_generation": MemoryDataset(Answers())})
    pipeline = Pipeline([Node(lambda t, p: 1, [TEACHER, "params:answer_generation"], "x", name="ask")])
    assert not needs_teacher(pipeline, catalog)


def test_a_data_folder_that_is_a_file_cannot_be_written(tmp_path):
    (tmp_path / "data").write_text("")
    with pytest.raises(WorkspaceError, match="cannot be written"):
        check_writable(tmp_path / "data", Pipeline([]), DataCatalog({}))


def test_a_read_only_data_folder_is_named(locked):
    with pytest.raises(WorkspaceError, match="cannot be written: Permission denied"):
        check_writable(locked / "data", Pipeline([]), DataCatalog({}))


def test_a_benchmark_file_that_is_no_json_is_named(tmp_path):
    (tmp_path / "items.jsonl").write_text("not json\n")
    dataset = JSONLinesDataset(filepath=str(tmp_path / "items.jsonl"))
    with pytest.raises(Exception, match="not JSON") as caught:
        check(DataCatalog({"benchmark_items": dataset}), tmp_path, "benchmark_items")
    assert "line 1" in message(caught.value)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('{"document_id": "d-1", "txt": "a"}', "text"),
        ('{"document_id": "d-0", "text": "a"}', "document_id"),
        ('{"document_id": "d-1", "text": ""}', "text"),
        ('{"document_id": "d-1", "text": 5}', "text"),
    ],
)
def test_documents_of_your_own_are_checked_before_anything_is_paid(tmp_path, project_path, row, said):
    file = tmp_path / "documents.jsonl"
    file.write_text('{"document_id": "d-0", "text": "a", "language": "en"}\n')
    entries = yaml.safe_load((project_path / "conf/base/catalog_raw.yml").read_text(encoding="utf-8"))
    entry = entries["replay_documents"] | {"filepath": str(file)}
    catalog = DataCatalog.from_config({"replay_documents": entry})
    # An endpoint where nobody is: the cheaper check comes first.
    catalog[TEACHER] = Endpoint(base_url="http://127.0.0.1:9/v1", model="m")
    with pytest.raises(InstructionTuningError, match=r"127\.0\.0\.1:9"):
        check(catalog, tmp_path, "replay_documents", TEACHER)
    file.write_text(f"{file.read_text()}{row}\n")
    with pytest.raises(InputError) as caught:
        check(catalog, tmp_path, "replay_documents", TEACHER)
    assert "documents.jsonl" in message(caught.value) and "schemas.documents.Documents" in message(
        caught.value
    )
    assert f"`replay_documents` does not fit its schema ({said}: " in message(caught.value)


SEED = {"id": "s1", "instruction": "Say a.", "input": "", "output": "a"} | {
    "is_classification": False,
    "language": "en",
}


@pytest.mark.parametrize(
    ("change", "field", "value", "fix"),
    [
        ({"output": None}, "output", "missing", "let `output` be a text, one right answer"),
        ({"instruction": " "}, "instruction", "' '", "let `instruction` be a text that asks for something"),
        ({"output": 5}, "output", "5", "let `output` be a text"),
        ({"language": "fr"}, "language", "'fr'", 'let `language` be "en" or "zh"'),
        ({"is_classification": "no"}, "is_classification", "'no'", "be true or false, without quotes"),
        ({"is_classification": None}, "is_classification", "missing", "be true or false"),
        ({"id": "s0"}, "id", "'s0'", "a name that no other task of the file has"),
    ],
)
def test_a_faulty_seed_task_is_named_with_file_row_field_value_and_fix(
    tmp_path, project_path, change, field, value, fix
):
    rows = [SEED | {"id": "s0"}, SEED | change, SEED | {"id": "s2", "input": "b"}]
    caught = faulty_seeds(tmp_path, project_path, rows)
    assert caught.field == field and str(caught.file).endswith("seeds.jsonl")
    assert caught.record == ("row 2" if field == "id" else "row 2 (id 's1')")
    assert f"in the first such row it is {value}" in caught.problem and fix in str(caught.fix)


def test_a_field_that_no_seed_task_has_is_named(tmp_path, project_path):
    rows = [{name: value for name, value in SEED.items() if name != "language"}]
    caught = faulty_seeds(tmp_path, project_path, rows)
    assert (caught.field, caught.record) == ("language", None)
    assert 'let `language` be "en" or "zh" in every row' in str(caught.fix)


def faulty_seeds(tmp_path, project_path, rows) -> InputError:
    entries = yaml.safe_load(
        (project_path / "conf/base/catalog_instruction_synthesis.yml").read_text(encoding="utf-8")
    )
    file = write(tmp_path / "seeds.jsonl", rows)
    catalog = DataCatalog.from_config({"seed_tasks": entries["seed_tasks"] | {"filepath": str(file)}})
    with pytest.raises(InputError, match="`seed_tasks` does not fit its schema") as caught:
        check(catalog, tmp_path, "seed_tasks")
    return caught.value


def test_a_full_disk_in_mid_run_is_said_in_plain_words():
    error = OSError(errno.ENOSPC, "No space left on device", "/data/x.parquet")
    assert "free some disk space" in message(error)


def test_a_defect_keeps_its_traceback():
    assert explain(TypeError("unsupported operand")) is None
    with pytest.raises(TypeError), plain_errors():
        raise TypeError


def test_an_expected_error_ends_with_1_and_an_interrupt_with_130(capsys):
    with pytest.raises(SystemExit) as exited, plain_errors():
        raise InputError("the file is empty", file="x.json", fix="put records into it")
    assert exited.value.code == 1
    assert capsys.readouterr().err == (
        "\nError: the file is empty (file x.json)\n  fix: put records into it\n"
    )
    with pytest.raises(SystemExit) as exited, plain_errors():
        raise KeyboardInterrupt
    assert exited.value.code == 130
    assert "same command again to continue" in capsys.readouterr().err


def test_a_save_that_fails_for_the_disk_is_explained_through_kedros_wrapping(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "blocked").write_text("")
    dataset = FrameDataset(filepath=str(tmp_path / "data" / "blocked" / "pool.parquet"))
    with pytest.raises(Exception, match="blocked") as caught:
        dataset.save(pd.DataFrame({"a": [1]}))
    assert explain(caught.value) is not None
