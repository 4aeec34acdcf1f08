"""ShareGPT rows: `conversations`, a list of `{from, value}` turns, with an optional system turn first."""

from collections.abc import Mapping

from instruction_tuning.canonical.conversation import Conversation, Part, Turn, check_order, shown, text_field
from instruction_tuning.canonical.faults import Fault

ROLES = {
    "system": "system",
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "chatgpt": "assistant",
}


def sharegpt_conversation(
    fields: Mapping[str, object], *, require_answer: bool = True
) -> Conversation | Fault:
    """The row's turns. A conversation that ends with a human turn has no answer yet (`require_answer`
    decides)."""
    if "conversations" not in fields:
        return Fault("missing_field", "conversations", f"the row has {', '.join(map(str, fields))}"[:200])
    listed = fields["conversations"]
    if not isinstance(listed, list):
        return Fault("wrong_type", "conversations", shown(listed))
    turns = []
    for position, entry in enumerate(listed):
        turn = _turn(entry, f"conversations[{position}]")
        if isinstance(turn, Fault):
            return turn
        turns.append(turn)
    return check_order(tuple(turns)) or Conversation(tuple(turns))


def _turn(entry: object, place: str) -> Turn | Fault:
    if not isinstance(entry, dict):
        return Fault("wrong_type", place, shown(entry))
    speaker = text_field(entry, "from")
    if isinstance(speaker, Fault):
        return Fault(speaker.reason, f"{place}.from", speaker.detail)
    value = text_field(entry, "value")
    if isinstance(value, Fault):
        return Fault(value.reason, f"{place}.value", value.detail)
    role = ROLES.get(speaker.strip().casefold())
    if role is None:
        return Fault("unknown_role", f"{place}.from", repr(speaker)[:200])
    return Turn(role, (Part(f"{place}.value", value),))
