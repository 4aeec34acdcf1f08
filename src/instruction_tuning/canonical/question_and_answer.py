"""The form that most formats share: texts that together ask, and one text that answers."""

from collections.abc import Mapping

from instruction_tuning.canonical.conversation import Conversation, Part, Turn, optional_text, text_field
from instruction_tuning.canonical.faults import Fault


def question_of(fields: Mapping[str, object], asked: str, *more: str) -> Turn | Fault:
    """The user turn of field `asked`, which must be there, and of the fields `more`, which may be."""
    parts = []
    for name in (asked, *more):
        text = text_field(fields, name) if name == asked else optional_text(fields, name)
        if isinstance(text, Fault):
            return text
        parts.append(Part(name, text))
    return Turn("user", tuple(parts))


def answered(
    question: Turn | Fault, fields: Mapping[str, object], answer: str, *, require_answer: bool
) -> Conversation | Fault:
    """`question` and the answer in field `answer`, which may be absent if none is required."""
    if isinstance(question, Fault):
        return question
    if answer not in fields and not require_answer:
        return Conversation((question,))
    text = text_field(fields, answer)
    if isinstance(text, Fault):
        return text
    return Conversation((question, Turn("assistant", (Part(answer, text),))))
