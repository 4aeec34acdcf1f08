"""What is blanked before it is logged, and what is not."""

import pytest

from instruction_tuning.hooks.redaction import redact, redact_text


@pytest.mark.parametrize(
    "text",
    [
        "kedro run --params=teacher.api_key=abc123",
        "OPENAI_API_KEY=abc123 make run",
        "http://me:abc123@host/v1",
        "password: abc123",
        "hf_abc123abc123abc123",
    ],
)
def test_secrets_are_blanked(text):
    assert "abc123" not in redact_text(text)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sft.learning_rate", "0.001"),
        ("answer_generation.max_tokens", "256"),
        ("teacher.api_key_env", "OPENAI_API_KEY"),
        ("command", "kedro run --params=data=/tmp/x.json"),
    ],
)
def test_ordinary_parameters_are_not(name, value):
    assert redact(name, value) == value


def test_a_parameter_named_like_a_secret_is_blanked_whole():
    assert redact("teacher.api_key", "anything at all") == "<redacted>"
