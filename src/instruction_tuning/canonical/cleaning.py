"""From a row's turns to clean messages, or the fault that keeps it out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from instruction_tuning.canonical.conversation import Part, Turn
from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.raw_row import is_encodable
from instruction_tuning.canonical.records import Repair
from instruction_tuning.canonical.text_repair import INPUT_PLACEHOLDER_REMOVED, is_placeholder, repair

# Fields that only add to a question; instances of Self-Instruct have theirs in `instances[0].input`.
_INPUTS = ("input", "context")


@dataclass(frozen=True, slots=True)
class ReadingRules:
    """How rows are read; `pipelines/ingestion/parameters.py` explains each for users."""

    format: str = "auto"
    require_answer: bool = True
    max_characters: int = 32_768
    input_placeholders: frozenset[str] = frozenset(("noinput", "noinputrequired", "none", "n/a", "无输入"))
    answer_placeholders: frozenset[str] = frozenset(("noinput", "nooutput", "无输出"))
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
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
