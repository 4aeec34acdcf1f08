"""Vectors from a real server of embeddings, or of a model folder that is asked the same way."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chat_server import ChatServer, good_vector
from pydantic import ValidationError
from training_builders import tiny_base

from instruction_tuning.errors import (
    AuthenticationError,
    BudgetExceededError,
    ConfigurationError,
    EndpointUnreachableError,
    InstructionTuningError,
    LanguageModelError,
    WorkspaceError,
)
from instruction_tuning.lm.embedding_endpoint import EmbeddingEndpoint, embed_at_endpoint
from instruction_tuning.lm.embeddings import embed_hidden_states

TEXTS = [f"text {'long ' * (number % 7)}{number}" for number in range(50)]
CONCURRENCY, BATCH = 4, 2
KILLED = """
import sys
from pathlib import Path
sys.path[:0] = {folders!r}
from test_embedding_endpoint import TEXTS, asking
from instruction_tuning.lm.embedding_endpoint import embed_at_endpoint
embed_at_endpoint(TEXTS, asking({url!r}), Path({cache!r}))
"""


def asking(server: "ChatServer | str", **changes: Any) -> EmbeddingEndpoint:
    """Free, patient for five seconds, and in small batches, unless it is said otherwise."""
    settings = {"timeout_seconds": 5.0, "batch_size": BATCH, "max_concurrency": CONCURRENCY, "max_retries": 2}
    url = server if isinstance(server, str) else server.base_url
    return EmbeddingEndpoint(
        base_url=url, model="vectors", **{"price_per_million_input_tokens": 0.0, **settings, **changes}
    )


def sent(server: ChatServer) -> list[str]:
    """Every text that arrived."""
    return [text for body in server.requests for text in body["input"]]


def expected(texts: list[str], width: int = 4) -> np.ndarray:
    rows = np.array([good_vector(text, width) for text in texts])
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_each_text_gets_its_own_unit_vector_in_whatever_order_the_server_says_them(tmp_path):
    with ChatServer(delay_seconds=0.05) as server:
        server.change_embeddings = lambda data: data[::-1]
        vectors = embed_at_endpoint(TEXTS, asking(server), tmp_path)
    np.testing.assert_allclose(vectors, expected(TEXTS), atol=1e-6)
    assert vectors.dtype == np.float32
    assert sent(server)[0] == max(sent(server), key=len), "what is too long fails at once"
    assert 1 < server.most_in_flight <= CONCURRENCY
    assert all(len(body["input"]) <= BATCH and body["model"] == "vectors" for body in server.requests)
    assert not any("dimensions" in body for body in server.requests)


def test_no_text_is_sent_twice_not_by_another_run_either(tmp_path):
    with ChatServer() as server:
        embed_at_endpoint(["a", "b", "a"], asking(server), tmp_path)
        again = embed_at_endpoint(["c", "b", "a"], asking(server, max_concurrency=1), tmp_path)
        assert sorted(sent(server)) == ["a", "b", "c"]
        embed_at_endpoint(["c", "b"], asking("http://127.0.0.1:9/v1"), tmp_path)  # nobody is there
    np.testing.assert_allclose(again, expected(["c", "b", "a"]), atol=1e-6)


def test_other_dimensions_and_other_models_have_vectors_of_their_own(tmp_path):
    with ChatServer() as server:
        embed_at_endpoint(["a"], asking(server), tmp_path)
        narrow = embed_at_endpoint(["a"], asking(server, dimensions=3), tmp_path)
        named = EmbeddingEndpoint(base_url=server.base_url, model="other", price_per_million_input_tokens=0)
        embed_at_endpoint(["a"], named, tmp_path)
    np.testing.assert_allclose(narrow, expected(["a"], 3), atol=1e-6)
    assert [body.get("dimensions") for body in server.requests] == [None, 3, None]


def test_texts_are_cut_where_it_is_said(tmp_path):
    with ChatServer() as server:
        embed_at_endpoint(["long text", "long tail"], asking(server, max_characters=6), tmp_path)
    assert sent(server) == ["long t"]


def test_errors_of_the_server_are_got_over_and_what_came_is_kept(tmp_path, caplog):
    faults = {0: {"status": 429, "headers": {"Retry-After": "0.05"}}, 1: {"status": 500}, 2: "not_json"}
    with ChatServer(lambda body, attempt: faults.get(attempt)) as server:
        vectors = embed_at_endpoint(TEXTS[:4], asking(server, max_concurrency=1), tmp_path)
    np.testing.assert_allclose(vectors, expected(TEXTS[:4]), atol=1e-6)
    assert "wants fewer requests" in caplog.text


def test_a_run_that_is_killed_repeats_no_more_than_what_was_in_flight(tmp_path):
    with ChatServer(delay_seconds=0.02) as server:
        folders = [str(Path(__file__).parent), str(Path(__file__).parents[2])]
        script = KILLED.format(folders=folders, url=server.base_url, cache=str(tmp_path))
        run = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)
        while len(server.requests) < 12:
            assert run.poll() is None, "the run ended before its moment"
            time.sleep(0.002)
        run.send_signal(signal.SIGKILL)
        assert run.wait(30) != 0
        vectors = embed_at_endpoint(TEXTS, asking(server), tmp_path)
    np.testing.assert_allclose(vectors, expected(TEXTS), atol=1e-6)
    assert set(sent(server)) == set(TEXTS)
    assert len(sent(server)) - len(TEXTS) <= CONCURRENCY * BATCH


def test_what_came_before_an_error_is_not_asked_for_again(tmp_path):
    refusal = {"status": 400, "body": {"error": {"message": "input is longer than 8192 tokens"}}}
    with ChatServer(lambda body, attempt: refusal if "text 0" in body["input"] else None) as server:
        with pytest.raises(LanguageModelError, match=r"longer than 8192 tokens(.|\n)*max_characters"):
            embed_at_endpoint(TEXTS, asking(server), tmp_path)
        before = set(sent(server))
        server.fault = lambda body, attempt: None
        server.requests.clear()
        vectors = embed_at_endpoint(TEXTS, asking(server), tmp_path)
    np.testing.assert_allclose(vectors, expected(TEXTS), atol=1e-6)
    assert len(before) > 40 and len(sent(server)) < 10


def drop_index(data: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in item.items() if name != "index"} for item in data]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data[:1], r"1 vectors came for 2 texts, and none has index 1(.|\n)*batch_size"),
        (drop_index, r"has no index \(field data\[0\].index\)"),
        (lambda data: [{**item, "index": 0} for item in data], "none has index 1"),
        (lambda data: [{**item, "embedding": [float("nan")] * 4} for item in data], "not finite"),
        (lambda data: [data[0], {**data[1], "embedding": [0.0] * 4}], r"all zeros \(field data\[1\]"),
        (lambda data: [data[0], {**data[1], "embedding": None}], r"no list of numbers \(field data\[1\]"),
        (lambda data: [data[0], {**data[1], "embedding": [1.0] * 5}], "5 dimensions, and the first"),
    ],
)
def test_vectors_that_cannot_be_stop_the_run_and_name_the_field(tmp_path, change, said):
    with ChatServer() as server:
        server.change_embeddings = change
        with pytest.raises(LanguageModelError, match=said):
            embed_at_endpoint(["a", "b"], asking(server), tmp_path)
        assert len(server.requests) == 1, "it would come again"


def test_another_width_than_was_asked_for_is_refused(tmp_path):
    with ChatServer() as server:
        server.change_embeddings = lambda data: [{**item, "embedding": [1.0, 2.0]} for item in data]
        with pytest.raises(
            ConfigurationError, match=r"asked for 3 dimensions and gives 2(.|\n)*null, or to 2"
        ):
            embed_at_endpoint(["a"], asking(server, dimensions=3), tmp_path)


def test_a_model_whose_vectors_change_their_width_is_another_model(tmp_path):
    with ChatServer() as server:
        embed_at_endpoint(["a"], asking(server), tmp_path)
        server.width = 5
        with pytest.raises(ConfigurationError, match="5 dimensions now, and gave 4 before"):
            embed_at_endpoint(["b"], asking(server), tmp_path)


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (401, AuthenticationError, "api_key_env"),
        (403, AuthenticationError, "api_key_env"),
        (404, ConfigurationError, r"has no embeddings by a model vectors(.|\n)*base_url"),
        (405, ConfigurationError, "has no embeddings"),
        (422, LanguageModelError, "HTTP 422"),
    ],
)
def test_what_a_server_refuses_is_said_with_the_fix(
    tmp_path: Path, status: int, kind: type[InstructionTuningError], said: str
) -> None:
    with ChatServer(lambda body, attempt: {"status": status}) as server:
        with pytest.raises(kind, match=said):
            embed_at_endpoint(TEXTS, asking(server), tmp_path)
        assert len(server.requests) == 1, "the first batch goes alone"


def test_the_key_is_sent_and_a_server_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("VECTORS_KEY", "sk-mine")
    with ChatServer() as server:
        embed_at_endpoint(["a"], asking(server, api_key_env="VECTORS_KEY"), tmp_path)
    assert server.keys == {"Bearer sk-mine"}
    with pytest.raises(EndpointUnreachableError, match=r"127\.0\.0\.1:9"):
        embed_at_endpoint(["b"], asking("http://127.0.0.1:9/v1"), tmp_path)


def test_what_it_will_cost_is_told_before_and_the_budget_holds(tmp_path, caplog):
    caplog.set_level("INFO")
    texts = ["x" * 84] * 1 + [f"{number:084}" for number in range(19)]  # 100 tokens each at the very most
    with ChatServer() as server:
        server.usage = {"prompt_tokens": 100}
        prices = {"price_per_million_input_tokens": 1e4}  # a token costs a cent
        with pytest.raises(BudgetExceededError, match=r"\$4\.0000 of the \$5\.0000(.|\n)*budget_usd"):
            embed_at_endpoint(texts, asking(server, budget_usd=5.0, **prices), tmp_path)
        assert len(server.requests) == 4
        vectors = embed_at_endpoint(texts, asking(server, budget_usd=20.0, **prices), tmp_path)
    assert len(vectors) == 20 and len(server.requests) == 10
    assert "20 texts to send to vectors in 10 requests (0 are known), for $20.0000 at most" in caplog.text
    assert "9 requests left; about 900 tokens, $9.0000" in caplog.text
    assert "more than budget_usd 5.0000 allows" in caplog.text
    assert "12 texts to send to vectors in 6 requests (8 are known)" in caplog.text
    assert "embeddings: 6/6 requests done" in caplog.text


def test_an_attempt_that_may_have_been_charged_for_counts_towards_the_budget(tmp_path):
    """The connection breaks in the middle of an answer: the server has done its work."""
    with ChatServer(lambda body, attempt: "half") as server:
        server.usage = {"prompt_tokens": 100}
        prices = {"price_per_million_input_tokens": 1e4, "batch_size": 1}  # a token costs a cent
        with pytest.raises(BudgetExceededError, match=r"\$1\.0000 of the \$1\.5000"):
            embed_at_endpoint(["x" * 84], asking(server, budget_usd=1.5, **prices), tmp_path)
        assert len(server.requests) == 1


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "cache").write_text("a file")
    with ChatServer() as server, pytest.raises(WorkspaceError, match="cannot be kept"):
        embed_at_endpoint(["a"], asking(server), tmp_path / "cache")


def test_a_model_folder_is_asked_in_the_same_way(tmp_path):
    folder = tiny_base()
    vectors = embed_at_endpoint(TEXTS[:6], asking(f"local:{folder.path}"), tmp_path)
    hidden = embed_hidden_states(folder, TEXTS[:6], pooling="mean", max_length_tokens=90)
    np.testing.assert_allclose(vectors, hidden, atol=1e-5)
    with pytest.raises(ConfigurationError, match="hidden states as wide as they are"):
        embed_at_endpoint(["a"], asking(f"local:{folder.path}", dimensions=3), tmp_path)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"base_url": "microworld"}, "the built-in teacher has no embeddings"),
        ({"api_key_env": "sk-123-456"}, "the name of an environment variable"),
        ({"batch_size": 0}, "batch_size"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_is_sent(wrong, said):
    with pytest.raises(ValidationError, match=said):
        EmbeddingEndpoint(
            **{"base_url": "http://h/v1", "model": "m", "price_per_million_input_tokens": 0, **wrong}
        )


def test_a_secret_in_an_address_is_never_shown():
    asked = asking("http://me:secret@127.0.0.1:9/v1?key=secret")
    assert "secret" not in f"{asked!r} {asked.model_dump()} {asked.model_dump_json()}"
