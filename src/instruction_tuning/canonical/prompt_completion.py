"""Prompt and completion: each a text, or (in TRL's conversational form) a list of `{role, content}`."""

from collections.abc import Mapping

from instruction_tuning.canonical.conversation import Conversation, check_order
from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.question_and_answer import answered, question_of
from instruction_tuning.canonical.turns import structure_field, turns_field


def prompt_completion_conversation(
    fields: Mapping[str, object], *, require_answer: bool = True
) -> Conversation | Fault:
    """One question and one answer, or the turns of both lists behind each other."""
    if not isinstance(structure_field(fields, "prompt"), list):
        question = question_of(fields, "prompt")
        return answered(question, fields, "completion", require_answer=require_answer)
    asked = turns_field(fields, "prompt")
    if isinstance(asked, Fault):
        return asked
    has_answer = require_answer or "completion" in fields
    said = turns_field(fields, "completion") if has_answer else ()
    if isinstance(said, Fault):
        return said
    turns = (*asked, *said)
    return check_order(turns) or Conversation(turns)
