"""What a training sequence looks like to the model, with the trained tokens marked; for a human to read."""

from typing import TYPE_CHECKING

from instruction_tuning.chat_format.loss_mask import IGNORED

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

OPEN, CLOSE = "⟦", "⟧"


def render_mask(tokenizer: "PreTrainedTokenizerBase", input_ids: list[int], labels: list[int]) -> str:
    """The decoded sequence, each run of trained tokens between ⟦ and ⟧; special tokens are written out.

    Runs are decoded whole: a character may be spread over several tokens.
    """
    pieces: list[str] = []
    start = 0
    for place in range(1, len(input_ids) + 1):
        is_trained = labels[start] != IGNORED
        if place == len(input_ids) or (labels[place] != IGNORED) != is_trained:
            text = str(tokenizer.decode(input_ids[start:place], skip_special_tokens=False))
            pieces.append(f"{OPEN}{text}{CLOSE}" if is_trained else text)
            start = place
    return "".join(pieces)
