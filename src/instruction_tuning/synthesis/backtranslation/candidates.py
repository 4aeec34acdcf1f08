"""One candidate instruction for each segment, and why some are none.

Li et al. 2023, Humpback (arXiv 2308.06259), step 2 (self-augmentation): the reverse model writes one
instruction for each segment, at temperature 0.7 from the nucleus of 0.9. O(tokens · parameters).
Departures: what is no instruction is kept aside with a reason (the paper leaves it to the curation); a
segment that does not fit into the model's context is not cut.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

import pandas as pd

from instruction_tuning.chat_format.loss_mask import prompt_ids, tokenize_document
from instruction_tuning.errors import FailureRateError
from instruction_tuning.lm.chat_request import ChatRequest, text_request
from instruction_tuning.lm.loading import context_length, load_config, load_tokenizer
from instruction_tuning.lm.local import sample_continuations
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.synthesis.backtranslation.finished_parts import folder_of, in_parts
from instruction_tuning.synthesis.backtranslation.rating_forms import plain_ids
from instruction_tuning.synthesis.backtranslation.seed_pairs import (
    reverse_document,
    reverse_prompt,
    reverse_question,
)
from instruction_tuning.synthesis.backtranslation.source_tags import FormName
from instruction_tuning.text.counting import tally
from instruction_tuning.text.tokens import tokens

logger = logging.getLogger(__name__)

_NGRAM = 3
CANDIDATE_DTYPES = {
    **{name: "str" for name in ("segment_id", "document_id", "language", "response")},
    **{name: "str" for name in ("instruction", "status", "reason", "writer")},
}


class Written(TypedDict):
    """What was written for a segment; null where nothing was, with `problem` (status and detail)."""

    text: str | None
    problem: list[str] | None


def write_instructions(
    model: ModelFolder,
    segments: Mapping[str, tuple[str, str]],
    *,
    form: FormName,
    temperature: float,
    top_p: float,
    max_new_tokens: int,
    seed: int,
    part_size: int,
    work_folder: Path,
) -> dict[str, Written]:
    """What `model` writes for each segment (text, language), by segment id.

    A run that was killed goes on behind its last finished part.
    """
    sampling = {"temperature": temperature, "top_p": top_p, "max_new_tokens": max_new_tokens, "seed": seed}
    prompts = [reverse_prompt(form, language).digest for language in ("en", "zh")]
    folder = folder_of(work_folder, model=model.digest, prompts=prompts, **sampling)
    tokenizer = load_tokenizer(model)
    room = (context_length(load_config(model)) or 1 << 30) - max_new_tokens

    def token_ids(text: str, language: str) -> list[int]:
        if form == "document":
            return tokenize_document(tokenizer, reverse_document(text, language)).input_ids
        return prompt_ids(tokenizer, reverse_question(text))

    def write(part: dict[str, tuple[str, str]]) -> dict[str, Written]:
        ids = {key: token_ids(*segment) for key, segment in part.items()}
        lengths = {key: len(own) for key, own in ids.items()}
        asked = {key: own for key, own in ids.items() if len(own) <= room}
        texts = {
            key: found[0]
            for key, found in sample_continuations(
                model,
                asked,
                samples=1,
                temperature=temperature,
                top_p=top_p,
                max_new_tokens=max_new_tokens,
                seed=seed,
            ).items()
        }
        return {key: _written(texts.get(key), lengths[key], room, key in asked) for key in part}

    def _written(text: str | None, length: int, room: int, fits: bool) -> Written:
        if text is None or not fits:
            detail = f"{length} tokens with the question, {room} fit"
            return {"text": None, "problem": ["segment_too_long", detail]}
        count = len(plain_ids(tokenizer, text))
        line, end, _ = text.lstrip().partition("\n")
        is_cut = count >= max_new_tokens and not (form == "document" and end)
        told = line if form == "document" else text  # a document goes on with a next line
        return {"text": told, "problem": ["cut_off", f"{count} tokens without an end"] if is_cut else None}

    return in_parts(segments, write, folder, part_size=part_size, what="instructions for segments")


def backtranslation_requests(
    segments: pd.DataFrame, *, temperature: float, max_tokens: int, seed: int
) -> list[ChatRequest]:
    """The same question to a teacher, a request a segment (segment_id, text). The nucleus is its own."""
    return [
        text_request(
            segment_id,
            "backtranslation",
            reverse_question(text)[0]["content"],
            temperature=temperature,
            max_tokens=max_tokens,
            seed=seed,
        )
        for segment_id, text in segments[["segment_id", "text"]].itertuples(index=False, name=None)
    ]


def written_by_teacher(completions: pd.DataFrame) -> dict[str, Written]:
    """The replies by segment id; `failed` where none came."""
    rows = completions[["record_id", "response", "status", "error", "finish_reason"]].to_dict("records")
    return {
        str(row["record_id"]): (
            {"text": None, "problem": ["failed", str(row["error"])]}
            if row["status"] != "ok"
            else {
                "text": str(row["response"]),
                "problem": ["cut_off", "at max_new_tokens"] if row["finish_reason"] == "length" else None,
            }
        )
        for row in rows
    }


def candidates(
    segments: pd.DataFrame,
    written: Mapping[str, Written],
    writer: str,
    *,
    max_instruction_characters: int,
    max_repeated_share: float,
    max_rejected_rate: float,
) -> pd.DataFrame:
    """A row a segment (schemas.backtranslation.BacktranslatedCandidates), kept or with what is wrong.

    Raises `FailureRateError` where more than `max_rejected_rate` of them are no instruction.
    """
    rows = []
    for row in segments.to_dict("records"):
        own = written[str(row["segment_id"])]
        text = None if own["text"] is None else own["text"].strip()
        problem = own["problem"] or _fault(
            str(text), str(row["text"]), max_instruction_characters, max_repeated_share
        )
        status, reason = problem or ("ok", None)
        named = (row["segment_id"], row["document_id"], row["language"], row["text"])
        rows.append((*named, text, status, reason, writer))
    frame = pd.DataFrame(rows, columns=list(CANDIDATE_DTYPES)).astype(CANDIDATE_DTYPES)
    counts = tally(frame["status"])
    logger.info("candidate instructions: %s", counts)
    bad = frame[frame["status"] != "ok"]
    if len(bad) > max_rejected_rate * len(frame):
        raise FailureRateError(
            f"{len(bad)} of {len(frame)} candidate instructions are none, more than max_rejected_rate "
            f"{max_rejected_rate:g} allows: {counts}",
            record=bad["segment_id"].iloc[0],
            field="instruction_backtranslation.max_rejected_rate",
            fix="train the reverse model on more seed pairs or for longer, or raise the limit",
        )
    return frame


def _fault(
    text: str, segment: str, most_characters: int, max_repeated_share: float
) -> tuple[str, str] | None:
    """Status and detail of the first thing that is wrong with an instruction."""
    words = tokens(text)
    if not words:
        return "empty", repr(text)
    if len(text) > most_characters:
        return "too_long", f"{len(text)} characters, {most_characters} allowed"
    if words == tokens(segment):
        return "copied", "it is the segment itself"
    grams = [words[start : start + _NGRAM] for start in range(len(words) - _NGRAM + 1)]
    repeated = 1 - len(set(grams)) / len(grams) if grams else 0.0
    if repeated > max_repeated_share:
        return "repeating", f"{repeated:.2f} of its 3-grams come again, {max_repeated_share:g} allowed"
    return None
