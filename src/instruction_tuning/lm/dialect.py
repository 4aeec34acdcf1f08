"""What a server that calls itself OpenAI-compatible does not take, learnt from its refusals.

Such servers refuse fields that they do not know with 400 or 422 instead of passing over them. A request
goes on without the field, in a way that is logged once and changes no more than what is said there:

    seed         left out; answers are not repeatable
    n            one sample a request, as many requests as samples
    max_tokens   sent as max_completion_tokens, which newer models of OpenAI insist on
    response_format   left out; replies are only checked against the schema, as they are anyway

A refused `temperature` is not got round: another temperature is another distribution of answers.
"""

import json
import logging
import re
from collections.abc import Mapping
from typing import Any

logger = logging.getLogger(__name__)

REFUSALS = frozenset({400, 422, 501})
# A letter alone is too common a word: as a quoted name, before a comparison, or as a path of its own.
_NAMES_N = re.compile(
    r"""[`'"\[]n[`'"\]]|\bn\s*[=<>]|\bn (must|should|can|is|greater)\b|^body n\b""", re.MULTILINE
)
# A schema that the server finds wrong is for the user to correct.
_REFUSES_FORMAT = re.compile(r"(?s)^(?!.*[Ii]nvalid schema).*(response_format|json_schema)")


class Dialect:
    """Shared by all requests to one endpoint."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._lessons: set[str] = set()

    def spoken(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """`body` as this server takes it, as far as is known."""
        said = dict(body)
        if "seed" in self._lessons:
            said.pop("seed", None)
        if "n" in self._lessons:
            said.pop("n", None)
        if "response_format" in self._lessons:
            said.pop("response_format", None)
        if "max_tokens" in self._lessons and "max_tokens" in said:
            said["max_completion_tokens"] = said.pop("max_tokens")
        return said

    def learn(self, refused: Mapping[str, Any], status: int, answer: str) -> bool:
        """Whether `answer` refuses a field of the body `refused` that can be done without."""
        if status not in REFUSALS:
            return False
        complaint = _complaint(answer)
        for lesson, is_named, consequence in (
            ("max_tokens", "max_completion_tokens" in complaint, "sending max_completion_tokens instead"),
            ("seed", re.search(r"\bseed\b", complaint), "left out: its answers are not repeatable"),
            ("n", _NAMES_N.search(complaint), "one sample a request instead"),
            ("response_format", _REFUSES_FORMAT.search(complaint), "left out: replies are only checked"),
        ):
            if is_named and lesson in refused:
                if lesson not in self._lessons:
                    logger.warning("%s does not take `%s`; %s", self._address, lesson, consequence)
                self._lessons.add(lesson)
                return True
        return False


def _complaint(answer: str) -> str:
    """The words of an error without the request that many servers repeat in it."""
    try:
        body = json.loads(answer)
    except ValueError:
        return answer
    if not isinstance(body, dict):
        return answer
    error = body.get("error", body)
    if isinstance(error, dict) and isinstance(error.get("message"), str):
        return f"'{error.get('param')}' {error['message']}"
    detail = body.get("detail", error)
    if isinstance(detail, list):  # FastAPI: where, and what is wrong there
        places = [item for item in detail if isinstance(item, dict)]
        return "\n".join(
            f"{' '.join(str(part) for part in item.get('loc', ()))} {item.get('msg', '')}" for item in places
        )
    return detail if isinstance(detail, str) else ""
