"""Preference pairs as texts: `chosen` and `rejected`, with the question in `prompt` or inside both.

Where there is no `prompt`, both are transcripts (`transcript.py`) that differ in the last answer.
"""

from collections.abc import Mapping

from instruction_tuning.canonical.compared_turns import pair_of_turns
from instruction_tuning.canonical.conversation import (
    Compared,
    Conversation,
    Part,
    Turn,
    check_order,
    text_field,
)
from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.question_and_answer import question_of
from instruction_tuning.canonical.transcript import transcript_turns

ASKED = ("prompt", "question", "instruction")


def preference_pair_conversation(
    fields: Mapping[str, object], *, require_answer: bool = True
) -> Conversation | Fault:
    """The question with the chosen answer, compared with the rejected one."""
    answers = []
    for name in ("chosen", "rejected"):
        text = text_field(fields, name)
        if isinstance(text, Fault):
            return text
        answers.append(Part(name, text))
    chosen, rejected = answers
    asked = next((name for name in ASKED if name in fields), None)
    if asked is None:
        return pair_of_turns(_transcript(chosen), _transcript(rejected))
    question = question_of(fields, asked, "input")
    if isinstance(question, Fault):
        return question
    before = transcript_turns(asked, question.parts[0].text) or (question,)
    if before[-1].role == "assistant" and not before[-1].parts[0].text.strip():
        before = before[:-1]  # the transcript calls for the answer
    turns = (*before, Turn("assistant", (chosen,)))
    return check_order(turns) or Conversation(turns, compared=Compared(chosen, rejected, "first"))


def _transcript(answer: Part) -> tuple[Turn, ...] | Fault:
    turns = transcript_turns(answer.field, answer.text)
    if turns is None:
        return Fault("missing_field", "prompt", f"and `{answer.field}` is no transcript of the conversation")
    return turns
