"""Seed tasks of the world: some for each use case and language, with right answers.

The pipeline `microworld` writes them to `data/01_raw/microworld/seed_tasks.jsonl`.
"""

from typing import Any

from instruction_tuning.microworld.skills import USE_CASES
from instruction_tuning.microworld.task_forms import draw_task, skills_of
from instruction_tuning.microworld.world import World
from instruction_tuning.seeds import substream

_OF_A_USE_CASE = 2
_LANGUAGES = ("en", "zh")


def seed_tasks(world: World, seed: int) -> list[dict[str, Any]]:
    """Rows as in `schemas.seed_tasks`: train items in train phrasings, no instruction twice."""
    rows: dict[str, dict[str, Any]] = {}
    for language in _LANGUAGES:
        for use_case in USE_CASES:
            skills = skills_of(language, use_case)
            rng = substream(seed, "seed_tasks", language, use_case)
            first = len(rows)
            while skills and len(rows) < first + _OF_A_USE_CASE:
                task = draw_task(world, rng, skills)
                rows.setdefault(
                    task.instruction,
                    {
                        "id": f"microworld_{language}_{use_case}_{len(rows) - first + 1}",
                        "instruction": task.instruction,
                        "input": task.input,
                        "output": task.skill.short_answer.format(**task.slots),
                        "is_classification": use_case == "classification",
                        "language": language,
                    },
                )
    return list(rows.values())
