"""What each record that a pipeline keeps has cost; the catalog says of what requests, in their metadata.

    kept: {paid: [synthesis_completions]}

`paid` are the frames of all requests behind the records. A row is one; `by` names the column whose different
values count where a record may have several rows. Where a column `reason` says why a row fell, it is none.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from instruction_tuning.hooks.data_versions import stored_path
from instruction_tuning.lineage.rows import column_names, count_lines, count_rows, read_columns
from instruction_tuning.reporting.teacher_bill import KeptCost


def costs_of_kept(pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]) -> list[KeptCost]:
    """For each such data set that `pipeline` makes with all that was paid for it, whichever run paid.

    Without those of which nothing is kept, nothing was asked or a price is not known.
    """
    costs = []
    for name in sorted(pipeline.all_outputs()):
        mark = _mark(catalog.get(name)) if name in catalog else None
        if mark is None:
            continue
        files = [_file(catalog, one) for one in (name, *mark["paid"]) if one in pipeline.all_outputs()]
        there = [file for file in files if file is not None]
        if len(there) < 1 + len(mark["paid"]):
            continue
        kept, usd = _kept(there[0], mark.get("by")), _paid_usd(there[1:])
        if kept and usd is not None:
            costs.append(KeptCost(name, kept, usd))
    return costs


def _mark(dataset: Any) -> Mapping[str, Any] | None:
    mark: Mapping[str, Any] | None = (getattr(dataset, "metadata", None) or {}).get("kept")
    return mark


def _file(catalog: CatalogProtocol[Any, Any], name: str) -> Path | None:
    dataset = catalog.get(name)
    # A run that was stopped has not made all of them.
    path = stored_path(dataset) if dataset is not None and dataset.exists() else None
    return path if path is not None and path.is_file() else None


def _kept(file: Path, by: str | None) -> int:
    if file.suffix == ".jsonl":
        return count_lines(file)
    has_reason = "reason" in column_names(file)
    if by is None and not has_reason:
        return count_rows(file)
    rows = read_columns(file, [*([by] if by else []), *(["reason"] if has_reason else [])])
    kept = rows[rows["reason"].isna()] if has_reason else rows
    return int(kept[by].nunique()) if by else len(kept)


def _paid_usd(files: list[Path]) -> float | None:
    """Each request once, as rounds may ask for the same. Its price stands on one of its rows, 0 on others."""
    import pandas as pd

    asked = pd.concat([read_columns(file, ["request_id", "price_usd"]) for file in files])
    if asked.empty or asked["price_usd"].isna().any():
        return None
    return float(asked.groupby("request_id")["price_usd"].max().sum())
