"""What the microworld's teacher knows: it answers, rates, compares, tags, evolves, translates and criticises;
it writes programs, and tests for them (programming.py).

It recognises a question by the phrasings of the skills, alone or after the turns before it, and every
other operation by the marker lines of the project's own prompts. Anything else gets nonsense, never the
truth. It errs with stated shares. Every reply follows from the seed and the request, so that a run can be
repeated.
"""

import hashlib
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from instruction_tuning.code_digest import program_digest
from instruction_tuning.microworld import (
    alignment,
    answer_translation,
    comparisons,
    evolution_operations,
    joint_ratings,
    pairs,
    programming,
)
from instruction_tuning.microworld.counterparts import counterpart
from instruction_tuning.microworld.dialogue import follow
from instruction_tuning.microworld.evolution import METHODS, evolved
from instruction_tuning.microworld.labels import tag_reply
from instruction_tuning.microworld.mistakes import mistaken
from instruction_tuning.microworld.remarks import critique
from instruction_tuning.microworld.request_forms import questions_of, read_request
from instruction_tuning.microworld.skill import Skill
from instruction_tuning.microworld.skills import REPORTED_SKILLS, SKILLS
from instruction_tuning.microworld.task_writing import TaskWriter
from instruction_tuning.microworld.world import World
from instruction_tuning.microworld.writing_requests import WritingRequest, read_writing
from instruction_tuning.seeds import substream

NONSENSE = ("Hm, the wind.", "That could be many things.", "嗯，风很大。", "Perhaps so, perhaps not.")
NO_NUMBER = "I would rather not put a number on this."
# Evolutions that went wrong: unchanged, with words of the prompt in it, with a condition nobody can meet.
FAILED_EVOLUTIONS = ("{text}", "New request, by the method: {text}", "{text} Answer as the wind would.")
_RECOGNISED = (*SKILLS, *REPORTED_SKILLS)

Item = tuple[Skill, dict[str, str]]


@dataclass(frozen=True)
class TeacherFaults:
    """How often and how much the teacher errs.

    error_rate: share of answers and critiques that are wrong. verbosity: share of answers in a full
    sentence. rating_noise: standard deviation, in points of 10, of the noise on a rating or a difficulty.
    unparseable_rate: share of ratings and scores that name no number and of tag lists cut off. tag_noise:
    share of tags in other words. evolve_failure_rate: share of evolutions that are no new instruction.
    task_fault_rate: share of written tasks and examples that are of no use.
    position_bias: points of 10 that an answer gets for being shown first among several.
    """

    error_rate: float = 0.1
    verbosity: float = 0.3
    rating_noise: float = 1.0
    unparseable_rate: float = 0.01
    tag_noise: float = 0.2
    evolve_failure_rate: float = 0.15
    task_fault_rate: float = 0.1
    position_bias: float = 0.5


