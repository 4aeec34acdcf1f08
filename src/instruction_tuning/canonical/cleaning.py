"""From a row's turns to clean messages, or the fault that keeps it out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from instruction_tuning.canonical.checks.content_checks import ContentChecks
from instruction_tuning.canonical.checks.private_data import SECRETS, redacted
from instruction_tuning.canonical.conversation import Part, Turn
from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.raw_row import is_encodable
from instruction_tuning.canonical.records import Repair
from instruction_tuning.canonical.text_repair import INPUT_PLACEHOLDER_REMOVED, is_placeholder, repair

# Fields that only add to a question; instances of Self-Instruct have theirs in `instances[0].input`.
_INPUTS = ("input", "context")
PERSONAL_DATA_REDACTED = "personal_data_redacted"
SECRETS_REDACTED = "secrets_redacted"


@dataclass(frozen=True, slots=True)
class ReadingRules:
    """How rows are read; `pipelines/ingestion/parameters.py` explains each for users."""

    format: str = "auto"
    require_answer: bool = True
    max_characters: int = 32_768
    input_placeholders: frozenset[str] = frozenset(("noinput", "noinputrequired", "none", "n/a", "无输入"))
    answer_placeholders: frozenset[str] = frozenset(("noinput", "nooutput", "无输出"))
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    checks: ContentChecks = field(default_factory=ContentChecks)
    redacted: frozenset[str] = frozenset()  # kinds of private data that a mark is put in place of

    def without_private_data(self, text: str) -> tuple[str, list[str]]:
        """`text` as it may be stored, and the names of the repairs that this took."""
        if not self.redacted:
            return text, []
        kept, kinds = redacted(text, self.redacted)
        names = {SECRETS_REDACTED if kind in SECRETS else PERSONAL_DATA_REDACTED for kind in kinds}
        return kept, sorted(names)

    licences: Mapping[str, str] = field(default_factory=dict)
    allowed_licences: tuple[str, ...] | None = None
    unknown_licence: str = "reject"


def clean_messages(
    turns: tuple[Turn, ...], rules: ReadingRules, repairs: list[Repair]
) -> list[dict[str, str]] | Fault:
    """The turns as `{role, content}` messages; what was repaired is added to `repairs`.

    Every user turn must say something, and so must every assistant turn but the last, which is left out
    when it is empty and no answer is required.
    """
    messages = []
    for position, turn in enumerate(turns):
        texts = []
        for part in turn.parts:
            text = clean_part(part, turn.role, rules, repairs)
            if isinstance(text, Fault):
                return text
            texts.append(text)
        content = "\n\n".join(text for text in texts if text)
        is_last = position == len(turns) - 1
        if content:
            messages.append({"role": turn.role, "content": content})
        elif turn.role == "user":
            return Fault("empty_instruction", turn.parts[0].field)
        elif turn.role == "assistant" and (rules.require_answer or not is_last):
            return Fault("empty_answer", turn.parts[0].field)
    if rules.require_answer and turns[-1].role == "user":
        return Fault("empty_answer", turns[-1].parts[0].field, "nobody answers the last question")
    characters = sum(len(message["content"]) for message in messages)
    if characters > rules.max_characters:
        return Fault("too_long", detail=f"{characters} characters, {rules.max_characters} allowed")
    return messages


def clean_part(part: Part, role: str, rules: ReadingRules, repairs: list[Repair]) -> str | Fault:
    """The text repaired; empty for an input that only says there is none."""
    if not is_encodable(part.text):
        return Fault("invalid_unicode", part.field, "a lone surrogate")
    text, changes = repair(part.text)
    text, taken_out = rules.without_private_data(text)
    changes = [*changes, *taken_out]
    is_input = part.field.rpartition(".")[2] in _INPUTS
    is_empty_input = is_input and is_placeholder(text, rules.input_placeholders)
    if is_empty_input:
        changes = [*changes, INPUT_PLACEHOLDER_REMOVED]
    if changes:
        repairs.append(Repair(part.field, tuple(changes), part.text))
    if is_empty_input:
        return ""
    if part.field == "instruction" and not text:
        return Fault("empty_instruction", part.field)
    if role == "assistant" and is_placeholder(text, rules.answer_placeholders):
        return Fault("placeholder_answer", part.field, repr(text)) if rules.require_answer else ""
    return text


def without_private_values(value: Any, rules: ReadingRules) -> Any:
    """A row's fields, lists and objects in them too, with marks for the private data in their texts."""
    if not rules.redacted:
        return value
    if isinstance(value, str):
        return rules.without_private_data(value)[0]
    if isinstance(value, Mapping):
        return {key: without_private_values(inner, rules) for key, inner in value.items()}
    if isinstance(value, list):
        return [without_private_values(inner, rules) for inner in value]
    return value
