"""What the microworld's teacher knows: it answers and rates, with a stated share of mistakes.

It recognises a question by the phrasings of the skills, and a rating request by the marker lines of
the project's rating prompt. Anything else gets nonsense, never the truth. Every reply follows from the
seed and the request, so that a run can be repeated.
"""

import hashlib
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from instruction_tuning.microworld.check import is_right
from instruction_tuning.microworld.skill import Skill
from instruction_tuning.microworld.skills import SKILLS
from instruction_tuning.microworld.world import World
from instruction_tuning.seeds import substream

NONSENSE = ("Hm, the wind.", "That could be many things.", "嗯，风很大。", "Perhaps so, perhaps not.")
_LAST_USER_TURN = "\n\nUser: "
_RATING_REQUEST = re.compile(
    r"^\[Instruction\]\s*\n(?P<instruction>.*)\n\[Response\]\s*\n(?P<response>.*)\n\[End\]\s*$",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class TeacherFaults:
    """How often and how much the teacher errs.

    error_rate: share of answers that are wrong. verbosity: share of answers in a full sentence.
    rating_noise: standard deviation, in points of 10, of the noise on a rating. unparseable_rate: share
    of ratings that name no number.
    """

    error_rate: float = 0.1
    verbosity: float = 0.3
    rating_noise: float = 1.0
    unparseable_rate: float = 0.01


class Teacher:
    """Answers chat requests about the world; knows both the right answers and how to miss them."""

    def __init__(self, world: World, faults: TeacherFaults, seed: int) -> None:
        self.world = world
        self.faults = faults
        self.seed = seed

    @property
    def fingerprint(self) -> str:
        """Eight hex digits that change with the world's and the teacher's code, the faults or the seed."""
        digest = hashlib.sha256(repr((self.faults, self.seed)).encode())
        for file in sorted(Path(__file__).parent.rglob("*.py")):
            digest.update(file.read_bytes())
        return digest.hexdigest()[:8]

    def reply(self, messages: Sequence[dict[str, str]], request_seed: int, sample: int) -> str:
        """The text of sample number `sample` for a chat request whose last message is the user's."""
        question = messages[-1]["content"]
        rng = substream(self.seed, request_seed, sample, question)
        if found := _RATING_REQUEST.search(question):
            # A conversation is rated as a transcript; what counts is its last question.
            instruction = found["instruction"].rpartition(_LAST_USER_TURN)[2]
            return self._rating(instruction.strip(), found["response"].strip(), rng)
        return self._answer(question, rng)

    def _answer(self, question: str, rng: random.Random) -> str:
        recognised = self._recognise(question)
        if recognised is None:
            return rng.choice(NONSENSE)
        skill, slots = recognised
        if rng.random() < self.faults.error_rate:
            slots = self._mistake(skill, slots, rng)
        form = rng.choice(skill.long_answers) if rng.random() < self.faults.verbosity else skill.short_answer
        return form.format(**slots)

    def _recognise(self, question: str) -> tuple[Skill, dict[str, str]] | None:
        for candidate in _readings(question):
            for skill in SKILLS:
                if (slots := skill.match(candidate)) is None:
                    continue
                try:
                    return skill, {**slots, **skill.solve(self.world, slots)}
                except (KeyError, ValueError):
                    continue
        return None

    def _mistake(self, skill: Skill, slots: dict[str, str], rng: random.Random) -> dict[str, str]:
        while True:
            other = skill.item(self.world, rng, "train")
            if other["answer"] != slots["answer"]:
                return {**slots, **{name: other[name] for name in ("answer", "working") if name in other}}

    def _rating(self, instruction: str, response: str, rng: random.Random) -> str:
        if rng.random() < self.faults.unparseable_rate:
            return "I would rather not put a number on this."
        recognised = self._recognise(instruction)
        centre = 5.0 if recognised is None else 8.5 if is_right(recognised[1]["answer"], response) else 3.0
        points = round(min(10.0, max(1.0, rng.gauss(centre, self.faults.rating_noise))))
        return f"Rating: {points}"


def _readings(question: str) -> list[str]:
    """The question with spaces folded, and without the marks that sloppy writers end it with."""
    text = re.sub(r"[ \t]+", " ", question.strip())
    bare = re.sub(r"(?:!!|\s*\.\.\.)$", "", text)
    return [text] if bare == text else [text, bare, *(f"{bare}{mark}" for mark in ".?。？")]
