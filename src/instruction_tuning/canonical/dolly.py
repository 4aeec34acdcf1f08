"""Dolly rows: `instruction`, `context` (a passage to answer from), `response`, `category`."""

from collections.abc import Mapping

from instruction_tuning.canonical.conversation import Conversation
from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.question_and_answer import answered, question_of


def dolly_conversation(fields: Mapping[str, object], *, require_answer: bool = True) -> Conversation | Fault:
    """One question, its passage behind it, and one answer."""
    question = question_of(fields, "instruction", "context")
    return answered(question, fields, "response", require_answer=require_answer)
