"""Tests, programs and repairs: how they are asked for, and what the teacher writes.

By the marker lines of `prompts/writing_tests.txt`, `prompts/solving_with_tests.txt` and
`prompts/repairing.txt`. Its faults follow from the share of its answers that are wrong: as many of its tests
expect a wrong value, twice as many say nothing of the program, and who made a mistake is three times as
likely to make one when repairing it.
"""

import random
from dataclasses import dataclass
from typing import Any, Protocol

from instruction_tuning.microworld.marker_lines import marked, read_marked
from instruction_tuning.microworld.mistakes import mistaken
from instruction_tuning.microworld.skill import Skill
from instruction_tuning.microworld.world import World

_VACUOUS_FACTOR, _REPAIR_FACTOR = 2.0, 3.0
_VACUOUS = ("assert f({x}) == f({x})", "assert f is not None", "assert isinstance(f({x}), object)")
_NO_TESTS = "It should do what the task says, and I see nothing more to test."
_FORMS = {
    "test": marked("[Task to test] task [End of task]"),
    "solve": marked("[Task] task [Tests to pass] tests [End of tests]"),
    "repair": marked("[Task] task [Program that failed] program [End of what happened]"),
}


@dataclass(frozen=True)
class Task:
    """What is to be written, and for which instruction."""

    operation: str
    instruction: str


class Faults(Protocol):
    """Of the teacher's faults, those that matter here."""

    @property
    def error_rate(self) -> float: ...

    @property
    def verbosity(self) -> float: ...

    @property
    def unparseable_rate(self) -> float: ...


def read_task(text: str) -> Task | None:
    """What a request asks for, or None where it holds none of these marker lines."""
    read = read_marked(_FORMS, text)
    return None if read is None else Task(read[0], read[1]["task"])


def reply(
    task: Task, world: World, item: tuple[Skill, dict[str, str]], rng: random.Random, faults: Faults
) -> str:
    """Tests of the skill's item, or a program for it; its slots hold the right answer."""
    skill, slots = item
    if task.operation == "test":
        if rng.random() < faults.unparseable_rate:
            return _NO_TESTS
        cases = skill.rubric_of(world, slots)["tests"]
        return _block("\n".join(_test(rng, *case, error_rate=faults.error_rate) for case in cases))
    is_repair = task.operation == "repair"
    if rng.random() < faults.error_rate * (_REPAIR_FACTOR if is_repair else 1.0):
        slots = mistaken(world, rng, skill, slots)
    said = "The program does not do what the task says.\n" if is_repair else ""
    if not said and rng.random() < faults.verbosity:
        said = "Here it is:\n"
    return said + _block(slots["answer"])


def _test(rng: random.Random, argument: Any, value: Any, *, error_rate: float) -> str:
    drawn = rng.random()
    if drawn < error_rate:
        value = value + 1 if isinstance(value, int) else [*value, 0]
    elif drawn < error_rate * (1 + _VACUOUS_FACTOR):
        return rng.choice(_VACUOUS).format(x=argument)
    return f"assert f({argument!r}) == {value!r}"


def _block(text: str) -> str:
    return f"```python\n{text}\n```"
