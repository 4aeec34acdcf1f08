"""Prompt and completion: each a text, or (in TRL's conversational form) a list of `{role, content}`.

The same pair goes by other names in public sets (`PAIRS`); a `question` may have a `context`. A row that
offers `choices` is none of them: its answer is a letter or a number that says nothing without them.
"""

from collections.abc import Mapping

from instruction_tuning.canonical.conversation import Conversation, check_order
from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.question_and_answer import answered, question_of
from instruction_tuning.canonical.turns import structure_field, turns_field

PAIRS = (
    ("prompt", "completion"),
    ("prompt", "response"),
    ("question", "answer"),  # GSM8K
    ("question", "response"),  # OpenOrca
    ("query", "response"),  # MetaMathQA
    ("problem", "solution"),  # MATH
)
CHOICES = ("choices", "options", "choice0", "choice1", "choice_a", "option_a", "A", "sol1", "opa")


def pair_of(fields: Mapping[str, object]) -> tuple[str, str] | None:
    """The names of what asks and what answers; null where the row has no such pair, or choices beside it."""
    found = next((pair for pair in PAIRS if pair[0] in fields and pair[1] in fields), None)
    return None if any(name in fields for name in CHOICES) else found


def prompt_completion_conversation(
    fields: Mapping[str, object], *, require_answer: bool = True
) -> Conversation | Fault:
    """One question and one answer, or the turns of both lists behind each other."""
    ask, answer = pair_of(fields) or PAIRS[0]
    if not isinstance(structure_field(fields, ask), list):
        question = question_of(fields, ask, *(("context",) if ask == "question" else ()))
        return answered(question, fields, answer, require_answer=require_answer)
    asked = turns_field(fields, ask)
    if isinstance(asked, Fault):
        return asked
    has_answer = require_answer or answer in fields
    said = turns_field(fields, answer) if has_answer else ()
    if isinstance(said, Fault):
        return said
    turns = (*asked, *said)
    return check_order(turns) or Conversation(turns)
