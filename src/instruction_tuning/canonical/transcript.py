"""Conversations written as one text: "\\n\\nHuman: …\\n\\nAssistant: …", as in HH-RLHF."""

import re

from instruction_tuning.canonical.conversation import Part, Turn

_SPEAKER = re.compile(r"(?:\A|\n\n)(Human|Assistant):")
_ROLES = {"Human": "user", "Assistant": "assistant"}


def transcript_turns(field: str, text: str) -> tuple[Turn, ...] | None:
    """The turns, an empty one at the end included; null for a text that does not begin with a speaker.

    >>> [turn.parts[0].text for turn in transcript_turns("chosen", "\\n\\nHuman: Hi\\n\\nAssistant: Hello")]
    [' Hi', ' Hello']
    """
    before, *pieces = _SPEAKER.split(text)
    if before.strip() or not pieces:
        return None
    return tuple(
        Turn(_ROLES[speaker], (Part(field, said),))
        for speaker, said in zip(pieces[0::2], pieces[1::2], strict=True)
    )
