"""What the rest of the project may know of a language model behind HTTP."""

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Endpoint:
    """An OpenAI-compatible chat-completions endpoint; no key is ever held here.

    `base_url` ends in `/v1` as for the `openai` client. `api_key_env` names the environment
    variable that holds the key (null: the endpoint wants none). Prices are US dollars per million
    tokens. `judge` is the endpoint that rates what this one answers (null: it rates its own).
    """

    base_url: str
    model: str
    api_key_env: str | None = None
    price_per_million_input_tokens: float = 0.0
    price_per_million_output_tokens: float = 0.0
    timeout_seconds: float = 60.0
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
