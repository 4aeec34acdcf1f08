"""GPTeacher rows: those of Alpaca with the answer in `response`."""

from collections.abc import Mapping

from instruction_tuning.canonical.conversation import Conversation
from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.question_and_answer import answered, question_of


def gpteacher_conversation(
    fields: Mapping[str, object], *, require_answer: bool = True
) -> Conversation | Fault:
    """One question (instruction, then input) and one answer."""
    question = question_of(fields, "instruction", "input")
    return answered(question, fields, "response", require_answer=require_answer)
