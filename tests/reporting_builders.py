"""The frames that a small run leaves, as the catalog hands them to `reporting`."""

import json
from functools import cache

import numpy as np
import pandas as pd
from benchmark_builders import FORMS, answers

from instruction_tuning.evaluation.promotion import PromotionRules, promotion_verdict
from instruction_tuning.evaluation.scores import benchmark_comparisons, benchmark_metrics

SOURCES = ("alpaca", "belle")
WITHOUT_ANSWER = (5, 6)

ANSWER_PAIRS = [
    {
        "item_id": f"test-{ability}-0000",
        "ability": ability,
        "question": f"What is <{ability}>?",
        "target": "Miran",
        "response_base": base,
        "score_base": 0.0,
        "response_candidate": "It is Miran.",
        "score_candidate": score,
    }
    for ability, base, score in (("open_qa", "Q: What", 1.0), ("summarization", "", 0.5))
]


def pool(rows=40):
    """Records of two sources and two languages."""
    return pd.DataFrame(
        {
            "record_id": [f"{n:016x}" for n in range(rows)],
            "source": [SOURCES[n % 2] for n in range(rows)],
            "language": ["en" if n % 2 == 0 else "zh" for n in range(rows)],
            "prompt": [f"Question <{n}> & 问题" for n in range(rows)],
            "answer": pd.Series([None if n % 5 == 0 else f"Answer {n}" for n in range(rows)], dtype="str"),
            "flags": [["refusal"] if n == 1 else [] for n in range(rows)],
        }
    )


def selected(records, count=10):
    """The first records as the selection."""
    return records.head(count).assign(
        rank=range(count),
        sampler="k_center",
        selection_score=[np.nan, *(1.5 - n / 10 for n in range(1, count))],
        selected_because=[f"k-center pick {n + 1}: so" for n in range(count)],
    )


def rejected():
    """Six rows that three stages set aside."""
    rows = [
        ("read", "invalid_json", "{broken"),
        ("validate", "empty_answer", '{"instruction": "Say it", "output": ""}'),
        ("validate", "empty_answer", '{"instruction": "Say that", "output": ""}'),
        *[("near_duplicate", "similar_prompt", json.dumps([{"role": "user", "content": "twice"}]))] * 3,
    ]
    return pd.DataFrame(rows, columns=["stage", "reason", "raw"]).assign(
        source=[SOURCES[n % 2] for n in range(6)], detail=pd.Series([None] * 6, dtype="str")
    )


def verified(records):
    """The selected records but for two, whose responses were no use."""
    examples = selected(records).drop(index=list(WITHOUT_ANSWER))
    return examples.assign(origin="teacher", rating=8.0, check="passed", answer="It is so.")


@cache
def verdict():
    """The verdict on a candidate that gained in chat and kept its documents."""
    base, candidate = {"chat_zero_shot": 20}, {"chat_zero_shot": 160}
    outputs = pd.concat(
        [
            answers(role, right.get(form, 180), form=form, ability=ability, items=200)
            for role, right in (("base", base), ("candidate", candidate))
            for form in FORMS
            for ability in ("math", "open_qa")
        ],
        ignore_index=True,
    )
    judged = promotion_verdict(
        benchmark_metrics(outputs, confidence=0.95),
        benchmark_comparisons(outputs, confidence=0.95),
        PromotionRules(),
        candidate_digest="0123456789abcdef",
    )
    return judged | {"evidence": judged["evidence"] | {"answer_pairs": ANSWER_PAIRS}}


def stored_run(**others):
    """Everything that `summarise` wants; pass a data set by name to replace it."""
    records = pool()
    return {
        "instruction_pool": records,
        "rejected_records": rejected(),
        "selected_queries": selected(records),
        "rated_responses": pd.DataFrame(
            {
                "record_id": records["record_id"].iloc[[0, *WITHOUT_ANSWER]].tolist(),
                "prompt": ["What is 2 plus 2?", "What is 2 plus 3?", "Who is it?"],
                "response": ["4", "It is 6.", "Miran."],
                "check": ["passed", "failed", "none"],
                "rating": [8.0, 4.0, np.nan],
                "rating_status": ["ok", "ok", "failed"],
                "model": "microworld-teacher",
                "requests": [3, 2, 2],
                "prompt_tokens": [120, 80, 80],
                "completion_tokens": [60, 40, 40],
                "price_usd": [0.12, 0.08, 0.08],
            }
        ),
        "verified_examples": verified(records),
        "sft_metrics": {"heldout_loss_before": 3.2, "heldout_loss_after": 0.4, "steps": 20.0},
        "reward_metrics": {
            "heldout_accuracy": 0.73,
            "heldout_ci_low": 0.6,
            "heldout_ci_high": 0.8,
            "heldout_pairs": 50.0,
            "best_of_n/checked_prompts": 14.0,
            "best_of_n/pass_rate_at_1": 0.5,
            "best_of_n/pass_rate_at_4": 0.7,
            "best_of_n/pass_rate_gain": 0.2,
            "best_of_n/pass_rate_gain_ci_low": -0.05,
            "best_of_n/pass_rate_gain_ci_high": 0.41,
        },
        "promotion_verdict": verdict(),
        "seed": 1,
    } | others


def training_log(steps=5):
    """A falling loss."""
    return pd.DataFrame({"step": range(1, steps + 1), "loss": [1.0 / n for n in range(1, steps + 1)]})
