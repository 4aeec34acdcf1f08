"""Who answers: an OpenAI-compatible server, or a model folder in this process, behind the same few methods.

Import it inside functions: it loads a client library.
"""

import asyncio
from types import TracebackType
from typing import Any, Protocol, Self

from instruction_tuning.lm.attempt import Reply
from instruction_tuning.lm.protocol import Endpoint


class ChatClient(Protocol):
    """An async context manager that answers bodies of chat-completions requests."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def check(self) -> None:
        """Raise an error of ours where it is of no use, at no cost."""

    async def send(self, body: dict[str, Any]) -> Reply:
        """One attempt; raises `AttemptError`, or an error of ours that ends the whole run."""

    def authentication_error(self, status: int) -> Exception:
        """For a key that is refused."""

    def unreachable_error(self, reason: str) -> Exception:
        """For an endpoint where nobody answers."""


def open_client(endpoint: Endpoint, *, max_concurrency: int) -> ChatClient:
    """The client for `endpoint`, not connected yet."""
    if endpoint.local_folder is not None:
        from instruction_tuning.lm.local_endpoint import LocalEndpoint

        return LocalEndpoint(endpoint)
    from instruction_tuning.lm.openai_endpoint import OpenAIEndpoint

    return OpenAIEndpoint(endpoint, max_concurrency=max_concurrency)


def check_endpoint(endpoint: Endpoint) -> None:
    """Reachability and key of `endpoint`, at no cost; for checks before a run starts."""

    async def check() -> None:
        async with open_client(endpoint, max_concurrency=1) as client:
            await client.check()

    asyncio.run(check())
