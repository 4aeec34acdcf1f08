"""Alpaca rows: `instruction`, an optional `input`, `output`; earlier turns may stand in `history`."""

from collections.abc import Mapping
from dataclasses import replace

from instruction_tuning.canonical.conversation import Conversation, Part, Turn, shown
from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.question_and_answer import answered, question_of
from instruction_tuning.canonical.turns import structure_field


def alpaca_conversation(fields: Mapping[str, object], *, require_answer: bool = True) -> Conversation | Fault:
    """One question (instruction, then input) and one answer; `output` may be absent if no answer is required.

    >>> alpaca_conversation({"instruction": "Add.", "input": "1 2", "output": "3"}).turns[1].parts[0].text
    '3'
    """
    question = question_of(fields, "instruction", "input")
    conversation = answered(question, fields, "output", require_answer=require_answer)
    if isinstance(conversation, Fault) or not fields.get("history"):
        return conversation
    before = _history(structure_field(fields, "history"))
    if isinstance(before, Fault):
        return before
    return replace(conversation, turns=(*before, *conversation.turns))


def _history(value: object) -> tuple[Turn, ...] | Fault:
    """Turns of `[[question, answer], …]`."""
    if not isinstance(value, list):
        return Fault("wrong_type", "history", shown(value))
    turns = []
    for position, pair in enumerate(value):
        place = f"history[{position}]"
        if not isinstance(pair, list) or [type(text) for text in pair] != [str, str]:
            return Fault("wrong_type", place, f"{shown(pair)}, expected a question and an answer")
        turns += [
            Turn("user", (Part(f"{place}[0]", pair[0]),)),
            Turn("assistant", (Part(f"{place}[1]", pair[1]),)),
        ]
    return tuple(turns)
