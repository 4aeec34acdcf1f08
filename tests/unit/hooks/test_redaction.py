"""What is blanked before it is logged, and what is not."""

import pytest
from kedro.framework.project import configure_project

from instruction_tuning.hooks.redaction import redact, redact_text
from instruction_tuning.hooks.run_context import mirrored


@pytest.fixture(autouse=True, scope="module")
def pipelines() -> None:
    """What types the parameters."""
    configure_project("instruction_tuning")


@pytest.mark.parametrize(
    "text",
    [
        "kedro run --params=teacher.api_key=abc123",
        "OPENAI_API_KEY=abc123 make run",
        "http://me:abc123@host/v1",
        "password: abc123",
        "hf_abc123abc123abc123",
        "http://host/v1?api-key=abc123",
        "http://host/v1?api_key=abc123&n=1",
        "http://host/v1?n=1&key=abc123",
        "http://host/v1?token=abc123",
        "postgresql://me:p@abc123@host/db",
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
        ("url", "http://host/v1?keys=3&n=1"),
        ("ingestion.checks.api_key", "flag"),
        ("command", "kedro run --params=ingestion.checks.api_key=reject,sft.seed=3"),
    ],
)
def test_ordinary_parameters_are_not(name, value):
    assert redact(name, value) == value


def test_a_parameter_named_like_a_secret_is_blanked_whole():
    assert redact("teacher.api_key", "anything at all") == "<redacted>"


def test_a_secret_put_where_one_of_a_few_values_belongs_is_blanked():
    """A choice of one parameter is no choice of another, and a key is none of them."""
    assert redact("ingestion.checks.api_key", "abc123") == "<redacted>"
    assert redact("ingestion.checks.token", "flag") == "<redacted>"
    assert redact("teacher.api_key", "flag") == "<redacted>"
    assert redact_text("--params=ingestion.checks.api_key=abc123") == (
        "--params=ingestion.checks.api_key=<redacted>"
    )


def test_what_failed_to_be_mirrored_is_told_without_the_stores_password(caplog):
    with mirrored("the run"):
        raise ValueError("cannot reach postgresql://me:abc123@host/db")
    assert "the run goes on" in caplog.text
    assert "abc123" not in caplog.text
