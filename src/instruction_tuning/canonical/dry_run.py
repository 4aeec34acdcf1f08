"""What a newcomer wants to know of a file before a run: format, faults, languages, tokens, truncation, cost.

Nothing is written and no endpoint is called. Texts are not kept: memory grows with one number a record.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from instruction_tuning.canonical.checks.content_checks import Finding
from instruction_tuning.canonical.cleaning import ReadingRules
from instruction_tuning.canonical.cost_estimates import (
    Calls,
    TeacherEstimate,
    TrainingEstimate,
    TrainingPlan,
    training_estimate,
)
from instruction_tuning.canonical.dry_run_report import NO_TEACHER, DryRunReport, FileReport, Problem
from instruction_tuning.canonical.faults import fix_of
from instruction_tuning.canonical.program_costs import CountTokens, ProgramPlan, program_calls
from instruction_tuning.canonical.raw_files import RawFile, is_json_lines, list_raw_files
from instruction_tuning.canonical.reading import check_licence_sources, read_file
from instruction_tuning.canonical.records import CanonicalRecord, RejectedRecord, asked_text, row_number_of
from instruction_tuning.canonical.rows import rows_of
from instruction_tuning.errors import UnknownFormatError

QUANTILES = (0.5, 0.9, 0.99, 1.0)
_BATCH_RECORDS = 512
_RAW_CHARACTERS = 160


@dataclass(frozen=True, slots=True)
class TeacherPlan:
    """What a run asks of a teacher: the parameters of `query_selection` and `answer_generation` that cost.

    `rating_prompt` is the text around instruction and answer in a rating request, `system_prompt` what is
    put before a question. `seconds_per_request` is an assumption; servers differ widely.
    """

    query_budget: int
    samples_per_query: int
    answer_max_tokens: int
    rating_prompt: str
    rating_max_tokens: int
    system_prompt: str = ""
    price_per_million_input_tokens: float = 0.0
    price_per_million_output_tokens: float = 0.0
    judge_prices_per_million_tokens: tuple[float, float] | None = None  # in, out; null: the teacher rates
    budget_usd: float | None = None
    max_concurrency: int = 64
    seconds_per_request: float = 4.0
    programs: ProgramPlan | None = None  # null where the strategy tests none


def dry_run(
    path: Path | str,
    count_tokens: CountTokens,
    *,
    max_length_tokens: int,
    teacher: TeacherPlan | None = None,
    no_teacher: str = NO_TEACHER,
    training: TrainingPlan | None = None,
    rules: ReadingRules | None = None,
    max_rejection_rate: float = 1.0,
) -> DryRunReport:
    """Read everything at `path` as ingestion would, and report.

    `count_tokens` gives the number of tokens of each text; `teacher` is null where none is asked, and
    `no_teacher` then says why. A file in an unknown format is reported, not raised; a missing path raises
    `InputError`.
    """
    tally = _Tally(count_tokens, teacher.programs if teacher else None)
    rules, found = rules or ReadingRules(), list_raw_files(path)
    check_licence_sources(found, rules)
    files = [_file_report(file, rules, tally) for file in found]
    tally.count_waiting()
    lengths = [asked + answered for asked, answered in zip(tally.asked, tally.answered, strict=True)]
    return DryRunReport(
        files=tuple(files),
        languages=dict(tally.languages.most_common()),
        exact_duplicates=tally.records - len(tally.record_ids),
        max_length_tokens=max_length_tokens,
        token_quantiles={quantile: _quantile(lengths, quantile) for quantile in QUANTILES} if lengths else {},
        total_tokens=sum(lengths),
        truncated_rate=sum(n > max_length_tokens for n in lengths) / len(lengths) if lengths else None,
        answered_rows=sum(answered > 0 for answered in tally.answered),
        answers_cut_off=sum(
            answered > 0 and asked >= max_length_tokens
            for asked, answered in zip(tally.asked, tally.answered, strict=True)
        ),
        teacher=_estimate(tally, teacher, count_tokens) if teacher else None,
        no_teacher=no_teacher,
        training=_training(tally, training, teacher) if training else None,
        max_rejection_rate=max_rejection_rate,
    )


class _Tally:
    """Counts over all files; texts wait here only until a batch of them is full."""

    def __init__(self, count_tokens: CountTokens, programs: ProgramPlan | None) -> None:
        self._count_tokens, self._programs = count_tokens, programs
        self._waiting: list[tuple[str, str]] = []
        self.records = 0
        self.record_ids: set[str] = set()
        self.languages: Counter[str] = Counter()
        self.asked: list[int] = []
        self.answered: list[int] = []
        self.bring_tests = 0
        self.need_tests = 0  # they ask for a program and bring no tests

    def add(self, record: CanonicalRecord) -> None:
        self.records += 1
        self.record_ids.add(record.record_id)
        self.languages[record.language] += 1
        if record.tests is not None:
            self.bring_tests += 1
        elif self._programs is not None:
            self.need_tests += self._programs.asks_for_program(record.prompt)
        self._waiting.append((asked_text(record.messages), record.answer or ""))
        if len(self._waiting) >= _BATCH_RECORDS:
            self.count_waiting()

    def count_waiting(self) -> None:
        if not self._waiting:
            return
        asked, answered = zip(*self._waiting, strict=True)
        self.asked.extend(self._count_tokens(list(asked)))
        self.answered.extend(self._count_tokens(list(answered)))
        self._waiting.clear()


def _file_report(file: RawFile, rules: ReadingRules, tally: _Tally) -> FileReport:
    try:
        reading = read_file(file, rules)
    except UnknownFormatError as error:
        rows = sum(1 for _ in rows_of(file.path))
        because = f"{error.problem}; fix: {error.fix}"
        return FileReport(str(file.path), None, 0, rows, (), unreadable_because=because)
    good = bad = kept_out = documents = 0
    problems: dict[str, Problem] = {}
    flagged: dict[str, Problem] = {}
    counted_as = "line" if is_json_lines(file) else "row"
    for outcome in reading.rows:
        if not isinstance(outcome, RejectedRecord):
            good += 1
            if isinstance(outcome, CanonicalRecord):
                tally.add(outcome)
            else:
                documents += 1
            for finding in outcome.findings:
                _count(flagged, _found(finding, outcome.source_row_id, counted_as))
            continue
        is_kept_out = outcome.stage == "licence"
        kept_out += is_kept_out
        bad += not is_kept_out
        _count(problems, _problem(outcome, counted_as))
    return FileReport(
        str(file.path),
        reading.format,
        good,
        bad,
        _ranked(problems),
        documents=documents,
        flagged=_ranked(flagged),
        kept_out_rows=kept_out,
    )


def _count(problems: dict[str, Problem], one: Problem) -> None:
    """The first row of a reason stays as its example."""
    known = problems.get(one.reason)
    problems[one.reason] = replace(known, count=known.count + 1) if known else one


def _ranked(problems: dict[str, Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems.values(), key=lambda problem: (-problem.count, problem.reason)))


def _found(finding: Finding, source_row_id: str, counted_as: str) -> Problem:
    place = f"{counted_as} {row_number_of(source_row_id)}"
    return Problem(finding.check, 1, place, field=None, detail=repr(finding.words), raw="", fix="")


def _problem(record: RejectedRecord, counted_as: str) -> Problem:
    return Problem(
        reason=record.reason,
        count=1,
        place=f"{counted_as} {row_number_of(record.source_row_id)}",
        field=record.field,
        detail=record.detail,
        raw=record.raw[:_RAW_CHARACTERS],
        fix=fix_of(record.reason),
    )


def _quantile(values: Sequence[int], share: float) -> int:
    """The smallest value that at least `share` of `values` do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def _estimate(tally: _Tally, plan: TeacherPlan, count_tokens: CountTokens) -> TeacherEstimate:
    """An answer request brings all samples of a query; a rating request shows one of them.

    Which rows are selected is not known yet, so each question counts as long as the mean one. Ratings are
    counted at their longest.
    """
    queries = min(plan.query_budget, tally.records)
    system_tokens, rating_tokens = count_tokens([plan.system_prompt, plan.rating_prompt])
    asked_tokens = sum(tally.asked) / tally.records if tally.records else 0.0
    answer_tokens, source = _answer_length(tally, plan)
    samples = queries * plan.samples_per_query
    programs = plan.programs and program_calls(
        plan.programs,
        without_tests=min(queries, tally.need_tests),
        tested=min(queries, tally.need_tests + tally.bring_tests),
        samples_per_query=plan.samples_per_query,
        asked_tokens=asked_tokens,
        answer_tokens=answer_tokens,
        max_tokens=plan.answer_max_tokens,
        count_tokens=count_tokens,
    )
    prompt_tokens = math.ceil(queries * (asked_tokens + system_tokens))
    prompt_tokens += programs.shown_tokens if programs else 0
    answers = Calls(queries, prompt_tokens, samples * answer_tokens)
    rated = samples + (programs.repaired if programs else 0)
    rating_prompt_tokens = math.ceil(rated * (rating_tokens + asked_tokens + answer_tokens))
    ratings = Calls(rated, rating_prompt_tokens, rated * plan.rating_max_tokens)
    prices = plan.price_per_million_input_tokens, plan.price_per_million_output_tokens
    asked = [answers, *((programs.tests, programs.repairs) if programs else ())]
    price = sum(_price(calls, prices) for calls in asked)
    price += _price(ratings, plan.judge_prices_per_million_tokens or prices)
    return TeacherEstimate(
        queries=queries,
        samples_per_query=plan.samples_per_query,
        answers=answers,
        ratings=ratings,
        price_usd=price,
        budget_usd=plan.budget_usd,
        answer_tokens=answer_tokens,
        answer_tokens_source=source,
        requests_per_second=plan.max_concurrency / plan.seconds_per_request,
        seconds_per_request=plan.seconds_per_request,
        has_judge=plan.judge_prices_per_million_tokens is not None,
        tests=programs.tests if programs else None,
        repairs=programs.repairs if programs else None,
    )


