"""What a row becomes: a canonical record (with a comparison for preference data), a document, or a rejected
record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from instruction_tuning.canonical.checks.content_checks import Finding
from instruction_tuning.canonical.cleaning import (
    ReadingRules,
    clean_messages,
    clean_part,
    without_private_values,
)
from instruction_tuning.canonical.column_mapping import (
    in_the_files_words,
    mapped_fields,
    repair_in_the_files_words,
)
from instruction_tuning.canonical.conversation import Compared, Conversation, Document, Turn
from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.formats import FORMATS
from instruction_tuning.canonical.labels import (
    CATEGORIES,
    LICENCES,
    clean_id,
    clean_label,
    stated_language,
    with_system_prompt,
)
from instruction_tuning.canonical.licence_policy import licence_fault
from instruction_tuning.canonical.raw_files import RawFile
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
from instruction_tuning.canonical.tests_and_constraints import constraints_field, tests_field
from instruction_tuning.text.languages import language_of
from instruction_tuning.text.licences import licence_id

Outcome = CanonicalRecord | SourceDocument | RejectedRecord


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a row stands, and how its file is read."""

    source_row_id: str
    file: RawFile
    format: str


def row_outcome(row: RawRow, file: RawFile, format_name: str, rules: ReadingRules) -> Outcome:
    """The record or document that the row is, or why it is none."""
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
        detail=None if result.detail is None else rules.without_private_data(printable(result.detail))[0],
        raw=_raw(row, rules),
    )


def _raw(row: RawRow, rules: ReadingRules) -> str:
    """The row as it stood. Where private data have to go, they go here too, escapes of JSON or not."""
    try:
        fields = without_private_values(row.fields, rules)
        if fields != row.fields:
            row = RawRow(row.number, fields)
    except RecursionError:  # nested too deep to look into; what is no escape is still found below
        pass
    return rules.without_private_data(row.original())[0]


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
    findings = rules.checks.of_conversation(messages)
    for finding in findings:
        if rules.checks.rejects(finding):
            return Fault(finding.check, _field_of(finding, turns, messages), repr(finding.words))
    labels = _labels(fields, place.file, repairs, rules)
    if refused := licence_fault(labels["licence"], rules):
        return refused
    tests = tests_field(fields, rules, repairs)
    if isinstance(tests, Fault):
        return tests
    constraints = constraints_field(fields, rules, repairs)
    if isinstance(constraints, Fault):
        return constraints
    changed = _as_stored(repairs, rules)
    return CanonicalRecord(
        record_id=record_id,
        source_row_id=place.source_row_id,
        source=place.file.source,
        format=place.format,
        language=stated_language(fields) or language_of(prompt),
        messages=messages,
        prompt=prompt,
        answer=messages[-1]["content"] if has_answer else None,
        flags=_flags(changed, findings),
        parent_ids=[],
        tests=tests,
        constraints=constraints,
        repairs=changed,
        comparison=comparison,
        findings=tuple(findings),
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
    parts = [document.text, document.title or document.text]
    findings = rules.checks.of_texts([str(text), str(title)])
    for finding in findings:
        if rules.checks.rejects(finding):
            return Fault(finding.check, parts[finding.message].field, repr(finding.words))
    labels = _labels(fields, place.file, repairs, rules)
    if refused := licence_fault(labels["licence"], rules):
        return refused
    changed = _as_stored(repairs, rules)
    return SourceDocument(
        document_id=document_id_of(str(text)),
        source_row_id=place.source_row_id,
        source=place.file.source,
        language=stated_language(fields) or language_of(str(text)),
        title=str(title) or None,
        text=str(text),
        flags=_flags(changed, findings),
        repairs=changed,
        findings=tuple(findings),
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


def _labels(
    fields: Mapping[str, object], file: RawFile, repairs: list[Repair], rules: ReadingRules
) -> dict[str, str | None]:
    """The row's own words on what it is; what cannot be kept of them is added to `repairs`."""
    licence = clean_label(fields, LICENCES, repairs) or file.licence
    labels = {
        "category": clean_label(fields, CATEGORIES, repairs),
        "licence": None if licence is None else licence_id(licence),
        "original_id": clean_id(fields, repairs),
    }
    for name, label in labels.items():
        kept, taken_out = rules.without_private_data(label or "")
        if taken_out:
            repairs.append(Repair(name, tuple(taken_out), kept))
            labels[name] = kept
    return labels


def _as_stored(repairs: Sequence[Repair], rules: ReadingRules) -> tuple[Repair, ...]:
    """In the file's words; private data that were taken out of a text are not kept as what stood before."""
    named = (repair_in_the_files_words(one, rules.columns) for one in repairs)
    if not rules.redacted:
        return tuple(named)
    return tuple(replace(one, before=rules.without_private_data(one.before)[0]) for one in named)


def _flags(repairs: tuple[Repair, ...], findings: Sequence[Finding]) -> list[str]:
    names = {change for one in repairs for change in one.repairs}
    return sorted(names | {finding.check for finding in findings})


def _field_of(finding: Finding, turns: tuple[Turn, ...], messages: Sequence[Mapping[str, str]]) -> str:
    """The field that the words are from. An empty system turn has become no message."""
    skipped = turns[0].role == "system" and messages[0]["role"] != "system"
    parts = turns[finding.message + skipped].parts
    return next((part.field for part in parts if finding.words in part.text), parts[0].field)
