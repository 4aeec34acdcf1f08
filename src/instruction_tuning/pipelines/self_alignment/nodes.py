"""Nodes of `self_alignment`."""

import logging
from typing import Any

import pandas as pd

from instruction_tuning.answering.answer_versions import best_versions, revision_counts
from instruction_tuning.answering.critique_and_revise import RevisionSettings, critique_and_revise
from instruction_tuning.canonical.cleaning import ReadingRules
from instruction_tuning.canonical.raw_files import list_raw_files
from instruction_tuning.canonical.reading import read_files
from instruction_tuning.errors import InputError
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.lm.request_parameters import Asker
from instruction_tuning.pipelines.self_alignment.parameters import SelfAlignmentParameters
from instruction_tuning.pipelines.self_alignment.writers import writer_of
from instruction_tuning.prompts.alignment_files import read_exemplars, read_principles, read_topic_kinds
from instruction_tuning.synthesis import engraving, self_alignment, topic_prompts
from instruction_tuning.synthesis.self_alignment import Guidance
from instruction_tuning.synthesis.written_rows import KEPT
from instruction_tuning.text.counting import tally
from instruction_tuning.verification.marks import FAILED, UNPARSEABLE, refuse_unreadable_replies

logger = logging.getLogger(__name__)


def generate_alignment_prompts(
    teacher: Endpoint, base_model: ModelFolder, parameters: SelfAlignmentParameters
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Topics for each kind of request, a prompt about each, prompts of files; and the requests."""
    kinds, asker = read_topic_kinds(parameters.topics), Asker(parameters.requests)
    _guidance(parameters)  # a faulty file is found before anything is paid for
    parameters.identity.read()
    given = _prompts_of_files(parameters)
    write = writer_of(asker, teacher, base_model, parameters)
    sampling: dict[str, Any] = parameters.model_dump(include={"temperature", "max_tokens", "seed"})
    asked = topic_prompts.topic_requests(kinds, **sampling) if parameters.new_topics else []
    topics = topic_prompts.with_new_topics(kinds, write(asked), new_topics=parameters.new_topics)
    questions = []
    if parameters.prompts_per_topic:
        questions = topic_prompts.question_requests(
            topics, prompts_per_topic=parameters.prompts_per_topic, **sampling
        )
    prompts = topic_prompts.topic_prompts(topics, write(questions))
    prompts = pd.concat([prompts, topic_prompts.given_prompts(given, before=prompts)], ignore_index=True)
    logger.info("topics: %s; prompts: %s", _fates(topics), _fates(prompts))
    if not (prompts["status"] == KEPT).any():
        raise InputError(
            f"no prompt is left to answer of {len(prompts)}: {_fates(prompts)}",
            field="self_alignment.prompts_per_topic",
            fix="raise it, take a model that follows prompts/topic_question.txt, or name "
            "self_alignment.prompt_files",
        )
    return topics, prompts, asker.completions(teacher)


def answer_by_principles(
    alignment_prompts: pd.DataFrame,
    alignment_prompt_completions: pd.DataFrame,
    teacher: Endpoint,
    base_model: ModelFolder,
    parameters: SelfAlignmentParameters,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """An answer to each prompt with the thoughts before it, kept or dropped; revisions; and the requests."""
    asker, guidance = Asker(parameters.requests, alignment_prompt_completions), _guidance(parameters)
    requests = self_alignment.principled_requests(
        alignment_prompts,
        guidance,
        temperature=parameters.temperature,
        max_tokens=parameters.max_tokens,
        seed=parameters.seed,
    )
    completions = writer_of(asker, teacher, base_model, parameters)(requests)
    answers = self_alignment.principled_answers(alignment_prompts, completions, guidance)
    asked = answers[answers["stage"] == "answer"]
    refuse_unreadable_replies(
        asked["reason"].where(asked["reason"].isin([FAILED, UNPARSEABLE]), "ok"),
        asked["thoughts"],
        asked_for="thoughts and answer",
        field="self_alignment.max_unreadable_rate",
        max_unreadable_rate=parameters.max_unreadable_rate,
    )
    logger.info("principle-driven answers: %s", _fates(asked))
    versions = _revised(answers, guidance, asker, teacher, parameters)
    best = best_versions(versions).set_index("record_id")["response"]
    revised = answers["example_id"].map(best)
    answers = answers.assign(answer=revised.where(revised.notna(), answers["answer"]).astype("str"))
    return answers, versions, asker.completions(teacher)


def generate_verbose_answers(
    principled_answers: pd.DataFrame,
    alignment_prompt_completions: pd.DataFrame,
    principled_completions: pd.DataFrame,
    teacher: Endpoint,
    base_model: ModelFolder,
    parameters: SelfAlignmentParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Longer answers to the kept prompts, where `verbose_cloning` asks for them; and all requests."""
    earlier = (alignment_prompt_completions, principled_completions)
    asker, requests = Asker(parameters.requests, *earlier), []
    if parameters.verbose_cloning:
        logger.warning("%s", engraving.VERBOSE_TAX)
        requests = engraving.verbose_requests(
            principled_answers,
            temperature=parameters.temperature,
            max_tokens=parameters.verbose_max_tokens,
            seed=parameters.seed,
        )
    completions = writer_of(asker, teacher, base_model, parameters)(requests)
    clones = engraving.verbose_clones(principled_answers, completions, _guidance(parameters))
    return clones, pd.concat([*earlier, asker.completions(teacher)], ignore_index=True)


def collect_self_aligned_examples(
    principled_answers: pd.DataFrame,
    answer_revisions: pd.DataFrame,
    verbose_answers: pd.DataFrame,
    parameters: SelfAlignmentParameters,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, dict[str, float]]:
    """All examples, kept and dropped; queries and answers alone, short and long; and how many there are."""
    identity = engraving.identity_examples(parameters.identity.read())
    examples = engraving.self_aligned_examples(principled_answers, verbose_answers, identity)
    assert len(examples) == len(principled_answers) + len(verbose_answers) + len(identity)
    counts = engraving.example_counts(examples)
    revisions = {f"revision/{name}": float(n) for name, n in revision_counts(answer_revisions).items()}
    short = engraving.engraving_rows(examples, verbose=False)
    logger.info("%d examples to train on; all: %s", len(short), _fates(examples))
    return examples, short, engraving.engraving_rows(examples, verbose=True), counts | revisions


def _revised(
    answers: pd.DataFrame,
    guidance: Guidance,
    asker: Asker,
    teacher: Endpoint,
    parameters: SelfAlignmentParameters,
) -> pd.DataFrame:
    kept = answers[answers["status"] == KEPT]
    settings = RevisionSettings(
        rounds=parameters.revision_rounds,
        temperature=parameters.temperature,
        max_tokens=parameters.max_tokens,
        rating_temperature=parameters.rating_temperature,
        rating_max_tokens=parameters.rating_max_tokens,
        seed=parameters.seed,
    )
    asked = pd.DataFrame(
        {
            "record_id": kept["example_id"],
            "sample_index": 0,
            "prompt": kept["prompt"],
            "messages": [[{"role": "user", "content": text}] for text in kept["prompt"]],
            "response": kept["answer"],
            "adversarial": kept["adversarial"],
        }
    )
    if not parameters.revision_rounds:
        asked = asked.head(0)
    versions = critique_and_revise(
        asked,
        lambda requests: asker.ask(teacher, requests),
        lambda requests: asker.ask(teacher.rated_by, requests),
        settings,
        lambda row, text: self_alignment.answer_fault(
            str(row["prompt"]), text, guidance, is_adversarial=bool(row["adversarial"])
        ),
    )
    logger.info("revisions: %s", tally(versions.loc[versions["round"] > 0, "status"]) or "none")
    return versions


def _guidance(parameters: SelfAlignmentParameters) -> Guidance:
    return Guidance(read_principles(parameters.principles), read_exemplars(parameters.exemplars))


def _prompts_of_files(parameters: SelfAlignmentParameters) -> list[str]:
    if parameters.prompt_files is None:
        return []
    rules = ReadingRules(require_answer=False)
    records, rejected = read_files(list_raw_files(parameters.prompt_files), rules)
    single = [
        record.prompt for record in records if sum(turn["role"] == "user" for turn in record.messages) == 1
    ]
    if rejected or len(single) < len(records):
        logger.warning(
            "%d rows of %s are no prompt, %d have several turns and are left out",
            len(rejected),
            parameters.prompt_files,
            len(records) - len(single),
        )
    return single


def _fates(frame: pd.DataFrame) -> str:
    return tally(frame["reason"].fillna(KEPT)) or "none"