def _training(tally: _Tally, plan: TrainingPlan, teacher: TeacherPlan | None) -> TrainingEstimate | None:
    """With the answers that the records have, or with a teacher's, which are as long as it is told."""
    if teacher is None:
        pairs = zip(tally.asked, tally.answered, strict=True)
        lengths = [asked + answered for asked, answered in pairs if answered]
    else:
        answer_tokens, _ = _answer_length(tally, teacher)
        lengths = [asked + answer_tokens for asked in tally.asked]
    distinct = min(len(lengths), len(tally.record_ids))
    return (
        training_estimate(lengths, replace(plan, query_budget=min(plan.query_budget, distinct)))
        if lengths
        else None
    )


def _price(calls: Calls, prices_per_million_tokens: tuple[float, float]) -> float:
    sent, received = prices_per_million_tokens
    return (calls.prompt_tokens * sent + calls.completion_tokens * received) / 1e6


def _answer_length(tally: _Tally, plan: TeacherPlan) -> tuple[int, str]:
    own = [tokens for tokens in tally.answered if tokens > 0]
    if not own:
        return plan.answer_max_tokens, "max_tokens, as the file has no answers"
    mean = math.ceil(sum(own) / len(own))
    if mean > plan.answer_max_tokens:
        return plan.answer_max_tokens, "max_tokens, as the file's own answers are longer"
    return mean, "the mean of the file's own answers"
