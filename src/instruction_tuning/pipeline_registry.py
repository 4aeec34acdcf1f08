"""The pipelines that `kedro run --pipeline=<name>` knows, and how stages make up chains.

A name means all that is needed to get there (`sft` on a fresh clone ends with a model); `--namespaces=sft`
runs that stage alone on what is stored. The report of a whole run is inside the box of `evaluation`.
"""

from importlib import import_module
from itertools import pairwise
from types import ModuleType

from kedro.pipeline import Pipeline

CHAIN = (
    "ingestion",
    "query_selection",
    "answer_generation",
    "sft",
    "reward_model",
    "evaluation",
)
STANDALONE = (
    *("annotation", "answer_sets", "base_model", "comparison_data", "microworld", "segments"),
    "self_alignment",
)
# A stage beside the chain that takes its answers.
CHINESE = "chinese_answers"
# Stages of query selection beside the chain: what is measured of the pool, and methods against each other.
SELECTION = ("pool_ratings", "selection_comparison", "selection_arena")
# A round of DiverseEvol is a part of the graph.
DIVERSE_EVOL_ROUNDS = 3
# So is one of Self-Instruct.
SELF_INSTRUCT_ROUNDS = 3
# And one of evolution; WizardLM has four.
EVOLUTION_ROUNDS = 3
# So is one of instruction backtranslation; two in the paper.
BACKTRANSLATION_ROUNDS = 2

# What is shown of a whole run: evaluation's last step where all before it ran, none of evaluation alone.
REPORTING = "evaluation.reporting"

# Which stages each name needs, in the order of the chain.
_STAGES: dict[str, tuple[str, ...]] = {
    "ingestion": CHAIN[:1],
    "query_selection": CHAIN[:2],
    "answer_generation": CHAIN[:3],
    "sft": CHAIN[:4],
    # Best-of-n ranks what the fine-tuned model writes.
    "reward_model": CHAIN[:5],
    "evaluation": (*CHAIN[:4], "evaluation"),
    "pool_ratings": ("ingestion", "pool_ratings"),
    CHINESE: (*CHAIN[:3], CHINESE),
    "diverse_evol": ("ingestion", "diverse_evol"),
    "instruction_evolution": ("ingestion", "instruction_evolution"),
    "instruction_backtranslation": ("ingestion", "instruction_backtranslation"),
    "selection_comparison": ("ingestion", "pool_ratings", "selection_comparison"),
    "selection_arena": (
        *("ingestion", "pool_ratings", "selection_comparison"),
        *("arena_answers", "selection_arena"),
    ),
    "instruction_synthesis": ("instruction_synthesis",),
    "__default__": (*CHAIN, REPORTING),
    **{name: (name,) for name in STANDALONE},
}


def register_pipelines() -> dict[str, Pipeline]:
    """Every registered name with its chain of stages."""
    stages = {name: _stage(name) for name in (*CHAIN, *STANDALONE, *SELECTION, CHINESE)}
    stages |= {
        REPORTING: _named(_module("reporting").create_pipeline(), REPORTING),
        "arena_answers": _arena_answers(),
        "diverse_evol": _diverse_evol(),
        "instruction_synthesis": _instruction_synthesis(),
        "instruction_evolution": _instruction_evolution(),
        "instruction_backtranslation": _instruction_backtranslation(),
    }
    return {name: sum((stages[stage] for stage in needed), Pipeline([])) for name, needed in _STAGES.items()}


def _stage(name: str) -> Pipeline:
    """One stage in a namespace of its own; the catalog's names stay as they are."""
    return _named(_module(name).create_pipeline(), name)


def _arena_answers() -> Pipeline:
    """The stage that answers queries, for all those that any method of the arena picked."""
    queries = _module("selection_arena").create_queries()
    return _named(queries, "arena_answers") + _named(
        _module("answer_generation").create_pipeline(),
        "arena_answers",
        inputs={"selected_queries": "arena_queries"},
        outputs={
            "answer_completions": "arena_answer_completions",
            "program_outcomes": "arena_program_outcomes",
            "teacher_completions": "arena_completions",
            "rated_responses": "arena_responses",
            "chosen_answers": "arena_chosen_answers",
            "rejected_answers": "arena_rejected_answers",
            "verified_examples": "arena_examples",
        },
    )


def _diverse_evol() -> Pipeline:
    """Rounds that each take what the one before picked."""
    return _in_rounds("diverse_evol", _numbered(DIVERSE_EVOL_ROUNDS, picked="diverse_evol_picked"))


def _instruction_synthesis() -> Pipeline:
    """The seeds, rounds of Self-Instruct on top of each other, and what is written after them."""
    made = {"rows": "self_instruct_rows", "completions": "self_instruct_completions"}
    return _in_rounds("instruction_synthesis", _numbered(SELF_INSTRUCT_ROUNDS, **made))


def _instruction_evolution() -> Pipeline:
    """Seeds, and rounds that each take what came of the one before."""
    made = _numbered(EVOLUTION_ROUNDS, evolved="evolved", requests="evolution_requests")
    made[-1]["requests"] = "evolution_completions"
    return _in_rounds("instruction_evolution", made)


def _instruction_backtranslation() -> Pipeline:
    """Segments of its own lengths, a start, rounds, and what came out."""
    name = "instruction_backtranslation"
    segments = _module("segments").create_pipeline()
    own_lengths = {"params:segments": "params:backtranslation_segments"}
    made = _numbered(
        BACKTRANSLATION_ROUNDS,
        curated="curated_candidates",
        examples="backtranslation_examples",
        curation_completions="curation_completions",
    )
    rounds = _in_rounds(name, made, [kept["curated"] for kept in made[1:]])
    return _named(segments, f"{name}.segments", parameters=own_lengths) + rounds


def _numbered(rounds: int, **made: str) -> list[dict[str, str]]:
    """What the start and each round leave, by the names that they have there; their number is added."""
    return [{end: f"{name}_{number}" for end, name in made.items()} for number in range(rounds + 1)]


def _in_rounds(name: str, made: list[dict[str, str]], *of_the_end: list[str]) -> Pipeline:
    """A start, rounds and an end; each takes what the one before `made`, a round as `<its name>_before`."""
    module = _module(name)
    start, end = module.create_start(), module.create_end(*of_the_end)
    parts = [_named(start, f"{name}.start", outputs=_among(made[0], start.outputs()))]
    for number, (before, after) in enumerate(pairwise(made), start=1):
        part = module.create_round(number)
        taken = _among({f"{end}_before": stored for end, stored in before.items()}, part.inputs())
        parts.append(_named(part, f"{name}.round_{number}", inputs=taken, outputs=after))
    parts.append(_named(end, f"{name}.end", inputs=_among(made[-1], end.inputs())))
    return sum(parts, Pipeline([]))


def _among(ends: dict[str, str], names: set[str]) -> dict[str, str]:
    return {end: stored for end, stored in ends.items() if end in names}


def _module(name: str) -> ModuleType:
    return import_module(f"instruction_tuning.pipelines.{name}.pipeline")


def _named(part: Pipeline, namespace: str, **ends: dict[str, str]) -> Pipeline:
    """A part in a namespace; the catalog's names stay as they are."""
    return Pipeline(part, namespace=namespace, prefix_datasets_with_namespace=False, **ends)
