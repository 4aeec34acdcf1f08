"""The dry run's findings, and their rendering as plain text."""

from dataclasses import dataclass

_SHOWN_PROBLEMS = 5


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason for which rows of a file are bad: how many, and the first of them."""

    reason: str
    count: int
    row: int
    field: str | None
    detail: str | None
    raw: str
    fix: str


@dataclass(frozen=True, slots=True)
class FileReport:
    """One raw file. `format` is null when nothing in it could be read; `unreadable_because` then may say
    why."""

    path: str
    format: str | None
    good_rows: int
    bad_rows: int
    problems: tuple[Problem, ...]
    unreadable_because: str | None = None


@dataclass(frozen=True, slots=True)
class TeacherEstimate:
    """What it would take to have a teacher answer every good row; prices in US dollars."""

    requests: int
    prompt_tokens: int
    completion_tokens: int
    price_usd: float
    answer_tokens: int
    answer_tokens_source: str


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
    teacher: TeacherEstimate

    @property
    def good_rows(self) -> int:
        return sum(file.good_rows for file in self.files)

    @property
    def bad_rows(self) -> int:
        return sum(file.bad_rows for file in self.files)

    def render(self) -> str:
        """The report as plain text, one fact a line."""
        lines = [line for file in self.files for line in _file_lines(file)]
        lines += ["", f"All files: {self.good_rows:,} good rows, {self.bad_rows:,} bad rows"]
        if not self.good_rows:
            return "\n".join([*lines, "Nothing to train on: repair the rows above first."]) + "\n"
        languages = ", ".join(f"{name} {count:,}" for name, count in self.languages.items())
        quantiles = ", ".join(_quantile_text(share, value) for share, value in self.token_quantiles.items())
        teacher = self.teacher
        lines += [
            f"Exact duplicates among them: {self.exact_duplicates:,} (a run looks for near ones too)",
            f"Languages of the prompts: {languages}",
            f"Tokens a row (prompt and answer): {quantiles}; {self.total_tokens:,} in all",
            f"Over {self.max_length_tokens} tokens, so truncated in training: {self.truncated_rate or 0:.1%}",
            f"If a teacher answered them all: {teacher.requests:,} requests, "
            f"{teacher.prompt_tokens:,} prompt and {teacher.completion_tokens:,} answer tokens, "
            f"{teacher.price_usd:,.2f} US dollars",
            f"  ({teacher.answer_tokens} tokens an answer: {teacher.answer_tokens_source})",
        ]
        return "\n".join(lines) + "\n"


def _quantile_text(share: float, value: int) -> str:
    return f"longest {value}" if share == 1 else f"{share:.0%} have at most {value}"


def _file_lines(file: FileReport) -> list[str]:
    lines = [f"{file.path}"]
    if file.unreadable_because:
        return [*lines, f"  format: unknown. {file.unreadable_because}"]
    lines.append(f"  format: {file.format or 'none of the first rows could be read'}")
    lines.append(f"  rows: {file.good_rows:,} good, {file.bad_rows:,} bad")
    for problem in file.problems[:_SHOWN_PROBLEMS]:
        field = f", field {problem.field}" if problem.field else ""
        detail = f" ({problem.detail})" if problem.detail else ""
        lines.append(f"  {problem.reason} x {problem.count:,}; first in row {problem.row}{field}{detail}")
        lines.append(f"    row: {' '.join(problem.raw.split())}")
        lines.append(f"    fix: {problem.fix}")
    if hidden := len(file.problems) - _SHOWN_PROBLEMS:
        lines += [f"  and {hidden} more kinds of fault"] if hidden > 0 else []
    return lines
