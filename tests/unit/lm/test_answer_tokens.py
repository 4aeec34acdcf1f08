from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from likelihood_builders import conversation, without_separator
from training_builders import tiny_base

from instruction_tuning.chat_format.loss_mask import tokenize_chat
from instruction_tuning.errors import ConfigurationError
from instruction_tuning.lm.answer_tokens import AnswerTokens, separator_token, tokenize_answers
from instruction_tuning.lm.loading import load_config, load_tokenizer
from instruction_tuning.lm.model_folder import ModelFolder

SEPARATOR = 7


@cache
def tokenizer_of_tests() -> Any:
    return load_tokenizer(tiny_base())


def tokens_of(form: str, prompt: str, answer: str | None) -> AnswerTokens:
    return tokenize_answers(
        tokenizer_of_tests(),
        [conversation(prompt, None)],
        [answer],
        prompt_form=form,  # type: ignore[arg-type]
        separator=SEPARATOR,
        max_length_tokens=90,
    )[0]


def test_the_chat_form_is_what_sft_trains_but_for_the_end_of_the_turn() -> None:
    tokenizer = load_tokenizer(tiny_base())
    masked = tokenize_chat(tokenizer, conversation("what is 1 plus 1?", "the answer is 2."))
    found = tokens_of("chat", "what is 1 plus 1?", "the answer is 2.")
    assert found.prompt + found.answer == masked.input_ids[:-1]
    assert [False] * len(found.prompt) + [True] * len(found.answer) == masked.trained[:-1]
    assert tokenizer.decode(masked.input_ids[-1:]) == "<|end|>"


@given(st.text(max_size=30), st.text(min_size=1, max_size=30))
def test_an_answer_has_the_same_tokens_behind_every_prompt(prompt: str, answer: str) -> None:
    alone = tokens_of("chat", "", answer).answer
    assert tokens_of("chat", prompt, answer).answer[:40] == alone[:40]
    assert tokens_of("plain", prompt, answer).answer[:40] == alone[:40]
    assert bool(alone) == bool(answer.strip())


def test_only_the_words_of_the_prompt_are_its_text() -> None:
    tokenizer = load_tokenizer(tiny_base())
    for form in ("chat", "plain"):
        found = tokens_of(form, "what is 1 plus 1?", "2")
        text = [token for token, on in zip(found.prompt, found.is_text, strict=True) if on]
        assert tokenizer.decode(text) == "what is 1 plus 1?"


def test_every_turn_of_a_conversation_has_its_header_in_the_plain_form() -> None:
    tokenizer = load_tokenizer(tiny_base())
    turns = [
        {"role": "system", "content": "be kind"},
        *conversation("one?", "two."),
        {"role": "user", "content": "three?"},
    ]
    found = tokenize_answers(
        tokenizer, [turns], ["four."], prompt_form="plain", separator=None, max_length_tokens=200
    )[0]
    assert tokenizer.decode(found.prompt) == (
        "be kind\n\nInstruction:\none?\n\nResponse:\ntwo.\n\nInstruction:\nthree?\n\nResponse:\n"
    )


def test_a_special_token_that_somebody_wrote_out_is_text() -> None:
    tokenizer = load_tokenizer(tiny_base())
    for form in ("chat", "plain"):
        found = tokens_of(form, "say <|end|>", "no <|end|>")
        assert not {*found.answer} & {*tokenizer.all_special_ids}
        assert sum(token == tokenizer.convert_tokens_to_ids("<|end|>") for token in found.prompt) == (
            form == "chat"
        )


@given(st.integers(1, 30), st.integers(0, 30), st.integers(2, 40), st.booleans())
def test_the_budget_holds_and_cuts_no_more_than_it_must(
    prompt: int, answer: int, budget: int, begins_with_separator: bool
) -> None:
    ids = [SEPARATOR if begins_with_separator else 100, *range(101, 100 + prompt)]
    whole = AnswerTokens(ids, [True] * prompt, list(range(200, 200 + answer)))
    cut = whole.within(budget, SEPARATOR)
    assert len(cut.prompt) + len(cut.answer) == min(prompt + answer, budget)
    assert cut.is_truncated == (prompt + answer > budget)
    assert cut.answer == whole.answer[: len(cut.answer)] and cut.prompt[-1] == whole.prompt[-1]
    assert len(cut.prompt) >= min(prompt, budget // 2) and len(cut.answer) >= min(answer, budget // 2)
    kept = len(cut.prompt)
    if begins_with_separator and kept > 1:
        assert cut.prompt == [SEPARATOR, *ids[prompt - kept + 1 :]]
    else:
        assert cut.prompt == ids[prompt - kept :]


def test_the_separator_is_the_tokenizers_or_a_special_token_that_the_configuration_names(
    tmp_path: Path,
) -> None:
    def separator(folder: ModelFolder) -> int | None:
        return separator_token(load_tokenizer(folder), load_config(folder))

    assert separator(tiny_base()) == load_tokenizer(tiny_base()).bos_token_id
    assert separator(without_separator(tmp_path / "named", bos_token_id=0)) == 0
    # A configuration's default that is some word of this vocabulary.
    assert separator(without_separator(tmp_path / "default", bos_token_id=60)) is None
    assert separator(without_separator(tmp_path / "none", bos_token_id=None)) is None


def test_a_tokenizer_without_a_chat_template_is_refused_for_the_chat_form() -> None:
    tokenizer = load_tokenizer(tiny_base())
    tokenizer.chat_template = None
    settings = {"separator": None, "max_length_tokens": 90}
    with pytest.raises(ConfigurationError, match=r"no chat template.*\n.*prompt_form: plain"):
        tokenize_answers(tokenizer, [conversation("a", None)], ["b"], prompt_form="chat", **settings)
    assert tokenize_answers(tokenizer, [conversation("a", None)], ["b"], prompt_form="plain", **settings)
