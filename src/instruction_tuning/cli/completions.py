"""`kedro completions`: what was asked and paid for, and how it gets to another machine."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click
from kedro.framework.cli.utils import env_option

from instruction_tuning.cli.plain_errors import plain_errors
from instruction_tuning.cli.project import project_context
from instruction_tuning.errors import InputError
from instruction_tuning.lm.completion import Choice
from instruction_tuning.lm.completion_store import CompletionStore
from instruction_tuning.lm.store_contents import StoredKind, ids_like, stored_kinds
from instruction_tuning.lm.store_exchange import StoredRequest, export_store, import_store, stored_requests
from instruction_tuning.text.counting import counted

_SHOWN_IDS = 5


def _store_options(command: Callable[..., None]) -> Callable[..., None]:
    named = click.option(
        "--store",
        default=None,
        type=click.Path(path_type=Path),
        help="The store's file; by default that of answer_generation.completion_store.",
    )
    decorated: Callable[..., None] = named(env_option(command))
    return decorated


@click.group()
def completions() -> None:
    """The store of completions: what is in it, and merging those of several machines. No key is in it."""


@completions.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@_store_options
def list_kinds(as_json: bool, store: Path | None, env: str | None) -> None:
    """Requests by kind, model and status, with samples, tokens, price and days."""
    with plain_errors(), _opened(store, env) as opened:
        kinds, (lost, lost_usd) = stored_kinds(opened), opened.sent_total()
        if as_json:
            told = {"kinds": [asdict(kind) for kind in kinds], "not_back": lost, "not_back_usd": lost_usd}
            click.echo(json.dumps(told, indent=2, ensure_ascii=False))
            return
        click.echo(f"{opened.path}: {counted(sum(kind.requests for kind in kinds), 'request')}")
        for line in _table(kinds):
            click.echo(line)
        if lost:
            click.echo(
                f"{counted(lost, 'request')} on the way, lost, or answered without a price, for "
                f"${lost_usd:,.4f} at most, which counts towards a budget "
                "(`kedro completions forget-lost` where the bill says that they cost nothing)"
            )


@completions.command()
@click.argument("request_id")
@click.option("--json", "as_json", is_flag=True, help="As JSON, the line that an export would have.")
@_store_options
def show(request_id: str, as_json: bool, store: Path | None, env: str | None) -> None:
    """One request by its REQUEST_ID, or by the beginning of it: what came, and who paid."""
    with plain_errors(), _opened(store, env) as opened:
        request = _the_request(opened, request_id)
        if as_json:
            click.echo(json.dumps(request.model_dump(), indent=2, ensure_ascii=False))
            return
        for line in _request_lines(request):
            click.echo(line)


@completions.command(name="export")
@click.argument("file", type=click.Path(path_type=Path))
@_store_options
def export_to(file: Path, store: Path | None, env: str | None) -> None:
    """Write all that is stored to FILE, one request a line."""
    with plain_errors(), _opened(store, env) as opened:
        click.echo(f"{counted(export_store(opened, file.expanduser()), 'request')} written to {file}")


@completions.command(name="import")
@click.argument("file", type=click.Path(path_type=Path))
@_store_options
def import_from(file: Path, store: Path | None, env: str | None) -> None:
    """Add what FILE has, an export or another store: answers here stay, failures give way to answers."""
    with plain_errors(), _opened(store, env, must_exist=False) as opened:
        merged = import_store(opened, file.expanduser())
        click.echo(
            f"{counted(merged.added, 'request')} added, {merged.replaced:,} took the place of a failed one, "
            f"{merged.known:,} were here already; {counted(merged.payments, 'payment')} added"
            + (f", and {counted(merged.notes, 'request')} whose price nobody told" if merged.notes else "")
        )


@completions.command(name="forget-lost")
@_store_options
def forget_lost(store: Path | None, env: str | None) -> None:
    """Lost requests count towards no budget any more: for when the bill says that they cost nothing."""
    with plain_errors(), _opened(store, env) as opened:
        lost, lost_usd = opened.sent_total()
        opened.clear_sent_notes()
        click.echo(
            f"{counted(lost, 'request')} forgotten, for ${lost_usd:,.4f} at most; every completion is here"
        )


@contextmanager
def _opened(store: Path | None, env: str | None, *, must_exist: bool = True) -> Iterator[CompletionStore]:
    if store is None:
        with project_context(env) as context:
            store = context.project_path / context.params["answer_generation"].completion_store
    if must_exist and not store.is_file():
        raise InputError(
            "there is no completion store here",
            file=store,
            fix="run what asks a teacher first, or name the file with --store",
        )
    with CompletionStore(store) as opened:
        yield opened


def _table(kinds: list[StoredKind]) -> Iterator[str]:
    header = ("kind", "model", "status", "requests", "samples", "tokens in", "tokens out", "price", "days")
    rows = [header, *(_cells(kind) for kind in kinds)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(header))]
    for row in rows:
        cells = (
            cell.ljust(width) if column < 3 or column == len(header) - 1 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()


def _cells(kind: StoredKind) -> tuple[str, ...]:
    numbers = (kind.requests, kind.samples, kind.prompt_tokens, kind.completion_tokens)
    unpriced = f" + {kind.unpriced:,} unknown" if kind.unpriced else ""
    days = kind.first_day if kind.first_day == kind.last_day else f"{kind.first_day} to {kind.last_day}"
    price = f"${kind.price_usd:,.4f}{unpriced}"
    return (kind.kind, kind.model, kind.status, *(f"{number:,}" for number in numbers), price, days)


def _the_request(store: CompletionStore, beginning: str) -> StoredRequest:
    ids = ids_like(store, beginning, at_most=_SHOWN_IDS + 1)
    if len(ids) != 1:
        found = "no request begins" if not ids else f"more than one request begins ({', '.join(ids)})"
        raise InputError(
            f"{found} with `{beginning}`",
            file=store.path,
            field="REQUEST_ID",
            fix="take a request_id of teacher_completions, or more digits of it",
        )
    return next(stored_requests(store, ids))


def _request_lines(request: StoredRequest) -> Iterator[str]:
    price = "price not known" if request.price_usd is None else f"${request.price_usd:,.6f}"
    took = "" if request.seconds is None else f", {request.seconds:.1f} s"
    yield f"{request.request_id}  {request.kind} by {request.model}: {request.status}"
    yield (
        f"{request.prompt_tokens:,} tokens in, {request.completion_tokens:,} out, {price}{took}, "
        f"finished {request.finished_at} UTC"
    )
    if request.error is not None:
        yield f"error: {request.error}"
    for paid in request.payments:
        cost = "a price not known" if paid.price_usd is None else f"${paid.price_usd:,.6f}"
        yield f"paid {paid.paid_at} UTC: {cost}, by {paid.session or 'a run that is not known'}"
    for number, entry in enumerate(request.choices):
        choice = Choice.of_entry(entry)
        yield f"sample {number} ({choice.finish_reason or 'no finish_reason'}):"
        why = f": {choice.reason}" if choice.reason else ""
        yield f"no text{why}" if choice.text is None else choice.text
