"""The pipelines that `kedro run --pipeline=<name>` knows, and how stages make up chains.

A name means all that is needed to get there (`sft` on a fresh clone ends with a model); `--namespaces=sft`
runs that stage alone on what is stored.
"""

from importlib import import_module
from itertools import pairwise

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
    "__default__": CHAIN,
    **{name: (name,) for name in STANDALONE},
}


def register_pipelines() -> dict[str, Pipeline]:
    """Every registered name with its chain of stages."""
    stages = {name: _stage(name) for name in (*CHAIN, *STANDALONE, *SELECTION, CHINESE)}
    stages |= {
        "arena_answers": _arena_answers(),
        "diverse_evol": _diverse_evol(),
        "instruction_synthesis": _instruction_synthesis(),
        "instruction_evolution": _instruction_evolution(),
        "instruction_backtranslation": _instruction_backtranslation(),
    }
    return {name: sum((stages[stage] for stage in needed), Pipeline([])) for name, needed in _STAGES.items()}


def _stage(name: str) -> Pipeline:
    """One stage in a namespace of its own; the catalog's names stay as they are."""
    module = import_module(f"instruction_tuning.pipelines.{name}.pipeline")
    return Pipeline(module.create_pipeline(), namespace=name, prefix_datasets_with_namespace=False)


def _arena_answers() -> Pipeline:
    """The stage that answers queries, for all those that any method of the arena picked."""
    arena = import_module("instruction_tuning.pipelines.selection_arena.pipeline")
    answers = import_module("instruction_tuning.pipelines.answer_generation.pipeline")
    return _named(arena.create_queries(), "arena_answers") + _named(
        answers.create_pipeline(),
        "arena_answers",
        inputs={"selected_queries": "arena_queries"},
        outputs={
            "answer_completions": "arena_answer_completions",
            "teacher_completions": "arena_completions",
            "rated_responses": "arena_responses",
            "chosen_answers": "arena_chosen_answers",
            "rejected_answers": "arena_rejected_answers",
            "verified_examples": "arena_examples",
        },
    )


def _diverse_evol() -> Pipeline:
    """A start and `DIVERSE_EVOL_ROUNDS` rounds, each a copy that takes what the one before picked."""
    module = import_module("instruction_tuning.pipelines.diverse_evol.pipeline")
    names = [f"diverse_evol_picked_{number}" for number in range(DIVERSE_EVOL_ROUNDS + 1)]
    parts = [_named(module.create_start(), "diverse_evol.start", outputs={"picked": names[0]})]
    for number in range(1, DIVERSE_EVOL_ROUNDS + 1):
        ends = {"inputs": {"picked_before": names[number - 1]}, "outputs": {"picked": names[number]}}
        parts.append(_named(module.create_round(), f"diverse_evol.round_{number}", **ends))
    parts.append(_named(module.create_end(), "diverse_evol.end", inputs={"picked": names[-1]}))
    return sum(parts, Pipeline([]))


def _instruction_synthesis() -> Pipeline:
    """The seeds, `SELF_INSTRUCT_ROUNDS` rounds on top of each other, and what is written after them."""
    module = import_module("instruction_tuning.pipelines.instruction_synthesis.pipeline")
    stage = "instruction_synthesis"

    def made(number: int, suffix: str = "") -> dict[str, str]:
        return {f"{kind}{suffix}": f"self_instruct_{kind}_{number}" for kind in ("rows", "completions")}

    parts = [_named(module.create_start(), f"{stage}.start", outputs=made(0))]
    for number in range(1, SELF_INSTRUCT_ROUNDS + 1):
        ends = {"inputs": made(number - 1, "_before"), "outputs": made(number)}
        parts.append(_named(module.create_round(), f"{stage}.round_{number}", **ends))
    parts.append(_named(module.create_end(), f"{stage}.end", inputs=made(SELF_INSTRUCT_ROUNDS, "_before")))
    return sum(parts, Pipeline([]))


def _instruction_evolution() -> Pipeline:
    """Seeds, and `EVOLUTION_ROUNDS` rounds, each a copy that takes what came of the one before."""
    module = import_module("instruction_tuning.pipelines.instruction_evolution.pipeline")
    stage, last = "instruction_evolution", EVOLUTION_ROUNDS
    rounds = [{"evolved": f"evolved_{n}", "requests": f"evolution_requests_{n}"} for n in range(last)]
    rounds.append({"evolved": f"evolved_{last}", "requests": "evolution_completions"})
    parts = [_named(module.create_start(), f"{stage}.start", outputs=rounds[0])]
    for number, (before, after) in enumerate(pairwise(rounds), start=1):
        taken = {f"{name}_before": stored for name, stored in before.items()}
        parts.append(_named(module.create_round(), f"{stage}.round_{number}", inputs=taken, outputs=after))
    end = _named(module.create_end(), f"{stage}.end", inputs={"evolved": rounds[-1]["evolved"]})
    return sum([*parts, end], Pipeline([]))


def _instruction_backtranslation() -> Pipeline:
    """Segments of its own lengths, a start, `BACKTRANSLATION_ROUNDS` rounds, and what came out."""
    name = "instruction_backtranslation"
    segments = import_module("instruction_tuning.pipelines.segments.pipeline")
    module = import_module(f"instruction_tuning.pipelines.{name}.pipeline")
    rounds = [f"curated_candidates_{number}" for number in range(BACKTRANSLATION_ROUNDS + 1)]
    own_lengths = {"params:segments": "params:backtranslation_segments"}
    parts = [
        _named(segments.create_pipeline(), f"{name}.segments", parameters=own_lengths),
        _named(module.create_start(), f"{name}.start", outputs={"curated": rounds[0]}),
    ]
    for number in range(1, BACKTRANSLATION_ROUNDS + 1):
        made = {
            "curated": rounds[number],
            "examples": f"backtranslation_examples_{number}",
            "curation_completions": f"curation_completions_{number}",
        }
        ends = {"inputs": {"curated_before": rounds[number - 1]}, "outputs": made}
        parts.append(_named(module.create_round(), f"{name}.round_{number}", **ends))
    last = {"examples": f"backtranslation_examples_{BACKTRANSLATION_ROUNDS}"}
    parts.append(_named(module.create_end(rounds[1:]), f"{name}.end", inputs=last))
    return sum(parts, Pipeline([]))


def _named(part: Pipeline, namespace: str, **ends: dict[str, str]) -> Pipeline:
    return Pipeline(part, namespace=namespace, prefix_datasets_with_namespace=False, **ends)
