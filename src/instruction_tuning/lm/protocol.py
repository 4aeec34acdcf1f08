"""What the rest of the project may know of a language model behind HTTP."""

from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_serializer


class Endpoint(BaseModel):
    """An OpenAI-compatible chat-completions endpoint; no key is ever held here.

    `base_url` ends in `/v1` as for the `openai` client. `api_key_env` names the environment
    variable that holds the key (null: the endpoint wants none). Prices are US dollars per million
    tokens. `judge` is the endpoint that rates what this one answers (null: it rates its own).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str = Field(repr=False)  # may hold a secret
    model: str
    api_key_env: str | None = None
    price_per_million_input_tokens: float = Field(default=0.0, ge=0)
    price_per_million_output_tokens: float = Field(default=0.0, ge=0)
    timeout_seconds: float = Field(default=60.0, gt=0)
    judge: "Endpoint | None" = None

    @property
    def rated_by(self) -> "Endpoint":
        """Who rates its answers."""
        return self.judge or self

    @property
    def address(self) -> str:
        """`base_url` for messages: without a user, a password or a query, which may hold a secret."""
        parts = urlsplit(self.base_url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()

    def content_identity(self) -> dict[str, Any]:
        """What answers depend on, and what is written beside them; not the key, not the patience."""
        content = self.model_dump(exclude={"api_key_env", "timeout_seconds", "judge"})
        return content if self.judge is None else {**content, "judge": self.judge.content_identity()}

    @field_serializer("base_url")
    def _without_secrets(self, _base_url: str) -> str:
        return self.address
