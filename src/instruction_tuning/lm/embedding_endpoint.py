"""Texts as vectors by an endpoint that speaks OpenAI's /embeddings, or by a model folder asked the same way.

Each different text is sent once, ever: what the cache (embedding_cache.py) has is not asked for, and the
vectors of a batch are on disk, by content, before its sender takes up the next. So a killed run has lost what
was in flight, at most. Longest texts go first: what is too long for the model fails before the rest is paid
for. The first batch goes alone, and from it a line tells what the rest will take. A vector is kept by model,
dimensions and text; the address is left out, as it is for completions.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_serializer, model_validator

from instruction_tuning.errors import ConfigurationError, WorkspaceError
from instruction_tuning.lm.embedding_cache import EmbeddingCache, rows_to_embed, text_keys
from instruction_tuning.lm.protocol import LOCAL, Endpoint

_WIDTH_FILE = "dimensions"


class EmbeddingEndpoint(BaseModel):
    """Whom to ask for vectors, and how; no key is ever held here.

    `base_url` ends in `/v1`, or is `local:` and a model's folder. `dimensions` is sent along where it is not
    null: not every model takes it. Texts are cut at `max_characters` (null: sent whole). `budget_usd` is a
    hard limit on what one run sends (null: none); what is kept from earlier runs costs nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str = Field(repr=False)  # may hold a secret
    model: str
    api_key_env: str | None = None
    # Without a default: a budget would be kept by it without a word.
    price_per_million_input_tokens: float = Field(ge=0)
    budget_usd: float | None = Field(default=None, ge=0)
    dimensions: int | None = Field(default=None, gt=0)
    max_characters: int | None = Field(default=None, gt=0)
    batch_size: int = Field(default=64, ge=1, le=2048)
    max_concurrency: int = Field(default=8, ge=1, le=1024)
    max_retries: int = Field(default=6, ge=0, le=20)
    rate_limit_patience_seconds: float = Field(default=600.0, gt=0)
    timeout_seconds: float = Field(default=60.0, gt=0)
    progress_seconds: float = Field(default=10.0, gt=0)

    @model_validator(mode="after")
    def _can_be_asked(self) -> Self:
        parts = urlsplit(self.base_url)
        is_address = parts.scheme in ("http", "https") and parts.hostname
        if not (is_address or (self.base_url.startswith(LOCAL) and self.base_url != LOCAL)):
            raise ValueError(
                "base_url should be an address such as http://127.0.0.1:8000/v1, or local: and the folder of "
                "a model; the built-in teacher has no embeddings"
            )
        if self.api_key_env is not None and not self.api_key_env.isidentifier():
            raise ValueError("api_key_env should be the name of an environment variable, not the key itself")
        return self

    @property
    def endpoint(self) -> Endpoint:
        """Where it is, and what a token costs."""
        return Endpoint(
            base_url=self.base_url,
            model=self.model,
            api_key_env=self.api_key_env,
            price_per_million_input_tokens=self.price_per_million_input_tokens,
            timeout_seconds=self.timeout_seconds,
        )

    def content_identity(self) -> dict[str, Any]:
        """What a vector depends on, beside its text."""
        return {"model": self.endpoint.identified().model, "dimensions": self.dimensions}

    @field_serializer("base_url")
    def _without_secrets(self, _base_url: str) -> str:
        return self.endpoint.address


class KeptVectors:
    """The cache of one model, in `folder`; how wide its vectors are is known from the first one on."""

    def __init__(self, folder: Path, model: str) -> None:
        self._folder, self._model = folder, model
        self._cache: EmbeddingCache | None = None
        file = folder / _WIDTH_FILE
        if file.is_file():
            self._cache = EmbeddingCache(folder, int(file.read_text(encoding="utf-8")))

    def rows(self, keys: np.ndarray) -> np.ndarray:
        """(N,) where each key's vector is, or -1."""
        return np.full(len(keys), -1) if self._cache is None else self._cache.find(keys)

    def of(self, keys: np.ndarray) -> np.ndarray:
        """(N, D) float32 of keys that are all here."""
        assert self._cache is not None
        return self._cache.vectors(self._cache.find(keys))

    def add(self, keys: np.ndarray, vectors: np.ndarray) -> None:
        """On the disk when this returns.

        Raises `ConfigurationError` where they have another width than those that are here.
        """
        try:
            if self._cache is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                unfinished = self._folder / f"{_WIDTH_FILE}.part"
                unfinished.write_text(str(vectors.shape[1]), encoding="utf-8")
                unfinished.replace(self._folder / _WIDTH_FILE)
                self._cache = EmbeddingCache(self._folder, vectors.shape[1])
            if vectors.shape[1] != self._cache.dimensions:
                raise ConfigurationError(
                    f"{self._model} gives vectors of {vectors.shape[1]} dimensions now, and gave "
                    f"{self._cache.dimensions} before: it is another model",
                    file=self._folder,
                    field="model",
                    fix="give the model a name of its own at the server, or delete the folder: its vectors "
                    "will be asked for again",
                )
            self._cache.add(keys, vectors)
        except OSError as error:
            raise WorkspaceError(
                f"vectors that were paid for cannot be kept: {error.strerror}",
                file=self._folder,
                fix="make room on the disk, and the folder writable; what is kept is not asked for again",
            ) from error


def embed_at_endpoint(texts: Sequence[str], asked: EmbeddingEndpoint, cache_folder: Path) -> np.ndarray:
    """Unit vectors (N, D) as float32 of `texts`; only what `cache_folder` does not have is sent.

    Raises `ConfigurationError`, `LanguageModelError` or `WorkspaceError`; what came before is kept by then.
    """
    identity = asked.content_identity()
    name = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
    kept = KeptVectors(cache_folder / f"endpoint-{name}", asked.model)
    cut = [text[: asked.max_characters] for text in texts]
    keys = text_keys(cut)
    missing = rows_to_embed(kept.rows(keys), keys, cut)
    if len(missing):
        from instruction_tuning.lm.embedding_run import EmbeddingRun

        batches = [
            missing[start : start + asked.batch_size] for start in range(0, len(missing), asked.batch_size)
        ]
        known = len(texts) - len(missing)
        EmbeddingRun(asked, kept, [(keys[rows], [cut[row] for row in rows]) for rows in batches]).to_end(
            known
        )
    return kept.of(keys)
