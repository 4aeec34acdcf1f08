"""The form that a reply has to have: a JSON schema, sent along and checked when the reply is there.

A server that takes `response_format` keeps a model within the schema; whether it did, or knows the field at
all, is not trusted. A reply that is no JSON, or other JSON, is a failed sample with its reason.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from instruction_tuning.errors import ConfigurationError

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

_MAX_REASON_CHARACTERS = 300
_SHOWN_CHARACTERS = 80


@dataclass(frozen=True)
class ReplySchema:
    """A JSON schema as text with sorted keys: equal ones are equal. `strict` is meant as OpenAI does."""

    name: str
    text: str
    strict: bool = True

    def response_format(self) -> dict[str, Any]:
        """The field of a request's body."""
        content = {"name": self.name, "schema": json.loads(self.text), "strict": self.strict}
        return {"type": "json_schema", "json_schema": content}

    def misfit(self, reply: str) -> str | None:
        """Why `reply` does not fit; null where it does."""
        shown = f": {reply[:_SHOWN_CHARACTERS]!r}"
        try:
            content = json.loads(reply)
        except (ValueError, RecursionError):
            return f"the reply is not JSON, as schema {self.name} wants{shown}"
        error = next(_validator(self.text).iter_errors(content), None)
        if error is None:
            return None
        place = "/".join(str(part) for part in error.absolute_path) or "the whole"
        reason = f"the reply does not fit schema {self.name} at {place}: {error.message}"
        return f"{reason[:_MAX_REASON_CHARACTERS]}{shown}"


def reply_schema(name: str, schema: Mapping[str, Any], *, strict: bool = True) -> ReplySchema:
    """A `ReplySchema`; raises `ConfigurationError` where `schema` is no JSON schema."""
    from jsonschema import SchemaError

    text = json.dumps(schema, ensure_ascii=False, sort_keys=True)
    try:
        _validator(text)
    except SchemaError as error:
        raise ConfigurationError(
            f"the schema {name} of replies is no JSON schema: {error.message}",
            field="/".join(str(part) for part in error.absolute_path) or None,
            fix="correct it: https://json-schema.org/draft/2020-12 says what each word means",
        ) from None
    return ReplySchema(name, text, strict)


@lru_cache(maxsize=64)
def _validator(text: str) -> "Validator":
    # What is not needed without a schema: it takes a tenth of a second to import.
    from jsonschema import Draft202012Validator
    from jsonschema.validators import validator_for

    schema = json.loads(text)
    kind = validator_for(schema, default=Draft202012Validator)
    kind.check_schema(schema)
    return kind(schema)
