"""The dry run's findings, and their rendering as plain text."""

from dataclasses import dataclass

from instruction_tuning.canonical.cost_estimates import TeacherEstimate, TrainingEstimate
from instruction_tuning.text.counting import counted

_FEWEST_RECORDS = 2  # one to train on, one to validate with
NO_TEACHER = "No teacher is asked, and nothing is paid: answer_generation.strategy is source"


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
    flagged: tuple[Problem, ...] = ()  # what checks found in good rows
    kept_out_rows: int = 0  # by their licence: neither good nor bad, and their reasons are among `problems`


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
    teacher: TeacherEstimate | None  # null when no teacher is asked, because of `no_teacher`
    no_teacher: str
    training: TrainingEstimate | None  # null where nobody can tell how long the answers will be
    max_rejection_rate: float

    @property
    def good_rows(self) -> int:
        return sum(file.good_rows for file in self.files)

    @property
    def bad_rows(self) -> int:
        return sum(file.bad_rows for file in self.files)

    @property
    def kept_out_rows(self) -> int:
        return sum(file.kept_out_rows for file in self.files)

    @property
    def questions(self) -> int:
        """Good rows that ask something."""
        return self.good_rows - sum(file.documents for file in self.files)

    @property
    def is_usable(self) -> bool:
        """Whether a run would get to training: questions, not too many bad rows, no unknown format."""
        return self.questions > 0 and self._stop is None

    @property
    def _stop(self) -> str | None:
        if any(file.unreadable_because for file in self.files):
            return "A run would stop at the file of an unknown format."
        rows = self.good_rows + self.bad_rows + self.kept_out_rows
        if self.bad_rows > self.max_rejection_rate * rows:
            return (
                f"A run would stop: {self.bad_rows / rows:.0%} of the rows are bad, and "
                f"ingestion.max_rejection_rate allows {self.max_rejection_rate:.0%}."
            )
        if self.questions - self.exact_duplicates < _FEWEST_RECORDS:
            return "A run would stop: one record is too few to train and to validate; add more."
        return None

    def render(self) -> str:
        """The report as plain text, one fact a line."""
        lines = [line for file in self.files for line in _file_lines(file)]
        counts = f"{self.good_rows:,} good rows, {self.bad_rows:,} bad rows{_kept_out(self.kept_out_rows)}"
        lines += ["", f"All files: {counts}"]
        if self.good_rows and not self.questions:
            return (
                "\n".join([*lines, "Nothing to train on: the good rows are texts that ask nothing."]) + "\n"
            )
        if not self.good_rows:
            return "\n".join([*lines, f"Nothing to train on: {self._way_out()}."]) + "\n"
        languages = ", ".join(f"{name} {count:,}" for name, count in self.languages.items())
        quantiles = ", ".join(_quantile_text(share, value) for share, value in self.token_quantiles.items())
        lines += [
            f"Exact duplicates among them: {self.exact_duplicates:,} (a run looks for near ones too)",
            f"Languages of the prompts: {languages}",
            f"Tokens a row (prompt and answer): {quantiles}; {self.total_tokens:,} in all",
            f"Over {self.max_length_tokens} tokens, so truncated in training: {self.truncated_rate or 0:.1%}"
            + self._cut_off_text(),
        ]
        lines += self.teacher.lines() if self.teacher else [self.no_teacher]
        lines += self.training.lines() if self.training else []
        lines += [self._stop] if self._stop else []
        return "\n".join(lines) + "\n"

    def _way_out(self) -> str:
        if self.kept_out_rows:
            return "allow a licence that they have"
        return "repair the rows above first" if self.bad_rows else "there is not a single row"

    def _cut_off_text(self) -> str:
        if not self.answers_cut_off:
            return ""
        rows = counted(self.answers_cut_off, "row")
        return f"; {rows} would be dropped, as no token of the answer is left (sft.max_length)"


def _kept_out(rows: int) -> str:
    return f", {rows:,} kept out by licence" if rows else ""


def _quantile_text(share: float, value: int) -> str:
    return f"longest {value}" if share == 1 else f"{share:.0%} have at most {value}"


def _file_lines(file: FileReport) -> list[str]:
    lines = [f"{file.path}"]
    if file.unreadable_because:
        rows = counted(file.bad_rows, "row")
        return [*lines, f"  format: unknown. {file.unreadable_because}", f"  rows: {rows}, none of them read"]
    lines.append(f"  format: {file.format or 'none of the first rows could be read'}")
    lines.append(f"  rows: {file.good_rows:,} good, {file.bad_rows:,} bad{_kept_out(file.kept_out_rows)}")
    if file.documents:
        rows = counted(file.documents, "row")
        lines.append(f"  {rows} that ask nothing: a run keeps them as source_documents")
    for problem in file.problems:
        field = f", field {problem.field}" if problem.field else ""
        detail = f" ({problem.detail})" if problem.detail else ""
        lines.append(f"  {problem.reason} x {problem.count:,}; first in {problem.place}{field}{detail}")
        lines.append(f"    row: {' '.join(problem.raw.split())}")
        lines.append(f"    fix: {problem.fix}")
    for found in file.flagged:
        lines.append(f"  flagged: {found.reason} x {found.count:,}; first in {found.place} ({found.detail})")
    if file.flagged:
        lines.append("    these rows stay; `ingestion.checks` can reject or ignore each of these findings")
    return lines
