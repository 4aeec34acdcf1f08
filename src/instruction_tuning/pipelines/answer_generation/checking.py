"""Which verifiers a run's parameters ask for, made ready for its answers."""

import logging

import pandas as pd

from instruction_tuning.answering.tested_programs import (
    Outcomes,
    own_tests_by_record,
    passes_tests,
    run_responses,
    sift_by_record,
    written_tests_by_record,
)
from instruction_tuning.errors import ConfigurationError
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.pipelines.answer_generation.parameters import (
    AnswerGenerationParameters,
    ProgramParameters,
)
from instruction_tuning.sandbox.limits import Limits
from instruction_tuning.sandbox.pool import Sandbox
from instruction_tuning.text.counting import counted
from instruction_tuning.verification.equations import equations_hold
from instruction_tuning.verification.verdict import Verifier
from instruction_tuning.verification.verifiers import BY_NAME, reward_score, self_consistency

logger = logging.getLogger(__name__)


def open_sandbox(parameters: ProgramParameters) -> Sandbox:
    """A sandbox with the limits of the parameters; ConfigurationError where it does not hold here."""
    seconds = parameters.wall_seconds
    limits = Limits(wall_seconds=seconds, cpu_seconds=seconds, memory_bytes=parameters.memory_mib << 20)
    return Sandbox(limits=limits, workers=parameters.workers)


def require_earlier_reward_model(model: ModelFolder | None, parameters: AnswerGenerationParameters) -> None:
    """Raise `ConfigurationError` where a reward is asked for and no version is named to give it."""
    if parameters.earlier_reward_model is not None and model is None:
        raise ConfigurationError(
            "answers are to be verified by an earlier reward model, and no version carries its alias",
            field="answer_generation.earlier_reward_model",
            fix="give the alias `verifier` to a registered version of reward-model, or set it to null",
        )


def require_one_teacher(teacher: Endpoint, parameters: AnswerGenerationParameters) -> None:
    """Raise `ConfigurationError` where others are to answer beside a teacher whose programs are tested."""
    if teacher.others and parameters.tests_programs:
        raise ConfigurationError(
            f"the strategy {parameters.strategy} has programs written and tested by the teacher alone, and "
            f"{counted(len(teacher.others), 'other teacher')} would never be asked",
            field="other_teachers",
            fix="set other_teachers to [] in conf/local/globals.yml, or answer_generation.strategy to "
            "teacher or rejection_sampling",
        )


def verifiers_of(
    selected_queries: pd.DataFrame,
    answer_completions: pd.DataFrame,
    program_outcomes: Outcomes,
    answers: pd.DataFrame,
    earlier_reward_model: ModelFolder | None,
    parameters: AnswerGenerationParameters,
) -> list[Verifier]:
    """Those of `verifiers`, then what the strategy and the other parameters ask for."""
    verifiers = [BY_NAME[name] for name in parameters.verifiers]
    came = answers[answers["status"] == "ok"]
    if parameters.strategy == "rejection_sampling" and "equations" not in parameters.verifiers:
        verifiers.append(equations_hold)
    if parameters.tests_programs:
        verifiers.append(
            _tests_verifier(selected_queries, answer_completions, program_outcomes, came, parameters)
        )
    if parameters.min_self_consistency is not None:
        samples = {str(name): rows.tolist() for name, rows in came.groupby("record_id")["response"]}
        verifiers.append(self_consistency(samples, min_share=parameters.min_self_consistency))
    if parameters.earlier_reward_model is not None and earlier_reward_model is not None:
        verifiers.append(_reward_verifier(selected_queries, came, earlier_reward_model, parameters))
    return verifiers


def _tests_verifier(
    selected_queries: pd.DataFrame,
    answer_completions: pd.DataFrame,
    program_outcomes: Outcomes,
    came: pd.DataFrame,
    parameters: AnswerGenerationParameters,
) -> Verifier:
    tests = written_tests_by_record(answer_completions) | own_tests_by_record(selected_queries)
    with open_sandbox(parameters.programs) as sandbox:
        outcomes = run_responses(came, tests, sandbox.run_all, known=program_outcomes)
        sifted = sift_by_record(outcomes, tests, sandbox.run_all, max_mutants=parameters.programs.max_mutants)
    if not tests:
        logger.warning(
            "no selected query asks for a program that tests could be written for: %s does what teacher does",
            parameters.strategy,
        )
    asserts = sum(len(one.tests) for one in tests.values())
    logger.info(
        "%d tasks with %d tests, %d of them vacuous; %d of %d different programs pass; %d tasks without a "
        "program that passes, %d whose tests tell nothing",
        len(tests),
        asserts,
        sum(len(one.vacuous) for one in sifted.values()),
        sum(outcome is not None and outcome.status == "passed" for outcome in outcomes.values()),
        len(outcomes),
        sum(one.mutants == 0 for one in sifted.values()),
        sum(one.kept is None and one.mutants > 0 for one in sifted.values()),
    )
    return passes_tests(outcomes, sifted)


def _reward_verifier(
    selected_queries: pd.DataFrame,
    came: pd.DataFrame,
    model: ModelFolder,
    parameters: AnswerGenerationParameters,
) -> Verifier:
    from instruction_tuning.lm.chat_request import without_answer
    from instruction_tuning.reward.scoring import score_answers

    settings = parameters.earlier_reward_model
    assert settings is not None
    turns = {
        name: without_answer(messages)
        for name, messages in zip(selected_queries["record_id"], selected_queries["messages"], strict=True)
    }
    rewards = score_answers(
        model,
        [turns[name] for name in came["record_id"]],
        came["response"].tolist(),
        max_length=settings.max_length,
    )
    pairs = zip(came["record_id"], came["response"], strict=True)
    by_answer = {
        (str(name), str(text)): float(value) for (name, text), value in zip(pairs, rewards, strict=True)
    }
    return reward_score(by_answer, min_reward=settings.min_reward)
