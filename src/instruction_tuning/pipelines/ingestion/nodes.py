"""Adapters between the catalog's frames and the methods in canonical."""

import logging
from collections import Counter

import pandas as pd

from instruction_tuning.canonical.checks.content_checks import CHECKS
from instruction_tuning.canonical.faults import fix_of
from instruction_tuning.canonical.raw_files import RawFile, is_json_lines
from instruction_tuning.canonical.reading import check_licence_sources, read_outcomes
from instruction_tuning.canonical.records import (
    row_number_of,
    source_row_id_of,
)
from instruction_tuning.errors import InputError, RejectionRateError
from instruction_tuning.pipelines.ingestion.frames import (
    read_frames,
    source_files_frame,
)
from instruction_tuning.pipelines.ingestion.parameters import IngestionParameters
from instruction_tuning.text.counting import tally

logger = logging.getLogger(__name__)

_FOUND = frozenset(CHECKS)


def read_raw_records(
    raw_instructions: list[RawFile], parameters: IngestionParameters
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Every row of the raw files in one form; those that cannot be used; the repairs; the files; the texts
    that ask nothing; the pairs of answers that were compared."""
    rules = parameters.reading_rules()
    check_licence_sources(raw_instructions, rules)
    frames = read_frames(read_outcomes(raw_instructions, rules))
    canonical, documents, rejected = frames.canonical, frames.documents, frames.rejected
    usable = len(canonical) + len(documents)
    _check_rejections(raw_instructions, usable, rejected, parameters.max_rejection_rate)
    logger.info(
        "read %d rows of %s: %d records%s, %d set aside (%s)",
        len(canonical) + len(documents) + len(rejected),
        "1 file" if len(raw_instructions) == 1 else f"{len(raw_instructions)} files",
        len(canonical),
        f", {len(documents)} documents" if len(documents) else "",
        len(rejected),
        tally(rejected["reason"]) or "none",
    )
    flags = [flag for frame in (canonical, documents) for row in frame["flags"] for flag in row]
    if flags:
        logger.info("flagged: %s", tally(flags))
    return (
        canonical,
        rejected,
        frames.repairs,
        source_files_frame(raw_instructions, frames),
        documents,
        frames.comparisons,
    )


def collect_rejected_records(
    canonical_instructions: pd.DataFrame,
    unreadable_records: pd.DataFrame,
    duplicate_records: pd.DataFrame,
    contaminated_records: pd.DataFrame,
    instruction_pool: pd.DataFrame,
    record_repairs: pd.DataFrame,
    source_files: pd.DataFrame,
    source_documents: pd.DataFrame,
    answer_comparisons: pd.DataFrame,
) -> pd.DataFrame:
    """List every row that is not in the pool, and check that each row read is in exactly one of pool,
    documents and the rejected ones."""
    rejected = pd.concat([unreadable_records, duplicate_records, contaminated_records], ignore_index=True)
    read = _row_ids(canonical_instructions, unreadable_records)
    ended = _row_ids(instruction_pool, rejected)
    astray = read.symmetric_difference(ended)
    assert read.is_unique and ended.is_unique and astray.empty, (
        f"rows got lost or doubled inside ingestion: {len(read)} read, {len(instruction_pool)} kept and "
        f"{len(rejected)} rejected; for example {astray[:5].tolist()}"
    )
    total = len(read) + len(source_documents)
    in_files = int(source_files[["records", "documents", "unreadable"]].to_numpy().sum())
    assert total == in_files, f"{total} rows of {in_files} in the files"
    compared = answer_comparisons["source_row_id"]
    assert compared.isin(canonical_instructions["source_row_id"]).all(), "a comparison has no record"
    flagged = _row_ids(*(frame[_has_repair(frame)] for frame in (canonical_instructions, source_documents)))
    repaired = _row_ids(record_repairs).unique()
    assert flagged.symmetric_difference(repaired).empty, "a repair is not accounted for"
    logger.info(
        "%d rows read = %d in the pool + %d rejected (%s)",
        len(read),
        len(instruction_pool),
        len(rejected),
        tally(rejected["stage"]) or "none",
    )
    return rejected


def _has_repair(frame: pd.DataFrame) -> "pd.Series[bool]":
    """Which rows have a flag that is a repair; the others are what a content check found."""
    repairs = frame["flags"].explode().dropna()
    return frame.index.to_series().isin(repairs.index[~repairs.isin(_FOUND)])


def _row_ids(*frames: pd.DataFrame) -> "pd.Index[str]":
    """The ids of all rows, as one index of Arrow texts."""
    return pd.Index(pd.concat([frame["source_row_id"] for frame in frames]))


def _check_rejections(
    files: list[RawFile], kept: int, rejected: pd.DataFrame, max_rejection_rate: float
) -> None:
    place = ", ".join(str(file.path) for file in files[:3])
    refused = rejected[rejected["stage"] == "licence"]
    if kept == 0 and len(refused):
        raise InputError(
            f"no row is under an allowed licence: {refused['detail'].value_counts().index[0]}",
            file=place,
            field="ingestion.allowed_licences",
            fix="allow the licence, or name the source's licence in ingestion.licences",
        )
    rejected = rejected[rejected["stage"] != "licence"]
    rows = kept + len(refused) + len(rejected)
    if rows == 0:
        raise InputError(
            "there is not a single row in the raw data",
            file=place,
            fix="give a file with records; one that a pipeline wrote has its earlier versions beside it",
        )
    if len(rejected) <= max_rejection_rate * rows:
        return
    of_lines = {source_row_id_of(file.sha256, 0)[:-1] for file in files if is_json_lines(file)}
    lines = []
    for reason, count in Counter(rejected["reason"]).most_common(3):
        first = rejected[rejected["reason"] == reason].iloc[0]
        counted_as = "line" if first["source_row_id"].startswith(tuple(of_lines)) else "row"
        where = f"{first['source']} {counted_as} {row_number_of(first['source_row_id'])}"
        where += f", field {first['field']}" if pd.notna(first["field"]) else ""
        lines.append(
            f"\n  {reason} x {count}, first in {where}: {first['raw'][:120]!r}\n    {fix_of(reason)}"
        )
    raise RejectionRateError(
        f"{len(rejected)} of {rows} rows cannot be used ({len(rejected) / rows:.0%}, "
        f"{max_rejection_rate:.0%} allowed):{''.join(lines)}\n ",
        file=place,
        fix="repair the rows, name the right ingestion.format, or raise ingestion.max_rejection_rate",
    )