class Teacher:
    """Answers chat requests about the world; knows both the right answers and how to miss them."""

    def __init__(self, world: World, faults: TeacherFaults, seed: int) -> None:
        self.world = world
        self.faults = faults
        self.seed = seed
        # A question comes back with every sample and every rating of it.
        self._recognised: dict[tuple[str, ...], Item | None] = {}

    @property
    def fingerprint(self) -> str:
        """Eight hex digits that change with the world's and the teacher's code, the faults or the seed.

        With what the code does: a comment that changed nothing would cost all stored answers.
        """
        digest = hashlib.sha256(repr((self.faults, self.seed)).encode())
        for file in sorted(Path(__file__).parent.rglob("*.py")):
            digest.update(program_digest(file).encode())
        return digest.hexdigest()[:8]

    def reply(self, messages: Sequence[dict[str, str]], request_seed: int, sample: int) -> str:
        """The text of sample number `sample` for a chat request whose last message is the user's."""
        request = messages[-1]["content"]
        rng = substream(self.seed, request_seed, sample, request)
        for read, reply in _OPERATIONS:
            if (asked := read(request)) is not None:
                said = reply(self, asked, rng)
                break
        else:
            said = self._answer(tuple(turn["content"] for turn in messages if turn["role"] == "user"), rng)
        return rng.choice(NONSENSE) if said is None else said

    def _remark(self, read: tuple[str, dict[str, str]], rng: random.Random) -> str | None:
        operation, parts = read
        if operation == "translate":
            return self._translate(parts["text"], parts["language"], rng)
        item = self._recognise(questions_of(parts["instruction"]))
        if operation == "rate":
            return self._rate(item, parts["response"], rng)
        if item is None:
            return None
        if operation == "evolve":
            return self._evolve(*item, parts["method"], questions_of(parts["instruction"])[-1], rng)
        if operation == "criticise":
            return self._criticise(*item, parts["response"], rng)
        return self._tag(*item, rng) if operation == "tag" else self._difficulty(*item, rng)

    def _write(self, asked: WritingRequest, rng: random.Random) -> str | None:
        faults = self.faults
        writer = TaskWriter(self.world, rng, self._recognise, faults.error_rate, faults.task_fault_rate)
        return writer.reply(asked) or None

    def _align(self, asked: tuple[str, dict[str, str]], rng: random.Random) -> str:
        return alignment.alignment_reply(*asked, self.world, self._recognise, rng, self.faults)

    def _answer(self, questions: tuple[str, ...], rng: random.Random) -> str | None:
        recognised = self._recognise(questions)
        if recognised is None:
            return None
        skill, slots = recognised
        if rng.random() < self.faults.error_rate:
            slots = mistaken(self.world, rng, skill, slots)
        form = rng.choice(skill.long_answers) if rng.random() < self.faults.verbosity else skill.short_answer
        return form.format(**slots)

    def _rate(self, item: Item | None, response: str, rng: random.Random) -> str:
        if rng.random() < self.faults.unparseable_rate:
            return NO_NUMBER
        return f"Rating: {self._noisy(self._centre(item, response), rng)}"

    def _centre(self, item: Item | None, response: str) -> float:
        """An unknown instruction is in the middle; a wrong answer is 3 and a right one 8.5."""
        return 5.0 if item is None else 3.0 + 5.5 * item[0].score(self.world, item[1], response)

    def _rate_jointly(self, shown: comparisons.Comparison, rng: random.Random) -> str:
        item = self._recognise(questions_of(shown.instruction or ""))
        return joint_ratings.joint_rating_reply(
            [self._centre(item, version) for version in shown.versions],
            rng,
            rating_noise=self.faults.rating_noise,
            position_bias=self.faults.position_bias,
            unparseable_rate=self.faults.unparseable_rate,
            excuse=NO_NUMBER,
        )

    def _compare(self, comparison: comparisons.Comparison, rng: random.Random) -> str:
        return comparisons.comparison_reply(
            comparisons.centres_of(comparison, self.world, self._recognise),
            rng,
            rating_noise=self.faults.rating_noise,
            unparseable_rate=self.faults.unparseable_rate,
            excuse=NO_NUMBER,
        )

    def _check_evolution(self, pair: tuple[str, str], rng: random.Random) -> str:
        return evolution_operations.pair_reply(
            pair,
            self._recognise,
            rng,
            error_rate=self.faults.error_rate,
            unparseable_rate=self.faults.unparseable_rate,
            excuse=NO_NUMBER,
        )

    def _pair(self, asked: pairs.PairRequest, rng: random.Random) -> str | None:
        return pairs.pair_reply(asked, self.world, self._recognise, rng, self.faults, excuse=NO_NUMBER)

    def is_answered(self, instruction: str, text: str) -> bool:
        """Whether `text` is a right answer to `instruction`: the truth, without the teacher's faults."""
        return pairs.is_answered(self.world, self._recognise, instruction, text)

    def _translate_answer(
        self, asked: answer_translation.AnswerTranslation, rng: random.Random
    ) -> str | None:
        item = self._recognise(questions_of(asked.question))
        if item is None:
            return None
        return answer_translation.translated_answer(
            asked, self.world, item, rng, error_rate=self.faults.error_rate
        )

    def _program(self, task: programming.Task, rng: random.Random) -> str | None:
        item = self._recognise(questions_of(task.instruction))
        if item is None or item[0].answer_kind != "program":
            return None
        return programming.reply(task, self.world, item, rng, self.faults)

    def _difficulty(self, skill: Skill, slots: dict[str, str], rng: random.Random) -> str:
        if rng.random() < self.faults.unparseable_rate:
            return NO_NUMBER
        return f"Difficulty: {self._noisy(2.0 * skill.difficulty(slots), rng)}"

    def _noisy(self, centre: float, rng: random.Random) -> int:
        return round(min(10.0, max(1.0, rng.gauss(centre, self.faults.rating_noise))))

    def _tag(self, skill: Skill, slots: dict[str, str], rng: random.Random) -> str:
        reply = tag_reply(rng, skill, slots, self.faults.tag_noise)
        return reply[: len(reply) // 2] if rng.random() < self.faults.unparseable_rate else reply

    def _evolve(
        self, skill: Skill, slots: dict[str, str], method: str, question: str, rng: random.Random
    ) -> str | None:
        if (operation := evolution_operations.operation_of(method)) is not None:
            rate = self.faults.evolve_failure_rate
            item = (skill, slots)
            return evolution_operations.evolution_reply(
                self.world, rng, operation, item, question, failure_rate=rate
            )
        if method not in METHODS:
            return None
        found = evolved(self.world, rng, method, skill, slots)
        if rng.random() < self.faults.evolve_failure_rate:
            return rng.choice(FAILED_EVOLUTIONS).format(text=question)
        if found is None:  # the world has nothing harder of the kind
            return question
        return rng.choice(found[0].train_questions).format(**found[1])

    def _translate(self, text: str, language: str, rng: random.Random) -> str | None:
        """The instruction in the other language; as it stands where the world has no counterpart."""
        item = self._recognise((text,))
        if item is None:
            return None
        found = counterpart(self.world, *item)
        wanted = {"english": "en", "chinese": "zh"}.get(language.casefold())
        if found is None or found[0].language != wanted:
            return text
        return rng.choice(found[0].train_questions).format(**found[1])

    def _criticise(self, skill: Skill, slots: dict[str, str], response: str, rng: random.Random) -> str:
        score = skill.score(self.world, slots, response)
        if rng.random() < self.faults.error_rate:
            # It takes a wrong answer for right, or finds a fault that is none.
            score, slots = (1.0, slots) if score < 1 else (0.0, mistaken(self.world, rng, skill, slots))
        revised = response if score == 1 else skill.short_answer.format(**slots)
        return f"Critique: {critique(skill.language, slots['answer'], score)}\nRevised answer: {revised}"

    def _recognise(self, questions: tuple[str, ...]) -> Item | None:
        """The item that the last of a conversation's questions is about, read alone or after the others."""
        if questions not in self._recognised:
            self._recognised[questions] = self._read(questions)
        return self._recognised[questions]

    def _read(self, questions: tuple[str, ...]) -> Item | None:
        for candidate in _readings(questions[-1]):
            for skill in _RECOGNISED:
                slots = skill.match(candidate)
                if slots is not None and (item := skill.solved(self.world, slots)) is not None:
                    return skill, item
        before = self._recognise(questions[:-1]) if len(questions) > 1 else None
        if before is None:
            return None
        followed = (follow(self.world, *before, candidate) for candidate in _readings(questions[-1]))
        return next((item for item in followed if item is not None), None)


# Who reads a request and who replies to what was read, in this order; a reply of null is nonsense.
_OPERATIONS: tuple[tuple[Callable[[str], Any], Callable[[Teacher, Any, random.Random], str | None]], ...] = (
    (read_request, Teacher._remark),
    (comparisons.read_comparison, Teacher._compare),
    (read_writing, Teacher._write),
    (evolution_operations.read_pair, Teacher._check_evolution),
    (joint_ratings.read_joint_rating, Teacher._rate_jointly),
    (alignment.read_alignment, Teacher._align),
    (pairs.read_pair_request, Teacher._pair),
    (answer_translation.read_answer_translation, Teacher._translate_answer),
    (programming.read_task, Teacher._program),
)
# A request that none of them reads is a question.
READERS = tuple(read for read, _ in _OPERATIONS)


def _readings(question: str) -> list[str]:
    """The question with spaces folded, and without the marks that sloppy writers end it with."""
    text = re.sub(r"[ \t]+", " ", evolution_operations.without_attempt(question).strip())
    bare = re.sub(r"(?:!!|\s*\.\.\.)$", "", text)
    return [text] if bare == text else [text, bare, *(f"{bare}{mark}" for mark in ".?。？")]
