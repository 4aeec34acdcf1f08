"""FLAN, P3 and Natural Instructions rows: `inputs`, `targets`, often `task`, with an optional `definition`.

P3 holds token numbers in these two fields, and the texts in `inputs_pretokenized`, `targets_pretokenized`.
"""

from collections.abc import Mapping

from instruction_tuning.canonical.conversation import Conversation
from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.question_and_answer import answered, question_of

_NAMES = (("inputs_pretokenized", "targets_pretokenized"), ("inputs", "targets"))


def flan_conversation(fields: Mapping[str, object], *, require_answer: bool = True) -> Conversation | Fault:
    """The task's definition, if there is one, and the input as the question; the target as the answer."""
    inputs, targets = _NAMES[0] if _NAMES[0][0] in fields else _NAMES[1]
    asked = ("definition", inputs) if "definition" in fields else (inputs,)
    return answered(question_of(fields, *asked), fields, targets, require_answer=require_answer)
