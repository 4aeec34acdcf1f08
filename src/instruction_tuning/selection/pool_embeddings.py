"""The pool as vectors, by the parameter section `pool_embeddings`.

TF-IDF and SVD (tfidf_svd.py) by default, which needs nothing; the hidden states of the base model or of a
sentence-embedding model (lm/embeddings.py); or what an endpoint gives (lm/embedding_endpoint.py). Of the last
two each text is embedded once, ever.
"""

import logging
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from instruction_tuning.errors import ConfigurationError, InputError
from instruction_tuning.lm.embedding_endpoint import EmbeddingEndpoint, embed_at_endpoint
from instruction_tuning.lm.model_folder import ModelFolder, open_model_folder
from instruction_tuning.lm.protocol import Endpoint

logger = logging.getLogger(__name__)


class PoolEmbeddingParameters(BaseModel):
    """What a record looks like as a vector.

    `dimensions` are of `tfidf_svd`; `embedding_model`, `layer`, `pooling` and `max_length_tokens` of
    `hidden_states`. `embedding_model` null is the base model, else a model's folder. `endpoint` is asked for
    vectors by the embedding of that name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    embedding: Literal["tfidf_svd", "hidden_states", "endpoint"]
    embedded_text: Literal["prompt", "answer", "prompt_and_answer"]
    dimensions: int = Field(gt=1, le=4096)
    embedding_model: str | None
    layer: int
    pooling: Literal["mean", "last_token"]
    max_length_tokens: int = Field(gt=0)
    endpoint: EmbeddingEndpoint | None
    cache_folder: Path
    seed: int

    @model_validator(mode="after")
    def _endpoint_is_named(self) -> Self:
        if self.embedding == "endpoint" and self.endpoint is None:
            raise ValueError(
                "`embedding: endpoint` needs an endpoint: base_url, model and "
                "price_per_million_input_tokens, as in docs/query_selection.md"
            )
        return self

    @property
    def asked_endpoint(self) -> Endpoint | None:
        """Whom a run by these parameters asks for vectors; null for nobody."""
        return self.endpoint.endpoint if self.embedding == "endpoint" and self.endpoint else None

    def content_identity(self) -> dict[str, Any]:
        """Without how the endpoint is asked, and without one that is not asked."""
        content = self.model_dump(mode="json", exclude={"endpoint"})
        if self.embedding != "endpoint" or self.endpoint is None:
            return content
        limit = {"max_characters": self.endpoint.max_characters}
        return {**content, "endpoint": {**self.endpoint.content_identity(), **limit}}


def embed_pool(
    instruction_pool: pd.DataFrame, base_model: ModelFolder, parameters: PoolEmbeddingParameters
) -> pd.DataFrame:
    """One unit vector a record of the pool, in columns e000, e001 and so on; float32.

    Raises `InputError` for an empty pool, and where answers are to be embedded and a record has none.
    """
    if instruction_pool.empty:
        raise InputError(
            "the pool to select from is empty",
            fix="look at rejected_records for what the ingestion dropped, and why",
        )
    # Sorted, so that the floating-point sums, and with them the picks, do not hang on the order of the rows.
    pool = instruction_pool.sort_values("record_id")
    vectors = _vectors(embedded_texts(pool, parameters.embedded_text), base_model, parameters)  # (N, D)
    frame = pd.DataFrame(vectors, columns=[f"e{column:03d}" for column in range(vectors.shape[1])])
    frame.insert(0, "record_id", pool["record_id"].to_numpy())
    logger.info("embedded %d records in %d dimensions (%s)", *vectors.shape, parameters.embedding)
    return frame


def embedded_texts(pool: pd.DataFrame, embedded_text: str) -> list[str]:
    """The text of each record that its vector stands for; a record without an answer has its prompt alone."""
    prompts = pool["prompt"].tolist()
    if embedded_text == "prompt":
        return prompts
    has_answer = pool["answer"].notna()
    if embedded_text == "answer":
        if not has_answer.all():
            raise InputError(
                f"{int((~has_answer).sum())} records of the pool have no answer to embed",
                record=pool.loc[~has_answer, "record_id"].iloc[0],
                field="answer",
                fix="take pool_embeddings.embedded_text=prompt, or prompt_and_answer, which does without",
            )
        return pool["answer"].tolist()
    pairs = zip(prompts, pool["answer"], has_answer, strict=True)
    return [f"{prompt}\n\n{answer}" if known else prompt for prompt, answer, known in pairs]


def _vectors(texts: list[str], base_model: ModelFolder, parameters: PoolEmbeddingParameters) -> np.ndarray:
    if parameters.embedding == "endpoint" and parameters.endpoint is not None:
        return embed_at_endpoint(texts, parameters.endpoint, parameters.cache_folder)
    if parameters.embedding == "hidden_states":
        from instruction_tuning.lm.embeddings import embed_cached

        return embed_cached(
            _model(base_model, parameters.embedding_model),
            texts,
            parameters.cache_folder,
            layer=parameters.layer,
            pooling=parameters.pooling,
            max_length_tokens=parameters.max_length_tokens,
        )
    from instruction_tuning.selection.tfidf_svd import embed_tfidf_svd

    if parameters.embedding_model is not None:
        raise ConfigurationError(
            "an embedding model is named, but the embedding is tfidf_svd",
            field="pool_embeddings.embedding_model",
            fix="set pool_embeddings.embedding to hidden_states, or embedding_model to null",
        )
    return embed_tfidf_svd(texts, dimensions=parameters.dimensions, seed=parameters.seed)


def _model(base_model: ModelFolder, embedding_model: str | None) -> ModelFolder:
    return base_model if embedding_model is None else open_model_folder(Path(embedding_model).expanduser())
