"""Where the results of a run lie: the data sets that the catalog marks with `metadata.result`.

    result: {next: "kedro run … --params=data={path}", reasons: rejected_segments.reason}

`next` is the command that takes it, where there is one; `reasons` the column that says why a row was dropped,
told where not a single row is left.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from instruction_tuning.datasets.remote import address, is_remote
from instruction_tuning.incremental.contents import current_version, stored_place, stored_versions
from instruction_tuning.lineage.rows import count_lines, count_rows, read_columns
from instruction_tuning.text.counting import counted

MOST_REASONS = 5


def marked_result_lines(outputs: Mapping[str, Any], made: Mapping[str, Any]) -> Iterator[str]:
    """For each marked one of `outputs`: its name, its place, its rows, and the next command; of one without
    rows instead why all were dropped.

    `outputs` are the data sets that the run ended with, by name, `made` all that its nodes make.
    """
    for name, dataset in sorted(outputs.items()):
        mark = _mark(dataset)
        if mark is None:
            continue
        rows = _rows(dataset)
        yield f"{name}: {_place(dataset)}" + ("" if rows is None else f" ({counted(rows, 'row')})")
        if rows == 0:
            yield from _why_empty(dataset, mark.get("reasons", ""), made)
        else:
            yield from next_line(dataset)


def next_line(dataset: Any) -> Iterator[str]:
    """The command that takes what `dataset` holds, where the catalog names one."""
    mark = _mark(dataset) or {}
    if "next" in mark:
        yield f"  next: {mark['next'].format(path=_to_name(dataset))}"


def shown(path: Path | None) -> str:
    """`path` from where the user stands, if it is below; `?` where there is none."""
    if path is None:
        return "?"
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _mark(dataset: Any) -> Mapping[str, str] | None:
    """What the catalog says of it as a result; null where it is none."""
    mark: Mapping[str, str] | None = (getattr(dataset, "metadata", None) or {}).get("result")
    return mark


def _place(dataset: Any) -> str:
    place = stored_place(dataset)
    return address(dataset) if is_remote(dataset) else shown(None if place is None else Path(place))


def _to_name(dataset: Any) -> str:
    """The data set, which stands for its newest version; this version where a run has taken an older one."""
    if current_version(dataset) in (None, *stored_versions(dataset)[-1:]):
        return shown(Path(dataset._filepath))
    return _place(dataset)


def _rows(dataset: Any) -> int | None:
    """Null where the format does not tell. Of Parquet the footer is read, of JSON Lines each line."""
    place = None if is_remote(dataset) else stored_place(dataset)
    if place is None or not Path(place).is_file():
        return None
    if place.endswith(".jsonl"):
        return count_lines(Path(place))
    return count_rows(Path(place)) if place.endswith(".parquet") else None


def _why_empty(dataset: Any, reasons: str, made: Mapping[str, Any]) -> Iterator[str]:
    name, _, column = reasons.partition(".")
    place = stored_place(made[name]) if name in made else None
    if place is None:
        return
    counts = Counter(read_columns(Path(place), [column])[column].dropna()).most_common()
    listed = ", ".join(f"{reason} {count}" for reason, count in counts[:MOST_REASONS]) or "no row was made"
    others = len(counts) - MOST_REASONS
    more = f" and {counted(others, 'more reason')}" if others > 0 else ""
    beside = "; its earlier versions lie beside it" if len(stored_versions(dataset)) > 1 else ""
    yield f"  nothing was kept: {listed}{more} (every row is in {name}){beside}"
