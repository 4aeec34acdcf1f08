"""Adapters between the catalog and the methods in evaluation and reporting."""

import logging
from pathlib import Path
from typing import Any, cast

import pandas as pd

from instruction_tuning.evaluation.parameters import EvaluationParameters
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.schemas.benchmark_metrics import FORM_NAMES, MACRO

logger = logging.getLogger(__name__)

SHOWN_PAIRS = 2


def measure_models(
    base_model: ModelFolder,
    sft_model: ModelFolder,
    champion_model: ModelFolder | None,
    benchmark_items: pd.DataFrame,
    parameters: EvaluationParameters,
) -> pd.DataFrame:
    """Ask base, candidate and champion the same items in every form; known results are not measured again.

    A champion that is the candidate itself is none: nothing could come of comparing a model with itself.
    """
    from instruction_tuning.evaluation.benchmarks import chat_template_of, measure_model

    rival = None if _is_champion(sft_model, champion_model) else champion_model
    roles = {"base": base_model, "candidate": sft_model, "champion": rival}
    models = {role: model for role, model in roles.items() if model is not None}
    # All before the first is measured: a folder without a usable tokenizer costs no measuring of another.
    templates = {role: chat_template_of(model) for role, model in models.items()}
    settings = parameters.settings()
    outputs = [
        measure_model(
            model,
            benchmark_items,
            settings,
            Path(parameters.work_folder),
            chat_template=templates["candidate"],
            role=role,
        ).assign(model_role=role)
        for role, model in models.items()
    ]
    measured = pd.concat(outputs, ignore_index=True)
    logger.info("%d answers of %s", len(measured), ", ".join(models))
    return measured


def score_models(
    benchmark_outputs: pd.DataFrame, parameters: EvaluationParameters
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Accuracies with intervals, and the candidate against base and champion in pairs."""
    from instruction_tuning.evaluation import scores

    metrics = scores.benchmark_metrics(benchmark_outputs, confidence=parameters.confidence)
    comparisons = scores.benchmark_comparisons(benchmark_outputs, confidence=parameters.confidence)
    for row in comparisons[comparisons["ability"] == MACRO].to_dict("records"):
        logger.info(
            "candidate against %s, %s, mean over abilities: %+.1f points [%+.1f, %+.1f]",
            row["reference_role"],
            FORM_NAMES[row["form"]],
            *(100 * row[column] for column in ("difference", "ci_low", "ci_high")),
        )
    return metrics, comparisons


def judge_candidate(
    sft_model: ModelFolder,
    champion_model: ModelFolder | None,
    benchmark_outputs: pd.DataFrame,
    benchmark_metrics: pd.DataFrame,
    benchmark_comparisons: pd.DataFrame,
    benchmark_items: pd.DataFrame,
    parameters: EvaluationParameters,
) -> dict[str, object]:
    """Decide whether the candidate may become champion, with reasons and a few answers to read."""
    from instruction_tuning.evaluation import answer_pairs, breakdown, fabrication, promotion

    is_candidate = benchmark_outputs["model_role"] == "candidate"
    rules = promotion.PromotionRules(
        delta=parameters.delta,
        alpha=parameters.alpha,
        min_extraction_rate=parameters.min_extraction_rate,
    )
    verdict = promotion.promotion_verdict(
        benchmark_metrics,
        benchmark_comparisons,
        rules,
        candidate_digest=str(benchmark_outputs.loc[is_candidate, "model_digest"].iloc[0]),
    )
    logger.info("verdict: %s", verdict["verdict"])
    confidence = parameters.confidence
    reported = {
        "breakdown": breakdown.score_breakdown(benchmark_outputs, confidence=confidence),
        "fates": fabrication.fate_shares(benchmark_outputs, confidence=confidence),
        "answer_pairs": answer_pairs.answer_pairs(
            benchmark_outputs, benchmark_items, count=SHOWN_PAIRS, seed=parameters.seed
        ),
    }
    evidence = cast(dict[str, Any], verdict["evidence"]) | {
        name: frame.to_dict("records") for name, frame in reported.items()
    }
    # In the record: asked for after a first look, it makes a new record, which the registry follows.
    is_champion = _is_champion(sft_model, champion_model)
    return {**verdict, "evidence": evidence, "promote": parameters.promote, "is_champion": is_champion}


def _is_champion(candidate: ModelFolder, champion: ModelFolder | None) -> bool:
    return champion is not None and champion.digest == candidate.digest


def write_model_card(
    sft_model: ModelFolder,
    benchmark_metrics: pd.DataFrame,
    benchmark_comparisons: pd.DataFrame,
    judgement: dict[str, object],
) -> str:
    """The card that describes the candidate in the registry, with what its folder says of its training."""
    from instruction_tuning.reporting.model_card import model_card
    from instruction_tuning.training.training_record import read_training_data

    here, folder = Path.cwd(), sft_model.path
    return model_card(
        benchmark_metrics,
        benchmark_comparisons,
        judgement,
        trained_on=read_training_data(sft_model),
        folder=(folder.relative_to(here) if folder.is_relative_to(here) else folder).as_posix(),
    )


def publish_verdict(judgement: dict[str, object], model_card: str) -> dict[str, object]:
    """The judgement with its card: one record holds the decision, the evidence and the words."""
    return {**judgement, "model_card": model_card}
