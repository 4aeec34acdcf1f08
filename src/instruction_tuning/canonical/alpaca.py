"""Alpaca rows: `instruction`, an optional `input`, `output`."""

from collections.abc import Mapping

from instruction_tuning.canonical.conversation import Conversation, Part, Turn, text_field
from instruction_tuning.canonical.faults import Fault


def alpaca_conversation(fields: Mapping[str, object], *, require_answer: bool = True) -> Conversation | Fault:
    """One question (instruction, then input) and one answer; `output` may be absent if no answer is required.

    >>> alpaca_conversation({"instruction": "Add.", "input": "1 2", "output": "3"}).turns[1].parts[0].text
    '3'
    """
    instruction = text_field(fields, "instruction")
    if isinstance(instruction, Fault):
        return instruction
    extra = text_field(fields, "input") if "input" in fields else ""
    if isinstance(extra, Fault):
        return extra
    question = Turn("user", (Part("instruction", instruction), Part("input", extra)))
    if "output" not in fields and not require_answer:
        return Conversation((question,))
    output = text_field(fields, "output")
    if isinstance(output, Fault):
        return output
    return Conversation((question, Turn("assistant", (Part("output", output),))))
