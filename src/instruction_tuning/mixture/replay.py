"""Experience replay: the base model's own kind of documents, mixed into instruction tuning.

Rehearsal against forgetting, as in continual instruction tuning (Scialom et al. 2022, arXiv 2205.12393).
Documents are trained on in full, chats on the assistant's turns only. O(N log N).
Departure: the paper replays earlier *tasks* at 1%; here it is pre-training text, `documents_per_example`
documents a chat, because what is to be kept is the base model's document form.
"""

import logging

import pandas as pd

from instruction_tuning.errors import InputError
from instruction_tuning.seeds import substream_seed
from instruction_tuning.statistics.held_out import held_out_number

logger = logging.getLogger(__name__)

COLUMNS = ["example_id", "kind", "messages", "text", "source", "parent_ids"]


def build_mixture(
    verified_examples: pd.DataFrame,
    replay_documents: pd.DataFrame,
    *,
    documents_per_example: float,
    validation_share: float,
    validation_minimum: int,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(training, validation), both with columns example_id, kind, messages, text, source, parent_ids.

    All answers to one record are on one side; documents are split alike. Documents wanted beyond those
    there are are not repeated. Raises `InputError` for no example, or only one record.
    """
    records = verified_examples["record_id"].nunique()
    if records < 2:
        raise InputError(
            f"{records} records have a verified answer: too few to train and to validate",
            fix="look at rejected_records and rejected_answers for what was dropped and why, or add records",
        )
    chats = _chats(verified_examples)
    documents = _documents(replay_documents, round(documents_per_example * len(chats)), seed)
    held_records = _held_out(verified_examples["record_id"], validation_share, validation_minimum, seed)
    held_documents = _held_out(documents["example_id"], validation_share, 0, seed)
    is_held = pd.concat(
        [verified_examples["record_id"].isin(held_records), documents["example_id"].isin(held_documents)]
    ).to_numpy()
    together = pd.concat([chats, documents], ignore_index=True)
    training, validation = together[~is_held], together[is_held]
    return training.reset_index(drop=True), validation.reset_index(drop=True)


def _chats(examples: pd.DataFrame) -> pd.DataFrame:
    has_response = examples["response_id"].notna()
    return pd.DataFrame(
        {
            "example_id": examples["response_id"].where(has_response, examples["record_id"]).to_numpy(),
            "kind": "chat",
            "messages": examples["messages"].to_numpy(),
            "text": pd.array([None] * len(examples), dtype="str"),
            "source": examples["source"].to_numpy(),
            "parent_ids": [
                [record, response] if known else [record]
                for record, response, known in zip(
                    examples["record_id"], examples["response_id"], has_response, strict=True
                )
            ],
        },
        columns=COLUMNS,
    )


def _documents(documents: pd.DataFrame, wanted: int, seed: int) -> pd.DataFrame:
    if wanted > len(documents):
        logger.warning(
            "%d documents asked for by documents_per_example, %d there are; none is repeated",
            wanted,
            len(documents),
        )
    doubled = documents.loc[documents["document_id"].duplicated(), "document_id"]
    if len(doubled):
        raise InputError(
            f"{len(doubled)} document ids occur more than once in replay_documents",
            record=doubled.iloc[0],
            field="document_id",
            fix="give each document an id of its own",
        )
    order = sorted(documents["document_id"], key=lambda name: (substream_seed(seed, "replay", name), name))
    taken = documents.set_index("document_id").loc[order[:wanted]]
    return pd.DataFrame(
        {
            "example_id": taken.index.to_numpy(),
            "kind": "document",
            "messages": [None] * len(taken),
            "text": taken["text"].to_numpy(),
            "source": "replay_documents",
            "parent_ids": [[name] for name in taken.index],
        },
        columns=COLUMNS,
    )


def _held_out(names: pd.Series, share: float, minimum: int, seed: int) -> set[str]:
    """So many of the distinct names as `held_out_number` says, drawn by `seed`, whatever their order."""
    distinct = names.unique()
    wanted = held_out_number(len(distinct), share=share, minimum=minimum)
    order = sorted(distinct, key=lambda name: (substream_seed(seed, "validation", name), name))
    return set(order[:wanted])
