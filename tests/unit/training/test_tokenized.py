from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from family_builders import family_folder
from training_builders import tiny_base, turns

from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.training.tokenized import load_training_tokenizer, tokenize_mixture


def mixture(*chats: list[dict[str, str]], documents: tuple[str, ...] = ()) -> pd.DataFrame:
    rows: list[dict[str, Any]] = [{"kind": "chat", "messages": chat, "text": None} for chat in chats]
    rows += [{"kind": "document", "messages": None, "text": text} for text in documents]
    return pd.DataFrame(rows)


@pytest.fixture
def tokenizer() -> Any:
    return load_training_tokenizer(tiny_base(), None)


def test_a_long_chat_is_cut_and_counted(tokenizer: Any) -> None:
    made = tokenize_mixture(tokenizer, mixture(turns("a", "b " * 40), turns("a", "b")), max_length=20)
    assert [len(one.input_ids) for one in made.chats] == [20, 6]
    assert made.truncated_share == 0.5


def test_a_chat_whose_answer_is_cut_away_is_dropped_and_counted(tokenizer: Any) -> None:
    made = tokenize_mixture(tokenizer, mixture(turns("a " * 40, "b"), turns("a", "b")), max_length=20)
    assert len(made.chats) == 1 and made.without_target == 1


def test_nothing_left_to_train_on_is_an_error(tokenizer: Any) -> None:
    with pytest.raises(InputError, match="max_length"):
        tokenize_mixture(tokenizer, mixture(turns("a " * 40, "b")), max_length=20)


def test_a_long_document_is_split_not_cut(tokenizer: Any) -> None:
    made = tokenize_mixture(tokenizer, mixture(turns("a", "b"), documents=("word " * 30,)), max_length=16)
    whole = tokenizer("word " * 30, add_special_tokens=False)["input_ids"]
    assert [token for one in made.documents for token in one.input_ids] == [tokenizer.bos_token_id, *whole]


def test_what_is_dropped_cut_and_split_is_told(tokenizer: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    chats = (turns("a " * 40, "b"), turns("a", "b " * 40), turns("a", "b"))
    made = tokenize_mixture(tokenizer, mixture(*chats, documents=("word " * 30,)), max_length=16)
    made.tell(16)
    training, dropped = caplog.records
    assert training.message.startswith("training data: 2 chats, 66.7% of them cut at 16 tokens; 1 documents")
    assert f"split into {len(made.documents)} pieces" in training.message
    assert dropped.levelname == "WARNING" and dropped.message.startswith("1 of 3 chats are dropped")


def test_a_chat_longer_than_the_context_brings_no_warning_of_the_tokenizers_own(
    tokenizer: Any, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    tokenizer.model_max_length = 8
    tokenize_mixture(tokenizer, mixture(turns("a", "b " * 40)), max_length=20)
    assert "longer than the specified maximum" not in capfd.readouterr().err + caplog.text


def test_tokens_per_byte_counts_bytes_not_characters(tokenizer: Any) -> None:
    made = tokenize_mixture(tokenizer, mixture(turns("苹", "")), max_length=20)
    assert made.tokens_per_byte == pytest.approx(len(made.chats[0].input_ids) / 3)


def test_another_chat_template_can_be_named(tmp_path: Path) -> None:
    template = tmp_path / "plain.jinja"
    template.write_text(
        "{% for message in messages %}{{ message['content'] }}<|end|>{% endfor %}", encoding="utf-8"
    )
    assert (
        load_training_tokenizer(tiny_base(), str(template)).apply_chat_template(
            turns("a", "b"), tokenize=False
        )
        == "a<|end|>b<|end|>"
    )


def test_a_missing_chat_template_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"missing\.jinja"):
        load_training_tokenizer(tiny_base(), str(tmp_path / "missing.jinja"))


def test_a_template_that_ends_no_turn_is_refused(tmp_path: Path) -> None:
    template = tmp_path / "endless.jinja"
    template.write_text("{% for message in messages %}{{ message['content'] }}\n{% endfor %}")
    with pytest.raises(ConfigurationError, match="no special token after an answer"):
        load_training_tokenizer(tiny_base(), str(template))


@pytest.mark.parametrize(
    ("text", "words"),
    [("{% for %}", "Expected"), ("{{ raise_exception('System role not supported') }}", "System role")],
)
def test_a_template_that_cannot_be_rendered_says_why(tmp_path: Path, text: str, words: str) -> None:
    template = tmp_path / "broken.jinja"
    template.write_text(text)
    with pytest.raises(ConfigurationError, match=f"cannot render user.*{words}"):
        load_training_tokenizer(tiny_base(), str(template))


def test_what_stops_a_base_model_is_the_end_of_a_turn_not_of_a_text() -> None:
    tokenizer = load_training_tokenizer(family_folder("qwen3"), None)
    assert tokenizer.eos_token == "<|im_end|>" and tokenizer.pad_token == "<|endoftext|>"
