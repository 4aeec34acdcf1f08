"""Chat messages as OpenAI's interface takes them: `messages`, a list of `{role, content}`."""

from collections.abc import Mapping

from instruction_tuning.canonical.conversation import Conversation, check_order
from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.turns import turns_field


def chat_messages_conversation(
    fields: Mapping[str, object], *, require_answer: bool = True
) -> Conversation | Fault:
    """The row's turns; `content` may be a list of text parts, and `conversations` another name of the list.

    >>> row = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}
    >>> [turn.role for turn in chat_messages_conversation(row).turns]
    ['user', 'assistant']
    """
    name = "conversations" if "conversations" in fields and "messages" not in fields else "messages"
    turns = turns_field(fields, name)
    if isinstance(turns, Fault):
        return turns
    return check_order(turns) or Conversation(turns)
