"""What of a catalog entry decides content: the class and its arguments, but no place, no secret, no layer."""

from collections.abc import Mapping
from typing import Any

from kedro.io import CatalogProtocol

from instruction_tuning.incremental.contents import is_memory

# Where it lies and how it is shown; versions and digests say what it holds.
_NO_CONTENT = {"credentials", "filepath", "path", "metadata", "version", "versioned"}


def entry_of(name: str, catalog: CatalogProtocol[Any, Any]) -> dict[str, Any]:
    """The entry of `name` as JSON: type, arguments, validator; empty for what is kept in memory."""
    dataset = catalog.get(name, fallback_to_runtime_pattern=True)
    if dataset is None or is_memory(dataset):
        return {}
    entry: dict[str, Any] = {"type": class_name(type(dataset))}
    # A data set that says itself what its content is has arguments for getting there, and no more.
    if not hasattr(dataset, "content_identity"):
        arguments = dict(getattr(dataset, "_init_args", None) or {})
        # What a class was given through **kwargs, kedro lists below that name.
        positional, named = arguments.pop("args", ()), arguments.pop("kwargs", {})
        entry |= _plain({**arguments, **named})
        if positional:
            entry["arguments"] = [_plain(value) for value in positional[1:]]
    validator = getattr(catalog, "validators", {}).get(name)
    if validator is not None:
        entry["validator"] = _plain(validator)
    return entry


def classes_in(entry: Mapping[str, Any]) -> list[str]:
    """Dotted names in an entry that may be classes: of the data set, of those inside it, of the validator."""
    found = []
    for value in entry.values():
        if isinstance(value, Mapping):
            found += classes_in(value)
        elif isinstance(value, str) and "." in value and value.replace(".", "").isidentifier():
            found.append(value)
    return found


def class_name(kind: type) -> str:
    """The dotted name of a class."""
    return f"{kind.__module__}.{kind.__qualname__}"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            str(key): _plain(item)
            for key, item in sorted(value.items(), key=lambda pair: str(pair[0]))
            if key not in _NO_CONTENT
        }
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, type):
        return class_name(value)
    if value is None or isinstance(value, str | int | float | bool):
        return value
    kind = class_name(type(value))
    inner = getattr(value, "_init_args", None)
    return {"type": kind, **_plain(inner)} if isinstance(inner, Mapping) else kind
