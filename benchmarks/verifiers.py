"""How well does each verifier tell right answers from wrong ones? In the microworld, where the truth is
known.

python benchmarks/verifiers.py [--items 40] [--samples 8] [--seeds 3] [--error-rate 0.2] [--reward-model
FOLDER]

`--items` train items a skill, each answered `--samples` times by the microworld's teacher, `--seeds` times
over. An answer is right where the world's own scorer gives it full marks. Prints a Markdown table, with 95%
Wilson intervals over answers: how many answers a verifier says anything about; of those that it passes how
many are right, and of the right ones how many it passes; of those that it fails how many are wrong, and of
the wrong ones how many it fails. The teacher neither refuses nor slips into another language, so these two
faults are planted in a tenth of the answers: refusals for the check of form, the other language for its
verifier, each alone. `math` is measured with the answers that are numbers as
references, and with all. Unit tests are the teacher's own, as they come and without the vacuous ones.
"""

import argparse
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from instruction_tuning.answering.code_tests import SiftedTests, read_tests
from instruction_tuning.answering.tested_programs import passes_tests, run_responses, sift_by_record
from instruction_tuning.lm.model_folder import open_model_folder
from instruction_tuning.microworld.skills import SKILLS
from instruction_tuning.microworld.teacher import Teacher, TeacherFaults
from instruction_tuning.microworld.world import World, build_world
from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.sandbox.pool import Sandbox
from instruction_tuning.seeds import substream, substream_seed
from instruction_tuning.statistics.intervals import wilson_interval
from instruction_tuning.verification.constraints import keeps_constraints
from instruction_tuning.verification.equations import equations_hold
from instruction_tuning.verification.math_answer import matches_reference
from instruction_tuning.verification.program_text import program_text
from instruction_tuning.verification.rating import parse_rating
from instruction_tuning.verification.verdict import Query, Verifier
from instruction_tuning.verification.verifiers import (
    has_form,
    is_in_language,
    is_right_sum,
    judge_rating,
    reward_score,
    self_consistency,
)

REFUSALS = (
    "I'm sorry, but I can't help with that.",
    "As an AI language model, I cannot answer.",
    "抱歉，我无法回答。",
)
OTHER_LANGUAGE = {
    "en": "这是一个很好的问题，答案在这里。",
    "zh": "That is a good question, and here is what I think.",
}
PLANTED_SHARE = 0.1


@dataclass(frozen=True)
class Answer:
    """A teacher's answer and whether it is right."""

    query: Query
    text: str
    is_right: bool


