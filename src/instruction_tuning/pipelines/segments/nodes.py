"""Adapter between raw documents and the room `segments`."""

import logging
from collections.abc import Iterator

import pandas as pd

from instruction_tuning.canonical.raw_files import RawFile
from instruction_tuning.canonical.raw_row import printable
from instruction_tuning.canonical.records import source_row_id_of
from instruction_tuning.canonical.rows import rows_of
from instruction_tuning.errors import InputError
from instruction_tuning.pipelines.segments.parameters import SegmentParameters
from instruction_tuning.segments import DOCUMENT_SUFFIXES
from instruction_tuning.segments.cutting import cut_documents
from instruction_tuning.segments.faults import SegmentRules

logger = logging.getLogger(__name__)


def cut_segments(
    raw_documents: list[RawFile], parameters: SegmentParameters
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cut documents at their headers; keep what may answer an instruction, and say why the rest may not."""
    rules = SegmentRules(**parameters.model_dump(exclude={"text_field"}))
    kept, rejected = cut_documents(_documents(raw_documents, parameters.text_field), rules)
    if kept.empty and rejected.empty:
        raise InputError(
            "there is not a single document in the raw data",
            file=raw_documents[0].path,
            fix="give a folder of texts, or rows with a text; segments.text_field names their field",
        )
    reasons = rejected["reason"].value_counts()
    logger.info(
        "%d segments of %d documents: %d kept, %d rejected (%s)",
        len(kept) + len(rejected),
        pd.concat([kept["document_id"], rejected["document_id"]]).nunique(),
        len(kept),
        len(rejected),
        ", ".join(f"{reason} {count}" for reason, count in reasons.items()) or "none",
    )
    return kept, rejected


def _documents(files: list[RawFile], text_field: str) -> Iterator[tuple[str, str]]:
    """Document id (`<file digest>:<row>`) and text; a row that has none is an empty document."""
    for file in files:
        if file.path.suffix.lower() in DOCUMENT_SUFFIXES:
            text = file.path.read_bytes().decode("utf-8-sig", "surrogateescape")
            yield source_row_id_of(file.sha256, 0), printable(text)
            continue
        has_field = False
        for row in rows_of(file.path):
            text_of_row = row.fields.get(text_field) if row.fields is not None else None
            has_field = has_field or (row.fields is not None and text_field in row.fields)
            yield (
                source_row_id_of(file.sha256, row.number),
                printable(text_of_row) if isinstance(text_of_row, str) else "",
            )
        if not has_field:
            raise InputError(
                f"no row has a field `{text_field}`",
                file=file.path,
                field="segments.text_field",
                fix="name the field that holds the text: --params=segments.text_field=<name>",
            )
