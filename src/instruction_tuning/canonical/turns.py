"""Lists of turns as the formats write them: `{from, value}` or `{role, content}`."""

import json
from collections.abc import Mapping

from instruction_tuning.canonical.conversation import Part, Turn, missing, shown, text_field
from instruction_tuning.canonical.faults import Fault

ROLES = {
    "system": "system",
    "developer": "system",
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "chatgpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
}


def structure_field(fields: Mapping[str, object], name: str) -> object:
    """The value in field `name`; in a CSV cell a list or an object can only stand as JSON text."""
    value = fields.get(name)
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def turns_field(fields: Mapping[str, object], name: str) -> tuple[Turn, ...] | Fault:
    """The turns in the list that field `name` holds; one turn counts as a list of it."""
    if name not in fields:
        return missing(fields, name)
    value = structure_field(fields, name)
    if isinstance(value, dict):
        turn = turn_of(value, name)
        return turn if isinstance(turn, Fault) else (turn,)
    if not isinstance(value, list):
        return Fault("wrong_type", name, shown(value))
    turns = []
    for position, entry in enumerate(value):
        turn = turn_of(entry, f"{name}[{position}]")
        if isinstance(turn, Fault):
            return turn
        turns.append(turn)
    return tuple(turns)


def turn_of(entry: object, place: str) -> Turn | Fault:
    """One turn; it is read as `{role, content}` where it has a role, else as `{from, value}`."""
    if not isinstance(entry, dict):
        return Fault("wrong_type", place, shown(entry))
    speaker_name, said_name = ("role", "content") if "role" in entry else ("from", "value")
    speaker = text_field(entry, speaker_name)
    if isinstance(speaker, Fault):
        return Fault(speaker.reason, f"{place}.{speaker_name}", speaker.detail)
    said = _said(entry, said_name)
    if isinstance(said, Fault):
        return Fault(said.reason, f"{place}.{said.field}", said.detail)
    role = ROLES.get(speaker.strip().casefold())
    if role is None:
        return Fault("unknown_role", f"{place}.{speaker_name}", repr(speaker)[:200])
    return Turn(role, (Part(f"{place}.{said_name}", said),))


def _said(entry: Mapping[str, object], name: str) -> str | Fault:
    """A text, or as `content` a list of parts that are all text: an image cannot become a message."""
    parts = entry.get(name)
    if name != "content" or not isinstance(parts, list):
        return text_field(entry, name)
    texts = []
    for position, part in enumerate(parts):
        place = f"{name}[{position}]"
        if not isinstance(part, dict):
            return Fault("wrong_type", place, shown(part))
        if part.get("type", "text") != "text":
            return Fault("not_a_text", place, f"type {str(part['type'])[:100]!r}")
        text = text_field(part, "text")
        if isinstance(text, Fault):
            return Fault(text.reason, f"{place}.text", text.detail)
        texts.append(text)
    return "\n\n".join(texts)
