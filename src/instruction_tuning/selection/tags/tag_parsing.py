"""Open-set tags of instructions, asked of a language model and read from its replies.

InsTag (arXiv 2308.07074), section 2: a chat model names every intention of a query as a JSON array of
`{tag, explanation}`. O(characters of the reply).
Departures: one request a record with the whole conversation up to its last answer, where the paper tags each
query and takes the union; the prompt is the project's own (`prompts/tagging.txt`). A reply that was cut off
is unparseable, not a shorter list: the number of tags is a score, and half a list would be a wrong one.
"""

import json
import re
from typing import NamedTuple

import pandas as pd

from instruction_tuning.lm.chat_request import ChatRequest
from instruction_tuning.selection.instruction_requests import instruction_requests
from instruction_tuning.verification.marks import FAILED, UNPARSEABLE

KIND = "tagging"
PARSED, EMPTY = "parsed", "empty"
_ARRAY = re.compile(r'\[(?=\s*["{\]])')
_BETWEEN = re.compile(r"[\s,]*")
# Line breaks inside an explanation are no reason to lose the tags.
_DECODER = json.JSONDecoder(strict=False)


class ParsedTags(NamedTuple):
    """The distinct tags of a reply in the order said, null unless it could be read; and how that went."""

    tags: list[str] | None
    status: str


def parse_tags(reply: object) -> ParsedTags:
    """The tags of the last array in `reply`; an array of objects goes before one of plain texts.

    Words and code fences around it are passed over, and so are objects without a `tag` that is a text.
    `unparseable` where no array is complete, where the last one is cut off, or where nothing in it is a tag;
    `empty` where the model named no tag at all. Never raises.

    >>> parse_tags('Sure:\\n```json\\n[{"tag": "sorting", "explanation": "..."}]\\n```')
    ParsedTags(tags=['sorting'], status='parsed')
    >>> parse_tags('[{"tag": "sorting", "expl')
    ParsedTags(tags=None, status='unparseable')
    """
    if not isinstance(reply, str):
        return ParsedTags(None, UNPARSEABLE)
    objects: list[str] | None = None
    texts: list[str] | None = None
    is_empty, position = False, 0
    while opened := _ARRAY.search(reply, position):
        read = _items(reply, opened.end())
        if read is None:
            if reply[opened.end() :].lstrip().startswith("{"):
                return ParsedTags(None, UNPARSEABLE)  # whatever follows stands inside the broken array
            position = opened.end()
            continue
        items, position = read
        objects = _tags_of_objects(items) or objects
        texts = _cleaned([item for item in items if isinstance(item, str)]) or texts
        is_empty = is_empty or not items
    found = objects or texts
    if found:
        return ParsedTags(found, PARSED)
    return ParsedTags([], EMPTY) if is_empty else ParsedTags(None, UNPARSEABLE)


def tagging_requests(
    pool: pd.DataFrame, *, temperature: float, max_tokens: int, seed: int
) -> list[ChatRequest]:
    """One request a record of `pool` (record_id, messages); a conversation is shown as a transcript."""
    return instruction_requests(pool, KIND, temperature=temperature, max_tokens=max_tokens, seed=seed)


def with_tags(completions: pd.DataFrame) -> pd.DataFrame:
    """`record_id`, `tags` and `status` of each row of `completions` (record_id, response, status).

    `tags` is null unless the reply could be read; `failed` where none came.
    """
    read = [
        parse_tags(response) if status == "ok" else ParsedTags(None, FAILED)
        for response, status in zip(completions["response"], completions["status"], strict=True)
    ]
    return pd.DataFrame(
        {
            "record_id": completions["record_id"],
            "tags": pd.Series([tags for tags, _ in read], index=completions.index, dtype=object),
            "status": pd.Series([status for _, status in read], index=completions.index, dtype="str"),
        }
    )


def _items(reply: str, position: int) -> tuple[list[object], int] | None:
    """What stands between `[` before `position` and its `]`, and where that ends; null if it does not end."""
    items: list[object] = []
    while True:
        position = _BETWEEN.match(reply, position).end()  # type: ignore[union-attr]  # it matches anywhere
        if reply.startswith("]", position):
            return items, position + 1
        try:
            item, position = _DECODER.raw_decode(reply, position)
        except (ValueError, RecursionError):  # not JSON, a number beyond what Python reads, or too deep
            return None
        items.append(item)


def _tags_of_objects(items: list[object]) -> list[str]:
    values = (
        value
        for item in items
        if isinstance(item, dict)
        for key, value in item.items()
        if key.strip().lower() == "tag"
    )
    return _cleaned([value for value in values if isinstance(value, str)])


def _cleaned(tags: list[str]) -> list[str]:
    """Distinct, without surplus spaces and without halves of characters, which no file can hold."""
    whole = (tag.encode("utf-8", "ignore").decode("utf-8") for tag in tags)
    return list(dict.fromkeys(text for tag in whole if (text := " ".join(tag.split()))))
