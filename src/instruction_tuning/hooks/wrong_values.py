"""What pydantic says of a value, in a few plain words."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from instruction_tuning.hooks.redaction import redact


def first_wrong_value(error: ValidationError) -> tuple[str, str]:
    """The key that `error` is about, dotted, and why its value cannot be, with the value."""
    first = error.errors()[0]
    return ".".join(str(part) for part in first["loc"]), _reason(first)


def _reason(error: Mapping[str, Any]) -> str:
    reason = str(error["msg"]).removeprefix("Value error, ")
    reason = reason[:1].lower() + reason[1:]
    # Whoever mistook a variable's name for a key has put a secret there; a mapping may hold one.
    if error["type"] in ("missing", "value_error") or isinstance(error["input"], Mapping | list):
        return reason
    return f"{reason}, not `{redact(str(error['loc'][-1]), str(error['input']))}`"
