"""Preference pairs as turns: `chosen` and `rejected` are one turn or the list of all turns.

Where they are answers only, the conversation before them stands in `conversations`, `messages` or `prompt`.
"""

from collections.abc import Mapping

from instruction_tuning.canonical.compared_turns import pair_of_turns
from instruction_tuning.canonical.conversation import Conversation, Part, Turn, text_field
from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.turns import structure_field, turns_field

BEFORE = ("conversations", "messages", "prompt")


def preference_conversation(
    fields: Mapping[str, object], *, require_answer: bool = True
) -> Conversation | Fault:
    """The conversation with the chosen answer, compared with the rejected one."""
    chosen, rejected = turns_field(fields, "chosen"), turns_field(fields, "rejected")
    for turns in (chosen, rejected):
        if isinstance(turns, Fault):
            return turns
    assert not isinstance(chosen, Fault) and not isinstance(rejected, Fault)
    if len(chosen) > 1 and len(rejected) > 1:  # whole conversations; `prompt` only repeats their beginning
        return pair_of_turns(chosen, rejected)
    before = _before(fields)
    if isinstance(before, Fault):
        return before
    return pair_of_turns((*before, *chosen), (*before, *rejected))


def _before(fields: Mapping[str, object]) -> tuple[Turn, ...] | Fault:
    name = next((name for name in BEFORE if name in fields), BEFORE[0])
    if isinstance(structure_field(fields, name), str):
        text = text_field(fields, name)
        return text if isinstance(text, Fault) else (Turn("user", (Part(name, text),)),)
    return turns_field(fields, name)
