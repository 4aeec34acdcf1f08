from training_builders import tiny_base, turns

from instruction_tuning.chat_format.loss_mask import tokenize_chat
from instruction_tuning.chat_format.mask_preview import render_mask
from instruction_tuning.lm.loading import load_tokenizer


def test_trained_tokens_stand_between_marks() -> None:
    tokenizer = load_tokenizer(tiny_base())
    masked = tokenize_chat(tokenizer, turns("颜色?", "红色"))
    assert render_mask(tokenizer, masked.input_ids, masked.labels) == (
        "<|user|>颜色?<|end|><|assistant|>⟦红色<|end|>⟧"
    )
