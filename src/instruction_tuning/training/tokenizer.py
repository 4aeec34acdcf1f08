"""A byte-level BPE tokenizer in which digits, capital letters and Chinese characters stand alone.

Byte-level BPE as in GPT-2; splitting digits follows LLaMA (arXiv 2302.13971). Capital letters are split
too: codes such as RKTO are then spelled letter by letter, which is what string work needs.
Training is O(corpus characters · merges), in compiled code.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from instruction_tuning.chat_format.template import (
    CHAT_TEMPLATE,
    DOCUMENT_SEPARATOR,
    END,
    PADDING,
    SPECIAL_TOKENS,
)

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

_ALONE = r"\d|\p{Lu}|\p{Han}"


def train_tokenizer(
    texts: Iterable[str], *, vocab_size: int, model_max_length: int
) -> "PreTrainedTokenizerFast":
    """Train on `texts`; deterministic. The special tokens come first, so their ids never move."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_ALONE), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=DOCUMENT_SEPARATOR,
        eos_token=END,
        pad_token=PADDING,
        model_max_length=model_max_length,
        clean_up_tokenization_spaces=False,
    )
    fast.chat_template = CHAT_TEMPLATE
    return fast
