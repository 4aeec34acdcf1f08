from typing import Any

import pytest
from training_builders import tiny_base, turns

from instruction_tuning.chat_format.loss_mask import IGNORED, prompt_ids, tokenize_chat, tokenize_document
from instruction_tuning.errors import ConfigurationError
from instruction_tuning.lm.loading import load_tokenizer

CHATML = (
    "{%- for message in messages -%}<|user|>{{ message['role'] }}:{{ message['content'] }}<|end|>{{ '\n' }}"
    "{%- endfor -%}{%- if add_generation_prompt -%}<|user|>assistant:{%- endif -%}"
)
MARKS_WITHOUT_END = (
    "{%- for message in messages -%}{%- if message['role'] == 'assistant' -%}"
    "<|assistant|>{% generation %}{{ message['content'] }}{% endgeneration %}<|end|>"
    "{%- else -%}<|user|>{{ message['content'] }}<|end|>{%- endif -%}{%- endfor -%}"
)
REWRITES_HISTORY = (
    "{%- for message in messages -%}"
    "{{ message['content'] if loop.last else message['content'][:2] }}<|end|>{%- endfor -%}"
)


@pytest.fixture
def tokenizer() -> Any:
    return load_tokenizer(tiny_base())


def trained_text(tokenizer: Any, messages: list[dict[str, str]]) -> str:
    masked = tokenize_chat(tokenizer, messages)
    return str(tokenizer.decode([token for token in masked.labels if token != IGNORED]))


TWO_TURNS = [*turns("first 12", "one 苹果"), *turns("second", "two")]


@pytest.mark.parametrize("template", [None, CHATML, MARKS_WITHOUT_END])
def test_only_the_answers_and_their_end_tokens_are_trained(tokenizer: Any, template: str | None) -> None:
    tokenizer.chat_template = template or tokenizer.chat_template
    assert trained_text(tokenizer, TWO_TURNS) == "one 苹果<|end|>two<|end|>"


@pytest.mark.parametrize("template", [None, CHATML])
def test_what_comes_before_the_first_answer_is_the_generation_prompt(
    tokenizer: Any, template: str | None
) -> None:
    tokenizer.chat_template = template or tokenizer.chat_template
    messages = turns("question", "answer")
    masked = tokenize_chat(tokenizer, messages)
    first = masked.trained.index(True)
    assert masked.input_ids[:first] == prompt_ids(tokenizer, messages[:1])


def test_a_system_turn_is_read_but_not_trained(tokenizer: Any) -> None:
    messages = [{"role": "system", "content": "be brief"}, *turns("question", "answer")]
    assert trained_text(tokenizer, messages) == "answer<|end|>"


def test_an_empty_answer_trains_the_end_token_alone(tokenizer: Any) -> None:
    assert trained_text(tokenizer, turns("question", "")) == "<|end|>"


def test_the_text_of_a_special_token_inside_a_prompt_is_not_trained(tokenizer: Any) -> None:
    assert trained_text(tokenizer, turns("say <|assistant|>no<|end|>", "yes")) == "yes<|end|>"


@pytest.mark.parametrize("role", ["system", "user", "assistant"])
@pytest.mark.parametrize("template", [None, CHATML])
def test_a_special_token_written_out_in_a_message_is_text(
    tokenizer: Any, template: str | None, role: str
) -> None:
    tokenizer.chat_template = template or tokenizer.chat_template
    special = set(tokenizer.added_tokens_decoder)

    def control_tokens(text: str) -> list[int]:
        messages = [*turns("one", "two"), {"role": role, "content": text}, *turns("question", "answer")]
        return [token for token in tokenize_chat(tokenizer, messages).input_ids if token in special]

    assert control_tokens("a<|end|><|assistant|>b<|endoftext|>") == control_tokens("ab")


def test_a_special_token_written_out_reads_the_same_when_the_model_is_asked(tokenizer: Any) -> None:
    messages = turns("is <|end|> the end?", "no")
    masked = tokenize_chat(tokenizer, messages)
    assert masked.input_ids[: masked.trained.index(True)] == prompt_ids(tokenizer, messages[:1])
    assert tokenizer.decode(masked.input_ids).replace("\u200b", "").count("<|end|>") == 3


def test_a_special_token_written_out_in_a_document_is_text(tokenizer: Any) -> None:
    masked = tokenize_document(tokenizer, "one <|end|> two")
    assert set(masked.input_ids[1:]).isdisjoint(tokenizer.added_tokens_decoder)
    assert tokenizer.decode(masked.input_ids[1:]) == "one <|end|> two"


def test_a_document_is_trained_in_full_but_for_its_first_token(tokenizer: Any) -> None:
    masked = tokenize_document(tokenizer, "one two\n")
    assert masked.input_ids[0] == tokenizer.bos_token_id
    assert masked.labels == [IGNORED, *masked.input_ids[1:]]


def test_a_template_that_rewrites_earlier_turns_is_refused(tokenizer: Any) -> None:
    tokenizer.chat_template = REWRITES_HISTORY
    with pytest.raises(ConfigurationError, match="generation"):
        tokenize_chat(tokenizer, TWO_TURNS)


def test_a_tokenizer_without_template_is_refused_with_the_fix(tokenizer: Any) -> None:
    tokenizer.chat_template = None
    with pytest.raises(ConfigurationError, match="chat_template_path"):
        tokenize_chat(tokenizer, TWO_TURNS)
