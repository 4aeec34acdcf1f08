"""Special tokens that somebody wrote out in a message: text there, which must not become control tokens.

A tokenizer finds `<|end|>` in a rendered conversation wherever it stands. A zero-width space after its
first character leaves the text as it looks and breaks the match. O(characters).
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

BREAK = "\u200b"


def as_plain_text(tokenizer: "PreTrainedTokenizerBase", text: str) -> str:
    """`text` in which no special token of `tokenizer` is found; the same text where there was none."""
    specials = {str(token) for token in tokenizer.added_tokens_decoder.values() if token.special}
    specials.update(tokenizer.all_special_tokens)
    found = re.compile("|".join(re.escape(token) for token in sorted(specials - {""}, key=len, reverse=True)))
    return found.sub(lambda match: match[0][0] + BREAK + match[0][1:], text) if specials else text
