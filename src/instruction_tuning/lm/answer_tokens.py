"""A prompt and its answer as token ids, put together from the two parts.

The answer is tokenised by itself, so its tokens are the same with the prompt before it as without; where the
whole is tokenised and the prompt's text measured in it, a token that spans the border falls to either side.

    chat    the tokenizer's chat template up to the generation prompt, as SFT trains; then the answer
    plain   [separator] "Instruction:\\n" prompt "\\n\\n" "Response:\\n", then the answer: for a base model

The token that ends the turn is left out: no base model expects it there, and the loss of a short answer would
say how well a model knows the form. O(characters).

One budget holds for prompt and answer together. A prompt has the half of it, if it needs that; what an answer
has above the rest is cut at its end, and then a prompt at its beginning, but for a separator there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from instruction_tuning.chat_format.loss_mask import prompt_ids
from instruction_tuning.chat_format.special_tokens import as_plain_text
from instruction_tuning.errors import ConfigurationError
from instruction_tuning.lm.chat_request import Message

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedTokenizerBase

PromptForm = Literal["chat", "plain"]
_HEADERS = {"system": "", "user": "Instruction:\n", "assistant": "Response:\n"}
_BETWEEN = "\n\n"


@dataclass(frozen=True)
class AnswerTokens:
    """Ids of a prompt and of the answer to it (none where there is no answer).

    `is_text` tells the prompt's own words from what the form puts around them; `is_truncated` whether the
    budget took something away.
    """

    prompt: list[int]
    is_text: list[bool]
    answer: list[int]
    is_truncated: bool = False

    def within(self, budget: int, separator: int | None) -> "AnswerTokens":
        """At most `budget` tokens, 2 or more."""
        if len(self.prompt) + len(self.answer) <= budget:
            return self
        answer = self.answer[: budget - min(len(self.prompt), budget // 2)]
        room = budget - len(answer)
        kept = list(range(len(self.prompt)))[-room:]
        if self.prompt[:1] == [separator] and len(kept) > 1:
            kept[0] = 0
        return AnswerTokens(
            [self.prompt[place] for place in kept], [self.is_text[place] for place in kept], answer, True
        )


def tokenize_answers(
    tokenizer: "PreTrainedTokenizerBase",
    conversations: Sequence[Sequence[Message]],
    answers: Sequence[str | None],
    *,
    prompt_form: PromptForm,
    separator: int | None,
    max_length_tokens: int,
) -> list[AnswerTokens]:
    """Tokens (N) of each conversation up to the question, and of the answer to it, cut to the budget.

    Special tokens that somebody wrote out are text. Raises `ConfigurationError` for the form `chat` where
    the tokenizer has no chat template.
    """
    if prompt_form == "chat" and not tokenizer.chat_template:
        raise ConfigurationError(
            f"the tokenizer of {tokenizer.name_or_path or 'the model'} has no chat template",
            field="prompt_form",
            fix="take prompt_form: plain, or add chat_template.jinja to the model's folder",
        )
    special = set(tokenizer.all_special_ids) | {
        place for place, token in tokenizer.added_tokens_decoder.items() if token.special
    }
    texts = [answer if isinstance(answer, str) and answer.strip() else "" for answer in answers]
    answer_ids = _ids(tokenizer, texts) if texts else []
    tokens = []
    for messages, answer in zip(conversations, answer_ids, strict=True):
        if prompt_form == "chat":
            prompt = prompt_ids(tokenizer, messages)
            is_text = [token not in special for token in prompt]
        else:
            prompt, is_text = _plain_prompt(tokenizer, messages, separator)
        tokens.append(AnswerTokens(prompt, is_text, answer).within(max_length_tokens, separator))
    return tokens


def separator_token(tokenizer: "PreTrainedTokenizerBase", config: "PreTrainedConfig") -> int | None:
    """The token that a text begins with: the tokenizer's, else the one that the model's configuration names.

    The latter only where the tokenizer knows it as a special token: configurations have defaults that are
    some other word. Null where neither has one.
    """
    if tokenizer.bos_token_id is not None:
        return int(tokenizer.bos_token_id)
    named = getattr(config.get_text_config(), "bos_token_id", None)
    known = tokenizer.added_tokens_decoder.get(named) if isinstance(named, int) else None
    return named if known is not None and known.special else None


def _plain_prompt(
    tokenizer: "PreTrainedTokenizerBase", messages: Sequence[Message], separator: int | None
) -> tuple[list[int], list[bool]]:
    texts = []
    for message in messages:
        header = _HEADERS.get(message["role"], f"{message['role'].capitalize()}:\n")
        texts += [(header, False), (message["content"], True), (_BETWEEN, False)]
    texts.append((_HEADERS["assistant"], False))
    ids, is_text = ([], []) if separator is None else ([separator], [False])
    for own, (_, on) in zip(_ids(tokenizer, [text for text, _ in texts]), texts, strict=True):
        ids += own
        is_text += [on] * len(own)
    return ids, is_text


def _ids(tokenizer: "PreTrainedTokenizerBase", texts: Sequence[str]) -> list[list[int]]:
    plain = [as_plain_text(tokenizer, text) for text in texts]
    return list(tokenizer(plain, add_special_tokens=False, verbose=False)["input_ids"])
