"""How a model is asked for the level of a pair: in chat, or as a document that it completes.

Li et al. 2023, Humpback (arXiv 2308.06259), table 1: five levels with descriptions, a reason and then
`Score: n`. The levels' words here are this project's (`prompts/curation.txt`).
Departure: a base too small to follow instructions is asked in the form of documents that it has read
(`curation_document.txt`, `_zh`; docs/microworld.md), to which its fine-tuning on replayed documents keeps it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruction_tuning.chat_format.loss_mask import prompt_ids, tokenize_document
from instruction_tuning.errors import ModelFolderError
from instruction_tuning.prompts.files import Prompt, read_prompt
from instruction_tuning.synthesis.backtranslation.source_tags import FormName, Source, with_tags
from instruction_tuning.verification.marks import last_mark, mark_pattern

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

LEVELS = ("1", "2", "3", "4", "5")
_LOWEST, _HIGHEST = 1, 5


@dataclass(frozen=True)
class RatingForm:
    """A prompt file, the words before a level, and what stands between a reason and the level."""

    prompt: Prompt
    words: str
    label: str
    is_chat: bool

    @property
    def pattern(self) -> re.Pattern[str]:
        return mark_pattern(self.words)

    def level(self, reply: str) -> float | None:
        """The last level of `reply`, null without one from 1 to 5; of a document only its line counts."""
        return last_mark(self.told(reply), self.pattern, lowest=_LOWEST, highest=_HIGHEST)

    def reasons(self, reply: str) -> str:
        """What `reply` says before its last level; all of it where it names none."""
        told = self.told(reply)
        found = list(self.pattern.finditer(told))
        return (told[: found[-1].start()] if found else told).rstrip()

    def told(self, reply: str) -> str:
        return reply if self.is_chat else reply.lstrip("\n").partition("\n")[0]

    def question(self, instruction: str, response: str) -> str:
        return self.prompt.fill({"instruction": instruction, "response": response})

    def token_ids(
        self, tokenizer: "PreTrainedTokenizerBase", question: str, tags: Sequence[Source]
    ) -> list[int]:
        """What the model is given; in chat behind the tags of both sources, as at inference."""
        if self.is_chat:
            return prompt_ids(tokenizer, with_tags([{"role": "user", "content": question}], tags))
        return tokenize_document(tokenizer, question).input_ids

    def level_tokens(self, tokenizer: "PreTrainedTokenizerBase", path: object) -> tuple[list[int], list[int]]:
        """The label's tokens, and those of the five digits behind it.

        Raises `ModelFolderError` where a digit is not one token there.
        """
        ids = [plain_ids(tokenizer, f"{self.label}{level}") for level in LEVELS]
        before = {tuple(own[:-1]) for own in ids}
        digits = [own[-1] for own in ids if own]
        if len(before) != 1 or len(set(digits)) != len(LEVELS):
            raise ModelFolderError(
                f"the tokenizer does not write each of {', '.join(LEVELS)} as a token behind {self.label!r}",
                file=str(path),
                field="tokenizer",
                fix="take a base whose tokenizer has the digits, or let a teacher judge: "
                "instruction_backtranslation.curated_by=teacher",
            )
        return list(before.pop()), digits


def plain_ids(tokenizer: "PreTrainedTokenizerBase", text: str) -> list[int]:
    """The tokens of a piece of text, control tokens in it being plain text."""
    ids: list[int] = tokenizer(text, add_special_tokens=False, split_special_tokens=True, verbose=False)[
        "input_ids"
    ]
    return ids


def rating_form(name: FormName, language: str) -> RatingForm:
    """The form for a pair in `language`; documents have one for Chinese."""
    if name == "chat":
        return RatingForm(read_prompt("curation"), "score|评分", "\nScore: ", is_chat=True)
    if language == "zh":
        return RatingForm(read_prompt("curation_document_zh"), "五级", " 五级：", is_chat=False)
    return RatingForm(read_prompt("curation_document"), "level", " Level: ", is_chat=False)
