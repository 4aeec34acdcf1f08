"""The pairs that backtranslation starts from, and the same with the roles swapped.

Li et al. 2023, Humpback (arXiv 2308.06259), step 1: the reverse model M_yx is fine-tuned on (output ->
instruction) of the seed pairs, the forward model M_0 on (instruction -> output). 3,200 pairs in the paper,
first turns that people ranked best. O(N log N).
Departure: any answered record with one question is a seed; `count` of them are drawn.
"""

import pandas as pd

from instruction_tuning.errors import InputError
from instruction_tuning.lm.chat_request import Message, as_messages
from instruction_tuning.prompts.files import Prompt, read_prompt
from instruction_tuning.seeds import substream_seed
from instruction_tuning.synthesis.backtranslation.source_tags import (
    SEED,
    FormName,
    Source,
    with_tags,
)

PAIR_DTYPES = {"record_id": "str", "language": "str", "instruction": "str", "response": "str"}
# What `training.on_examples` takes.
EXAMPLE_COLUMNS = ["record_id", "response_id", "source", "messages"]


def seed_pairs(records: pd.DataFrame, *, count: int | None, seed: int) -> pd.DataFrame:
    """record_id, language, instruction, response of `count` records (null: all) of one question, answered.

    `records` has record_id, language and messages. Drawn by (seed, record id), whatever the order. Raises
    `InputError` for fewer than two.
    """
    found = [
        (str(record_id), str(language), *pair)
        for record_id, language, messages in zip(
            records["record_id"], records["language"], records["messages"], strict=True
        )
        if (pair := _only_pair(as_messages(messages))) is not None
    ]
    if len(found) < 2:
        raise InputError(
            f"{len(found)} of {len(records)} records are one question with an answer: too few to train on",
            field="messages",
            fix="take records with answers, or name others: instruction_backtranslation.seeds",
        )
    order = sorted(found, key=lambda row: (substream_seed(seed, "seed_pair", row[0]), row[0]))
    return pd.DataFrame(sorted(order[:count]), columns=list(PAIR_DTYPES)).astype(PAIR_DTYPES)


def _only_pair(messages: list[Message]) -> tuple[str, str] | None:
    turns = [turn for turn in messages if turn["role"] != "system"]
    if [turn["role"] for turn in turns] != ["user", "assistant"]:
        return None
    asked, answered = (turn["content"].strip() for turn in turns)
    return (asked, answered) if asked and answered else None


def reverse_prompt(form: FormName, language: str) -> Prompt:
    """What asks for the instruction: in words, or as the microworld's documents have it."""
    if form == "chat":
        return read_prompt("backtranslation")
    return read_prompt("backtranslation_document_zh" if language == "zh" else "backtranslation_document")


def reverse_question(text: str) -> list[Message]:
    """The conversation that asks which instruction `text` answers: the same in training and afterwards."""
    return [{"role": "user", "content": reverse_prompt("chat", "en").fill({"text": text})}]


def reverse_examples(pairs: pd.DataFrame) -> pd.DataFrame:
    """Chats in which the assistant writes the instruction (`EXAMPLE_COLUMNS`)."""
    rows = [
        (
            row["record_id"],
            None,
            SEED,
            [
                *reverse_question(row["response"]),
                {"role": "assistant", "content": row["instruction"]},
            ],
        )
        for row in pairs.to_dict("records")
    ]
    return pd.DataFrame(rows, columns=EXAMPLE_COLUMNS)


def reverse_documents(pairs: pd.DataFrame, replay: pd.DataFrame, *, replayed: int, seed: int) -> pd.DataFrame:
    """The pairs as documents (document_id, text, language), and `replayed` of the `replay` documents.

    For a reverse model that is asked in the form of documents: it has to see the pairs in that form, too.
    """
    order = sorted(replay["document_id"], key=lambda name: (substream_seed(seed, "replay", name), name))
    written = [
        (f"pair-{row['record_id']}", reverse_document(row["response"], row["language"], row["instruction"]))
        for row in pairs.to_dict("records")
    ]
    documents = pd.DataFrame(written, columns=["document_id", "text"]).assign(
        language=pairs["language"].tolist()
    )
    return pd.concat([documents, replay[replay["document_id"].isin(order[:replayed])]], ignore_index=True)


def reverse_document(text: str, language: str, instruction: str | None = None) -> str:
    """A document's line up to the instruction, or with it."""
    asked = reverse_prompt("document", language).fill({"text": " ".join(text.split())})
    if instruction is None:
        return asked
    return f"{asked}{'' if language == 'zh' else ' '}{' '.join(instruction.split())}\n"


def forward_examples(pairs: pd.DataFrame, source: Source, *, is_tagged: bool) -> pd.DataFrame:
    """Chats in which the assistant answers, with the tag of their source (`EXAMPLE_COLUMNS`)."""
    rows = [
        (
            record_id,
            None,
            source,
            with_tags(
                [{"role": "user", "content": instruction}, {"role": "assistant", "content": response}],
                (source,) if is_tagged else (),
            ),
        )
        for record_id, instruction, response in pairs[["record_id", "instruction", "response"]].itertuples(
            index=False, name=None
        )
    ]
    return pd.DataFrame(rows, columns=EXAMPLE_COLUMNS)
