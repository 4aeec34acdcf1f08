"""What the rest of the project may know of a language model: where it is, and what it can be asked for."""

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_serializer

from instruction_tuning.lm.model_folder import open_model_folder

if TYPE_CHECKING:
    from instruction_tuning.lm.attempt import Reply
    from instruction_tuning.lm.embedding_reply import EmbeddingReply

LOCAL = "local:"


class Endpoint(BaseModel):
    """An OpenAI-compatible chat-completions endpoint, or a model folder; no key is ever held here.

    `base_url` ends in `/v1` as for the `openai` client; `local:` and the path of a folder that
    `from_pretrained` reads is a model that runs in this process. `api_key_env` names the environment
    variable that holds the key (null: the endpoint wants none). Prices are US dollars per million
    tokens. `judge` is the endpoint that rates what this one answers (null: it rates its own);
    `others` are endpoints that answer the same prompts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str = Field(repr=False)  # may hold a secret
    model: str
    api_key_env: str | None = None
    price_per_million_input_tokens: float = Field(default=0.0, ge=0)
    price_per_million_output_tokens: float = Field(default=0.0, ge=0)
    timeout_seconds: float = Field(default=60.0, gt=0)
    judge: "Endpoint | None" = None
    others: "tuple[Endpoint, ...]" = ()

    @property
    def rated_by(self) -> "Endpoint":
        """Who rates its answers."""
        return self.judge or self

    @property
    def address(self) -> str:
        """`base_url` for messages: without a user, a password or a query, which may hold a secret."""
        parts = urlsplit(self.base_url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()

    @property
    def answered_by(self) -> "tuple[Endpoint, ...]":
        """All that answer: this one first."""
        return (self, *self.others)

    @property
    def local_folder(self) -> Path | None:
        """The model's folder; null for a server."""
        return Path(self.base_url.removeprefix(LOCAL)) if self.base_url.startswith(LOCAL) else None

    def identified(self) -> "Endpoint":
        """With a folder's digest in the model's name, by which answers are stored."""
        if self.local_folder is None:
            return self
        digest = open_model_folder(self.local_folder).digest
        return self.model_copy(update={"model": f"{self.model}@{digest}"})

    def content_identity(self) -> dict[str, Any]:
        """What answers depend on, and what is written beside them; not the key, not the patience."""
        content = self.model_dump(exclude={"api_key_env", "timeout_seconds", "judge", "others"})
        if self.local_folder is not None:
            content["model"] = self.identified().model
        if self.others:
            content["others"] = [other.content_identity() for other in self.others]
        return content if self.judge is None else {**content, "judge": self.judge.content_identity()}

    @field_serializer("base_url")
    def _without_secrets(self, _base_url: str) -> str:
        return self.address


class LanguageModel(Protocol):
    """What answers requests for `Endpoint`, a server (openai_endpoint.py) or a model folder in this process
    (local_endpoint.py): an async context manager, by clients.open_client.

    Bodies are those of OpenAI's API. Each call is one attempt; it raises `AttemptError`, or an error of ours
    that ends the whole run, `ConfigurationError` among them where this back end cannot do what is asked.
    """

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def check(self) -> None:
        """Raise an error of ours where it is of no use, at no cost."""

    async def generate(self, body: dict[str, Any]) -> "Reply":
        """Answers to a body of /chat/completions."""

    async def score(self, body: dict[str, Any]) -> "Reply":
        """As `generate`, of a body that asks for `logprobs`: a choice has its `top_tokens`, or no text."""

    async def embed(self, body: dict[str, Any]) -> "EmbeddingReply":
        """A vector for each text of `input`, of a body of /embeddings."""

    def authentication_error(self, status: int) -> Exception:
        """For a key that is refused."""

    def unreachable_error(self, reason: str) -> Exception:
        """For an endpoint where nobody answers."""
