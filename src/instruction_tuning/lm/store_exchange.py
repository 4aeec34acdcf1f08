"""Completions from one machine to another: a store as lines of JSON, and the merging of two.

A line holds one request with every time that it was paid. What is paid for stays: a good answer is never
replaced, it takes the place of a failed one, and payments of both stores are kept, those that both have once.
So are notes of requests whose price nobody told, which have lines of their own.
Nothing of a line is a prompt, an address or a key. O(N) time, memory for some hundred requests.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, astuple, dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError

from instruction_tuning.errors import InputError, WorkspaceError
from instruction_tuning.lm.completion import Choice, Completion
from instruction_tuning.lm.completion_store import CompletionStore
from instruction_tuning.lm.payments import Payment
from instruction_tuning.lm.sent_requests import Note
from instruction_tuning.transactions import SQLITE_HEADER

_REQUESTS_AT_A_TIME = 500
_REQUEST_ID = r"^[0-9a-f]{32}$"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StoredPayment(_Strict):
    """One time that a request was sent: by which run, for how much, when."""

    session: str | None
    price_usd: float | None = Field(ge=0)
    paid_at: str


class StoredRequest(_Strict):
    """A line of an exported store; `choices` are (text, finish reason), why a text did not fit, and the
    likeliest tokens in the places of numbers (lm/top_tokens.py)."""

    request_id: str = Field(pattern=_REQUEST_ID)
    kind: str
    model: str
    status: Literal["ok", "failed"]
    choices: list[
        tuple[str | None, str | None]
        | tuple[str | None, str | None, str | None]
        | tuple[str | None, str | None, str | None, list[tuple[int, str, list[tuple[str, float]]]]]
    ]
    prompt_tokens: NonNegativeInt
    completion_tokens: NonNegativeInt
    usage_reported: bool
    price_usd: float | None = Field(ge=0)
    error: str | None
    seconds: float | None
    finished_at: str
    payments: list[StoredPayment]

    def completion(self) -> Completion:
        """Without when it was finished and who paid."""
        content = {name: getattr(self, name) for name in StoredRequest.model_fields}
        del content["finished_at"], content["payments"]
        return Completion(**content | {"choices": tuple(map(Choice.of_entry, self.choices))})


class SentNote(_Strict):
    """A line for a request that may have been charged for, and for how much at worst."""

    request_id: str = Field(pattern=_REQUEST_ID)
    worst_usd: float = Field(ge=0)
    sent_at: str


@dataclass(frozen=True, slots=True)
class Merged:
    """How many requests an import brought, how many of them took the place of a failed one, and how many
    were here already; how many payments it added, and notes of requests whose price nobody told.
    """

    added: int = 0
    replaced: int = 0
    known: int = 0
    payments: int = 0
    notes: int = 0

    def __add__(self, other: "Merged") -> "Merged":
        return Merged(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))


def export_store(store: CompletionStore, file: Path) -> int:
    """Write all of `store` to `file`, which must not be there yet; returns how many requests it has."""
    if file.exists():
        raise InputError("something is here already", file=file, fix="name another file, or move it away")
    number, unfinished = 0, file.with_name(f"{file.name}.part")
    try:
        with unfinished.open("w", encoding="utf-8") as stream:
            for request in stored_requests(store):
                stream.write(json.dumps(request.model_dump(), ensure_ascii=False) + "\n")
                number += 1
            for note in store.sent_notes():
                stream.write(json.dumps(asdict(note)) + "\n")
        unfinished.replace(file)
    except OSError as error:
        fix = "name a file in a folder that is there, writable and has room"
        raise WorkspaceError(f"the export cannot be written: {error.strerror}", file=file, fix=fix) from error
    return number


def import_store(store: CompletionStore, source: Path) -> Merged:
    """Merge `source`, an exported file or another store, into `store`; a second time nothing changes.

    A file is read to its end before anything is merged. A batch of requests is merged whole or not at all, so
    that after a kill it can be done again. Raises `InputError` naming file, line and field.
    """
    if not _is_store(source):
        for _ in _lines(source):
            pass
        return _merge(store, _lines(source))
    if source.samefile(store.path):
        raise InputError("a store cannot be imported into itself", file=source, fix="name another file")
    with CompletionStore(source) as other:
        return _merge(store, chain(stored_requests(other), map(_sent_note, other.sent_notes())))


def stored_requests(
    store: CompletionStore, request_ids: Iterable[str] | None = None
) -> Iterator[StoredRequest]:
    """The requests with these ids, or all, by id."""
    if request_ids is None:
        rows = store.query("SELECT request_id FROM completions ORDER BY request_id")
        request_ids = (row[0] for row in rows)
    ids = iter(request_ids)
    while batch := list(islice(ids, _REQUESTS_AT_A_TIME)):
        found, finished_at = store.find(batch), store.finished_at(batch)
        payments: dict[str, list[StoredPayment]] = {}
        for payment in store.payments(batch):
            payments.setdefault(payment.request_id, []).append(_stored_payment(payment))
        for name in batch:
            if name in found:
                yield _stored_request(found[name], finished_at[name], payments.get(name, []))


def _merge(store: CompletionStore, lines: Iterable[StoredRequest | SentNote]) -> Merged:
    notes: list[Note] = []
    merged = _merge_requests(store, _without_notes(lines, notes))
    new = list((Counter(notes) - Counter(store.sent_notes())).elements())
    with store.transaction():
        store.add_sent_notes(new)
    return merged + Merged(notes=len(new))


def _without_notes(lines: Iterable[StoredRequest | SentNote], notes: list[Note]) -> Iterator[StoredRequest]:
    """The requests among `lines`; `notes` gets the others, of which there are few."""
    for line in lines:
        if isinstance(line, SentNote):
            notes.append(Note(**line.model_dump()))
        else:
            yield line


def _merge_requests(store: CompletionStore, requests: Iterable[StoredRequest]) -> Merged:
    merged, rest = Merged(), iter(requests)
    while batch := list(islice(rest, _REQUESTS_AT_A_TIME)):
        with store.transaction():
            ids = [theirs.request_id for theirs in batch]
            here = {ours.request_id: ours for ours in stored_requests(store, set(ids))}
            doubled = len(set(ids)) < len(ids)
            for theirs in batch:
                if doubled:  # two files in one, perhaps: the second line of a request meets the first
                    ours = next(stored_requests(store, [theirs.request_id]), None)
                else:
                    ours = here.get(theirs.request_id)
                merged += _merge_one(store, ours, theirs)
    return merged


def _merge_one(store: CompletionStore, ours: StoredRequest | None, theirs: StoredRequest) -> Merged:
    had = Counter(() if ours is None else ours.payments)
    new = list((Counter(theirs.payments) - had).elements())
    store.add_payments(Payment(theirs.request_id, paid.session, paid.price_usd, paid.paid_at) for paid in new)
    if ours is None:
        store.replace(theirs.completion(), theirs.finished_at)
        return Merged(added=1, payments=len(new))
    if ours.status == "ok" or not (new or theirs.status == "ok"):
        return Merged(known=1, payments=len(new))
    # Theirs tells of our attempts too where it was made from ours; else it is made after, with both costs.
    knows_ours = not had - Counter(theirs.payments)
    outcome = theirs.completion()
    store.replace(outcome if knows_ours else outcome.with_cost_of(ours.completion()), theirs.finished_at)
    return Merged(replaced=1, payments=len(new))


def _is_store(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            return stream.read(len(SQLITE_HEADER)) == SQLITE_HEADER
    except OSError as error:
        raise InputError(
            f"the file cannot be read: {error.strerror}",
            file=file,
            fix="name a file that `kedro completions export` made, or another store",
        ) from error


def _lines(file: Path) -> Iterator[StoredRequest | SentNote]:
    # What is no text, a compressed file perhaps, is found by its first line as what is no JSON.
    with file.open(encoding="utf-8", errors="replace") as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                yield _kind(line).model_validate_json(line)
            except ValidationError as error:
                first = error.errors()[0]
                raise InputError(
                    f"line {number} is no stored completion: {first['msg']}",
                    file=file,
                    record=f"line {number}",
                    field=".".join(str(part) for part in first["loc"]) or None,
                    fix="export it again: kedro completions export FILE",
                ) from None


def _kind(line: str) -> type[StoredRequest | SentNote]:
    try:
        content = json.loads(line)
    except ValueError:
        return StoredRequest  # which says what is wrong
    return SentNote if isinstance(content, dict) and "worst_usd" in content else StoredRequest


def _stored_request(completion: Completion, finished_at: str, payments: list[StoredPayment]) -> StoredRequest:
    content: dict[str, Any] = {
        name: getattr(completion, name)
        for name in StoredRequest.model_fields
        if name not in ("choices", "finished_at", "payments")
    }
    return StoredRequest(
        **content,
        choices=[choice.entry() for choice in completion.choices],
        finished_at=finished_at,
        payments=payments,
    )


def _sent_note(note: Note) -> SentNote:
    return SentNote(**asdict(note))


def _stored_payment(payment: Payment) -> StoredPayment:
    return StoredPayment(session=payment.session, price_usd=payment.price_usd, paid_at=payment.paid_at)
