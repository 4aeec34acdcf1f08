"""Nodes of `comparison_data`."""

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from instruction_tuning.answering.response_cost import with_cost
from instruction_tuning.answering.responses import checked_responses
from instruction_tuning.errors import InputError
from instruction_tuning.lm.chat_request import ChatRequest
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.lm.model_names import require_one_address
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.lm.request_parameters import Asker
from instruction_tuning.pipelines.comparison_data import answers as answering
from instruction_tuning.pipelines.comparison_data.parameters import ComparisonDataParameters
from instruction_tuning.reward.compared_responses import compared_responses, rated_form
from instruction_tuning.reward.comparison_measures import comparison_metrics, place_effects, win_table
from instruction_tuning.reward.comparison_pairs import comparison_pairs, preference_rows, vote_rows
from instruction_tuning.text.counting import tally
from instruction_tuning.verification.joint_rating import joint_rating_requests, joint_ratings
from instruction_tuning.verification.marks import refuse_unreadable_replies
from instruction_tuning.verification.rating import rating_requests, with_marks

if TYPE_CHECKING:
    import plotly.graph_objects as go

logger = logging.getLogger(__name__)

TRIAL_RATINGS = 32  # a model that cannot rate is found out before the rest is paid for


def answer_with_models(
    selected_queries: pd.DataFrame,
    teacher: Endpoint,
    base_model: ModelFolder,
    champion_model: ModelFolder | None,
    parameters: ComparisonDataParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One answer of each model to each query, checked where a check exists; and the requests."""
    queries = selected_queries.head(parameters.max_queries or len(selected_queries)).reset_index(drop=True)
    if queries.empty:
        raise InputError("there is no selected query to answer", fix="kedro run --pipeline=query_selection")
    places = answering.Places(teacher, base_model, champion_model)
    # All that can be wrong with what is named is wrong before anybody is asked.
    require_one_address(
        {"teacher": teacher, **{f"comparison_data.{key}": one for key, one in parameters.endpoints.items()}}
    )
    folders = {name: answering.model_folder(name, model, places) for name, model in parameters.models.items()}
    recorded = {
        name: answering.recorded_answers(name, model, queries) for name, model in parameters.models.items()
    }
    ids = {
        name: answering.model_id(model, folders[name], teacher) for name, model in parameters.models.items()
    }
    logger.info("%d queries for: %s", len(queries), ", ".join(f"{name} ({ids[name]})" for name in ids))
    asker, judge = Asker(parameters.requests), teacher.rated_by
    languages = queries.set_index("record_id")["language"]
    parts = []
    for index, (name, model) in enumerate(parameters.models.items()):
        endpoint = teacher if model.source == "teacher" else model.endpoint
        folder, known = folders[name], recorded[name]
        if known is not None:
            came = answering.completion_like(queries, known, index=index, why_not="it has no answer of this")
        elif folder is not None:
            sampled = answering.sampled_answers(folder, queries, parameters)
            came = answering.completion_like(queries, sampled, index=index, why_not="it wrote nothing")
        else:
            assert endpoint is not None
            came = answering.asked_answers(endpoint, queries, asker, parameters, index=index)
        checked = checked_responses(queries, came.assign(model=name))
        parts.append(
            checked.drop(columns=["rating", "rating_status"]).assign(
                model_id=ids[name],
                origin=model.origin,
                is_judges_own=endpoint is not None and _are_one(endpoint, judge),
                language=checked["record_id"].map(languages).astype("str"),
                no_response=came["error"].astype("str").to_numpy(),
            )
        )
    answers = pd.concat(parts, ignore_index=True).sort_values(
        ["record_id", "sample_index"], ignore_index=True
    )
    logger.info(
        "%d of %d answers of %d models came; checked: %s",
        answers["response"].notna().sum(),
        len(answers),
        len(parts),
        tally(answers.loc[answers["response"].notna(), "check"]) or "none",
    )
    return answers, asker.completions(teacher)


def rate_compared_answers(
    compared_answers: pd.DataFrame,
    compared_answer_completions: pd.DataFrame,
    teacher: Endpoint,
    parameters: ComparisonDataParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Each answer rated from 1 to 10, alone or beside the others in several orders; and all requests."""
    settings = parameters.rating
    came = compared_answers[compared_answers["response"].notna()]
    asker, judge = Asker(parameters.requests, compared_answer_completions), teacher.rated_by
    alone = joint = None
    if "alone" in settings.ways:
        alone = _rated_alone(came, asker, judge, parameters)
    if "joint" in settings.ways:
        joint = _rated_jointly(came, asker, judge, parameters)
    completions = pd.concat([compared_answer_completions, asker.completions(judge)], ignore_index=True)
    compared = compared_responses(compared_answers, alone, joint, score_from=settings.score_from)
    compared = with_cost(compared, completions)
    means = compared.groupby("model")["score"].mean().dropna()
    logger.info(
        "%d answers scored from 1 to 10, %d not; mean by model: %s",
        compared["score"].notna().sum(),
        (compared["response"].notna() & compared["score"].isna()).sum(),
        ", ".join(f"{model} {mean:.2f}" for model, mean in means.items()) or "none",
    )
    return compared, completions


def _rated_alone(
    came: pd.DataFrame, asker: Asker, judge: Endpoint, parameters: ComparisonDataParameters
) -> pd.DataFrame:
    settings = parameters.rating
    requests = rating_requests(
        came,
        temperature=settings.temperature,
        max_tokens=settings.max_tokens_alone,
        seed=parameters.seed,
        form=parameters.rating_form,
    )
    for completions in _trial_then_all(requests, asker, judge):
        marked = with_marks(completions, parameters.rating_form)
        _refuse_unreadable(marked["mark_status"], marked["response"], parameters)
    return marked


def _rated_jointly(
    came: pd.DataFrame, asker: Asker, judge: Endpoint, parameters: ComparisonDataParameters
) -> pd.DataFrame:
    settings = parameters.rating
    requests = joint_rating_requests(
        came,
        orders=settings.orders,
        temperature=settings.temperature,
        max_tokens=settings.max_tokens_joint,
        seed=parameters.seed,
    )
    for completions in _trial_then_all(requests, asker, judge):
        rated = joint_ratings(came, completions, orders=settings.orders, seed=parameters.seed)
        replies = completions.set_index(["record_id", "sample_index"])["response"]
        shown = pd.MultiIndex.from_frame(rated[["record_id", "order"]])
        _refuse_unreadable(rated["status"], replies.reindex(shown), parameters)
    return rated


def _trial_then_all(requests: list[ChatRequest], asker: Asker, judge: Endpoint) -> Iterator[pd.DataFrame]:
    """The replies to the first ones, for whether this judge can rate at all, then to all of them."""
    trial = asker.ask(judge, requests[:TRIAL_RATINGS])
    yield trial
    yield pd.concat([trial, asker.ask(judge, requests[TRIAL_RATINGS:])], ignore_index=True)


def pair_compared_responses(
    compared_responses: pd.DataFrame, parameters: ComparisonDataParameters
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """All pairs, ties among them; the answers as the reward model reads them; and rows for ingestion."""
    pairs = comparison_pairs(compared_responses, preference=parameters.preference)
    votes = vote_rows(pairs)
    if len(votes) < len(pairs):
        logger.info(
            "%d pairs are of more than one question: they are in comparison_preferences only",
            len(pairs) - len(votes),
        )
    return pairs, rated_form(compared_responses), votes, preference_rows(pairs)


def measure_comparisons(
    compared_responses: pd.DataFrame, comparison_pairs: pd.DataFrame, parameters: ComparisonDataParameters
) -> tuple[dict[str, float], "go.Figure", str]:
    """Saturation, ties, places and self-preference in numbers, a figure and a page."""
    from instruction_tuning.reporting.comparison_figure import comparison_figure
    from instruction_tuning.reporting.comparison_report import comparison_report

    metrics = comparison_metrics(compared_responses, comparison_pairs, seed=parameters.seed)
    wins = win_table(comparison_pairs)
    effects = place_effects(compared_responses, seed=parameters.seed)
    report = comparison_report(metrics, wins, effects)
    return metrics, comparison_figure(compared_responses, wins, effects), report


def _refuse_unreadable(statuses: pd.Series, replies: pd.Series, parameters: ComparisonDataParameters) -> None:
    refuse_unreadable_replies(
        statuses,
        replies,
        asked_for="rating from 1 to 10",
        field="comparison_data.rating.max_unreadable_rate",
        max_unreadable_rate=parameters.rating.max_unreadable_rate,
    )


def _are_one(endpoint: Endpoint, judge: Endpoint) -> bool:
    return (endpoint.base_url, endpoint.model) == (judge.base_url, judge.model)
