"""Engraving: what is trained on after self-alignment, query and answer and nothing else.

SELF-ALIGN (Dromedary, arXiv 2305.03047), sections 3.3 and 3.4. The base model is fine-tuned on queries and
answers without principles, exemplars and thoughts, so that it needs none of them later, and on records of
what it is (910 in the paper). Verbose cloning asks the engraved model for longer answers and trains the base
on those.

Departures: identity records are a file with a name and a maker to fill in. Verbose cloning is off by default:
in the paper it lowers several multiple-choice benchmarks (the verbose tax), and their second model does
without it. A clone that is not longer, or that a filter of the answers finds a fault in, is dropped with its
reason. O(examples).
"""

from collections import Counter
from collections.abc import Sequence

import pandas as pd

from instruction_tuning.canonical.raw_rows import chat_rows
from instruction_tuning.lm.chat_request import ChatRequest, text_request
from instruction_tuning.prompts.alignment_files import IdentityRecord
from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.synthesis.self_alignment import Guidance, answer_fault
from instruction_tuning.synthesis.written_rows import DROPPED, KEPT
from instruction_tuning.text.digests import name_of
from instruction_tuning.text.languages import language_of
from instruction_tuning.verification.marks import FAILED

VERBOSE_TAX = (
    "verbose cloning: longer answers cost several multiple-choice benchmarks in the paper (arXiv 2305.03047, "
    "the verbose tax); measure the model with and without them before you keep them"
)
EXAMPLE_DTYPES = {
    "example_id": "str",
    "stage": "str",
    "origin": "str",
    "kind": "str",
    "topic": "str",
    "adversarial": "bool",
    "language": "str",
    "prompt": "str",
    "thoughts": "str",
    "principles": "object",
    "answer": "str",
    "model": "str",
    "status": "str",
    "reason": "str",
    "parent_ids": "object",
}


def identity_examples(records: Sequence[IdentityRecord]) -> pd.DataFrame:
    """The records in the form of answers (`EXAMPLE_DTYPES`), all kept."""
    rows = [
        {
            "example_id": name_of("identity", record.query, record.answer),
            "stage": "identity",
            "origin": "identity",
            "adversarial": False,
            "prompt": record.query,
            "principles": [],
            "answer": record.answer,
            "status": KEPT,
            "parent_ids": [],
        }
        for record in records
    ]
    return _examples(pd.DataFrame(rows, columns=list(EXAMPLE_DTYPES)))


def verbose_requests(
    answers: pd.DataFrame, *, temperature: float, max_tokens: int, seed: int
) -> list[ChatRequest]:
    """One request a kept answer for a longer one."""
    prompt = read_prompt("verbose_answer")
    return [
        text_request(
            str(row["example_id"]),
            "verbose_answer",
            prompt.fill({"query": str(row["prompt"])}),
            temperature=temperature,
            max_tokens=max_tokens,
            seed=seed,
        )
        for row in answers[answers["status"] == KEPT].to_dict("records")
    ]


def verbose_clones(answers: pd.DataFrame, completions: pd.DataFrame, guidance: Guidance) -> pd.DataFrame:
    """A row a longer answer that was asked for (`EXAMPLE_DTYPES`); its parent is the short one's."""
    short = {str(row["example_id"]): row for row in answers.to_dict("records")}
    rows = []
    for reply in completions.to_dict("records"):
        row = short[str(reply["record_id"])]
        text = str(reply["response"]).strip() if reply["status"] == "ok" else None
        reason = FAILED if text is None else "cut_off" if reply["finish_reason"] == "length" else None
        if text is not None and reason is None:
            prompt, is_adversarial = str(row["prompt"]), bool(row["adversarial"])
            reason = answer_fault(prompt, text, guidance, is_adversarial=is_adversarial)
            if reason is None and len(text) <= len(str(row["answer"])):
                reason = "not_longer"
        rows.append(
            {
                **{name: row[name] for name in ("origin", "kind", "topic", "adversarial", "prompt")},
                "example_id": name_of("verbose", row["example_id"]),
                "stage": "verbose",
                "principles": [],
                "answer": text,
                "model": reply["model"],
                "status": KEPT if reason is None else DROPPED,
                "reason": reason,
                "parent_ids": [row["example_id"]],
            }
        )
    return _examples(pd.DataFrame(rows, columns=list(EXAMPLE_DTYPES)))


def self_aligned_examples(*parts: pd.DataFrame) -> pd.DataFrame:
    """Everything that was asked for, kept and dropped, with its language (`EXAMPLE_DTYPES`)."""
    filled = [part if "parent_ids" in part else _without_parents(part) for part in parts if len(part)]
    return _examples(pd.concat(filled, ignore_index=True))


def engraving_rows(examples: pd.DataFrame, *, verbose: bool) -> pd.DataFrame:
    """Kept queries and answers as chat messages, which ingestion reads; short ones, or the verbose instead.

    Identity records are in both.
    """
    stages = ("verbose", "identity") if verbose else ("answer", "identity")
    kept = examples[(examples["status"] == KEPT) & examples["stage"].isin(stages)]
    return chat_rows(kept["example_id"], kept["prompt"], kept["answer"])


def example_counts(examples: pd.DataFrame) -> dict[str, float]:
    """`<stage>/kept`, `<stage>/<reason>`; of the kept answers `adversarial/kept` and `principle/<name>`."""
    pairs = zip(examples["stage"], examples["reason"].fillna(KEPT), strict=True)
    metrics = {f"{stage}/{reason}": float(count) for (stage, reason), count in Counter(pairs).items()}
    kept = examples[(examples["status"] == KEPT) & (examples["stage"] == "answer")]
    metrics["adversarial/kept"] = float(kept["adversarial"].sum())
    for name in sorted({name for names in kept["principles"] for name in names}):
        metrics[f"principle/{name}"] = float(sum(name in list(names) for names in kept["principles"]))
    return metrics


def _without_parents(frame: pd.DataFrame) -> pd.DataFrame:
    none: list[list[str]] = [[] for _ in range(len(frame))]
    return frame.assign(parent_ids=pd.Series(none, index=frame.index, dtype="object"))


def _examples(frame: pd.DataFrame) -> pd.DataFrame:
    languages = [language_of(str(prompt)) if isinstance(prompt, str) else None for prompt in frame["prompt"]]
    return frame.assign(language=pd.Series(languages, index=frame.index, dtype="str")).astype(
        {name: kind for name, kind in EXAMPLE_DTYPES.items() if kind != "object"}
    )[list(EXAMPLE_DTYPES)]
