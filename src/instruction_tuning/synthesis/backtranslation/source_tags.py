"""Where a pair comes from, said in the system turn, so that a model can tell the two kinds apart.

Li et al. 2023, Humpback (arXiv 2308.06259): seed pairs carry one sentence, pairs from the web another, and at
inference both stand behind each other. With 7B parameters the paper's win rates are 66.5 with both, 62.7
with the seeds' alone and 60.0 where training had none. O(1).
Departure: the sentences are prompt files (`seed_tag.txt`, `web_tag.txt`).
"""

from collections.abc import Sequence
from typing import Literal

from instruction_tuning.lm.chat_request import Message
from instruction_tuning.prompts.files import read_prompt

Source = Literal["seed", "web"]
# How a model is asked: in words, or in the form of documents that a small base has read.
FormName = Literal["chat", "document"]
SEED: Source = "seed"
WEB: Source = "web"


def system_text(sources: Sequence[Source]) -> str:
    """The tags of `sources`, a space between them; empty without any."""
    return " ".join(read_prompt(f"{source}_tag").text for source in sources)


def with_tags(messages: Sequence[Message], sources: Sequence[Source]) -> list[Message]:
    """`messages` behind a system turn that holds the tags; as they are where there is no tag."""
    text = system_text(sources)
    return [*([{"role": "system", "content": text}] if text else []), *messages]


def template_with_tags(chat_template: str, sources: Sequence[Source]) -> str:
    """`chat_template` (Jinja) that puts the tags before a conversation without a system turn of its own.

    A model that is trained with tags then carries them wherever it is asked.
    """
    text = system_text(sources)
    if not text:
        return chat_template
    quoted = "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return (
        "{%- if messages[0]['role'] != 'system' -%}"
        "{%- set messages = [{'role': 'system', 'content': " + quoted + "}] + messages -%}"
        "{%- endif -%}" + chat_template
    )
