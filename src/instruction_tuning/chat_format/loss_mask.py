"""Which tokens of a conversation carry a loss: what the assistant says, and the token that ends its turn.

A template with `{% generation %}` marks says so itself. For one without them, the tokens of turn i are
what the template of the turns up to i has more than the template of the turns before it plus the
generation prompt; this is compared by token ids, never by text, and refused where the shorter rendering
is not a prefix of the longer one. O(tokens), times the number of assistant turns without marks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from instruction_tuning.chat_format.special_tokens import as_plain_text
from instruction_tuning.errors import ConfigurationError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

IGNORED = -100
# Callers cut to their length and count what they cut: the tokenizer's own warning would be wrong.
QUIET = {"verbose": False}
Message = Mapping[str, str]


@dataclass(frozen=True)
class MaskedTokens:
    """Token ids of one training sequence, and for each whether it is trained on."""

    input_ids: list[int]
    trained: list[bool]

    @property
    def labels(self) -> list[int]:
        """The ids where trained, `IGNORED` elsewhere; the first token has nothing to be predicted from."""
        return [
            token if on and place > 0 else IGNORED
            for place, (token, on) in enumerate(zip(self.input_ids, self.trained, strict=True))
        ]

    def first(self, length: int) -> "MaskedTokens":
        return MaskedTokens(self.input_ids[:length], self.trained[:length])


def tokenize_chat(tokenizer: "PreTrainedTokenizerBase", messages: Sequence[Message]) -> MaskedTokens:
    """The conversation's tokens; trained are each assistant turn's and the end-of-turn token after it.

    Raises `ConfigurationError` where the tokenizer has no chat template, or one whose assistant turns
    cannot be told apart.
    """
    template = tokenizer.chat_template
    if not template:
        raise ConfigurationError(
            f"the tokenizer of {tokenizer.name_or_path or 'the base model'} has no chat template",
            field="chat_template",
            fix="set sft.chat_template_path to a Jinja file that renders `messages`, such as "
            "conf/hub/plain_turns.jinja",
        )
    turns = _plain_turns(tokenizer, messages)
    if "endgeneration" in str(template) and tokenizer.is_fast:
        masked = _by_marks(tokenizer, turns)
    else:
        masked = _by_prefixes(tokenizer, turns)
    return _with_end_of_turn(masked, tokenizer.eos_token_id)


def tokenize_document(tokenizer: "PreTrainedTokenizerBase", text: str) -> MaskedTokens:
    """A document as in pre-training: the beginning-of-sequence token, where there is one, then the text."""
    start = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
    encoded = tokenizer(text, add_special_tokens=False, split_special_tokens=True, verbose=False)
    input_ids = [*start, *encoded["input_ids"]]
    return MaskedTokens(input_ids, [True] * len(input_ids))


def prompt_ids(tokenizer: "PreTrainedTokenizerBase", messages: Sequence[Message]) -> list[int]:
    """What a model is given to answer `messages`: the conversation and the generation prompt."""
    return list(
        _render(tokenizer, _plain_turns(tokenizer, messages), add_generation_prompt=True)["input_ids"]
    )


def end_of_turn(tokenizer: "PreTrainedTokenizerBase") -> int | None:
    """The last special token that the chat template writes after an answer; null where it writes none."""
    asked: list[Message] = [{"role": "user", "content": "a"}]
    before = prompt_ids(tokenizer, asked)
    answered = _render(tokenizer, _plain_turns(tokenizer, [*asked, {"role": "assistant", "content": "b"}]))[
        "input_ids"
    ]
    special = {place for place, token in tokenizer.added_tokens_decoder.items() if token.special}
    special.update(tokenizer.all_special_ids)
    return next((int(token) for token in reversed(answered[len(before) :]) if token in special), None)


def _render(
    tokenizer: "PreTrainedTokenizerBase", turns: list[dict[str, str]], **options: Any
) -> Mapping[str, Any]:
    """The template's tokens; `ConfigurationError` with the template's own words where it refuses `turns`."""
    from jinja2 import TemplateError

    try:
        rendered: Mapping[str, Any] = tokenizer.apply_chat_template(
            turns, return_dict=True, tokenizer_kwargs=QUIET, **options
        )
    except TemplateError as error:
        raise ConfigurationError(
            f"the chat template cannot render {' '.join(turn['role'] for turn in turns)}: {error}",
            field="chat_template",
            fix="correct the template, or name another: sft.chat_template_path=conf/hub/plain_turns.jinja",
        ) from error
    return rendered


def _plain_turns(tokenizer: "PreTrainedTokenizerBase", messages: Sequence[Message]) -> list[dict[str, str]]:
    """Roles and contents; only the template may write control tokens."""
    return [
        {"role": message["role"], "content": as_plain_text(tokenizer, message["content"])}
        for message in messages
    ]


def _by_marks(tokenizer: "PreTrainedTokenizerBase", turns: list[dict[str, str]]) -> MaskedTokens:
    rendered = _render(tokenizer, turns, return_assistant_tokens_mask=True)
    return MaskedTokens(list(rendered["input_ids"]), [bool(on) for on in rendered["assistant_masks"]])


def _by_prefixes(tokenizer: "PreTrainedTokenizerBase", turns: list[dict[str, str]]) -> MaskedTokens:
    whole = list(_render(tokenizer, turns)["input_ids"])
    trained = [False] * len(whole)
    for place, turn in enumerate(turns):
        if turn["role"] != "assistant":
            continue
        before = prompt_ids(tokenizer, turns[:place])
        through = list(_render(tokenizer, turns[: place + 1])["input_ids"])
        if through[: len(before)] != before or whole[: len(through)] != through:
            raise ConfigurationError(
                "the chat template renders earlier turns differently once an answer follows, so the answer's "
                f"tokens cannot be told apart (turn {place})",
                field="chat_template",
                fix="put {% generation %} and {% endgeneration %} around the assistant's content there, as "
                "conf/hub/plain_turns.jinja does",
            )
        for token in range(len(before), len(through)):
            trained[token] = True
        # What a template writes after the end of the turn, a line break as a rule, is not the model's to say.
        end = tokenizer.eos_token_id
        if end in through[len(before) :]:
            last = len(through) - 1 - through[::-1].index(end)
            for token in range(last + 1, len(through)):
                trained[token] = False
    return MaskedTokens(whole, trained)


def _with_end_of_turn(masked: MaskedTokens, end: int | None) -> MaskedTokens:
    """Train the end token after each answer too, where the marks leave it out: else the model never stops."""
    trained = list(masked.trained)
    for place in range(1, len(trained)):
        if (
            masked.input_ids[place] == end
            and masked.trained[place - 1]
            and masked.input_ids[place - 1] != end
        ):
            trained[place] = True
    return MaskedTokens(masked.input_ids, trained)