def main() -> int:
    """Measure, and print one Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--items", type=int, default=40)
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--error-rate", type=float, default=0.2)
    parser.add_argument("--reward-model", type=Path)
    given = parser.parse_args()
    world = build_world()
    rows: dict[str, list[tuple[bool | None, bool]]] = {}
    for seed in range(given.seeds):
        teacher = Teacher(world, TeacherFaults(error_rate=given.error_rate), seed=seed)
        answers = list(_answers(world, teacher, given.items, given.samples))
        for name, judged in _judged(teacher, answers, given.reward_model):
            rows.setdefault(name, []).extend(judged)
        for name, judged in _tested(world, teacher, given.items, given.samples):
            rows.setdefault(name, []).extend(judged)
    sys.stdout.write(
        "| verifier | answers | judged | passed are right | right are passed | failed are wrong |"
    )
    sys.stdout.write(" wrong are failed |\n|---|---|---|---|---|---|---|\n")
    for name, judged in rows.items():
        sys.stdout.write(_row(name, judged))
    return 0


def _answers(world: World, teacher: Teacher, items: int, samples: int) -> Iterator[Answer]:
    for skill in SKILLS:
        for number in range(items):
            rng = substream(teacher.seed, "verifiers", skill.name, number)
            slots = skill.item(world, rng, "train")
            prompt = rng.choice(skill.train_questions).format(**slots)
            query = {
                "record_id": f"{skill.name}-{number}",
                "prompt": prompt,
                "language": skill.language,
                "answer": slots["answer"] if skill.answer_kind == "number" else None,
                "any_answer": slots["answer"],
            }
            for sample in range(samples):
                turns = [{"role": "user", "content": prompt}]
                text = teacher.reply(turns, substream_seed(teacher.seed, prompt), sample)
                yield Answer(query, text, skill.score(world, slots, text) == 1)


def _judged(
    teacher: Teacher, answers: Sequence[Answer], reward_model: Path | None
) -> Iterator[tuple[str, list[tuple[bool | None, bool]]]]:
    samples: dict[str, list[str]] = {}
    for answer in answers:
        samples.setdefault(answer.query["record_id"], []).append(answer.text)
    verifiers: dict[str, Verifier] = {
        "form": has_form,
        "arithmetic": is_right_sum,
        "math (record's answer)": matches_reference,
        "equations": equations_hold,
        "constraints": keeps_constraints,
        "self-consistency ≥ 0.5": self_consistency(samples, min_share=0.5),
        "judge's rating ≥ 6": judge_rating(_ratings(teacher, answers), min_rating=6),
    }
    if reward_model is not None:
        verifiers["earlier reward model ≥ 0"] = reward_score(_rewards(reward_model, answers), min_reward=0)
    for name, verifier in verifiers.items():
        yield name, [_verdict(verifier, answer) for answer in answers]
    prose = [
        Answer({**one.query, "answer": one.query["any_answer"]}, one.text, one.is_right) for one in answers
    ]
    yield "math (all records' answers, prose too)", [_verdict(matches_reference, one) for one in prose]
    rng = random.Random(teacher.seed)
    for name, verifier, fault in (
        ("form (refusals planted)", has_form, lambda query: rng.choice(REFUSALS)),
        ("language (planted)", is_in_language, lambda query: OTHER_LANGUAGE[query["language"]]),
    ):
        yield name, [_verdict(verifier, answer) for answer in _planted(answers, fault, rng)]


def _planted(
    answers: Sequence[Answer], fault: Callable[[Query], str], rng: random.Random
) -> Iterator[Answer]:
    """Here only the planted fault is wrong: what else is wrong with an answer is not theirs to find."""
    for answer in answers:
        if rng.random() < PLANTED_SHARE:
            yield Answer(answer.query, fault(answer.query), is_right=False)
        else:
            yield Answer(answer.query, answer.text, is_right=True)


def _verdict(verifier: Verifier, answer: Answer) -> tuple[bool | None, bool]:
    verdict = verifier(answer.query, answer.text)
    return (None if verdict is None else verdict.passed), answer.is_right


def _ratings(teacher: Teacher, answers: Sequence[Answer]) -> dict[tuple[str, str], float]:
    prompt, found = read_prompt("rating"), {}
    for answer in answers:
        filled = prompt.fill({"instruction": answer.query["prompt"], "response": answer.text})
        mark = parse_rating(teacher.reply([{"role": "user", "content": filled}], 0, 0))
        if mark is not None:
            found[(answer.query["record_id"], answer.text)] = mark
    return found


def _rewards(folder: Path, answers: Sequence[Answer]) -> dict[tuple[str, str], float]:
    from instruction_tuning.reward.scoring import score_answers

    prompts = [[{"role": "user", "content": answer.query["prompt"]}] for answer in answers]
    texts = [answer.text for answer in answers]
    rewards = score_answers(open_model_folder(folder), prompts, texts, max_length=512)
    pairs = [(answer.query["record_id"], answer.text) for answer in answers]
    return dict(zip(pairs, map(float, rewards), strict=True))


def _tested(
    world: World, teacher: Teacher, items: int, samples: int
) -> Iterator[tuple[str, list[tuple[bool | None, bool]]]]:
    """Tests first: written by the teacher, then programs that saw them."""
    plain: list[tuple[bool | None, bool]] = []
    sifted: list[tuple[bool | None, bool]] = []
    with Sandbox() as sandbox:
        for skill in (skill for skill in SKILLS if skill.answer_kind == "program"):
            for number in range(items):
                rng = substream(teacher.seed, "verifiers", skill.name, number)
                slots = skill.item(world, rng, "train")
                task = rng.choice(skill.train_questions).format(**slots)
                written = read_prompt("writing_tests").fill({"instruction": task})
                tests = read_tests(teacher.reply([{"role": "user", "content": written}], number, 0))
                if tests is None:
                    continue
                asked = read_prompt("solving_with_tests").fill({"instruction": task, "tests": tests.text()})
                turns = [{"role": "user", "content": asked}]
                texts = list(dict.fromkeys(teacher.reply(turns, number, sample) for sample in range(samples)))
                responses = pd.DataFrame({"record_id": task, "response": texts})
                outcomes = run_responses(responses, {task: tests}, sandbox.run_all)
                worth = sift_by_record(outcomes, {task: tests}, sandbox.run_all, max_mutants=8)
                all_count = {task: SiftedTests(tests, (), 0, "")}
                query = {"record_id": task, "prompt": task}
                for text in texts:
                    is_right = skill.score(world, slots, program_text(text) or "") == 1
                    answer = Answer(query, text, is_right)
                    plain.append(_verdict(passes_tests(outcomes, all_count), answer))
                    sifted.append(_verdict(passes_tests(outcomes, worth), answer))
    yield "teacher's tests, all", plain
    yield "teacher's tests, no vacuous ones", sifted


def _row(name: str, judged: Sequence[tuple[bool | None, bool]]) -> str:
    known = [(passed, right) for passed, right in judged if passed is not None]
    passed = [right for verdict, right in known if verdict]
    failed = [right for verdict, right in known if not verdict]
    right = [verdict for verdict, is_right in judged if is_right]
    wrong = [verdict for verdict, is_right in judged if not is_right]
    cells = (
        _share(sum(passed), len(passed)),
        _share(sum(verdict is True for verdict in right), len(right)),
        _share(len(failed) - sum(failed), len(failed)),
        _share(sum(verdict is False for verdict in wrong), len(wrong)),
    )
    return f"| {name} | {len(judged):,} | {len(known):,} | {' | '.join(cells)} |\n"


def _share(count: int, of: int) -> str:
    if not of:
        return "none"
    interval = wilson_interval(count, of)
    return f"{100 * interval.estimate:.1f}% [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


if __name__ == "__main__":
    sys.exit(main())
