"""Nodes of `instruction_evolution`: the seeds, a round, and what came of all of them."""

import logging
from typing import TYPE_CHECKING

import pandas as pd

from instruction_tuning.answering.direct import answer_requests
from instruction_tuning.answering.response_cost import COST_DTYPES, with_cost
from instruction_tuning.errors import ConfigurationError
from instruction_tuning.lm.completion_rows import completions_frame
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.lm.request_parameters import Asker
from instruction_tuning.pipelines.instruction_evolution.parameters import InstructionEvolutionParameters
from instruction_tuning.synthesis import evol_instruct, evolution_rounds
from instruction_tuning.synthesis.elimination import parse_check
from instruction_tuning.synthesis.evolution_operations import KINDS, Kind, texts_of_operations
from instruction_tuning.synthesis.mastery import measure_mastery, with_verdicts
from instruction_tuning.text.counting import tally
from instruction_tuning.verification.marks import FAILED, READ, UNPARSEABLE, refuse_unreadable_replies

if TYPE_CHECKING:
    import plotly.graph_objects as go

logger = logging.getLogger(__name__)


def draw_evolution_seeds(
    instruction_pool: pd.DataFrame, teacher: Endpoint, parameters: InstructionEvolutionParameters
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The records to begin with, as round 0; and no requests yet."""
    for kind, names in _operations(parameters).items():
        texts_of_operations(names, kind)
    seeds = evolution_rounds.seed_rows(instruction_pool, most=parameters.seeds, seed=parameters.seed)
    logger.info("%d of %d records are seeds: %s", len(seeds), len(instruction_pool), tally(seeds["kind"]))
    return _unpaid(seeds), completions_frame(teacher.model, [], {})


def evolve_instructions(
    evolved_before: pd.DataFrame,
    requests_before: pd.DataFrame,
    base_model: ModelFolder,
    champion_model: ModelFolder | None,
    teacher: Endpoint,
    parameters: InstructionEvolutionParameters,
    *,
    number: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All rounds so far and round `number`; and all requests."""
    branches = evolution_rounds.living_branches(evolved_before)
    alive, stopped = len(branches), branches.head(0)
    if parameters.capability_aware:
        model = _trained_model(base_model, champion_model, parameters)
        measured = _measured(branches, evolved_before, model, parameters)
        branches = measured[measured["is_mastered"]]
        stopped = evolution_rounds.stopped_rows(measured[~measured["is_mastered"]], number)
    rows = evolution_rounds.drafts(branches, number, _operations(parameters), seed=parameters.seed)
    asker = Asker(parameters.requests, requests_before)
    rows = _rewritten(rows, evolved_before, asker, teacher, parameters)
    requests = asker.completions(teacher)
    new = _joined(_paid(rows, requests), _unpaid(stopped)).sort_values("root_id", ignore_index=True)
    assert len(new) == alive and new["root_id"].is_unique, f"{len(new)} rows of {alive} branches"
    reasons = tally(new["reason"].dropna())
    kept = int((new["status"] == evolution_rounds.KEPT).sum())
    logger.info("round %d: %d of %d branches evolved; others: %s", number, kept, alive, reasons or "none")
    if alive and len(stopped) == alive:
        logger.warning(
            "the %s masters none of them, so nothing is evolved; set instruction_evolution.trained_model to "
            "champion, or capability_aware to false",
            parameters.trained_model,
        )
    return _joined(evolved_before, new), _joined(requests_before, requests)


def report_evolution(evolved: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, "go.Figure"]:
    """All rows; what was kept, as a raw source that ingestion reads; and the rounds in a figure."""
    from instruction_tuning.reporting.evolution_figure import evolution_figure

    source = evolution_rounds.raw_source(evolved)
    logger.info(
        "%d evolved instructions are written as a raw source; nothing reads it by itself", len(source)
    )
    return evolved, source, evolution_figure(evolved)


def _rewritten(
    rows: pd.DataFrame,
    evolved_before: pd.DataFrame,
    asker: Asker,
    teacher: Endpoint,
    parameters: InstructionEvolutionParameters,
) -> pd.DataFrame:
    """`rows` (drafts) rewritten, compared and answered; what falls out on the way is asked no more about."""
    temperature, seed = parameters.temperature, parameters.seed
    requests = evol_instruct.evolution_requests(
        rows, temperature=temperature, max_tokens=parameters.evolution_max_tokens, seed=seed
    )
    rows = evol_instruct.with_replies(
        rows,
        asker.ask(teacher, requests),
        evolved_before,
        max_characters=parameters.max_instruction_characters,
    )
    if parameters.compare_with_parent:
        requests = evol_instruct.check_requests(
            rows,
            temperature=0.0,
            max_tokens=parameters.check_max_tokens,
            seed=seed,
            structured_output=parameters.structured_output,
        )
        checks = asker.ask(teacher.rated_by, requests)
        _refuse_unreadable(checks, parameters)
        rows = evol_instruct.with_checks(rows, checks)
    asked = evol_instruct.open_rows(rows)
    queries = pd.DataFrame(
        {
            "record_id": asked["evolution_id"],
            "messages": [[{"role": "user", "content": text}] for text in asked["instruction"]],
        }
    )
    requests = answer_requests(
        queries, num_samples=1, temperature=temperature, max_tokens=parameters.answer_max_tokens, seed=seed
    )
    answers = asker.ask(teacher, requests)
    return evol_instruct.with_answers(rows, answers, apology_words=parameters.apology_words)


def _measured(
    branches: pd.DataFrame,
    evolved: pd.DataFrame,
    model: ModelFolder,
    parameters: InstructionEvolutionParameters,
) -> pd.DataFrame:
    """`branches` with what the model can do of them; what an earlier round measured is not asked again."""
    known = evolution_rounds.known_mastery(evolved)
    is_known = branches["evolution_id"].isin(known.index)
    asked = measure_mastery(
        branches[~is_known].drop(columns=["mastery_rate", "mastery_by"]),
        model,
        parameters.mastery,
        seed=parameters.seed,
    )
    found = branches[is_known].drop(columns=["mastery_rate", "mastery_by"]).join(known, on="evolution_id")
    return with_verdicts(_joined(asked, found).sort_values("root_id", ignore_index=True), parameters.mastery)


def _trained_model(
    base: ModelFolder, champion: ModelFolder | None, parameters: InstructionEvolutionParameters
) -> ModelFolder:
    if parameters.trained_model == "base":
        return base
    if champion is None:
        raise ConfigurationError(
            "no model is champion yet, so nothing tells what it masters",
            field="instruction_evolution.trained_model",
            fix="make a champion first (kedro run), or set it to base, or capability_aware to false",
        )
    return champion


def _operations(parameters: InstructionEvolutionParameters) -> dict[Kind, tuple[str, ...]]:
    return dict(zip(KINDS, (parameters.text_operations, parameters.code_operations), strict=True))


def _refuse_unreadable(checks: pd.DataFrame, parameters: InstructionEvolutionParameters) -> None:
    statuses = [
        FAILED if status != "ok" else READ if parse_check(str(reply)) else UNPARSEABLE
        for status, reply in zip(checks["status"], checks["response"], strict=True)
    ]
    refuse_unreadable_replies(
        pd.Series(statuses, dtype="str"),
        checks["response"],
        asked_for="`Equal: yes` or `no` with `Answerable: yes` or `no`",
        field="instruction_evolution.max_unreadable_rate",
        max_unreadable_rate=parameters.max_unreadable_rate,
    )


def _paid(rows: pd.DataFrame, requests: pd.DataFrame) -> pd.DataFrame:
    """`rows` with what all requests for each of them cost."""
    if rows.empty:
        return _unpaid(rows)
    keys = rows.assign(record_id=rows["evolution_id"], sample_index=0)
    return with_cost(keys, requests).drop(columns=["record_id", "sample_index"])


def _unpaid(rows: pd.DataFrame) -> pd.DataFrame:
    nothing = {name: pd.Series(0, index=rows.index, dtype=dtype) for name, dtype in COST_DTYPES.items()}
    return rows.assign(**nothing)


def _joined(*parts: pd.DataFrame) -> pd.DataFrame:
    """One below the other; an empty one would change the types of the others."""
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
