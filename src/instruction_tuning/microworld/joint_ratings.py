"""Several answers to one question, rated side by side from 1 to 10, with a fondness for the first place.

By the marker lines of `prompts/joint_rating.txt`. Its stated faults: noise, ratings that name no number, and
points that the answer shown first gets for its place alone (MT-Bench, arXiv 2306.05685, found such judges).
"""

import random
from collections.abc import Sequence

from instruction_tuning.microworld.comparisons import Comparison, comparison_of
from instruction_tuning.microworld.marker_lines import marked, read_marked

LOWEST, HIGHEST = 1.0, 10.0
_FORMS = {
    "grade": marked("[Request answered] instruction [Answers to grade] versions [End of answers to grade]")
}


def read_joint_rating(text: str) -> Comparison | None:
    """The answers and what they answer, or None where the text holds no such marker lines."""
    read = read_marked(_FORMS, text)
    return None if read is None else comparison_of(**read[1])


def joint_rating_reply(
    centres: Sequence[float],
    rng: random.Random,
    *,
    rating_noise: float,
    position_bias: float,
    unparseable_rate: float,
    excuse: str,
) -> str:
    """A line an answer: a whole number near its centre, or the excuse of one who gives none."""
    lines = []
    for number, centre in enumerate(centres, start=1):
        noisy = rng.gauss(centre + (position_bias if number == 1 else 0.0), rating_noise)
        said = f"Rating: {round(min(HIGHEST, max(LOWEST, noisy)))}"
        lines.append(f"[{number}] {excuse if rng.random() < unparseable_rate else said}")
    return "\n".join(lines)
