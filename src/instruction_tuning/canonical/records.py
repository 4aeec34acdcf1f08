"""The one form that records of all formats take, and the form of what was set aside."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from instruction_tuning.canonical.checks.content_checks import Finding


@dataclass(frozen=True, slots=True)
class Repair:
    """A text that was repaired on the way in: `before` is how it stood in `field` of the row."""

    field: str
    repairs: tuple[str, ...]
    before: str


@dataclass(frozen=True, slots=True)
class AnswerComparison:
    """Two answers to the question of a record: preference data; the columns of `answer_comparisons`.

    `messages` is the conversation up to the question. `verdict` says which answer is the better one (first,
    second or tie); it, the numbers of votes and the scores are null where they were not measured.
    """

    source_row_id: str
    record_id: str
    source: str
    format: str
    messages: list[dict[str, str]]
    first: str
    second: str
    verdict: str | None
    first_votes: int | None
    second_votes: int | None
    tie_votes: int | None
    first_score: float | None
    second_score: float | None


@dataclass(frozen=True, slots=True)
class CanonicalRecord:
    """A conversation with its identity and origin; the columns of `canonical_instructions`, and the repairs.

    `record_id` is a digest of what is said (same content, same id); `source_row_id` says where it was read
    and is unique; `original_id` is what the row itself calls itself. `prompt` is the last user turn, `answer`
    the assistant turn after it; earlier turns are in `messages` only. For preference data `answer` is the
    preferred one, and `comparison` has both. `flags` names the repairs and what the content checks found.
    `tests` (Python assertions) and `constraints` (a JSON list) are what the row brings to check an answer by.
    """

    record_id: str
    source_row_id: str
    source: str
    format: str
    language: str
    category: str | None
    licence: str | None
    messages: list[dict[str, str]]
    prompt: str
    answer: str | None
    flags: list[str]
    parent_ids: list[str]
    original_id: str | None = None
    tests: list[str] | None = None
    constraints: str | None = None
    repairs: tuple[Repair, ...] = ()
    comparison: AnswerComparison | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """A text that asks nothing, with its identity and origin; the columns of `source_documents`, and the
    repairs. `document_id` is a digest of the text."""

    document_id: str
    source_row_id: str
    source: str
    language: str
    category: str | None
    licence: str | None
    original_id: str | None
    title: str | None
    text: str
    flags: list[str]
    repairs: tuple[Repair, ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """A row that was set aside, and why; the columns of `unreadable_records` and `rejected_records`.

    `collides_with` is what it is a copy of: the kept row of an exact duplicate, the kept record of a near
    one, the test item of a leak; `similarity` is that of the two.
    """

    source_row_id: str
    source: str
    record_id: str | None
    stage: str  # one of schemas/rejected_records.STAGES
    reason: str
    field: str | None
    detail: str | None
    raw: str
    collides_with: str | None = None
    similarity: float | None = None


_NOT_COLUMNS = ("repairs", "comparison", "findings")
CANONICAL_COLUMNS = tuple(field.name for field in fields(CanonicalRecord) if field.name not in _NOT_COLUMNS)
DOCUMENT_COLUMNS = tuple(field.name for field in fields(SourceDocument) if field.name not in _NOT_COLUMNS)
COMPARISON_COLUMNS = tuple(field.name for field in fields(AnswerComparison))
REJECTED_COLUMNS = tuple(field.name for field in fields(RejectedRecord))
# Columns of a frame only where one of its records has a value: most data bring neither.
OPTIONAL_COLUMNS = ("tests", "constraints")
LIST_COLUMNS = ("messages", "flags", "parent_ids", "tests")


def record_id_of(messages: Iterable[dict[str, str]]) -> str:
    """16 hex digits of SHA-256 over role and content of every message (already NFC)."""
    digest = hashlib.sha256()
    for message in messages:
        digest.update(f"{message['role']}\x1f{message['content']}\x1e".encode())
    return digest.hexdigest()[:16]


def document_id_of(text: str) -> str:
    """16 hex digits of SHA-256 over a document's text (already NFC)."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def source_row_id_of(file_sha256: str, row: int) -> str:
    """`<first 12 digits of the file's digest>:<row, from 0>`."""
    return f"{file_sha256[:12]}:{row}"


def row_number_of(source_row_id: str) -> int:
    """The row's number as people and editors count, from 1; for JSON lines it is the line's.

    >>> row_number_of("0123456789ab:11")
    12
    """
    return int(source_row_id.rpartition(":")[2]) + 1


def asked_text(messages: Sequence[dict[str, str]]) -> str:
    """Everything before the final answer as one text."""
    asked = messages[:-1] if messages and messages[-1]["role"] == "assistant" else messages
    return "\n\n".join(message["content"] for message in asked)


def context_of(messages: Sequence[dict[str, str]]) -> tuple[tuple[str, str], ...]:
    """Role and content of every message before the prompt: a system message, earlier turns."""
    spoken = [(message["role"], message["content"]) for message in messages]
    last_user = max(position for position, (role, _) in enumerate(spoken) if role == "user")
    return tuple(spoken[:last_user])
