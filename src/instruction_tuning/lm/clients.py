"""Who answers: an OpenAI-compatible server, or a model folder in this process, behind the same few methods.

Import it inside functions: it loads a client library.
"""

import asyncio
from typing import Any

from instruction_tuning.lm.attempt import Reply
from instruction_tuning.lm.protocol import Endpoint, LanguageModel


def open_client(endpoint: Endpoint, *, max_concurrency: int) -> LanguageModel:
    """What answers for `endpoint`, not connected yet."""
    if endpoint.local_folder is not None:
        from instruction_tuning.lm.local_endpoint import LocalEndpoint

        return LocalEndpoint(endpoint)
    from instruction_tuning.lm.openai_endpoint import OpenAIEndpoint

    return OpenAIEndpoint(endpoint, max_concurrency=max_concurrency)


async def ask(client: LanguageModel, body: dict[str, Any]) -> Reply:
    """One attempt at a body of /chat/completions, whether or not it asks for scores."""
    return await (client.score(body) if body.get("logprobs") else client.generate(body))


def check_endpoint(endpoint: Endpoint) -> None:
    """Reachability and key of `endpoint`, at no cost; for checks before a run starts."""

    async def check() -> None:
        async with open_client(endpoint, max_concurrency=1) as client:
            await client.check()

    asyncio.run(check())
