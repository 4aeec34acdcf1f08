"""What the pipelines are called, and that listing them costs nothing."""

import inspect
import subprocess
import sys
from pathlib import Path

from instruction_tuning.incremental.code_closure import CodeIndex
from instruction_tuning.incremental.file_digests import DigestCache
from instruction_tuning.incremental.node_code import function_code

HEAVY = ("torch", "transformers", "trl", "mlflow", "lm_eval", "statsmodels", "scipy", "sklearn")
LIST_AND_TELL = f"""
import sys
sys.argv = ["kedro", "registry", "list"]
from kedro.framework.cli import main
try:
    main()
except SystemExit:
    pass
print("imported:", *[name for name in {HEAVY!r} if name in sys.modules])
"""
STANDALONE = {
    *("annotation", "answer_sets", "base_model", "comparison_data", "instruction_synthesis", "microworld"),
    *("segments", "self_alignment"),
}
SELECTION = ("pool_ratings", "selection_comparison", "selection_arena")
# A round has a namespace of its own inside its stage's.
IN_ROUNDS = ("diverse_evol", "instruction_evolution", "instruction_backtranslation")
# What a node's name may begin with: it reads as an instruction.
VERBS = (
    "answer",
    "audit",
    "build",
    "canonicalize",
    "check",
    "choose",
    "collect",
    "compare",
    "compute",
    "count",
    "cut",
    "decide",
    "decontaminate",
    "deduplicate",
    "draw",
    "embed",
    "evaluate",
    "evolve",
    "filter",
    "fine_tune",
    "generate",
    "group",
    "judge",
    "list",
    "mark",
    "make",
    "measure",
    "merge",
    "mix",
    "pack",
    "pair",
    "pretrain",
    "preview",
    "publish",
    "rank",
    "rate",
    "read",
    "remove",
    "render",
    "report",
    "request",
    "sample",
    "score",
    "select",
    "show",
    "split",
    "summarise",
    "tag",
    "train",
    "validate",
    "verify",
    "write",
)


def test_listing_the_pipelines_imports_nothing_heavy(project_path: Path):
    listed = subprocess.run(
        [sys.executable, "-c", LIST_AND_TELL],
        cwd=project_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    *_, imported = listed.stdout.strip().splitlines()
    assert imported.strip() == "imported:"
    assert "- sft\n" in listed.stdout


def test_every_stage_has_a_pipeline_and_no_other_is_registered(registered):
    chain = {"ingestion", "query_selection", "answer_generation", "sft", "reward_model", "evaluation"}
    beside = {*STANDALONE, *SELECTION, *IN_ROUNDS, "chinese_answers"}
    assert set(registered) == {"__default__", *chain, *beside}
    assert all(pipeline.nodes for pipeline in registered.values())


def test_a_pipeline_is_all_that_is_needed_to_get_there(registered, context):
    outside = {"raw_instructions", "benchmark_items", "replay_documents", "base_model"}
    outside |= {"champion_model", "earlier_reward_model", "stored_ratings", "stored_examples"}
    outside |= {"raw_documents"}
    for name in registered.keys() - STANDALONE:
        inputs = {name for name in registered[name].inputs() if not name.startswith("params:")}
        assert inputs <= outside, name


def test_a_namespace_is_its_stage_alone(registered):
    for name, pipeline in registered.items():
        if name != "__default__":
            alone = pipeline.only_nodes_with_namespaces([name])
            assert alone.nodes
            assert {str(node.namespace).split(".")[0] for node in alone.nodes} == {name}


def test_node_names_are_unique_instructions(registered):
    functions = {
        (node.name.rpartition(".")[2], inspect.unwrap(node.func))
        for pipeline in registered.values()
        for node in pipeline.nodes
    }
    # A copy of a stage, or of a round, has the same function under the same label.
    labels = [label for label, _ in functions]
    assert len(set(labels)) == len(labels)
    assert sorted(label for label in labels if not label.startswith(VERBS)) == []


def test_every_node_says_what_it_does(registered):
    silent = {
        node.name
        for pipeline in registered.values()
        for node in pipeline.nodes
        if not (node.func.__doc__ or "").strip()
    }
    assert silent == set()


def test_every_parameter_is_typed(registered):
    from kedro.validation.type_extractor import TypeExtractor

    asked = {
        name.removeprefix("params:")
        for pipeline in registered.values()
        for name in pipeline.inputs()
        if name.startswith("params:")
    }
    typed = set(TypeExtractor(registered).extract_types_from_pipelines())
    assert {name.split(".")[0] for name in asked} <= {name.split(".")[0] for name in typed}


def test_no_nodes_code_leads_to_the_whole_project(registered, tmp_path):
    """Else an edit anywhere would ask the teacher again: `exec` in the sandbox once counted as anything."""
    index = CodeIndex(DigestCache(tmp_path / "digests.sqlite", tmp_path))
    nodes = {node.name: node for pipeline in registered.values() for node in pipeline.nodes}
    assert len(nodes) > 100
    everything = {
        name
        for name, node in nodes.items()
        if any("computed import" in used for used in function_code(node.func, index)[0].definitions)
    }
    assert everything == set()
