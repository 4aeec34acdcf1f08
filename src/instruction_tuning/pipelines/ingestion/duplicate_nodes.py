"""Adapters between the catalog's frames and the methods in dedup."""

import logging
from typing import Any

import numpy as np
import pandas as pd

from instruction_tuning.canonical.records import context_of, row_number_of
from instruction_tuning.dedup.cluster_report import STAYS, duplicate_clusters
from instruction_tuning.dedup.clusters import Pairs
from instruction_tuning.dedup.exact import first_of_each
from instruction_tuning.dedup.keeping_order import deciding_rules, keeping_order, keeping_ranks
from instruction_tuning.dedup.minhash_lsh import NEAR, near_duplicates
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.pipelines.ingestion.duplicate_parameters import DuplicateParameters
from instruction_tuning.pipelines.ingestion.frames import (
    SHOWN_CHARACTERS,
    messages_of,
    reject,
    rejected_frame,
)

# Plotly is not to be imported before a node runs; figures are `Any` for that.

logger = logging.getLogger(__name__)

# Few axes of TF-IDF may also set two texts apart that are alike: the search asks for less than is confirmed.
_SEARCH_MARGIN = 0.15
EXACT = "exact_duplicate"
REASONS = {EXACT: "same_record", NEAR: "similar_prompt", "semantic_duplicate": "similar_meaning"}


def remove_duplicates(
    canonical_instructions: pd.DataFrame,
    rule: DuplicateParameters,
    base_model: ModelFolder | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Keep the record most worth keeping of each group of duplicates; tell who was dropped for whom."""
    frame = canonical_instructions
    ranks = keeping_ranks(frame, keep=rule.keep, source_priority=rule.source_priority)
    order = keeping_order(ranks)
    records = frame.iloc[order]  # from here on all is in keeping order
    ranks = {name: rank[order] for name, rank in ranks.items()}
    texts = _compared_texts(records, rule.compare)
    first = first_of_each(pd.factorize(records["record_id"])[0])
    is_first = first == np.arange(len(records))
    distinct = np.flatnonzero(is_first)
    found = near_duplicates(
        [texts[place] for place in distinct],
        contexts=[context_of(messages) for messages in records["messages"].iloc[distinct]],
        threshold=rule.threshold,
        content_guard=rule.content_guard,
        max_inserted_share=rule.max_inserted_share,
        shingle_tokens=rule.shingle_tokens,
        lsh=rule.lsh(),
        seed=rule.seed,
        semantic=_semantic_pairs([texts[place] for place in distinct], rule, base_model),
    )
    kept_for = np.where(is_first, -1, first)
    kept_for[distinct] = np.where(found.kept_for >= 0, distinct[found.kept_for], -1)
    similarity = np.where(is_first, np.nan, 1.0)
    similarity[distinct] = found.similarity
    kind = np.full(len(records), EXACT, dtype=object)
    kind[distinct] = found.kind
    copies = np.flatnonzero(~is_first)
    clusters = duplicate_clusters(
        records,
        texts,
        ranks,
        kept_for=kept_for,
        similarity=similarity,
        kind=kind,
        left=np.concatenate([first[copies], distinct[found.left]]),
        right=np.concatenate([copies, distinct[found.right]]),
    )
    dropped = np.flatnonzero(kept_for >= 0)
    dropped = dropped[np.lexsort((order[dropped], kind[dropped] != EXACT))]
    rules = deciding_rules(ranks, kept_for[dropped], dropped)
    rejected = [
        _rejected(records, int(place), int(kept_for[place]), kind[place], similarity[place], decided)
        for place, decided in zip(dropped, rules, strict=True)
    ]
    _log(kind[dropped], len(records), clusters, rule)
    kept = np.sort(order[kept_for == -1])
    del records, texts  # a second copy of all; what stays is a third
    return frame.iloc[kept].reset_index(drop=True), rejected_frame(rejected), clusters


def draw_duplicate_clusters(duplicate_clusters: pd.DataFrame, rule: DuplicateParameters) -> Any:
    """Draw how large the clusters are, and how sure the settings are to find a pair."""
    from instruction_tuning.reporting.duplicate_figure import duplicate_figure

    return duplicate_figure(duplicate_clusters, rule.lsh(), threshold=rule.threshold)


def _semantic_pairs(
    texts: list[str], rule: DuplicateParameters, base_model: ModelFolder | None
) -> Pairs | None:
    semantic = rule.semantic
    if not semantic.enabled or len(texts) < 2:
        return None
    from instruction_tuning.dedup.semantic import confirmed, semantic_pairs

    if semantic.embedding == "hidden_states":
        from instruction_tuning.lm.embeddings import embed_hidden_states

        assert base_model is not None, "hidden states need a model"
        embeddings = embed_hidden_states(
            base_model, texts, pooling="mean", max_length_tokens=semantic.max_length_tokens
        )
        return semantic_pairs(embeddings, semantic.similarity, seed=rule.seed)
    from instruction_tuning.selection.tfidf_svd import svd_of, tfidf

    vectors = tfidf(texts)
    embeddings = svd_of(vectors, dimensions=semantic.dimensions, seed=rule.seed)
    proposed = semantic_pairs(embeddings, semantic.similarity - _SEARCH_MARGIN, seed=rule.seed)
    return confirmed(proposed, vectors, texts, semantic.similarity)


def _compared_texts(records: pd.DataFrame, compare: str) -> list[str]:
    prompts = records["prompt"].tolist()
    if compare == "prompt":
        return prompts
    answers = records["answer"].fillna("").tolist()
    return [f"{prompt}\n\n{answer}" for prompt, answer in zip(prompts, answers, strict=True)]


def _rejected(
    records: pd.DataFrame, place: int, kept: int, kind: str, similarity: float, decided: str
) -> Any:
    row_id = str(records["source_row_id"].iat[kept])
    row = f"row {row_number_of(row_id)} of {records['source'].iat[kept]} ({row_id})"
    alike = "the same as" if kind == EXACT else f"similarity {similarity:.2f} to"
    shown = "" if kind == EXACT else f": {str(records['prompt'].iat[kept])[:SHOWN_CHARACTERS]}"
    return reject(
        records,
        place,
        messages_of(records.iloc[[place]])[0],
        stage=kind,
        reason=REASONS[kind],
        detail=f"{alike} {row}, which stays by {decided}{shown}",
        collides_with=row_id if kind == EXACT else str(records["record_id"].iat[kept]),
        similarity=float(similarity),
    )


def _log(kinds: Any, count: int, clusters: pd.DataFrame, rule: DuplicateParameters) -> None:
    logger.info("near duplicates: %s", rule.lsh().in_words())
    counts = {name: int((kinds == name).sum()) for name in REASONS}
    logger.info(
        "of %d records %d are exact, %d near and %d semantic duplicates, in %d clusters (the largest has %d "
        "rows, %d of them stay): %d stay",
        count,
        *counts.values(),
        clusters["cluster_id"].nunique(),
        clusters["cluster_rows"].max() if len(clusters) else 0,
        int((clusters["fate"][clusters["cluster_id"] == clusters["cluster_id"].iat[0]] == STAYS).sum())
        if len(clusters)
        else 0,
        count - sum(counts.values()),
    )
