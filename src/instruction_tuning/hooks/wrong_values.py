"""What pydantic says of a value, in a few plain words; settings files that are read that way."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.hooks.redaction import redact

Settings = TypeVar("Settings", bound=BaseModel)


def first_wrong_value(error: ValidationError) -> tuple[str, str]:
    """The key that `error` is about, dotted, and why its value cannot be, with the value."""
    first = error.errors()[0]
    return ".".join(str(part) for part in first["loc"]), _reason(first)


def validated(
    settings: type[Settings], content: Any, *, what: str, files: str, explained_in: str
) -> Settings:
    """`content` of `files` as `settings`; raises `ConfigurationError` for a missing key or a wrong value."""
    try:
        return settings.model_validate(content)
    except ValidationError as error:
        key, reason = first_wrong_value(error)
        raise ConfigurationError(
            f"{what} have a wrong `{key}`: {reason}",
            file=files,
            field=key.rpartition(".")[2],
            fix=f"correct it there; {explained_in} says what each key means",
        ) from None


def _reason(error: Mapping[str, Any]) -> str:
    if error["type"] == "extra_forbidden":
        return "there is no such key"
    reason = str(error["msg"]).removeprefix("Value error, ")
    reason = reason[:1].lower() + reason[1:]
    # Whoever mistook a variable's name for a key has put a secret there; a mapping may hold one.
    if error["type"] in ("missing", "value_error") or isinstance(error["input"], Mapping | list):
        return reason
    return f"{reason}, not `{redact(str(error['loc'][-1]), str(error['input']))}`"
