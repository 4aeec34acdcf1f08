"""Prompts without answers: `instruction` (with an optional `input`), `prompt`, `question`, or `turns`.

`turns` (MT-Bench) are a person's questions behind each other. The second cannot be asked before the first is
answered: with as many `reference` answers the row is a conversation, without them its first question is kept
and the others are recorded as dropped.
"""

import json
from collections.abc import Mapping

from instruction_tuning.canonical.conversation import Conversation, Part, Turn, first_of, shown
from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.question_and_answer import question_of
from instruction_tuning.canonical.records import Repair
from instruction_tuning.canonical.turns import structure_field

ASKED = ("instruction", "prompt", "question")
FOLLOW_UPS_DROPPED = "follow_ups_dropped"


def prompts_conversation(
    fields: Mapping[str, object], *, require_answer: bool = True
) -> Conversation | Fault:
    """The question alone; where an answer is required, every row without references fails for that."""
    if "turns" in fields:
        return _questions(fields, structure_field(fields, "turns"))
    question = question_of(fields, first_of(fields, ASKED), "input")
    return question if isinstance(question, Fault) else Conversation((question,))


def _questions(fields: Mapping[str, object], listed: object) -> Conversation | Fault:
    questions = _texts("turns", listed)
    if isinstance(questions, Fault):
        return questions
    answers = _texts("reference", structure_field(fields, "reference") or [])
    if isinstance(answers, Fault):
        return answers
    if not questions:
        return Fault("empty_instruction", "turns")
    if len(answers) == len(questions) and all(answer.text.strip() for answer in answers):
        turns = [
            Turn(role, (part,))
            for pair in zip(questions, answers, strict=True)
            for role, part in zip(("user", "assistant"), pair, strict=True)
        ]
        return Conversation(tuple(turns))
    before = json.dumps(listed)
    dropped = (Repair("turns", (FOLLOW_UPS_DROPPED,), before),) if len(questions) > 1 else ()
    return Conversation((Turn("user", (questions[0],)),), dropped)


def _texts(name: str, listed: object) -> list[Part] | Fault:
    if not isinstance(listed, list):
        return Fault("wrong_type", name, shown(listed))
    for position, text in enumerate(listed):
        if not isinstance(text, str):
            return Fault("wrong_type", f"{name}[{position}]", shown(text))
    return [Part(f"{name}[{position}]", text) for position, text in enumerate(listed)]
