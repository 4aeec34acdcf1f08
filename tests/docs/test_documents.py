"""What the documents tell people to type works, what they name exists, and nothing is left to fill in."""

import ast
import importlib.util
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from document_commands import Command, commands_of, links_of, nested_parameters, options_of
from kedro.framework.project import pipelines
from kedro.framework.startup import bootstrap_project
from kedro.validation.type_extractor import TypeExtractor
from omegaconf import OmegaConf

from instruction_tuning.hooks.parameter_names import (
    RUN_PARAMETERS,
    check_group,
    check_model_names,
    check_names,
)

PROJECT = Path(__file__).parents[2]
DOCUMENTS = (*sorted(PROJECT.glob("*.md")), *sorted((PROJECT / "docs").rglob("*.md")))
COMMANDS = [command for document in DOCUMENTS for command in commands_of(document)]
SOURCE = PROJECT / "src" / "instruction_tuning"
# Commands that need no check here: part of every shell, or of the environment that `make install` makes.
SHELL_WORDS = {"export", ".", "cp", "git", "lint-imports", "pytest", "ruff", "mypy"}
# What a person puts in place of a name of theirs.
PLACEHOLDERS = ("path/to/", "records.json")


def name_of(document: Path) -> str:
    return document.relative_to(PROJECT).as_posix()


def started_with(*words: str) -> list[Command]:
    return [command for command in COMMANDS if tuple(command.words[: len(words)]) == words]


@pytest.fixture(scope="module")
def registered():
    bootstrap_project(PROJECT)
    return dict(pipelines)


@pytest.fixture(scope="module")
def catalog() -> dict[str, str]:
    """Layer of every catalog entry of conf/base."""
    files = sorted((PROJECT / "conf" / "base").glob("catalog*.yml"))
    entries = {name: entry for file in files for name, entry in yaml.safe_load(file.read_text()).items()}
    return {name: entry["metadata"]["kedro-viz"]["layer"] for name, entry in entries.items()}


def test_the_documents_have_commands_to_check():
    assert {command.words[0] for command in COMMANDS} >= {"make", "kedro", "python"}


@pytest.mark.parametrize("command", COMMANDS, ids=str)
def test_every_command_is_of_a_kind_that_is_checked(command):
    assert command.words[0] in {"make", "kedro", "python", *SHELL_WORDS}


