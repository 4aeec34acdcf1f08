"""What a run did, in counts and examples: the one source of the text report and the dashboard.

Everything is counted from the stored frames; nothing is carried over from a log. A figure that was not
measured is null.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from instruction_tuning.answering.choice import rejection_reasons
from instruction_tuning.mixture.in_distribution import in_distribution
from instruction_tuning.reporting.row_counts import RowCounts, by_name, count_rows
from instruction_tuning.reporting.selection_words import selection_sentence
from instruction_tuning.reporting.teacher_use import TeacherUse, teacher_use
from instruction_tuning.schemas.benchmark_metrics import ability_name
from instruction_tuning.seeds import substream
from instruction_tuning.verification.answer_format import format_fault
from instruction_tuning.verification.arithmetic import asked_value

# Ten, with the two items that the verdict's evidence holds.
KEPT_SAMPLES, REJECTED_SAMPLES, ANSWERED_SAMPLES = 2, 4, 2
NO_ANSWER = "(no answer)"


@dataclass(frozen=True)
class Sample:
    """A record to read: what became of it, what was asked, what was answered; remarks have a title each."""

    fate: str
    prompt: str
    answer: str = ""
    remarks: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class RunSummary:
    """All that report and dashboard say; shares by name are counts.

    `sums_checked` are well-formed answers whose number could be held against the value that the prompt asks
    for; `malformed` answers (empty, refusing, in the wrong language) are counted apart, whatever was asked.
    """

    rows: RowCounts
    flagged: Mapping[str, int]
    selected_by_source: Mapping[str, int]
    selected_by_language: Mapping[str, int]
    in_distribution: Mapping[str, int]
    selection: str
    teacher: TeacherUse
    sums_checked: int
    sums_wrong: int
    malformed: int
    mean_rating: float | None
    examples: int
    rejected_answers: Mapping[str, int]
    sft_metrics: Mapping[str, float]
    reward_metrics: Mapping[str, float]
    verdict: Mapping[str, Any]
    samples: Sequence[Sample]


def summarise(
    *,
    instruction_pool: pd.DataFrame,
    rejected_records: pd.DataFrame,
    selected_queries: pd.DataFrame,
    rated_responses: pd.DataFrame,
    verified_examples: pd.DataFrame,
    sft_metrics: Mapping[str, float],
    reward_metrics: Mapping[str, float],
    promotion_verdict: Mapping[str, Any],
    seed: int,
) -> RunSummary:
    """Count and choose the samples; the same frames give the same summary."""
    came = rated_responses[rated_responses["response"].notna()]
    fates = [
        _answer_fate(str(row["prompt"]), str(row["response"]), str(row["check"]))
        for row in came[["prompt", "response", "check"]].to_dict("records")
    ]
    ratings = rated_responses["rating"].dropna()
    without_answer = rejection_reasons(selected_queries, rated_responses, verified_examples)
    return RunSummary(
        rows=count_rows(instruction_pool, rejected_records),
        flagged=by_name(instruction_pool["flags"].explode().dropna()),
        selected_by_source=by_name(selected_queries["source"]),
        selected_by_language=by_name(selected_queries["language"]),
        in_distribution=_in_distribution(selected_queries, verified_examples),
        selection=selection_sentence(selected_queries),
        teacher=teacher_use(rated_responses),
        sums_checked=fates.count("right") + fates.count("wrong"),
        sums_wrong=fates.count("wrong"),
        malformed=fates.count("malformed"),
        mean_rating=float(ratings.mean()) if len(ratings) else None,
        examples=verified_examples["record_id"].nunique(),
        rejected_answers=dict(sorted(Counter(without_answer.values()).items())),
        sft_metrics=dict(sft_metrics),
        reward_metrics=dict(reward_metrics),
        verdict=dict(promotion_verdict),
        samples=[
            *_kept_samples(instruction_pool, seed),
            *_rejected_samples(rejected_records, seed),
            *_answered_samples(verified_examples, seed),
            *_measured_samples(promotion_verdict["evidence"].get("answer_pairs", [])),
        ],
    )


def _in_distribution(selected_queries: pd.DataFrame, verified_examples: pd.DataFrame) -> dict[str, int]:
    """By benchmark, the selected records of its training split that have an answer to train on."""
    if "flags" not in selected_queries:
        return {}
    answered = selected_queries["record_id"].isin(verified_examples["record_id"])
    return in_distribution(selected_queries.loc[answered, "flags"])


def _answer_fate(prompt: str, response: str, check: str) -> str:
    """malformed, right, wrong, or unknown where no value could be compared."""
    if check == "failed" and format_fault(prompt, response) is not None:
        return "malformed"
    if check == "none" or asked_value(prompt) is None:
        return "unknown"
    return "right" if check == "passed" else "wrong"


def _drawn(frame: pd.DataFrame, count: int, seed: int, *key: str) -> list[dict[Any, Any]]:
    positions = substream(seed, "samples", *key).sample(range(len(frame)), min(count, len(frame)))
    return frame.iloc[positions].to_dict("records")


def _kept_samples(pool: pd.DataFrame, seed: int) -> list[Sample]:
    return [
        Sample(f"kept, {row['source']}", str(row["prompt"]), _text(row["answer"]))
        for row in _drawn(pool, KEPT_SAMPLES, seed, "kept")
    ]


def _rejected_samples(rejected: pd.DataFrame, seed: int) -> list[Sample]:
    """One of each reason, the reasons with most rows first."""
    reasons = rejected["reason"].value_counts().sort_index().sort_values(ascending=False, kind="stable")
    samples = []
    for reason in reasons.index[:REJECTED_SAMPLES]:
        (row,) = _drawn(rejected[rejected["reason"] == reason], 1, seed, "rejected", str(reason))
        detail = _text(row["detail"])
        fate = f"rejected, {row['source']}: {reason}"
        because = [("because", detail)] if detail else []
        samples.append(Sample(fate, _readable(str(row["raw"])), remarks=because))
    return samples


def _answered_samples(examples: pd.DataFrame, seed: int) -> list[Sample]:
    samples = []
    for row in _drawn(examples, ANSWERED_SAMPLES, seed, "answered"):
        rating = "" if pd.isna(row["rating"]) else f", rated {row['rating']:g}"
        check = "" if row["check"] == "none" else f", check {row['check']}"
        fate = f"answered by {row['origin']}{rating}{check}"
        samples.append(Sample(fate, str(row["prompt"]), str(row["answer"])))
    return samples


def _measured_samples(answer_pairs: Sequence[Mapping[str, Any]]) -> list[Sample]:
    """Unseen items with what base and candidate said; none in a verdict from before they were kept."""
    return [
        Sample(
            f"unseen item, {ability_name(pair['ability'])}, with a right answer",
            str(pair["question"]),
            str(pair["target"]),
            remarks=[
                (f"{title}, {_judged(pair[f'score_{role}'])}", pair[f"response_{role}"] or NO_ANSWER)
                for role, title in (("base", "base"), ("candidate", "SFT"))
            ],
        )
        for pair in answer_pairs
    ]


def _judged(score: float) -> str:
    return {0.0: "wrong", 1.0: "right"}.get(score, f"score {score:.2f}")


def _readable(raw: str) -> str:
    """The turns of a record that was understood; what could not be read, as it came."""
    try:
        turns = json.loads(raw)
    except ValueError:
        return raw
    if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
        return raw
    return " / ".join(str(turn.get("content", turn)) for turn in turns)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
