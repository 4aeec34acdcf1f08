"""Nodes of `pool_ratings`: a frame each, empty where its measure is not asked for."""

import logging
from typing import TYPE_CHECKING, Literal

import pandas as pd

from instruction_tuning.errors import InputError
from instruction_tuning.lm.chat_request import ChatRequest
from instruction_tuning.lm.completion_rows import completions_frame
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.lm.request_parameters import complete
from instruction_tuning.pipelines.pool_ratings.parameters import PoolRatingsParameters
from instruction_tuning.selection import pre_experience
from instruction_tuning.selection.ladders import evolving, joint_scoring
from instruction_tuning.selection.pool_embeddings import PoolEmbeddingParameters, embed_pool
from instruction_tuning.selection.pool_scores import PoolScoreParameters, likelihoods
from instruction_tuning.selection.replies import READ, refuse_unreadable_replies
from instruction_tuning.selection.scores import deita, difficulty_rating, judge_rating, scorer_documents
from instruction_tuning.selection.scores.learnability import learnability
from instruction_tuning.selection.tags.normalisation import normalise_tags
from instruction_tuning.selection.tags.tag_parsing import tagging_requests, with_tags
from instruction_tuning.training.sft_parameters import SFTParameters

if TYPE_CHECKING:
    from instruction_tuning.training.resumable import TrainingResult

logger = logging.getLogger(__name__)

Aspect = Literal["complexity", "quality"]
ASPECTS: tuple[Aspect, ...] = ("complexity", "quality")
MEASURES_OF_ANSWERS = ("judge_rating", "deita", "pre_experience", "learnability")
_LADDER_COLUMNS = ["aspect", "record_id", "rung", "instruction", "answer", "method", "status", "score"]


