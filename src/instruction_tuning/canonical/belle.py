"""BELLE rows: the fields of Alpaca, with `input` empty and whole dialogues inside `instruction`.

BELLE's multi-turn sets write the dialogue as one text, "Human:…\\nAssistant:…\\nHuman:…\\nAssistant:", and
its last answer as `output`. Such a text becomes turns; any other row reads as Alpaca. The split is made
only when the text begins with a human speaker and ends by calling for the assistant, so that a task *about*
a dialogue is left whole.
"""

import re
from collections.abc import Mapping

from instruction_tuning.canonical.alpaca import alpaca_conversation
from instruction_tuning.canonical.conversation import Conversation, Part, Turn, check_order
from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.records import Repair

TURNS_SPLIT = "turns_split"

_SPEAKER = re.compile(r"^[^\S\n]*(Human|Assistant)[^\S\n]*[:：]", re.MULTILINE)
_ROLES = {"Human": "user", "Assistant": "assistant"}


def belle_conversation(fields: Mapping[str, object], *, require_answer: bool = True) -> Conversation | Fault:
    """The row's turns: one question and answer, or the dialogue that `instruction` holds."""
    conversation = alpaca_conversation(fields, require_answer=require_answer)
    if isinstance(conversation, Fault):
        return conversation
    if len(conversation.turns) > 2:  # earlier turns stand in `history`
        return conversation
    question, *answer = conversation.turns
    instruction, extra = question.parts
    before, *pieces = _SPEAKER.split(instruction.text.strip())
    speakers, texts = pieces[0::2], pieces[1::2]
    calls_for_answer = len(speakers) > 1 and speakers[-1] == "Assistant" and not texts[-1]
    if before or not calls_for_answer or speakers[0] != "Human":
        return conversation
    turns = [
        Turn(_ROLES[speaker], (Part("instruction", text),))
        for speaker, text in zip(speakers[:-1], texts[:-1], strict=True)
    ]
    turns[-1] = Turn(turns[-1].role, (*turns[-1].parts, extra))
    dialogue = (*turns, *answer)
    split = Repair("instruction", (TURNS_SPLIT,), instruction.text)
    return check_order(dialogue) or Conversation(dialogue, (split,))
