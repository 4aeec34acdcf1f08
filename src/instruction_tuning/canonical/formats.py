"""Which format a row is in: told from the names of its fields, never from the file's name.

The table in docs/dataset_formats.md shows a row of each. A file is in the first format, in the order of
`FORMATS`, that at least half of its first rows are in. Two need a look at more than one row:

- `belle`: Alpaca's fields in JSON lines, most instructions mainly Chinese;
- `alpaca`: the same in any other case (JSON array, CSV, Parquet, English).

A Chinese Alpaca file in JSON lines is thus read as BELLE. The only difference that makes is that a dialogue
written into `instruction` is split into turns (`belle.py`).
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from instruction_tuning.canonical.alpaca import alpaca_conversation
from instruction_tuning.canonical.belle import belle_conversation
from instruction_tuning.canonical.chat_messages import chat_messages_conversation
from instruction_tuning.canonical.conversation import Conversation, Document
from instruction_tuning.canonical.dolly import dolly_conversation
from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.flan import flan_conversation
from instruction_tuning.canonical.gpteacher import gpteacher_conversation
from instruction_tuning.canonical.plain_text import TEXTS, plain_text_document
from instruction_tuning.canonical.preference_conversations import preference_conversation
from instruction_tuning.canonical.preference_pairs import preference_pair_conversation
from instruction_tuning.canonical.prompt_completion import pair_of, prompt_completion_conversation
from instruction_tuning.canonical.prompts import ASKED, prompts_conversation
from instruction_tuning.canonical.response_votes import RESPONSES, response_votes_conversation
from instruction_tuning.canonical.self_instruct import self_instruct_conversation
from instruction_tuning.canonical.sharegpt import sharegpt_conversation
from instruction_tuning.canonical.turns import structure_field
from instruction_tuning.errors import UnknownFormatError
from instruction_tuning.text.languages import language_of

# The order is that of detection, the most telling fields first.
FORMATS: dict[str, Callable[..., Conversation | Document | Fault]] = {
    "response_votes": response_votes_conversation,
    "preference_conversations": preference_conversation,
    "preference_pairs": preference_pair_conversation,
    "sharegpt": sharegpt_conversation,
    "chat_messages": chat_messages_conversation,
    "self_instruct": self_instruct_conversation,
    "flan": flan_conversation,
    "alpaca": alpaca_conversation,
    "belle": belle_conversation,
    "dolly": dolly_conversation,
    "gpteacher": gpteacher_conversation,
    "prompt_completion": prompt_completion_conversation,
    "prompts": prompts_conversation,
    "plain_text": plain_text_document,
}
KNOWN_FIELDS = {
    "alpaca": "instruction, input, output",
    "belle": "instruction, input, output as JSON lines, mostly Chinese",
    "sharegpt": "conversations: [{from, value}]",
    "chat_messages": "messages: [{role, content}]",
    "self_instruct": "instruction, instances: [{input, output}]",
    "dolly": "instruction, context, response",
    "gpteacher": "instruction, input, response",
    "flan": "inputs, targets",
    "prompt_completion": "prompt, completion; question, answer; query, response; problem, solution",
    "preference_pairs": "prompt, chosen, rejected",
    "preference_conversations": "conversations, chosen: {from, value}, rejected",
    "response_votes": "instruction, response1, response2, annotator1",
    "prompts": "prompt or question or turns, without answers",
    "plain_text": "text",
}


def detect_format(
    path: Path,
    sample: Sequence[Mapping[str, object]],
    *,
    is_json_lines: bool,
    require_answer: bool = True,
) -> str:
    """The format of the file that the rows of `sample` come from.

    Raises `UnknownFormatError`, with the fields found and the formats known, when fewer than half fit one.
    """
    half = len(sample) / 2
    formats = [format_of_row(fields, require_answer=require_answer) for fields in sample]
    counts = Counter(formats)
    name = next((name for name in FORMATS if counts[name] and counts[name] >= half), None)
    if name == "alpaca":
        of_that = (fields for fields, found in zip(sample, formats, strict=True) if found == name)
        asked = [fields["instruction"] for fields in of_that]
        chinese = sum(isinstance(text, str) and language_of(text) == "zh" for text in asked)
        return "belle" if is_json_lines and chinese > len(asked) / 2 else "alpaca"
    if name is not None:
        return name
    found = list(dict.fromkeys(str(name) for fields in sample for name in fields))
    known = "; ".join(f"{name} ({fields})" for name, fields in KNOWN_FIELDS.items())
    answerless = sum(format_of_row(fields, require_answer=False) is not None for fields in sample)
    fix = (
        "say in ingestion.columns which column is which field, or rename the fields to those of a known "
        f"format, {known}; or name the format in ingestion.format"
    )
    if require_answer and answerless >= half:
        fix = f"set ingestion.require_answer=false if a teacher is to answer; or add the answers: {fix}"
    raise UnknownFormatError(
        f"no reader recognises the rows; their fields are: {', '.join(found[:20]) or 'none'}",
        file=path,
        fix=fix,
    )


def format_of_row(fields: Mapping[str, object], *, require_answer: bool) -> str | None:
    """The format that the row's fields point to; null for none. One row does not tell `belle`."""

    def has(*names: str) -> bool:
        return all(name in fields for name in names)

    if any(has(*pair) for pair in RESPONSES):
        return "response_votes"
    if has("chosen", "rejected"):
        is_text = isinstance(structure_field(fields, "chosen"), str)
        return "preference_pairs" if is_text else "preference_conversations"
    if has("conversations"):
        return "chat_messages" if _has_roles(structure_field(fields, "conversations")) else "sharegpt"
    if has("messages"):
        return "chat_messages"
    if has("instruction") and (has("instances") or has("raw_instances")):
        return "self_instruct"
    if has("inputs", "targets") or has("inputs_pretokenized", "targets_pretokenized"):
        return "flan"
    if has("instruction", "output"):
        return "alpaca"
    if has("instruction", "response"):
        return "dolly" if has("context") else "gpteacher"
    if pair_of(fields):
        return "prompt_completion"
    if not require_answer and has("instruction"):
        return "alpaca"
    if not require_answer and any(has(name) for name in (*ASKED, "turns")):
        return "prompts"
    is_document = any(has(name) for name in TEXTS) and not any(has(name) for name in ASKED)
    return "plain_text" if is_document else None


def _has_roles(listed: object) -> bool:
    return (
        isinstance(listed, list)
        and bool(listed)
        and all(isinstance(turn, dict) and "role" in turn for turn in listed)
    )
