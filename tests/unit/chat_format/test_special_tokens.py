from training_builders import tiny_base

from instruction_tuning.chat_format.special_tokens import as_plain_text
from instruction_tuning.lm.loading import load_tokenizer


def test_a_text_without_special_tokens_stays_as_it_is() -> None:
    assert as_plain_text(load_tokenizer(tiny_base()), "a < b | c > d 苹果") == "a < b | c > d 苹果"


def test_special_tokens_keep_their_looks_and_lose_their_effect() -> None:
    tokenizer = load_tokenizer(tiny_base())
    text = "say <|end|><|user|> or <|pad|>"
    plain = as_plain_text(tokenizer, text)
    assert plain.replace("\u200b", "") == text
    assert set(tokenizer(plain)["input_ids"]).isdisjoint(tokenizer.added_tokens_decoder)
    assert as_plain_text(tokenizer, plain) == plain
