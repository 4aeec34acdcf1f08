"""Nodes of the base_model pipeline."""

import hashlib
import logging
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from instruction_tuning.lm.model_folder import ModelFolder, open_model_folder
from instruction_tuning.pipelines.base_model.parameters import BaseModelParameters

logger = logging.getLogger(__name__)
WORK = Path("data/.work/base_model")


def write_pretraining_documents(parameters: BaseModelParameters) -> pd.DataFrame:
    """The world's documents, as many as the recipe reads."""
    # Here, so that training does not depend on the code of a world of which it only reads the documents.
    from instruction_tuning.microworld.corpus import documents
    from instruction_tuning.microworld.world import build_world

    world, seed, first = build_world(), parameters.seed, parameters.documents
    frame = pd.concat(
        [
            pd.DataFrame(documents(world, seed, first)).assign(is_late=False),
            pd.DataFrame(documents(world, seed, parameters.late_documents, first, late=True)).assign(
                is_late=True
            ),
        ],
        ignore_index=True,
    )
    logger.info("%d documents, %d characters", len(frame), int(frame["text"].str.len().sum()))
    return frame


def pretrain_base_model(
    pretraining_documents: pd.DataFrame, parameters: BaseModelParameters
) -> tuple[ModelFolder, pd.DataFrame]:
    """A tokenizer and a Llama-architecture model from scratch, resumable at any moment."""
    from instruction_tuning.training.pretraining import PretrainingRecipe, pretrain
    from instruction_tuning.training.resumable import run_fingerprint
    from instruction_tuning.training.tokenizer import train_tokenizer

    is_late = pretraining_documents["is_late"]
    texts = pretraining_documents.loc[~is_late, "text"].tolist()
    tokenizer = train_tokenizer(
        texts[: parameters.tokenizer_documents],
        vocab_size=parameters.vocab_size,
        model_max_length=parameters.max_length,
    )
    tokens = _token_stream(tokenizer, texts)
    late = _token_stream(tokenizer, pretraining_documents.loc[is_late, "text"].tolist())
    logger.info("%d and %d tokens, vocabulary of %d", len(tokens), len(late), len(tokenizer))
    settings = parameters.model_dump(
        exclude={"size", "shapes", "vocab_size", "documents", "late_documents", "tokenizer_documents"}
    )
    recipe = PretrainingRecipe(**parameters.shapes[parameters.size].model_dump(), **settings)
    folder = WORK / run_fingerprint(tokens=_digest(tokens), late=_digest(late), recipe=asdict(recipe))
    log = pretrain(tokens, late, tokenizer, recipe, folder)
    return open_model_folder(folder / "model"), log


def _token_stream(tokenizer: object, texts: list[str], batch: int = 2_000) -> np.ndarray:
    """All documents in one row of token ids, each closed by the separator."""
    ids: list[np.ndarray] = []
    for start in range(0, len(texts), batch):
        closed = [text + tokenizer.bos_token for text in texts[start : start + batch]]  # type: ignore[attr-defined]
        for row in tokenizer(closed, add_special_tokens=False, verbose=False)["input_ids"]:  # type: ignore[operator]
            ids.append(np.asarray(row, dtype=np.uint16))
    return np.concatenate(ids)


def _digest(tokens: np.ndarray) -> str:
    return hashlib.sha256(tokens.tobytes()).hexdigest()
