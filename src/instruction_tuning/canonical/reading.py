"""From raw files to canonical records: every row becomes a record, a document or a rejected record, and never
two of them."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from instruction_tuning.canonical.cleaning import ReadingRules
from instruction_tuning.canonical.column_mapping import mapped_fields
from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.formats import detect_format
from instruction_tuning.canonical.raw_files import RawFile, is_json_lines
from instruction_tuning.canonical.records import CanonicalRecord, RejectedRecord
from instruction_tuning.canonical.row_outcome import Outcome, row_outcome
from instruction_tuning.canonical.rows import rows_of
from instruction_tuning.errors import ConfigurationError, UnknownFormatError
from instruction_tuning.text.licences import licence_of_source

DETECTION_ROWS = 1000


@dataclass(frozen=True)
class FileReading:
    """A file being read. `format` is null when not one of the first rows could be read."""

    file: RawFile
    format: str | None
    rows: Iterator[Outcome]


def read_file(file: RawFile, rules: ReadingRules) -> FileReading:
    """Detect the file's format and read its rows, lazily and in order.

    Raises `UnknownFormatError` when the rows fit no known format, or have none of the columns that are named.
    """
    if (licence := licence_of_source(_names(file), rules.licences)) is not None:
        file = replace(file, licence=licence)
    rows = rows_of(file.path)
    first_rows = list(itertools.islice(rows, DETECTION_ROWS))
    plain = [row.fields for row in first_rows if row.fields is not None]
    mapped = [mapped_fields(fields, rules.columns) for fields in plain]
    sample = [fields for fields in mapped if not isinstance(fields, Fault)]
    _check_columns(file, plain, sample, rules)
    name: str | None = rules.format
    if rules.format == "auto":
        # CSV and Parquet rows have no text of their own, and the text of an array's element may span lines.
        name = (
            detect_format(
                file.path,
                sample,
                is_json_lines=is_json_lines(file),
                require_answer=rules.require_answer,
            )
            if sample
            else None
        )
    all_rows = itertools.chain(first_rows, rows)
    return FileReading(file, name, (row_outcome(row, file, name or "alpaca", rules) for row in all_rows))


def read_outcomes(files: Iterable[RawFile], rules: ReadingRules) -> Iterator[Outcome]:
    """All rows of all files, in order and lazily."""
    for file in files:
        yield from read_file(file, rules).rows


def read_files(
    files: Iterable[RawFile], rules: ReadingRules
) -> tuple[list[CanonicalRecord], list[RejectedRecord]]:
    """All rows of all files that are or should have been records; documents are left out."""
    records: list[CanonicalRecord] = []
    rejected: list[RejectedRecord] = []
    for outcome in read_outcomes(files, rules):
        if isinstance(outcome, CanonicalRecord):
            records.append(outcome)
        elif isinstance(outcome, RejectedRecord):
            rejected.append(outcome)
    return records, rejected


def check_licence_sources(files: Iterable[RawFile], rules: ReadingRules) -> None:
    """Raise `ConfigurationError` for a name in `rules.licences` that is none of the files'."""
    names = [_names(file) for file in files]
    for key in rules.licences:
        if not any(licence_of_source(of_file, {key: key}) for of_file in names):
            there = ", ".join(of_file[0] for of_file in names[:10])
            raise ConfigurationError(
                f"no source is called `{key}`",
                field=f"ingestion.licences.{key}",
                fix=f"name a source, or a pattern of names such as alpaca_*; the sources are: {there}",
            )


def _names(file: RawFile) -> tuple[str, str]:
    return file.source, file.path.name


def _check_columns(
    file: RawFile,
    plain: list[dict[str, object]],
    sample: list[Mapping[str, object]],
    rules: ReadingRules,
) -> None:
    """A column that no row has is a typing error, not a fault of a thousand rows."""
    if not plain:
        return
    for field, paths in rules.columns.items():
        if field == "json":
            found = any(path in fields for fields in plain for path in paths)
        else:
            found = not sample or any(field in fields for fields in sample)
        if not found:
            there = list(dict.fromkeys(str(name) for fields in (sample or plain) for name in fields))
            raise UnknownFormatError(
                f"none of the first rows has the column {' or '.join(paths)}",
                file=file.path,
                field=f"ingestion.columns.{field}",
                fix=f"the columns are: {', '.join(there[:20]) or 'none'}",
            )
