"""Does repairing programs beat sampling more of them? Self-repair beside as many samples, and as many tokens.

python benchmarks/self_repair.py [--tasks 60] [--programs 10] [--repairs 5] [--seeds 3] [--error-rate 0.3]

One tree a task of the microworld: `--programs` first programs, `--repairs` repairs of each that fails, and as
many plain samples as the largest subtree has. Whether a program is right is said by the world's own scorer,
so that neither tests nor their faults play a part. Prints a Markdown table: mean pass rates over tasks for
subtrees of n_p programs with n_fr repairs each, counted exactly, and the difference to plain samples of equal
number and of equal tokens, with 95% bootstrap intervals over tasks. A mechanism test: how often this teacher
repairs its own mistakes is a stated property of the teacher, no finding about models.
"""

import argparse
import sys

import numpy as np

from instruction_tuning.answering.self_repair import Attempt, RepairRates, compare_with_plain
from instruction_tuning.microworld.skills import SKILLS
from instruction_tuning.microworld.teacher import Teacher, TeacherFaults
from instruction_tuning.microworld.teacher_server import completion
from instruction_tuning.microworld.world import World, build_world
from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.seeds import substream
from instruction_tuning.statistics.bootstrap import bootstrap_interval
from instruction_tuning.verification.program_text import program_text

SIZES = ((1, 1), (1, 3), (2, 1), (5, 1), (2, 3))


def main() -> int:
    """Measure, and print one Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tasks", type=int, default=60)
    parser.add_argument("--programs", type=int, default=10)
    parser.add_argument("--repairs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--error-rate", type=float, default=0.3)
    given = parser.parse_args()
    sizes = [size for size in SIZES if size[0] <= given.programs and size[1] <= given.repairs]
    world = build_world()
    rates: dict[tuple[int, int], list[RepairRates]] = {size: [] for size in sizes}
    for seed in range(given.seeds):
        teacher = Teacher(world, TeacherFaults(error_rate=given.error_rate), seed=seed)
        for task in range(given.tasks):
            attempts, plain = _tree(world, teacher, task, given.programs, given.repairs, sizes)
            for programs, repairs in sizes:
                rates[programs, repairs].append(
                    compare_with_plain(attempts, plain, num_programs=programs, num_repairs=repairs)
                )
    sys.stdout.write(
        "| n_p × n_fr | repaired | k | minus k plain samples | minus plain samples of equal tokens |\n"
    )
    sys.stdout.write("|---|---|---|---|---|\n")
    for (programs, repairs), found in rates.items():
        mean = float(np.mean([one.repaired for one in found]))
        by_number = _difference([(one.repaired, one.plain) for one in found])
        by_tokens = _difference([(one.repaired, one.plain_by_tokens) for one in found])
        sys.stdout.write(
            f"| {programs} × {repairs} | {100 * mean:.1f}% | {found[0].samples} | {by_number} "
            f"| {by_tokens} |\n"
        )
    return 0


def _tree(
    world: World, teacher: Teacher, task: int, programs: int, repairs: int, sizes: list[tuple[int, int]]
) -> tuple[list[Attempt], list[tuple[bool, int]]]:
    writing = [skill for skill in SKILLS if skill.answer_kind == "program"]
    skill = writing[task % len(writing)]
    rng = substream(teacher.seed, "self_repair", task)
    slots = skill.item(world, rng, "train")
    asked = rng.choice(skill.train_questions).format(**slots)

    def sample(text: str, count: int, seed: int) -> list[tuple[str, bool, int]]:
        turns = [{"role": "user", "content": text}]
        found = []
        for number in range(count):
            reply = completion(teacher, {"messages": turns, "seed": seed + number})
            said = reply["choices"][0]["message"]["content"]
            right = skill.score(world, slots, program_text(said) or "") == 1
            # Both sides of a request are paid for: a repair sends the program and the error along.
            found.append((said, right, reply["usage"]["total_tokens"]))
        return found

    solving = read_prompt("solving_with_tests").fill({"instruction": asked, "tests": "assert callable(f)"})
    most = max(programs + programs * repairs for programs, repairs in sizes)
    attempts = []
    for number, (said, right, tokens) in enumerate(sample(solving, programs, seed=0)):
        values = {"instruction": asked, "program": program_text(said) or said, "error": "AssertionError"}
        tried = (
            [] if right else sample(read_prompt("repairing").fill(values), repairs, seed=1_000 * (number + 1))
        )
        attempts.append(
            Attempt(right, tokens, tuple(ok for _, ok, _ in tried), tuple(spent for _, _, spent in tried))
        )
    fresh = sample(solving, most, seed=10**6)
    return attempts, [(right, tokens) for _, right, tokens in fresh]


def _difference(pairs: list[tuple[float, float | None]]) -> str:
    known = [100 * (first - second) for first, second in pairs if second is not None]
    if not known:
        return "too few samples"
    interval = bootstrap_interval(np.array(known), np.ones(len(known)), seed=1)
    return f"{interval.estimate:+.1f} [{interval.low:+.1f}, {interval.high:+.1f}]"


if __name__ == "__main__":
    sys.exit(main())
