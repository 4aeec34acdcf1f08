"""A server and a model folder are asked the same things, and say what they cannot do."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chat_requests import asking
from chat_requests import endpoint as endpoint_of
from chat_server import ChatServer, likely
from training_builders import tiny_base

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.lm.clients import open_client
from instruction_tuning.lm.protocol import Endpoint, LanguageModel

TEXTS = ["what is 1 plus 1?", "红色的苹果"]


def asked(endpoint: Endpoint, question: Callable[[LanguageModel], Coroutine[Any, Any, Any]]) -> Any:
    async def ask() -> Any:
        async with open_client(endpoint, max_concurrency=2) as model:
            return await question(model)

    return asyncio.run(ask())


@pytest.fixture(params=["server", "folder"])
def endpoint(request: pytest.FixtureRequest) -> Any:
    if request.param == "folder":
        yield Endpoint(base_url=f"local:{tiny_base().path}", model="tiny")
        return
    with ChatServer() as server:
        server.logprobs = lambda text: [likely(text)]
        yield endpoint_of(server)


def body_of(**changes: Any) -> dict[str, Any]:
    (request,) = asking(1, samples=2, temperature=1.0, **changes)
    return request.body("m", missing=2, part=0)


def test_both_generate(endpoint):
    reply = asked(endpoint, lambda model: model.generate(body_of()))
    assert len(reply.choices) == 2 and reply.usage_reported
    assert all(choice.top_tokens is None for choice in reply.choices)


def test_both_score(endpoint):
    reply = asked(endpoint, lambda model: model.score(body_of(with_top_tokens=True)))
    assert len(reply.choices) == 2
    assert all(choice.top_tokens is not None for choice in reply.choices)


def test_both_embed(endpoint):
    reply = asked(endpoint, lambda model: model.embed({"model": "m", "input": TEXTS}))
    assert len(reply.vectors) == 2
    np.testing.assert_allclose(np.linalg.norm(reply.vectors, axis=1), 1.0, rtol=1e-5)


def test_what_a_server_cannot_do_it_says_with_what_can() -> None:
    def refused(body: dict[str, Any], attempt: int) -> dict[str, Any]:
        said = {"error": {"message": "logprobs is not supported"}}
        return {"status": 404} if "input" in body else {"status": 400, "body": said}

    with ChatServer(refused) as server:
        with pytest.raises(ConfigurationError, match=r"no log-probabilities(.|\n)*local:<folder>"):
            asked(endpoint_of(server), lambda model: model.score(body_of(with_top_tokens=True)))
        with pytest.raises(ConfigurationError, match=r"no embeddings(.|\n)*local:<folder>"):
            asked(endpoint_of(server), lambda model: model.embed({"model": "m", "input": TEXTS}))


def test_what_a_folder_cannot_do_it_says_with_what_can(tmp_path: Path) -> None:
    folder = Endpoint(base_url=f"local:{tiny_base().path}", model="tiny")
    with pytest.raises(ConfigurationError, match=r"as wide as they are(.|\n)*name a server"):
        asked(folder, lambda model: model.embed({"model": "m", "input": TEXTS, "dimensions": 3}))
