"""An OpenAI-compatible endpoint: one attempt at a request, and what its failure means.

The `openai` client on aiohttp sends; retrying is done by `lm.retrying`, since the client's own loop
knows neither budgets nor a server that answers with nonsense. Import this module inside functions:
it loads the client library.
"""

import asyncio
import ipaddress
import logging
import os
from dataclasses import replace
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
import httpx2
import openai

from instruction_tuning.errors import (
    AuthenticationError,
    ConfigurationError,
    EndpointUnreachableError,
    LanguageModelError,
)
from instruction_tuning.lm.attempt import AttemptError, Reply, parse_reply
from instruction_tuning.lm.dialect import Dialect
from instruction_tuning.lm.embedding_reply import EmbeddingReply, parse_embeddings
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.lm.rate_limits import rate_news, retry_after_seconds

logger = logging.getLogger(__name__)

_RETRYABLE_STATUS = frozenset({408, 409, 425, 429})
_NO_SUCH_PLACE = frozenset({404, 405, 501})
_NO_LOGPROBS = "the reply came without logprobs, from which the score was to be read"
# Whoever stands before the server gave it up; the server may have gone on, and charges for it.
_TIMEOUT_STATUS = frozenset({408, 504, 524})
_MAX_ERROR_CHARACTERS = 300
_CHECK_TIMEOUT_SECONDS = 10.0
_NO_REPLY = (TimeoutError, openai.APIConnectionError, aiohttp.ClientError, httpx2.HTTPError)
_NO_KEY = "no-key-needed"  # the client insists on some value


