"""Mechanism test: does order control make comparison pairs truer, where the judge favours the first place?

python benchmarks/comparison_orders.py [--items 400] [--seeds 3] [--position-bias 0 1 2 4] [--rating-noise
2.5]

Train items of the microworld, each with four answers whose truth is known: right, right in a full sentence, a
near miss, off the point. The microworld's teacher rates them from 1 to 10 in this process, with the noise and
the fondness for the first place that are stated: in one drawn order; in that order four times (averaging
alone); in four orders. Of all pairs whose true scores differ the table says how many are ranked truly (a tie
counts half), with 95% intervals over items; of the pairs of equal truth how many come out a point apart or
more; and the place effect that the report states. The bias is one that we put in: the test shows whether the
control removes it, not how large it is in real judges.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from instruction_tuning.lm.chat_request import ChatRequest
from instruction_tuning.microworld.mistakes import mistaken
from instruction_tuning.microworld.skills import SKILLS
from instruction_tuning.microworld.teacher import Teacher, TeacherFaults
from instruction_tuning.microworld.world import World, build_world
from instruction_tuning.reward.compared_responses import compared_responses
from instruction_tuning.reward.comparison_measures import comparison_metrics
from instruction_tuning.reward.comparison_pairs import comparison_pairs
from instruction_tuning.seeds import substream
from instruction_tuning.statistics.bootstrap import bootstrap_interval
from instruction_tuning.statistics.intervals import Interval
from instruction_tuning.verification.joint_rating import joint_rating_requests, joint_ratings

ARMS = {"one order": (1, 1), "one order, four times": (1, 4), "four orders": (4, 1)}


def main() -> int:
    """Print a row for each bias and number of orders, over all seeds together."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--items", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--position-bias", type=float, nargs="+", default=[0.0, 1.0, 2.0, 4.0])
    parser.add_argument("--rating-noise", type=float, default=2.5)
    given = parser.parse_args()
    lines = [
        f"Mechanism test: {given.items} items, {given.seeds} seeds, 4 answers each, rating noise "
        f"{given.rating_noise:g}; 95% intervals over items.",
        "",
        "| points for the first place | asked | pairs ranked truly, % | equal pairs a point apart, % "
        "| first less last place |",
        "|---:|---|---:|---:|---:|",
    ]
    for bias in given.position_bias:
        for arm in ARMS:
            found = pd.concat(
                [measured(given.items, arm, bias, given.rating_noise, seed) for seed in range(given.seeds)],
                ignore_index=True,
            )
            effect = found["place_effect"].dropna().unique()
            lines.append(
                f"| {bias:g} | {arm} | {_percent(found[found['differs']], 'true')} | "
                f"{_percent(found[~found['differs']], 'told_apart')} | "
                f"{f'{effect.mean():+.2f}' if len(effect) else 'not seen'} |"
            )
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def measured(items: int, arm: str, bias: float, noise: float, seed: int) -> pd.DataFrame:
    """A row a pair of different texts: whether truth differs, how truly it was ranked, whether told apart."""
    (orders, times), world = ARMS[arm], build_world()
    teacher = Teacher(world, TeacherFaults(position_bias=bias, rating_noise=noise), seed=seed)
    answers = pd.DataFrame(_answers(world, items, seed))
    requests = joint_rating_requests(answers, orders=orders, temperature=0, max_tokens=99, seed=seed)
    asked = [replace(one, seed=one.seed + time) for one in requests for time in range(times)]
    joint = joint_ratings(answers, _replies(teacher, asked), orders=orders, seed=seed)
    compared = compared_responses(answers.drop(columns="truth"), None, joint, score_from="joint")
    pairs = comparison_pairs(compared)
    metrics = comparison_metrics(compared, pairs, seed=seed)
    pairs = pairs[~pairs["same_text"]]
    truth = answers.set_index("response_id")["truth"]
    gap = pairs["chosen_response_id"].map(truth) - pairs["rejected_response_id"].map(truth)
    return pd.DataFrame(
        {
            "item": [f"{seed}/{record}" for record in pairs["record_id"]],
            "differs": gap.abs() > 1e-9,
            "true": np.where(pairs["tie"], 0.5, (gap > 0).astype(float)),
            "told_apart": (pairs["margin"] >= 1).astype(float),
            "place_effect": metrics.get("first_minus_last_place", float("nan")),
        }
    )


def _answers(world: World, items: int, seed: int) -> Iterator[dict[str, object]]:
    for number in range(items):
        rng = substream(seed, "comparison_orders", number)
        skill = SKILLS[number % len(SKILLS)]
        slots = skill.item(world, rng, "train")
        question = rng.choice(skill.train_questions).format(**slots)
        texts = [
            skill.short_answer.format(**slots),
            rng.choice(skill.long_answers).format(**slots),
            skill.short_answer.format(**mistaken(world, rng, skill, slots)),
            "I would say that it is a matter of the season.",
        ]
        for index, text in enumerate(texts):
            yield {
                "response_id": f"{number:06d}-{index:02d}",
                "record_id": f"{number:06d}",
                "sample_index": index,
                "model": f"answer {index}",
                "is_judges_own": False,
                "prompt": question,
                "messages": [{"role": "user", "content": question}],
                "response": text,
                "check": "none",
                "check_detail": None,
                "truth": skill.score(world, slots, text),
            }


def _replies(teacher: Teacher, requests: list[ChatRequest]) -> pd.DataFrame:
    rows = [
        {
            "record_id": one.record_id,
            "sample_index": one.sample_index,
            "status": "ok",
            "response": teacher.reply([{"role": "user", "content": one.messages[0][1]}], one.seed, 0),
        }
        for one in requests
    ]
    return pd.DataFrame(rows)


def _percent(rows: pd.DataFrame, column: str) -> str:
    if rows.empty:
        return "none"
    by_item = rows.groupby("item")[column]
    found: Interval = bootstrap_interval(by_item.sum().to_numpy(), by_item.size().to_numpy(float), seed=0)
    return f"{100 * found.estimate:.1f} [{100 * found.low:.1f}, {100 * found.high:.1f}]"


if __name__ == "__main__":
    sys.exit(main())
