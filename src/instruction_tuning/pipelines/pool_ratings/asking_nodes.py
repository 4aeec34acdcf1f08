"""Nodes of `pool_ratings` that ask a teacher or a judge; what is not in `measures` is not asked for."""

import logging
from collections.abc import Callable
from functools import partial

import pandas as pd

from instruction_tuning.lm.chat_request import ChatRequest
from instruction_tuning.lm.completion_rows import completions_frame
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.lm.request_parameters import Asker
from instruction_tuning.pipelines.pool_ratings.parameters import PoolRatingsParameters
from instruction_tuning.pipelines.pool_ratings.required_answers import check_answers
from instruction_tuning.selection.ladders import evolving, joint_scoring
from instruction_tuning.selection.scores import difficulty_rating, judge_rating
from instruction_tuning.selection.tags.normalisation import normalise_tags
from instruction_tuning.selection.tags.tag_parsing import tagging_requests, with_tags
from instruction_tuning.verification.marks import refuse_unreadable_replies

logger = logging.getLogger(__name__)

_LADDER_COLUMNS = ["aspect", "record_id", "rung", "instruction", "answer", "method", "status", "score"]


def tag_pool(
    instruction_pool: pd.DataFrame, teacher: Endpoint, parameters: PoolRatingsParameters
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Open tags from the teacher, made one vocabulary; what became of each raw tag; and the requests."""
    check_answers(instruction_pool, parameters)
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
    completions = Asker(parameters.requests).ask(teacher, requests)
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
    steps = (
        f"{row['step']} {row['before']} to {row['after']} ({row['dropped']} dropped, {row['merged']} merged)"
        for row in normalised.steps.to_dict("records")
    )
    logger.info("tags, step by step: %s", "; ".join(steps))
    return normalised.records.reset_index(), normalised.fates, completions


def mark_pool(
    instruction_pool: pd.DataFrame,
    teacher: Endpoint,
    tagging_completions: pd.DataFrame,
    parameters: PoolRatingsParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Marks of the records' answers by the judge, of their difficulty by the teacher; and the requests."""
    marks = pd.DataFrame(index=pd.Index(instruction_pool["record_id"], name="record_id"))
    asker = Asker(parameters.requests, tagging_completions)

    def mark(
        endpoint: Endpoint,
        requests_of: Callable[..., list[ChatRequest]],
        marks_of: Callable[[pd.DataFrame], pd.DataFrame],
    ) -> pd.DataFrame:
        requests = requests_of(
            instruction_pool,
            temperature=parameters.temperature,
            max_tokens=parameters.rating_max_tokens,
            seed=parameters.seed,
        )
        completions = asker.ask(endpoint, requests)
        marked = marks_of(completions)
        _refuse_unreadable(marked["status"], completions["response"], "mark from 1 to 10", parameters)
        return marked.drop(columns="status")

    if "judge_rating" in parameters.measures:
        form = parameters.rating_form
        rated = mark(
            teacher.rated_by,
            partial(judge_rating.judge_rating_requests, form=form),
            partial(judge_rating.judge_ratings, form=form),
        )
        marks = marks.join(rated)
    if "difficulty_rating" in parameters.measures:
        placed = mark(teacher, difficulty_rating.difficulty_requests, difficulty_rating.difficulty_ratings)
        marks = marks.join(placed)
    return marks.reset_index(), asker.completions(teacher)


def build_ladders(
    instruction_pool: pd.DataFrame,
    teacher: Endpoint,
    tagging_completions: pd.DataFrame,
    marking_completions: pd.DataFrame,
    parameters: PoolRatingsParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Versions of a few records, each harder or better than the one before, scored side by side."""
    asker = Asker(parameters.requests, tagging_completions, marking_completions)
    if "deita" not in parameters.measures:
        return pd.DataFrame(columns=_LADDER_COLUMNS), asker.completions(teacher)
    seeds = instruction_pool.sort_values("record_id").sample(
        n=min(parameters.deita.seeds, len(instruction_pool)), random_state=parameters.seed % 2**32
    )
    ladders = [_scored_ladders(seeds, aspect, teacher, asker, parameters) for aspect in evolving.ASPECTS]
    return pd.concat(ladders, ignore_index=True), asker.completions(teacher)


def _scored_ladders(
    seeds: pd.DataFrame,
    aspect: evolving.Aspect,
    teacher: Endpoint,
    asker: Asker,
    parameters: PoolRatingsParameters,
) -> pd.DataFrame:
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
        completions = asker.ask(teacher, requests)
        ladder = evolving.with_rung(ladder, completions, aspect=aspect, step=step, seed=parameters.seed)
    requests = joint_scoring.joint_score_requests(
        ladder,
        aspect=aspect,
        temperature=parameters.temperature,
        max_tokens=parameters.deita.max_tokens,
        seed=parameters.seed,
    )
    completions = asker.ask(teacher, requests)
    scored = joint_scoring.with_joint_scores(ladder, completions, aspect=aspect, seed=parameters.seed)
    by_ladder = scored[scored["score_status"] != joint_scoring.NOT_ASKED].drop_duplicates("record_id")
    _refuse_unreadable(
        by_ladder["score_status"],
        by_ladder["record_id"].map(completions.set_index("record_id")["response"]),
        "score of a version from 1 to 6",
        parameters,
    )
    logger.info(
        "%d %s ladders of up to %d rungs; %d rungs have a score",
        scored["record_id"].nunique(),
        aspect,
        parameters.deita.steps + 1,
        int(scored["score"].notna().sum()),
    )
    return scored.assign(aspect=aspect)


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
