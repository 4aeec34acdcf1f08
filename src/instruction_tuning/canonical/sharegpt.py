"""ShareGPT rows: `conversations`, a list of `{from, value}` turns, with an optional system turn first."""

from collections.abc import Mapping

from instruction_tuning.canonical.conversation import Conversation, check_order
from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.turns import turns_field


def sharegpt_conversation(
    fields: Mapping[str, object], *, require_answer: bool = True
) -> Conversation | Fault:
    """The row's turns. A conversation that ends with a human turn has no answer yet (`require_answer`
    decides)."""
    turns = turns_field(fields, "conversations")
    if isinstance(turns, Fault):
        return turns
    return check_order(turns) or Conversation(turns)
