"""Self-curation: a model, fine-tuned on what there is so far, says how good each candidate pair is.

Li et al. 2023, Humpback (arXiv 2308.06259), step 3. Each pair is given two scores at once:

    text_score      the level that the model's reply names, greedily decoded
    expected_score  sum_{s=1..5} s · softmax(logits of the tokens "1" .. "5" where that level stands)_s

A published reproduction found no score in 45% of the replies; the expected value has one for each: where the
model names no level, it is read behind its reply and the label. O(tokens · parameters).
Departures: the paper reads the text alone; a score that is missing is null here, and its pair not kept.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict

import numpy as np
import pandas as pd

from instruction_tuning.lm.chat_request import ChatRequest, text_request
from instruction_tuning.lm.embeddings import batches_by_length
from instruction_tuning.lm.loading import context_length, load_config, load_model, load_tokenizer
from instruction_tuning.lm.local import generate
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.selection.scores.expected_score import expected_values
from instruction_tuning.synthesis.backtranslation.finished_parts import folder_of, in_parts
from instruction_tuning.synthesis.backtranslation.rating_forms import plain_ids, rating_form
from instruction_tuning.synthesis.backtranslation.source_tags import FormName, Source, system_text

_BATCH_TOKENS = 16_384


class Rating(TypedDict):
    """The reply (null where the pair does not fit into the context, or none came) and both scores."""

    reply: str | None
    text_score: float | None
    expected_score: float | None


Pair = list[str]  # instruction, response, language


def rate_pairs(
    model: ModelFolder,
    pairs: Mapping[str, Pair],
    *,
    form: FormName,
    tags: Sequence[Source],
    max_new_tokens: int,
    part_size: int,
    work_folder: Path,
) -> dict[str, Rating]:
    """Ratings by segment id; a run that was killed goes on behind its last part."""
    prompts = [rating_form(form, language).prompt.digest for language in ("en", "zh")]
    folder = folder_of(
        work_folder,
        model=model.digest,
        prompts=prompts,
        tags=system_text(tags),
        form=form,
        max_new_tokens=max_new_tokens,
    )

    def rate(part: dict[str, Pair]) -> dict[str, Rating]:
        rated: dict[str, Rating] = {
            key: {"reply": None, "text_score": None, "expected_score": None} for key in part
        }
        for language in sorted({pair[2] for pair in part.values()}):
            own = {key: pair for key, pair in part.items() if pair[2] == language}
            rated |= _rate(model, own, form, language, tags, max_new_tokens)
        return rated

    return in_parts(pairs, rate, folder, part_size=part_size, what="ratings of candidates")


def _rate(
    model: ModelFolder,
    pairs: dict[str, Pair],
    form_name: FormName,
    language: str,
    tags: Sequence[Source],
    max_new_tokens: int,
) -> dict[str, Rating]:
    form = rating_form(form_name, language)
    tokenizer = load_tokenizer(model)
    label, digits = form.level_tokens(tokenizer, model.path)
    context = context_length(load_config(model)) or 1 << 30
    asked = {
        key: form.token_ids(tokenizer, form.question(pair[0], pair[1]), tags) for key, pair in pairs.items()
    }
    # A shortened pair would be judged by what is left of it.
    fitting = [key for key, ids in asked.items() if len(ids) + max_new_tokens + len(label) <= context]
    replies = dict(
        zip(fitting, _replies(model, [asked[key] for key in fitting], max_new_tokens), strict=True)
    )
    behind = [[*asked[key], *plain_ids(tokenizer, form.reasons(replies[key])), *label] for key in fitting]
    expected = dict(
        zip(fitting, expected_values(model, behind, digits, max_length_tokens=context), strict=True)
    )
    return {
        key: {
            "reply": replies.get(key),
            "text_score": form.level(replies[key]) if key in replies else None,
            "expected_score": float(expected[key]) if np.isfinite(expected.get(key, np.nan)) else None,
        }
        for key in pairs
    }


def _replies(model: ModelFolder, prompts: list[list[int]], max_new_tokens: int) -> list[str]:
    import torch

    texts = [""] * len(prompts)
    if not prompts:
        return texts
    loaded, tokenizer = load_model(model, "causal"), load_tokenizer(model)
    lengths = [len(ids) + max_new_tokens for ids in prompts]
    with torch.inference_mode():
        for rows in batches_by_length(lengths, batch_tokens=_BATCH_TOKENS):
            found = generate(loaded, tokenizer, [prompts[row] for row in rows], None, max_new_tokens)
            for row, text in zip(rows, found, strict=True):
                texts[row] = text
    return texts


def curation_requests(candidates: pd.DataFrame, *, max_tokens: int, seed: int) -> list[ChatRequest]:
    """The same question to a teacher, a request a candidate (segment_id, instruction, response)."""
    form, columns = rating_form("chat", "en"), candidates[["segment_id", "instruction", "response"]]
    return [
        text_request(
            segment_id,
            "curation",
            form.question(instruction, response),
            temperature=0.0,
            max_tokens=max_tokens,
            seed=seed,
        )
        for segment_id, instruction, response in columns.itertuples(index=False, name=None)
    ]


def ratings_of_teacher(completions: pd.DataFrame) -> dict[str, Rating]:
    """The replies by segment id; a teacher's logits are unknown, so there is no expected value."""
    form = rating_form("chat", "en")
    rows = completions[["record_id", "response", "status"]].to_dict("records")
    replies = {str(row["record_id"]): str(row["response"]) if row["status"] == "ok" else None for row in rows}
    return {
        key: {
            "reply": reply,
            "text_score": None if reply is None else form.level(reply),
            "expected_score": None,
        }
        for key, reply in replies.items()
    }
