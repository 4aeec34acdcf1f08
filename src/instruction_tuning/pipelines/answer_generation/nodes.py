"""Nodes of `answer_generation`."""

import logging
from collections import Counter
from functools import partial

import pandas as pd

from instruction_tuning.answering import choice
from instruction_tuning.answering.asking import ask_with_tests
from instruction_tuning.answering.direct import answer_requests, equal_samples_rate, system_prompts
from instruction_tuning.answering.response_cost import with_cost
from instruction_tuning.answering.responses import checked_responses, with_ratings
from instruction_tuning.answering.sampling import Sampling
from instruction_tuning.answering.tested_programs import RESPONSE_KINDS, Outcomes
from instruction_tuning.errors import InputError
from instruction_tuning.lm.chat_request import ChatRequest
from instruction_tuning.lm.completion_rows import completions_frame
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.lm.request_parameters import Asker, complete, complete_at
from instruction_tuning.pipelines.answer_generation.checking import (
    open_sandbox,
    require_earlier_reward_model,
    require_one_teacher,
    verifiers_of,
)
from instruction_tuning.pipelines.answer_generation.parameters import AnswerGenerationParameters
from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.text.counting import tally
from instruction_tuning.verification.rating import (
    covered_mass_text,
    rating_requests,
    refuse_unreadable,
    with_marks,
)
from instruction_tuning.verification.verifiers import BY_NAME

logger = logging.getLogger(__name__)

# Short answers of a sure teacher are often alike; all of nearly all queries' are not.
HIGHEST_EQUAL_SAMPLES_RATE = 0.95
TRIAL_RATINGS = 32


def generate_answers(
    selected_queries: pd.DataFrame,
    teacher: Endpoint,
    earlier_reward_model: ModelFolder | None,
    parameters: AnswerGenerationParameters,
) -> tuple[pd.DataFrame, Outcomes]:
    """Ask the teacher, and others beside it, for several answers to each selected query; by strategy for
    tests before, repairs after. The second is what became of programs that were run to see what to repair."""
    require_earlier_reward_model(earlier_reward_model, parameters)
    require_one_teacher(teacher, parameters)
    if selected_queries.empty:
        raise InputError(
            "there is no selected query to answer",
            fix="look at the instruction pool and at query_selection's budget",
        )
    if parameters.strategy == "source":
        return completions_frame(teacher.model, [], {}), {}
    outcomes: Outcomes = {}
    plain_requests = partial(_plain_requests, parameters=parameters)
    if parameters.tests_programs:
        asker = Asker(parameters)
        with open_sandbox(parameters.programs) as sandbox:
            outcomes = ask_with_tests(
                selected_queries,
                plain_requests,
                ask=partial(asker.ask, teacher),
                run=sandbox.run_all,
                num_samples=parameters.num_samples,
                num_repairs=parameters.num_repairs,
                sampling=Sampling(parameters.temperature, parameters.max_tokens, parameters.seed),
                max_unreadable_rate=parameters.max_unreadable_rate,
            )
        completions = asker.completions(teacher)
    else:
        completions = complete_at(teacher.answered_by, plain_requests(selected_queries), parameters)
    rate = equal_samples_rate(completions[completions["kind"] == "answer"])
    if parameters.temperature > 0 and rate is not None and rate > HIGHEST_EQUAL_SAMPLES_RATE:
        logger.warning(
            "for %.0f%% of the queries all answers are the same: the server may not sample at all "
            "(transformers serve does where the model's generation_config.json says do_sample)",
            100 * rate,
        )
    return completions, outcomes