def tag_pool(
    instruction_pool: pd.DataFrame, teacher: Endpoint, parameters: PoolRatingsParameters
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Open tags from the teacher, made one vocabulary; what became of each raw tag; and the requests."""
    _check_answers(instruction_pool, parameters)
    if "tags" not in parameters.measures:
        empty = pd.DataFrame({"record_id": pd.Series(dtype="str"), "tags": pd.Series(dtype="object")})
        return empty, pd.DataFrame(), completions_frame(teacher.model, [], {})
    settings = parameters.tags
    requests = tagging_requests(
        instruction_pool,
        temperature=parameters.temperature,
        max_tokens=settings.max_tokens,
        seed=parameters.seed,
    )
    completions = complete(teacher, requests, parameters.requests)
    tagged = with_tags(completions)
    _refuse_unreadable(tagged["status"], completions["response"], "list of tags", parameters)
    normalised = normalise_tags(
        tagged,
        alpha=settings.alpha,
        eps=settings.eps,
        min_support=settings.min_support,
        min_confidence=settings.min_confidence,
        min_jaccard=settings.min_jaccard,
    )
    logger.info("tags, step by step: %s", normalised.steps.to_dict("records"))
    return normalised.records.reset_index(), normalised.fates, completions


def mark_pool(
    instruction_pool: pd.DataFrame,
    teacher: Endpoint,
    tagging_completions: pd.DataFrame,
    parameters: PoolRatingsParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Marks of the records' answers by the judge, of their difficulty by the teacher; and the requests."""
    marks = pd.DataFrame(index=pd.Index(instruction_pool["record_id"], name="record_id"))
    spent_usd = float(tagging_completions["price_usd"].sum())
    asked = []
    for measure, endpoint, requests_of, marks_of in (
        ("judge_rating", teacher.rated_by, judge_rating.judge_rating_requests, judge_rating.judge_ratings),
        (
            "difficulty_rating",
            teacher,
            difficulty_rating.difficulty_requests,
            difficulty_rating.difficulty_ratings,
        ),
    ):
        if measure not in parameters.measures:
            continue
        requests: list[ChatRequest] = requests_of(
            instruction_pool,
            temperature=parameters.temperature,
            max_tokens=parameters.rating_max_tokens,
            seed=parameters.seed,
        )
        completions = complete(endpoint, requests, parameters.requests, spent_usd=spent_usd)
        spent_usd += float(completions["price_usd"].sum())
        marked = marks_of(completions)
        _refuse_unreadable(marked["status"], completions["response"], "mark from 1 to 10", parameters)
        marks = marks.join(marked[[column for column in marked if column != "status"]])
        asked.append(completions)
    together = pd.concat(asked, ignore_index=True) if asked else completions_frame(teacher.model, [], {})
    return marks.reset_index(), together


def build_ladders(
    instruction_pool: pd.DataFrame,
    teacher: Endpoint,
    tagging_completions: pd.DataFrame,
    marking_completions: pd.DataFrame,
    parameters: PoolRatingsParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Versions of a few records, each harder or better than the one before, scored side by side."""
    if "deita" not in parameters.measures:
        return pd.DataFrame(columns=_LADDER_COLUMNS), completions_frame(teacher.model, [], {})
    spent_usd = float(tagging_completions["price_usd"].sum() + marking_completions["price_usd"].sum())
    seeds = instruction_pool.sort_values("record_id").sample(
        n=min(parameters.deita.seeds, len(instruction_pool)), random_state=parameters.seed % 2**32
    )
    ladders, asked = [], []
    for aspect in ASPECTS:
        ladder = evolving.seed_ladders(seeds, aspect=aspect)
        for step in range(1, parameters.deita.steps + 1):
            requests = evolving.evolve_requests(
                ladder,
                aspect=aspect,
                step=step,
                temperature=parameters.temperature,
                max_tokens=parameters.deita.max_tokens,
                seed=parameters.seed,
            )
            completions = complete(teacher, requests, parameters.requests, spent_usd=spent_usd)
            spent_usd += float(completions["price_usd"].sum())
            asked.append(completions)
            ladder = evolving.with_rung(ladder, completions, aspect=aspect, step=step, seed=parameters.seed)
        requests = joint_scoring.joint_score_requests(
            ladder,
            aspect=aspect,
            temperature=parameters.temperature,
            max_tokens=parameters.deita.max_tokens,
            seed=parameters.seed,
        )
        completions = complete(teacher, requests, parameters.requests, spent_usd=spent_usd)
        spent_usd += float(completions["price_usd"].sum())
        asked.append(completions)
        scored = joint_scoring.with_joint_scores(ladder, completions, aspect=aspect, seed=parameters.seed)
        by_ladder = scored[scored["score_status"] != joint_scoring.NOT_ASKED].drop_duplicates("record_id")
        _refuse_unreadable(
            by_ladder["score_status"].replace(joint_scoring.SCORED, READ),
            by_ladder["record_id"].map(completions.set_index("record_id")["response"]),
            "score of a version from 1 to 6",
            parameters,
        )
        ladders.append(scored.assign(aspect=aspect))
        logger.info(
            "%d %s ladders of up to %d rungs; %d rungs have a score",
            scored["record_id"].nunique(),
            aspect,
            parameters.deita.steps + 1,
            int(scored["score"].notna().sum()),
        )
    return pd.concat(ladders, ignore_index=True), pd.concat(asked, ignore_index=True)


def score_by_deita(
    instruction_pool: pd.DataFrame,
    scored_ladders: pd.DataFrame,
    replay_documents: pd.DataFrame,
    base_model: ModelFolder,
    sft: SFTParameters,
    parameters: PoolRatingsParameters,
) -> pd.DataFrame:
    """Complexity and quality of every record, by scorers that are trained on the ladders."""
    if "deita" not in parameters.measures:
        return pd.DataFrame(columns=["record_id", "complexity_score", "quality_score", "deita_score"])
    from instruction_tuning.selection.exchanges import exchanges

    turns = exchanges(instruction_pool)
    for aspect in ASPECTS:
        examples = scorer_documents.scorer_examples(
            scored_ladders[scored_ladders["aspect"] == aspect], aspect=aspect
        )
        trained = _trained(
            base_model, examples, replay_documents, sft, parameters, parameters.deita.num_train_epochs
        )
        scores = deita.exchange_scores(
            turns, trained.model, aspect=aspect, max_length_tokens=parameters.deita.max_length_tokens
        )
        turns = turns.assign(**{f"{aspect}_score": scores})
    return deita.deita_scores(turns).reset_index()


def measure_with_models(
    instruction_pool: pd.DataFrame,
    replay_documents: pd.DataFrame,
    base_model: ModelFolder,
    champion_model: ModelFolder | None,
    sft: SFTParameters,
    embedding: PoolEmbeddingParameters,
    scoring: PoolScoreParameters,
    parameters: PoolRatingsParameters,
) -> pd.DataFrame:
    """Likelihoods under a model with a little experience, and what the champion has learnt since the base."""
    _check_answers(instruction_pool, parameters)
    measured = pd.DataFrame(index=pd.Index(instruction_pool["record_id"], name="record_id"))
    if "pre_experience" in parameters.measures:
        before = likelihoods(instruction_pool, base_model, scoring)
        chosen = pre_experience.pre_experience_records(
            embed_pool(instruction_pool, base_model, embedding).set_index("record_id"),
            before["prompt_loss"],
            clusters=parameters.pre_experience.clusters,
            per_cluster=parameters.pre_experience.per_cluster,
            seed=parameters.seed,
        )
        examples = instruction_pool[instruction_pool["record_id"].isin(chosen)]
        examples = examples[examples["answer"].notna()].sort_values("record_id").assign(response_id=None)
        epochs = parameters.pre_experience.num_train_epochs
        trained = _trained(base_model, examples, replay_documents, sft, parameters, epochs)
        after = likelihoods(instruction_pool, trained.model, scoring)
        measured = measured.join(after.add_prefix("pre_experienced_"))
    if "learnability" in parameters.measures:
        if champion_model is None:
            logger.warning(
                "no model is champion yet, so nothing tells what can be learnt: learnability is null"
            )
        else:
            before, after = (
                likelihoods(instruction_pool, model, scoring) for model in (base_model, champion_model)
            )
            measured = measured.join(learnability(before, after))
    return measured.reset_index()


def collect_ratings(
    instruction_pool: pd.DataFrame,
    pool_tags: pd.DataFrame,
    pool_marks: pd.DataFrame,
    deita_scores: pd.DataFrame,
    model_measures: pd.DataFrame,
) -> pd.DataFrame:
    """A row a record of the pool with all that was measured; what was not is null."""
    together = pd.DataFrame({"record_id": instruction_pool["record_id"].to_numpy()})
    for frame in (pool_tags, pool_marks, deita_scores, model_measures):
        if not set(frame["record_id"]) <= set(together["record_id"]):
            raise InputError(
                "a measurement is of a record that is not in the pool",
                record=sorted(set(frame["record_id"]) - set(together["record_id"]))[0],
                fix="measure anew: kedro run --pipeline=pool_ratings",
            )
        together = together.merge(frame, on="record_id", how="left", validate="1:1")
    return together


def _check_answers(pool: pd.DataFrame, parameters: PoolRatingsParameters) -> None:
    """Raise before anything is paid for or trained where a measure is of answers and there is none."""
    of_answers = [measure for measure in MEASURES_OF_ANSWERS if measure in parameters.measures]
    if of_answers and not pool["answer"].notna().any():
        raise InputError(
            f"no record of the pool has an answer, and {of_answers[0]} is measured on answers",
            field="pool_ratings.measures",
            fix=f"leave out what needs answers: {', '.join(of_answers)}",
        )


def _trained(
    base_model: ModelFolder,
    examples: pd.DataFrame,
    replay_documents: pd.DataFrame,
    sft: SFTParameters,
    parameters: PoolRatingsParameters,
    epochs: float,
) -> "TrainingResult":
    from instruction_tuning.mixture.replay import build_mixture
    from instruction_tuning.training.supervised import fine_tune

    training, validation = build_mixture(
        examples,
        replay_documents,
        documents_per_example=0.0,
        validation_share=sft.validation_share,
        validation_minimum=1,
        seed=parameters.seed,
    )
    recipe = sft.model_copy(update={"num_train_epochs": epochs}).recipe()
    return fine_tune(base_model, training, validation, recipe, parameters.work_folder)


def _refuse_unreadable(
    statuses: pd.Series, replies: pd.Series, asked_for: str, parameters: PoolRatingsParameters
) -> None:
    refuse_unreadable_replies(
        statuses,
        replies,
        asked_for=asked_for,
        field="pool_ratings.max_unreadable_rate",
        max_unreadable_rate=parameters.max_unreadable_rate,
    )
