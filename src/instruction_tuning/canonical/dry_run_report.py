"""The dry run's findings, and their rendering as plain text."""

import math
from dataclasses import dataclass

_SHOWN_PROBLEMS = 5
_NO_TEACHER = "No teacher is asked, and nothing is paid: answer_generation.strategy is source"


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason for which rows of a file are bad: how many, and the first of them.

    `place` is `line 12` for JSON lines, else `row 12`, counted from 1.
    """

    reason: str
    count: int
    place: str
    field: str | None
    detail: str | None
    raw: str
    fix: str


@dataclass(frozen=True, slots=True)
class FileReport:
    """One raw file. `format` is null when nothing in it could be read; `unreadable_because` then may say
    why, and all rows are bad."""

    path: str
    format: str | None
    good_rows: int
    bad_rows: int
    problems: tuple[Problem, ...]
    unreadable_because: str | None = None
    documents: int = 0  # those of the good rows that ask nothing


@dataclass(frozen=True, slots=True)
class Calls:
    """Requests of one kind, with the tokens that they send and get back."""

    requests: int
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class TeacherEstimate:
    """What a run asks of the teacher, were nothing stored from earlier runs; prices in US dollars."""

    queries: int
    samples_per_query: int
    answers: Calls
    ratings: Calls
    price_usd: float
    budget_usd: float | None
    answer_tokens: int
    answer_tokens_source: str
    requests_per_second: float
    seconds_per_request: float

    @property
    def duration_seconds(self) -> float:
        return (self.answers.requests + self.ratings.requests) / self.requests_per_second

    def lines(self) -> list[str]:
        """The estimate as text, without line ends."""
        # Below a cent two digits would say that nothing is paid.
        digits = 2 if self.price_usd >= 0.01 else 6
        price = f"{self.price_usd:,.{digits}f} US dollars" if self.price_usd else "nothing, at prices of 0"
        if self.budget_usd is not None and self.price_usd > self.budget_usd:
            price += f", more than budget_usd ({self.budget_usd:,.2f}): the run would stop there"
        return [
            f"A run asks a teacher about at most {self.queries:,} of them (query_selection.budget), "
            f"for {self.samples_per_query} answers each, and to rate every answer. An estimate:",
            f"  answers: {_calls_text(self.answers)} "
            f"({self.answer_tokens:,} tokens an answer: {self.answer_tokens_source})",
            f"  ratings: up to {_calls_text(self.ratings)}",
            f"  price: {price}",
            f"  time: about {_duration_text(self.duration_seconds)}, at {self.requests_per_second:g} "
            f"requests a second (an assumption: max_concurrency at once, "
            f"{self.seconds_per_request:g} s a request)",
        ]


@dataclass(frozen=True, slots=True)
class DryRunReport:
    """All findings. Tokens are those of prompt and answer together, without the chat template's few marks."""

    files: tuple[FileReport, ...]
    languages: dict[str, int]
    exact_duplicates: int
    max_length_tokens: int
    token_quantiles: dict[float, int]
    total_tokens: int
    truncated_rate: float | None
    answered_rows: int  # rows that have an answer of their own
    answers_cut_off: int  # rows whose question alone fills `max_length_tokens`
    teacher: TeacherEstimate | None  # null when no teacher is asked

    @property
    def good_rows(self) -> int:
        return sum(file.good_rows for file in self.files)

    @property
    def bad_rows(self) -> int:
        return sum(file.bad_rows for file in self.files)

    @property
    def questions(self) -> int:
        """Good rows that ask something."""
        return self.good_rows - sum(file.documents for file in self.files)

    @property
    def is_usable(self) -> bool:
        """Whether a run would get past reading: there is a question, and no file of an unknown format."""
        return self.questions > 0 and not any(file.unreadable_because for file in self.files)

    def render(self) -> str:
        """The report as plain text, one fact a line."""
        lines = [line for file in self.files for line in _file_lines(file)]
        lines += ["", f"All files: {self.good_rows:,} good rows, {self.bad_rows:,} bad rows"]
        if self.good_rows and not self.questions:
            return (
                "\n".join([*lines, "Nothing to train on: the good rows are texts that ask nothing."]) + "\n"
            )
        if not self.good_rows:
            return "\n".join([*lines, "Nothing to train on: repair the rows above first."]) + "\n"
        languages = ", ".join(f"{name} {count:,}" for name, count in self.languages.items())
        quantiles = ", ".join(_quantile_text(share, value) for share, value in self.token_quantiles.items())
        lines += [
            f"Exact duplicates among them: {self.exact_duplicates:,} (a run looks for near ones too)",
            f"Languages of the prompts: {languages}",
            f"Tokens a row (prompt and answer): {quantiles}; {self.total_tokens:,} in all",
            f"Over {self.max_length_tokens} tokens, so truncated in training: {self.truncated_rate or 0:.1%}"
            + self._cut_off_text(),
        ]
        lines += self.teacher.lines() if self.teacher else [_NO_TEACHER]
        if not self.is_usable:
            lines.append("A run would stop at the file of an unknown format.")
        return "\n".join(lines) + "\n"

    def _cut_off_text(self) -> str:
        if not self.answers_cut_off:
            return ""
        rows = counted(self.answers_cut_off, "row")
        return f"; {rows} would be dropped, as no token of the answer is left (sft.max_length)"


def counted(number: int, noun: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _calls_text(calls: Calls) -> str:
    return (
        f"{calls.requests:,} requests, {calls.prompt_tokens:,} prompt and "
        f"{calls.completion_tokens:,} completion tokens"
    )


def _duration_text(seconds: float) -> str:
    if seconds < 90:
        return f"{math.ceil(seconds)} s"
    return f"{math.ceil(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _quantile_text(share: float, value: int) -> str:
    return f"longest {value}" if share == 1 else f"{share:.0%} have at most {value}"


def _file_lines(file: FileReport) -> list[str]:
    lines = [f"{file.path}"]
    if file.unreadable_because:
        rows = counted(file.bad_rows, "row")
        return [*lines, f"  format: unknown. {file.unreadable_because}", f"  rows: {rows}, none of them read"]
    lines.append(f"  format: {file.format or 'none of the first rows could be read'}")
    lines.append(f"  rows: {file.good_rows:,} good, {file.bad_rows:,} bad")
    if file.documents:
        rows = counted(file.documents, "row")
        lines.append(f"  {rows} that ask nothing: a run keeps them as source_documents")
    for problem in file.problems[:_SHOWN_PROBLEMS]:
        field = f", field {problem.field}" if problem.field else ""
        detail = f" ({problem.detail})" if problem.detail else ""
        lines.append(f"  {problem.reason} x {problem.count:,}; first in {problem.place}{field}{detail}")
        lines.append(f"    row: {' '.join(problem.raw.split())}")
        lines.append(f"    fix: {problem.fix}")
    hidden = len(file.problems) - _SHOWN_PROBLEMS
    if hidden > 0:
        lines.append(f"  and {hidden} more {'kind' if hidden == 1 else 'kinds'} of fault")
    return lines
