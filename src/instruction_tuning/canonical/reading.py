"""From raw files to canonical records: every row becomes a record, a document or a rejected record, and never
two of them."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from instruction_tuning.canonical.cleaning import ReadingRules, clean_messages, clean_part
from instruction_tuning.canonical.column_mapping import (
    in_the_files_words,
    mapped_fields,
    repair_in_the_files_words,
)
from instruction_tuning.canonical.conversation import Compared, Conversation, Document
from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.formats import FORMATS, detect_format
from instruction_tuning.canonical.labels import (
    CATEGORIES,
    LICENCES,
    clean_id,
    clean_label,
    stated_language,
    with_system_prompt,
)
from instruction_tuning.canonical.raw_files import RawFile, is_json_lines
from instruction_tuning.canonical.raw_row import RawRow, printable
from instruction_tuning.canonical.records import (
    AnswerComparison,
    CanonicalRecord,
    RejectedRecord,
    Repair,
    SourceDocument,
    document_id_of,
    record_id_of,
    source_row_id_of,
)
from instruction_tuning.canonical.rows import rows_of
from instruction_tuning.errors import UnknownFormatError
from instruction_tuning.text.languages import language_of

DETECTION_ROWS = 1000

Outcome = CanonicalRecord | SourceDocument | RejectedRecord


@dataclass(frozen=True)
class FileReading:
    """A file being read. `format` is null when not one of the first rows could be read."""

    file: RawFile
    format: str | None
    rows: Iterator[Outcome]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a row stands, and how its file is read."""

    source_row_id: str
    file: RawFile
    format: str


def read_file(file: RawFile, rules: ReadingRules) -> FileReading:
    """Detect the file's format and read its rows, lazily and in order.

    Raises `UnknownFormatError` when the rows fit no known format, or have none of the columns that are named.
    """
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
    return FileReading(file, name, (_outcome(row, file, name or "alpaca", rules) for row in all_rows))


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


def _outcome(row: RawRow, file: RawFile, format_name: str, rules: ReadingRules) -> Outcome:
    place = _Place(source_row_id_of(file.sha256, row.number), file, format_name)
    if row.fields is None:
        result: CanonicalRecord | SourceDocument | Fault = row.fault or Fault("not_an_object")
    else:
        result = _read(row.fields, place, rules)
    if not isinstance(result, Fault):
        return result
    return RejectedRecord(
        source_row_id=place.source_row_id,
        source=file.source,
        record_id=None,
        stage=result.stage,
        reason=result.reason,
        field=None if result.field is None else printable(result.field),
        detail=None if result.detail is None else printable(result.detail),
        raw=row.original(),
    )


def _read(
    raw_fields: Mapping[str, object], place: _Place, rules: ReadingRules
) -> CanonicalRecord | SourceDocument | Fault:
    fields = mapped_fields(raw_fields, rules.columns)
    if isinstance(fields, Fault):
        return fields
    read = FORMATS[place.format](fields, require_answer=rules.require_answer)
    result: CanonicalRecord | SourceDocument | Fault
    if isinstance(read, Conversation):
        result = _record(fields, read, place, rules)
    elif isinstance(read, Document):
        result = _document(fields, read, place, rules)
    else:
        result = read
    return in_the_files_words(result, rules.columns) if isinstance(result, Fault) else result


def _record(
    fields: Mapping[str, object], conversation: Conversation, place: _Place, rules: ReadingRules
) -> CanonicalRecord | Fault:
    turns = with_system_prompt(fields, conversation.turns)
    if isinstance(turns, Fault):
        return turns
    repairs = list(conversation.repairs)
    messages = clean_messages(turns, rules, repairs)
    if isinstance(messages, Fault):
        return messages
    has_answer = messages[-1]["role"] == "assistant"
    prompt = messages[-2 if has_answer else -1]["content"]
    record_id = record_id_of(messages)
    asked = messages[:-1] if has_answer else messages
    comparison = _comparison(conversation.compared, asked, record_id, place, rules)
    if isinstance(comparison, Fault):
        return comparison
    labels = _labels(fields, place.file, repairs)
    changed = tuple(repair_in_the_files_words(one, rules.columns) for one in repairs)
    return CanonicalRecord(
        record_id=record_id,
        source_row_id=place.source_row_id,
        source=place.file.source,
        format=place.format,
        language=stated_language(fields) or language_of(prompt),
        messages=messages,
        prompt=prompt,
        answer=messages[-1]["content"] if has_answer else None,
        flags=_flags(changed),
        parent_ids=[],
        repairs=changed,
        comparison=comparison,
        **labels,
    )


def _document(
    fields: Mapping[str, object], document: Document, place: _Place, rules: ReadingRules
) -> SourceDocument | Fault:
    repairs: list[Repair] = []
    text = clean_part(document.text, "document", rules, repairs)
    title = clean_part(document.title, "title", rules, repairs) if document.title else ""
    for part in (text, title):
        if isinstance(part, Fault):
            return part
    if not text:
        return Fault("empty_text", document.text.field)
    labels = _labels(fields, place.file, repairs)
    changed = tuple(repair_in_the_files_words(one, rules.columns) for one in repairs)
    return SourceDocument(
        document_id=document_id_of(str(text)),
        source_row_id=place.source_row_id,
        source=place.file.source,
        language=stated_language(fields) or language_of(str(text)),
        title=str(title) or None,
        text=str(text),
        flags=_flags(changed),
        repairs=changed,
        **labels,
    )


def _comparison(
    compared: Compared | None,
    asked: list[dict[str, str]],
    record_id: str,
    place: _Place,
    rules: ReadingRules,
) -> AnswerComparison | Fault | None:
    """The two answers, cleaned like that of the record. An empty one is an answer that says nothing."""
    if compared is None:
        return None
    answers = [clean_part(part, "compared", rules, []) for part in (compared.first, compared.second)]
    for answer in answers:
        if isinstance(answer, Fault):
            return answer
        if len(answer) > rules.max_characters:
            return Fault("too_long", detail=f"{len(answer)} characters, {rules.max_characters} allowed")
    votes, scores = compared.votes, compared.scores or (None, None)
    return AnswerComparison(
        source_row_id=place.source_row_id,
        record_id=record_id,
        source=place.file.source,
        format=place.format,
        messages=asked,
        first=str(answers[0]),
        second=str(answers[1]),
        verdict=compared.verdict,
        first_votes=votes.first if votes else None,
        second_votes=votes.second if votes else None,
        tie_votes=votes.tie if votes else None,
        first_score=scores[0],
        second_score=scores[1],
    )


def _labels(fields: Mapping[str, object], file: RawFile, repairs: list[Repair]) -> dict[str, str | None]:
    """The row's own words on what it is; what cannot be kept of them is added to `repairs`."""
    return {
        "category": clean_label(fields, CATEGORIES, repairs),
        "licence": clean_label(fields, LICENCES, repairs) or file.licence,
        "original_id": clean_id(fields, repairs),
    }


def _flags(repairs: tuple[Repair, ...]) -> list[str]:
    return sorted({change for one in repairs for change in one.repairs})
