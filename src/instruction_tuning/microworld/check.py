"""Is an answer right? Only tests, the benchmark, the teacher's own ratings and the truth file may ask."""

from instruction_tuning.microworld.skill import Skill, Slots
from instruction_tuning.microworld.world import World


def is_right(world: World, skill: Skill, slots: Slots, response: str) -> bool:
    """Is `response` wholly right? The score in between is `skill.score`."""
    return skill.score(world, slots, response) == 1.0
