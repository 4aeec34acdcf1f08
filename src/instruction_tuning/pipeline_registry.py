"""The pipelines that `kedro run --pipeline=<name>` knows, and how stages make up chains.

A name means all that is needed to get there (`sft` on a fresh clone ends with a model); `--namespaces=sft`
runs that stage alone on what is stored.
"""

from importlib import import_module

from kedro.pipeline import Pipeline

CHAIN = (
    "ingestion",
    "query_selection",
    "answer_generation",
    "sft",
    "reward_model",
    "evaluation",
    "reporting",
)
STANDALONE = ("answer_sets", "base_model", "microworld", "segments")

# Which stages each name needs, in the order of the chain.
_STAGES: dict[str, tuple[str, ...]] = {
    "ingestion": CHAIN[:1],
    "query_selection": CHAIN[:2],
    "answer_generation": CHAIN[:3],
    "sft": CHAIN[:4],
    # Best-of-n ranks what the fine-tuned model writes.
    "reward_model": CHAIN[:5],
    "evaluation": (*CHAIN[:4], "evaluation"),
    "__default__": CHAIN,
    **{name: (name,) for name in STANDALONE},
}


def register_pipelines() -> dict[str, Pipeline]:
    """Every registered name with its chain of stages."""
    stages = {name: _stage(name) for name in (*CHAIN, *STANDALONE)}
    return {name: sum((stages[stage] for stage in needed), Pipeline([])) for name, needed in _STAGES.items()}


def _stage(name: str) -> Pipeline:
    """One stage in a namespace of its own; the catalog's names stay as they are."""
    module = import_module(f"instruction_tuning.pipelines.{name}.pipeline")
    return Pipeline(module.create_pipeline(), namespace=name, prefix_datasets_with_namespace=False)