@pytest.mark.parametrize("command", started_with("make"), ids=str)
def test_make_knows_the_target(command):
    target = next((word for word in command.words[1:] if "=" not in word), None)
    if target is not None:
        # As if everything were installed: what is asked here is whether the target exists.
        arguments = ["make", "--dry-run", "--old-file=.venv/installed", *command.words[1:]]
        dry = subprocess.run(arguments, cwd=PROJECT, capture_output=True, text=True, timeout=30)
        assert dry.returncode == 0, dry.stderr
        assert re.search(rf"^{target}:", (PROJECT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("command", started_with("kedro", "run"), ids=str)
def test_kedro_run_names_what_there_is(command, registered):
    from instruction_tuning.cli import run

    options = options_of(command.words[2:])
    known = {name.lstrip("-") for parameter in run.params for name in parameter.opts}
    assert options.keys() <= known
    if "pipeline" in options:
        assert options["pipeline"] in registered
    for stage in filter(None, options.get("namespaces", "").split(",")):
        assert stage in {node.namespace for pipeline in registered.values() for node in pipeline.nodes}
    if "env" in options:
        assert (PROJECT / "conf" / options["env"]).is_dir()
    if "params" in options:
        check_parameters(options["params"], registered)


@pytest.mark.parametrize("name", ["check", "chat", "export", "explain", "prune", "ui", "annotate"])
def test_the_projects_own_commands_know_their_options(name):
    from instruction_tuning.cli import cli

    with cli.make_context("kedro", [], resilient_parsing=True) as context:
        parameters = cli.get_command(context, name).params
    known = {option.lstrip("-") for parameter in parameters for option in parameter.opts}
    for command in started_with("kedro", name):
        assert options_of(command.words[2:]).keys() <= known, command


def test_the_commands_of_the_completion_store_know_their_options():
    from instruction_tuning.cli.completions import completions

    for command in started_with("kedro", "completions"):
        parameters = completions.commands[command.words[2]].params
        known = {option.lstrip("-") for parameter in parameters for option in parameter.opts}
        assert options_of(command.words[3:]).keys() <= known, command


def check_parameters(text: str, registered) -> None:
    models = TypeExtractor(registered).extract_types_from_pipelines()
    given = nested_parameters(text)
    check_names(given, {*models, *RUN_PARAMETERS}, path="")
    for key, section in given.items():
        if key in models:
            check_model_names(section, models[key], path=key)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_examples_of_parameters_are_such_as_a_run_takes(document, registered):
    """An example is what a file in conf/local would hold: it is laid over conf/base."""
    models = TypeExtractor(registered).extract_types_from_pipelines()
    for example in re.findall(r"^```yaml\n(.*?)^```", document.read_text(encoding="utf-8"), re.M | re.S):
        for key, section in yaml.safe_load(example).items():
            # A global or a catalog entry may have the name of a group.
            if key in models and isinstance(section, dict) and "type" not in section:
                OmegaConf.register_new_resolver("globals", base_globals, replace=True)
                base = OmegaConf.merge(*map(OmegaConf.load, (PROJECT / "conf/base").glob("parameters_*.yml")))
                merged = OmegaConf.merge(base, {key: section})
                check_group(key, OmegaConf.to_container(merged[key], resolve=True), models[key])


def base_globals(name: str) -> object:
    return OmegaConf.select(OmegaConf.load(PROJECT / "conf" / "base" / "globals.yml"), name)


@pytest.mark.parametrize("command", started_with("python"), ids=str)
def test_python_scripts_and_modules_exist(command):
    if command.words[1] == "-m":
        assert importlib.util.find_spec(command.words[2]) is not None
        source = Path(importlib.util.find_spec(command.words[2]).origin).read_text()
    else:
        source = with_siblings(PROJECT / command.words[1])
    for option in options_of(command.words[2:]):
        assert f'"--{option}"' in source


def with_siblings(script: Path) -> str:
    """The script, and the scripts beside it that it imports: they may add options of its command line."""
    source = script.read_text()
    beside = [
        script.with_name(f"{name}.py") for name in re.findall(r"^from (\w+) import", source, re.MULTILINE)
    ]
    return "\n".join([source, *(path.read_text() for path in beside if path.exists())])


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_link_leads_somewhere(document):
    missing = [target for target in links_of(document) if not (document.parent / target).exists()]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_module_that_is_named_exists(document):
    """`dedup/minhash_lsh.py` is a path below the package, or below the repository."""
    text = document.read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w./]+/[\w]+\.(?:py|txt|yml|toml|ipynb))`", text))
    missing = [
        path
        for path in sorted(named)
        if not ((PROJECT / path).exists() or (SOURCE / path).exists())
        and not path.startswith(("conf/local/", *PLACEHOLDERS))
    ]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_nothing_is_left_to_fill_in(document):
    lines = document.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if "TODO" in line] == []


def test_the_data_sets_are_described_in_their_layers(catalog, registered):
    """The table in docs/dataflow.md is the catalog of the chain, no more and no less."""
    text = (PROJECT / "docs" / "dataflow.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[^|]+) \| (0\d_\w+) \|", text, re.MULTILINE)
    described = {name: layer for names, layer in rows for name in re.findall(r"`(\w+)`", names)}
    chain = registered["__default__"].datasets()
    assert described == {name: layer for name, layer in catalog.items() if name in chain}


def test_every_paper_in_the_code_is_in_the_index():
    index = (PROJECT / "docs" / "paper_index.md").read_text(encoding="utf-8")
    cited = {
        (number, path.relative_to(SOURCE).as_posix())
        for path in SOURCE.rglob("*.py")
        for number in re.findall(
            r"\b\d{4}\.\d{5}\b|\b\d{4}\.\d{4}\b", ast.get_docstring(ast.parse(path.read_text())) or ""
        )
    }
    assert cited
    assert sorted(pair for pair in cited if f"/{pair[0]})" not in index) == []


def test_every_decision_is_listed():
    folder = PROJECT / "docs" / "decisions"
    listed = set(links_of(folder / "README.md"))
    assert listed == {path.name for path in folder.glob("[0-9]*.md")}


def test_the_rooms_drawn_are_the_rooms_there_are():
    """docs/dataflow.md draws the layers of the import contract."""
    text = (PROJECT / "docs" / "dataflow.md").read_text(encoding="utf-8")
    drawing = text.partition("```\n")[2].partition("```")[0]
    drawn = {
        name for line in drawing.splitlines() for name in re.split(r"[ |]+", re.split(r" {3,}", line)[0])
    }
    there = {
        path.stem for path in SOURCE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    assert drawn == there - {"__init__"}


def test_what_is_stored_as_it_was_read_is_read_by_no_stage_that_learns_from_it(registered):
    """docs/decontamination.md says so; a node that needs these must have them decontaminated first."""
    unchecked = {"source_documents", "answer_comparisons"}
    readers = {
        node.name for pipeline in registered.values() for node in pipeline.nodes if unchecked & {*node.inputs}
    }
    assert {name.rpartition(".")[2] for name in readers} == {"collect_rejected_records"}
    assert all(
        f"`{name}`" in (PROJECT / "docs" / "decontamination.md").read_text("utf-8") for name in unchecked
    )


def test_the_million_was_checked_against_all_items_of_the_microworld():
    items = (
        (PROJECT / "data" / "01_raw" / "microworld" / "benchmark_items.jsonl").read_text("utf-8").splitlines()
    )
    assert f"the microworld's {len(items):,};" in (PROJECT / "docs" / "scale.md").read_text("utf-8")
