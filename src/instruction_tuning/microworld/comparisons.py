"""Versions of a request or an answer, scored side by side: how they are read, and what is said of them.

The operation of Deita (arXiv 2312.15685) by the marker lines of `prompts/joint_complexity.txt` and
`prompts/joint_quality.txt`; scores from 1 to 6.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from instruction_tuning.microworld.marker_lines import marked, read_marked
from instruction_tuning.microworld.request_forms import questions_of
from instruction_tuning.microworld.skill import Skill
from instruction_tuning.microworld.world import World

LOWEST, HIGHEST = 1.0, 6.0
# What nobody can place is put in the middle.
_MIDDLE = (LOWEST + HIGHEST) / 2
_MOST_STEPS = 4  # the difficulty of the hardest items
_RATING_SPAN, _SPAN = 9.0, HIGHEST - LOWEST
_FORMS = {
    "answers": marked("[Request answered] instruction [Answers to score] versions [End of answers]"),
    "requests": marked("[Requests to score] versions [End of requests]"),
}


@dataclass(frozen=True)
class Comparison:
    """Texts to be scored beside each other: requests, or answers to the `instruction`."""

    versions: tuple[str, ...]
    instruction: str | None = None


def read_comparison(text: str) -> Comparison | None:
    """What is to be compared, or None where the text holds no such marker lines."""
    read = read_marked(_FORMS, text)
    return None if read is None else comparison_of(**read[1])


def comparison_of(versions: str, instruction: str | None = None) -> Comparison:
    """Of the versions as they are listed in a request."""
    return Comparison(versions_of(versions), instruction)


def versions_of(listed: str) -> tuple[str, ...]:
    """The texts under the lines `[Version 1]`, `[Version 2]` and so on."""
    versions: list[str] = []
    rest = listed
    # Versions are numbered in order; a line of that look inside one is out of order, or its own fault.
    while opened := re.search(rf"^\[Version {len(versions) + 1}\] *\n?", rest, re.MULTILINE):
        following = re.compile(rf"^\[Version {len(versions) + 2}\] *$", re.MULTILINE).search(
            rest, opened.end()
        )
        end = following.start() if following else len(rest)
        versions.append(rest[opened.end() : end].strip())
        rest = rest[end:]
    return tuple(versions)


def centres_of(
    comparison: Comparison,
    world: World,
    recognise: Callable[[tuple[str, ...]], tuple[Skill, dict[str, str]] | None],
) -> list[float]:
    """The right score of each version: by the steps that a request takes, or by how right an answer is."""
    if comparison.instruction is None:
        items = [recognise(questions_of(version)) for version in comparison.versions]
        return [_MIDDLE if item is None else _complexity(item[0].difficulty(item[1])) for item in items]
    asked = recognise(questions_of(comparison.instruction))
    if asked is None:
        return [_MIDDLE] * len(comparison.versions)
    return [LOWEST + _SPAN * asked[0].score(world, asked[1], version) for version in comparison.versions]


def _complexity(difficulty: int) -> float:
    return min(HIGHEST, LOWEST + (difficulty - 1) * _SPAN / (_MOST_STEPS - 1))


def comparison_reply(
    centres: Sequence[float], rng: random.Random, *, rating_noise: float, unparseable_rate: float, excuse: str
) -> str:
    """A line a version: a whole number near its centre, or the excuse of one who gives none.

    The noise, in points of a rating from 1 to 10, is as large a share of this scale.
    """
    lines = []
    for number, centre in enumerate(centres, start=1):
        noisy = rng.gauss(centre, rating_noise * _SPAN / _RATING_SPAN)
        said = f"Score: {round(min(HIGHEST, max(LOWEST, noisy)))}"
        lines.append(f"[{number}] {excuse if rng.random() < unparseable_rate else said}")
    return "\n".join(lines)
