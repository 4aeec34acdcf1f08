"""The items of evaluation sets: those that the chain evaluates on, and those of files that a user names."""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pandas as pd

from instruction_tuning.canonical.layout import stem_of
from instruction_tuning.canonical.raw_files import RawFile, list_raw_files
from instruction_tuning.canonical.records import row_number_of, source_row_id_of
from instruction_tuning.canonical.rows import rows_of
from instruction_tuning.decontamination.item_fields import benchmark_and_split, item_of_row
from instruction_tuning.decontamination.items import EvaluationItem
from instruction_tuning.errors import InputError
from instruction_tuning.schemas.contamination_report import BENCHMARK_SPLITS

logger = logging.getLogger(__name__)

BENCHMARK_DATASET = "benchmark_items"
_COLUMNS = ("item_id", "split", "question")


def evaluation_files(path: str | None) -> list[RawFile]:
    """Those at `evaluation_data.path`, none where it is null; an `InputError` names the parameter."""
    try:
        return list_raw_files(path) if path else []
    except InputError as error:
        raise InputError(
            error.problem, file=error.file, field="evaluation_data.path", fix=error.fix
        ) from error


def evaluation_items(benchmark_items: pd.DataFrame, files: Sequence[RawFile]) -> list[EvaluationItem]:
    """All of them; an `item_id` is unique in its benchmark and split."""
    items = [*_items_of_frame(benchmark_items)]
    taken = set(map(_name, items))
    for file in files:
        of_file = items_of_file(file)
        counts = Counter((item.benchmark, item.split) for item in of_file)
        for (benchmark, split), count in sorted(counts.items()):
            logger.info("%s: %d items of %s, split %s", file.path, count, benchmark, split)
        # Shards of one split all count from 1.
        if not taken.isdisjoint(map(_name, of_file)):
            digest = file.sha256[:12]
            of_file = [replace(item, item_id=f"{digest} {item.item_id}") for item in of_file]
        taken.update(map(_name, of_file))
        items += of_file
    return items


def _name(item: EvaluationItem) -> tuple[str, str, str]:
    return item.benchmark, item.split, item.item_id


def _items_of_frame(frame: pd.DataFrame) -> Iterator[EvaluationItem]:
    missing = [column for column in _COLUMNS if column not in frame.columns]
    if missing:
        raise InputError(
            f"the benchmark items have no column {', '.join(missing)}",
            field=missing[0],
            fix=f"give every item an item_id, a split ({', '.join(BENCHMARK_SPLITS)}) and a question",
        )
    asked = frame[frame["question"].notna()]
    for row in asked.to_dict("records"):
        named = {
            str(name): value for name, value in row.items() if name in ("benchmark", "choices", *_COLUMNS)
        }
        yield item_of_row(named, benchmark=BENCHMARK_DATASET, split="test", number=0, file=BENCHMARK_DATASET)


def items_of_file(file: RawFile) -> list[EvaluationItem]:
    """One item a row. Raises `InputError`, with file and row, for a row that is none, and for no rows."""
    stem = stem_of(file.path)
    benchmark, split = benchmark_and_split(
        stem, *(folder.name for folder in file.path.parents if folder.name)
    )
    # All files of a data set on the hub are one source, named after it.
    benchmark = benchmark if file.source == stem else file.source
    items = []
    for row in rows_of(file.path):
        number = row_number_of(source_row_id_of(file.sha256, row.number))
        if row.fields is None:
            raise InputError(
                f"the row cannot be read: {row.fault.detail if row.fault else 'no object'}",
                file=file.path,
                record=f"row {number}",
                fix="mend or remove the row: what is not known cannot be kept out of the training data",
            )
        items.append(item_of_row(row.fields, benchmark=benchmark, split=split, number=number, file=file.path))
    if not items:
        raise InputError("the evaluation file holds no items", file=file.path, fix="fill it, or remove it")
    # Task numbers that begin anew in every subject name nothing: then it is the row.
    if len(set(map(_name, items))) == len(items):
        return items
    return [replace(item, item_id=f"row {number}") for number, item in enumerate(items, start=1)]