class OpenAIEndpoint:
    """An open connection pool to `endpoint`; an async context manager."""

    def __init__(self, endpoint: Endpoint, *, max_concurrency: int) -> None:
        self.endpoint = endpoint
        self._key = _api_key(endpoint)
        self._dialect = Dialect(endpoint.address)
        # One INFO line a request would drown the log; a level that the user set stays.
        requests_logger = logging.getLogger("httpx2")
        if requests_logger.level == logging.NOTSET:
            requests_logger.setLevel(logging.WARNING)
        self._client = openai.AsyncOpenAI(
            base_url=endpoint.base_url,
            api_key=self._key or _NO_KEY,
            max_retries=0,
            timeout=endpoint.timeout_seconds,
            http_client=openai.DefaultAioHttpClient(
                limits=httpx2.Limits(
                    max_connections=max_concurrency, max_keepalive_connections=max_concurrency
                ),
                timeout=endpoint.timeout_seconds,
                # A proxy from the environment cannot reach this machine's own loopback.
                trust_env=not _is_loopback(endpoint.base_url),
            ),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()

    async def generate(self, body: dict[str, Any]) -> Reply:
        """One attempt, or as many as it takes to learn which fields the server does not take.

        Raises `AttemptError`, or an error of ours that ends the whole run.
        """
        while True:
            said = self._dialect.spoken(body)
            try:
                response = await self._post("/chat/completions", said)
            except openai.APIStatusError as error:
                if not self._dialect.learn(said, error.status_code, error.response.text):
                    raise self._status_error(error) from None
            else:
                return parse_reply(response.content, rate_news(response.headers))

    async def score(self, body: dict[str, Any]) -> Reply:
        """As `generate`; a choice that came without log-probabilities is a lost one, never one by its text.

        Raises `ConfigurationError` where the server does not take the field.
        """
        try:
            reply = await self.generate(body)
        except AttemptError as error:
            if not error.retryable and "logprobs" in error.reason:
                raise self._no_logprobs_error(error) from None
            raise
        choices = tuple(
            replace(choice, text=None, reason=_NO_LOGPROBS)
            if choice.text is not None and choice.top_tokens is None
            else choice
            for choice in reply.choices
        )
        return replace(reply, choices=choices)

    async def embed(self, body: dict[str, Any]) -> EmbeddingReply:
        """One attempt; raises `ConfigurationError` where the server has no embeddings."""
        try:
            response = await self._post("/embeddings", body)
        except openai.APIStatusError as error:
            if error.status_code in _NO_SUCH_PLACE:
                raise self._no_embeddings_error(error) from None
            raise self._status_error(error) from None
        return parse_embeddings(response.content, len(body["input"]), rate_news(response.headers))

    async def _post(self, path: str, body: dict[str, Any]) -> httpx2.Response:
        # The client's own limit is per read: a server that drips bytes would hold it for ever.
        try:
            async with asyncio.timeout(self.endpoint.timeout_seconds):
                # The body goes out as it is; `chat.completions.create` would rewrite it first.
                return await self._client.post(path, cast_to=httpx2.Response, body=body)
        except openai.APIStatusError:
            raise
        except _NO_REPLY as error:
            raise self._no_reply_error(error) from None

    async def check(self) -> None:
        """Raise `EndpointUnreachableError` or `AuthenticationError` where the endpoint is of no use.

        Asks for the list of models, which costs nothing. A server without such a list (404), or a
        key that may only complete (403), passes: the first completion will tell.
        """
        try:
            async with asyncio.timeout(_CHECK_TIMEOUT_SECONDS):
                await self._client.models.with_raw_response.list()
        except openai.AuthenticationError:
            raise self.authentication_error(401) from None
        except openai.APIStatusError as error:
            if error.status_code != 404:
                logger.warning("%s/models answers %d", self.endpoint.address, error.status_code)
        except _NO_REPLY as error:
            raise self.unreachable_error(self._text("", error), is_first_contact=True) from None

    def authentication_error(self, status: int) -> AuthenticationError:
        """401 or 403: names the environment variable, never the key."""
        variable = self.endpoint.api_key_env
        fix = (
            f"put a valid key into the environment variable {variable}"
            if variable
            else "name the environment variable that holds the key as the endpoint's api_key_env"
        )
        return AuthenticationError(
            f"{self.endpoint.address} refuses the key for model {self.endpoint.model} (HTTP {status})",
            field="api_key_env",
            fix=fix,
        )

    def unreachable_error(self, reason: str, *, is_first_contact: bool = False) -> EndpointUnreachableError:
        """Nothing answers: names the address; at a first contact nothing was paid in this run."""
        kept = "" if is_first_contact else "; what was paid for is stored"
        return EndpointUnreachableError(
            f"no language model answers at {self.endpoint.address} ({reason})",
            field="base_url",
            fix=f"start the server or correct base_url (it usually ends in /v1){kept}",
        )

    def _no_logprobs_error(self, error: AttemptError) -> ConfigurationError:
        return ConfigurationError(
            f"{self.endpoint.address} gives no log-probabilities of {self.endpoint.model} ({error.reason})",
            field="score_by",
            fix="take score_by: parsed_text, a server that gives `top_logprobs` (vLLM, OpenAI), or a model "
            "folder (base_url local:<folder>)",
        )

    def _no_embeddings_error(self, error: openai.APIStatusError) -> ConfigurationError:
        return ConfigurationError(
            f"{self.endpoint.address} has no embeddings by a model {self.endpoint.model} "
            f"({self._text(f'HTTP {error.status_code}', error)})",
            field="base_url",
            fix="name a server and a model of embeddings (GET base_url/models lists them; vLLM serves one "
            "with --runner pooling), or take a model folder: base_url local:<folder>",
        )

    def _status_error(self, error: openai.APIStatusError) -> Exception:
        status = error.status_code
        if status == 401:
            return self.authentication_error(status)
        if error.code == "insufficient_quota":
            return LanguageModelError(
                f"the account behind {self.endpoint.address} has no credit left",
                fix="add credit and run again; what was paid for is stored",
            )
        return AttemptError(
            self._text(f"HTTP {status}", error),
            retryable=status in _RETRYABLE_STATUS or status >= 500,
            rate_limited=status == 429,
            refused=status == 403,
            retry_after_seconds=retry_after_seconds(error.response.headers),
            contact=True,
            charged=status in _TIMEOUT_STATUS,
            news=rate_news(error.response.headers),
        )

    def _no_reply_error(self, error: Exception) -> AttemptError:
        # By the cause: the client reports a refused and a broken connection as timeouts too.
        if _caused_by(error, httpx2.ConnectError, aiohttp.ClientConnectorError):
            return AttemptError(self._text("connection failed", error), contact=False)
        if _caused_by(error, TimeoutError):
            return AttemptError(f"no answer within {self.endpoint.timeout_seconds:g} s", charged=True)
        return AttemptError(self._text("connection lost", error), charged=True)

    def _text(self, what: str, error: Exception) -> str:
        cause = error.__cause__ if isinstance(error, openai.APIConnectionError) else None
        text = f"{what}: {cause or error}" if what else str(cause or error) or type(error).__name__
        # Some servers repeat the key that they refuse.
        if self._key:
            text = text.replace(self._key, "[key]")
        return text[:_MAX_ERROR_CHARACTERS]


def _api_key(endpoint: Endpoint) -> str | None:
    if endpoint.api_key_env is None:
        return None
    key = os.environ.get(endpoint.api_key_env, "").strip()
    if not key:
        raise ConfigurationError(
            f"the environment variable {endpoint.api_key_env}, the key for {endpoint.address}, is not set",
            field="api_key_env",
            fix=f"export {endpoint.api_key_env}=... , or set api_key_env to null for a server without keys",
        )
    return key


def _is_loopback(base_url: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _caused_by(error: BaseException, *kinds: type[BaseException]) -> bool:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, kinds):
        cause = cause.__cause__
    return cause is not None
