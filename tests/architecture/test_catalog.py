"""The catalog fits the pipelines, and kedro-viz can draw both."""

import json
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from collapsed_chain import stage_boundary, stages

# As many names as one screen shows in a readable size. There are so many: what comes next belongs in a stage.
MAX_COLLAPSED_ELEMENTS = 22
DOCUMENTS = sorted((Path(__file__).parents[2] / "docs").glob("*.md"))
LAYERS = (
    "01_raw",
    "02_intermediate",
    "03_primary",
    "04_feature",
    "05_model_input",
    "06_models",
    "07_model_output",
    "08_reporting",
)


@pytest.fixture(scope="module")
def entries(context) -> dict[str, Any]:
    return {name: dict(entry) for name, entry in context.config_loader["catalog"].items()}


@pytest.fixture(scope="module")
def used(registered) -> set[str]:
    names = {name for pipeline in registered.values() for name in pipeline.datasets()}
    return {name for name in names if not name.startswith("params:") and name != "parameters"}


@pytest.fixture(scope="module")
def passing_by(registered) -> set[str]:
    """What one node of a stage hands to the next and nobody else sees; it stays in memory."""
    nodes = {node.name: node for pipeline in registered.values() for node in pipeline.nodes}.values()
    makers = {output: node.namespace for node in nodes for output in node.outputs}
    takers: dict[str, set[str | None]] = {}
    for node in nodes:
        for name in node.inputs:
            takers.setdefault(name, set()).add(node.namespace)
    return {name for name, stage in makers.items() if takers.get(name) == {stage}}


def layer(entries: dict[str, Any], name: str) -> int:
    return LAYERS.index(entries[name]["metadata"]["kedro-viz"]["layer"])


def test_what_leaves_a_stage_has_an_entry_and_every_entry_a_use(entries, used, passing_by):
    assert used - entries.keys() - passing_by == set()
    assert entries.keys() - used == set()


def test_layers_never_run_backwards(entries, registered):
    chain = registered["__default__"]
    backwards = [
        (source, node.name, target)
        for node in chain.nodes
        for source, target in product(node.inputs, node.outputs)
        if source in entries and target in entries and layer(entries, source) > layer(entries, target)
    ]
    assert backwards == []


def test_what_the_chain_makes_is_versioned(entries, registered):
    made = registered["__default__"].all_outputs()
    assert [name for name in sorted(made & entries.keys()) if not entries[name].get("versioned")] == []


def test_what_is_made_lies_in_the_folder_of_its_layer(entries, registered):
    wrong = [
        name
        for name in sorted(registered["__default__"].all_outputs() & entries.keys())
        if f"data/{entries[name]['metadata']['kedro-viz']['layer']}/" not in entries[name]["filepath"]
    ]
    assert wrong == []


def test_every_pipeline_ends_with_a_result_that_the_catalog_marks(entries, registered):
    """Where it lies is said at the end of a run; of the chain's last stages report and models say it."""
    told = {"ingestion", "sft", "reward_model", "evaluation", "__default__"}
    marked = {name for name, entry in entries.items() if "result" in entry.get("metadata", {})}
    documents = " ".join(file.read_text("utf-8") for file in DOCUMENTS).replace("\n", " ")
    assert [name for name in registered.keys() - told if not registered[name].outputs() & marked] == []
    for name in marked:
        mark = entries[name]["metadata"]["result"]
        assert mark.keys() <= {"next", "reasons"}
        ends = [pipeline for pipeline in registered.values() if name in pipeline.outputs()]
        source = str(mark.get("reasons", "")).partition(".")[0]
        assert ends and all(source in {"", *pipeline.all_outputs()} for pipeline in ends), name
        command = mark.get("next", "kedro").format(path=entries[name].get("filepath"))
        assert command in documents, command


def test_whatever_asks_a_teacher_for_records_says_what_each_of_them_has_cost(entries, registered):
    kept = {name: entry["metadata"]["kept"] for name, entry in entries.items() if "kept" in entry["metadata"]}
    told = set()
    for pipeline in registered.values():
        made = pipeline.all_outputs()
        told |= {node.namespace for name in kept.keys() & made for node in pipeline.to_outputs(name).nodes}
        assert all(made >= {*kept[name]["paid"]} for name in kept.keys() & made)
    nodes = [node for pipeline in registered.values() for node in pipeline.nodes]
    # Ratings of a pool are no records.
    assert {node.namespace for node in nodes if "params:teacher" in node.inputs} - told <= {"pool_ratings"}
    assert all(mark.keys() <= {"paid", "by"} for mark in kept.values())


def test_every_data_set_of_the_chain_has_a_preview(context, registered):
    catalog = context.catalog
    used = {name for name in registered["__default__"].datasets() if not name.startswith("params:")}
    assert [name for name in sorted(used & set(catalog)) if not hasattr(catalog[name], "preview")] == []


@pytest.mark.slow
def test_every_data_set_on_a_stages_boundary_shows_something_of_a_finished_run(
    registered, finished_run, monkeypatch
):
    """What kedro-viz asks for when somebody clicks on one in the collapsed pipeline."""
    from kedro.framework.session import KedroSession

    monkeypatch.chdir(finished_run.project)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", finished_run.environment["MLFLOW_TRACKING_URI"])
    boundary = sorted(stage_boundary(registered["__default__"]))
    assert len(boundary) >= 15
    with KedroSession.create(finished_run.project, env="test") as session:
        catalog = session.load_context().catalog
        for name in boundary:
            arguments = (catalog[name].metadata["kedro-viz"]).get("preview_args", {})
            shown = json.dumps(catalog[name].preview(**arguments))
            assert len(shown) > 20, (name, shown)
            if arguments:
                rows = json.loads(shown)
                assert rows["columns"] and len(rows["data"]) <= arguments["nrows"], name
        assert "first row" in catalog["raw_instructions"].preview()["columns"]
        for name in ("champion_model", "earlier_reward_model"):
            digests = catalog[name].taken_versions() or ["none yet"]
            assert json.loads(catalog[name].preview())["version"] == digests[0], name


def test_the_collapsed_chain_shows_stages_and_boundaries_and_reads_at_a_glance(project_path, registered):
    """What kedro-viz draws before any stage is opened, parameters aside (it hides those at first)."""
    from kedro_viz.data_access import data_access_manager
    from kedro_viz.server import load_and_populate_data

    load_and_populate_data(project_path, is_lite=True)
    tree = data_access_manager.create_modular_pipelines_tree_for_registered_pipeline("__default__")
    nodes = data_access_manager.get_nodes_for_registered_pipeline("__default__")
    names = {node.id: node.name for node in nodes}
    drawn = [
        names.get(child.id, child.id)
        for child in tree["__root__"].children
        if "parameters" not in str(child.type).lower()
    ]
    chain = registered["__default__"]
    assert sorted(drawn) == sorted([*stages(chain), *stage_boundary(chain)])
    assert len(drawn) <= MAX_COLLAPSED_ELEMENTS, drawn
    # It draws none at all where they run backwards anywhere, data sets in memory on the way included.
    assert data_access_manager.get_sorted_layers_for_registered_pipeline("__default__") == list(LAYERS)
