"""Rows whose fields have other names: `ingestion.columns` says which column is which field.

A column is named by a path: `question`, `meta.topic`, `instances.0.input`. Of several names the first that
the row has is taken. `json` names a column in which the row itself stands as JSON text.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from instruction_tuning.canonical.conversation import missing, text_field
from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.records import Repair

Columns = Mapping[str, tuple[str, ...]]

_NOTHING = object()


def mapped_fields(fields: Mapping[str, object], columns: Columns) -> Mapping[str, object] | Fault:
    """The row with its columns under the names that readers know; the row itself where nothing is mapped."""
    if not columns:
        return fields
    if "json" in columns:
        inner = _inner(fields, columns["json"])
        if isinstance(inner, Fault):
            return inner
        fields = inner
    taken = {
        field: path for field in columns if field != "json" and (path := path_in(fields, columns[field]))
    }
    values = {field: _at(fields, path) for field, path in taken.items()}
    return {name: value for name, value in fields.items() if name not in set(taken.values())} | values


def path_in(fields: Mapping[str, object], paths: Sequence[str]) -> str | None:
    """The first of `paths` that leads somewhere in the row."""
    return next((path for path in paths if _at(fields, path) is not _NOTHING), None)


def in_the_files_words(fault: Fault, columns: Columns) -> Fault:
    """The fault with the names that the file has, as a person has to look there."""
    return replace(fault, field=_original(fault.field, columns)) if columns and fault.field else fault


def repair_in_the_files_words(one: Repair, columns: Columns) -> Repair:
    """As `in_the_files_words`."""
    return replace(one, field=_original(one.field, columns)) if columns else one


def _original(field: str, columns: Columns) -> str:
    return " or ".join(columns.get(field, (field,)))


def _at(fields: object, path: str) -> object:
    """What `path` leads to. A name with dots in it is a name first."""
    if isinstance(fields, Mapping) and path in fields:
        return fields[path]
    name, _, rest = path.partition(".")
    if isinstance(fields, list) and name.isdecimal() and int(name) < len(fields):
        value: object = fields[int(name)]
    elif isinstance(fields, Mapping) and name in fields:
        value = fields[name]
    else:
        return _NOTHING
    return _at(value, rest) if rest else value


def _inner(fields: Mapping[str, object], paths: Sequence[str]) -> dict[str, object] | Fault:
    """The object that the JSON text in the first of `paths` is, above the row's other columns."""
    name = next((path for path in paths if path in fields), None)
    if name is None:
        return missing(fields, paths[0])
    text = text_field(fields, name)
    if isinstance(text, Fault):
        return text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Fault("invalid_json", name, str(error)[:200])
    if not isinstance(value, dict):
        return Fault("not_an_object", name, f"a JSON {type(value).__name__}")
    return {key: given for key, given in fields.items() if key != name} | value