def rate_answers(
    selected_queries: pd.DataFrame,
    answer_completions: pd.DataFrame,
    program_outcomes: Outcomes,
    teacher: Endpoint,
    earlier_reward_model: ModelFolder | None,
    parameters: AnswerGenerationParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Check each answer where a check exists, and have it rated from 1 to 10, by the teacher or a judge."""
    answers = answer_completions[answer_completions["kind"].isin(RESPONSE_KINDS)]
    verifiers = verifiers_of(
        selected_queries, answer_completions, program_outcomes, answers, earlier_reward_model, parameters
    )
    responses = checked_responses(selected_queries, answers, verifiers)
    came = responses["response"].notna()
    not_asked = came & ~_is_rated(responses, parameters)
    # Answers that failed a check are rated too: the reward model learns from bad ones.
    form = parameters.rating_form
    requests = rating_requests(
        responses[came & ~not_asked],
        temperature=parameters.rating_temperature,
        max_tokens=parameters.rating_max_tokens,
        seed=parameters.seed,
        form=form,
    )
    earlier = [answer_completions]
    if len(requests) > TRIAL_RATINGS:
        # A model that cannot rate is found out before the rest is paid for; these are stored, not sent twice.
        trial = complete(teacher.rated_by, requests[:TRIAL_RATINGS], parameters, earlier=earlier)
        refuse_unreadable(
            with_marks(trial, form), max_unreadable_rate=parameters.max_unreadable_rate, form=form
        )
    ratings = complete(teacher.rated_by, requests, parameters, earlier=earlier)
    marked = with_marks(ratings, form)
    refuse_unreadable(marked, max_unreadable_rate=parameters.max_unreadable_rate, form=form)
    completions = pd.concat([answer_completions, ratings], ignore_index=True)
    rated = with_cost(with_ratings(responses, marked, not_asked), completions)
    if came.any():
        logger.info(
            "%d answers; checked: %s; ratings: %s (rating prompt %s)%s",
            came.sum(),
            tally(rated.loc[came, "check"]),
            tally(rated.loc[came, "rating_status"]),
            read_prompt(form.prompt).digest,
            covered_mass_text(marked),
        )
    return completions, rated


def choose_answers(
    selected_queries: pd.DataFrame,
    rated_responses: pd.DataFrame,
    parameters: AnswerGenerationParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Keep the best answer that passes for each query, or say why there is none."""
    if parameters.strategy == "source":
        # A record's answer is no evidence of itself.
        named = [BY_NAME[name] for name in parameters.verifiers if name != "math"]
        examples, rejected = choice.keep_source_answers(selected_queries, named)
    else:
        examples, rejected = choice.choose_answers(
            selected_queries,
            rated_responses,
            min_rating=parameters.min_rating,
            max_answers=parameters.max_answers_per_query,
            by_path=parameters.strategy == "rejection_sampling",
        )
    logger.info(
        "%d of %d queries have an answer; rejected: %s",
        examples["record_id"].nunique(),
        len(selected_queries),
        tally(rejected["reason"]) or "none",
    )
    return examples, rejected


def collect_verified_examples(
    selected_queries: pd.DataFrame,
    teacher_completions: pd.DataFrame,
    rated_responses: pd.DataFrame,
    chosen_answers: pd.DataFrame,
    rejected_answers: pd.DataFrame,
) -> pd.DataFrame:
    """List the queries with their answers, and check that each query is either there or rejected, and each
    request booked on a response."""
    ended = Counter([*chosen_answers["record_id"].unique(), *rejected_answers["record_id"]])
    asked = Counter(selected_queries["record_id"])
    assert ended == asked, f"queries got lost or doubled: {list((asked - ended) + (ended - asked))[:5]}"
    sent, booked = teacher_completions["request_id"].nunique(), int(rated_responses["requests"].sum())
    assert sent == booked, f"{sent} requests were sent, and {booked} are booked on responses"
    return chosen_answers


def _plain_requests(queries: pd.DataFrame, parameters: AnswerGenerationParameters) -> list[ChatRequest]:
    return answer_requests(
        queries,
        num_samples=parameters.num_samples,
        temperature=parameters.temperature,
        max_tokens=parameters.max_tokens,
        seed=parameters.seed,
        system_prompts=system_prompts(queries, parameters.use_system_prompt),
    )


def _is_rated(responses: pd.DataFrame, parameters: AnswerGenerationParameters) -> "pd.Series[bool]":
    """Rejection sampling has only those rated that no verifier decides, if any."""
    if parameters.strategy != "rejection_sampling":
        return pd.Series(True, index=responses.index)
    return (responses["check"] == "none") & (parameters.rejection_sampling.unverified == "rate")
