"""A file from outside that does not fit the schema of its catalog entry: which row, field and value, and what
belongs there."""

from pathlib import Path
from typing import Any

from kedro.validation.exceptions import DataValidationError

from instruction_tuning.errors import InputError

_PLAIN_TYPES: dict[str, type | tuple[type, ...]] = {"bool": bool, "int64": int, "float64": (int, float)}
_SHOWN_CHARACTERS = 60


def schema_fault(name: str, path: Path, error: DataValidationError) -> InputError:
    """The fault in the first row that has one; a column that is missing from all rows goes before.

    Rows count from 1, without blank lines. What belongs there is the field's `description` in the schema.
    """
    report: Any = error.__cause__
    wrong = "; ".join(f"{check.column or 'all'}: {check.check}" for check in error.failures)
    problem = f"`{name}` does not fit its schema ({wrong or error.message})"
    schema_says = f"{error.validator} says what each column holds"
    cases = getattr(report, "failure_cases", None)
    if cases is None or not len(cases):
        return InputError(problem, file=path, fix=f"correct the file; {schema_says}")
    absent = cases.loc[cases["check"] == "column_in_dataframe", "failure_case"].tolist()
    field, row = (str(absent[0]), None) if absent else _first(cases, report.data)
    record = None
    if row is not None and field in report.data:
        value = report.data[field].iloc[row]
        missing = value is None or value != value
        problem += f"; in the first such row it is {'missing' if missing else _shown(value)}"
        record = f"row {row + 1}{_called(row, field, report)}"
    column = report.schema.columns.get(field)
    description = getattr(column, "description", None)
    what = f"let `{field}` be {description}" if description else f"correct `{field}`"
    return InputError(
        problem,
        file=path,
        record=record,
        field=field,
        fix=f"{what}{' in every row' if absent else ''}; {schema_says}",
    )


def _first(cases: Any, data: Any) -> tuple[str, int | None]:
    """Field and place of the first fault. Of a value that stands twice, the second is the fault."""
    found = []
    for field, check, value, index in zip(
        *(cases[name].tolist() for name in ("column", "check", "failure_case", "index")), strict=True
    ):
        place = None if index is None or index != index else int(index)
        if place is None:
            place = _of_another_type(data[field].tolist(), str(check)) if field in data else None
        elif check == "field_uniqueness":
            place = [row for row, there in enumerate(data[field].tolist()) if there == value][1]
        found.append((place is None, place or 0, str(field), place))
    _, _, field, place = min(found)
    return field, place


def _of_another_type(values: list[Any], check: str) -> int | None:
    """The first value that makes a column another type than `check`, `dtype('bool')`, asks for."""
    plain = next((kind for name, kind in _PLAIN_TYPES.items() if f"'{name}'" in check), None)
    if plain is None:
        return None
    return next((row for row, value in enumerate(values) if not isinstance(value, plain)), None)


def _called(row: int, field: str, report: Any) -> str:
    """The row's own name, where the schema has a column of names and that is not what is wrong."""
    names = [name for name, column in report.schema.columns.items() if column.unique and name in report.data]
    if not names or names[0] == field:
        return ""
    return f" ({names[0]} {_shown(report.data[names[0]].iloc[row])})"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
