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

from instruction_tuning.microworld.dialogue import follow
from instruction_tuning.microworld.mistakes import mistaken
from instruction_tuning.microworld.skill import Skill
from instruction_tuning.microworld.skills import REPORTED_SKILLS, SKILLS
from instruction_tuning.microworld.world import World
from instruction_tuning.seeds import substream

NONSENSE = ("Hm, the wind.", "That could be many things.", "嗯，风很大。", "Perhaps so, perhaps not.")
_TURN = re.compile(r"\n\n(?=(?:User|Assistant|System): )")
_RECOGNISED = (*SKILLS, *REPORTED_SKILLS)
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
        # A question comes back with every sample and every rating of it.
        self._recognised: dict[tuple[str, ...], tuple[Skill, dict[str, str]] | None] = {}

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
            # A conversation is rated as a transcript.
            asked = _turns_of_transcript(found["instruction"].strip())
            return self._rating(asked, found["response"].strip(), rng)
        return self._answer([turn["content"] for turn in messages if turn["role"] == "user"], rng)

    def _answer(self, questions: Sequence[str], rng: random.Random) -> str:
        recognised = self._recognise(tuple(questions))
        if recognised is None:
            return rng.choice(NONSENSE)
        skill, slots = recognised
        if rng.random() < self.faults.error_rate:
            slots = self._mistake(skill, slots, rng)
        form = rng.choice(skill.long_answers) if rng.random() < self.faults.verbosity else skill.short_answer
        return form.format(**slots)

    def _recognise(self, questions: tuple[str, ...]) -> tuple[Skill, dict[str, str]] | None:
        """The item that the last of a conversation's questions is about, read alone or after those before."""
        if questions not in self._recognised:
            self._recognised[questions] = self._read(questions)
        return self._recognised[questions]

    def _read(self, questions: tuple[str, ...]) -> tuple[Skill, dict[str, str]] | None:
        for candidate in _readings(questions[-1]):
            for skill in _RECOGNISED:
                if (slots := skill.match(candidate)) is None:
                    continue
                try:
                    return skill, {**slots, **skill.solve(self.world, slots)}
                except (KeyError, ValueError):
                    continue
        before = self._recognise(questions[:-1]) if len(questions) > 1 else None
        if before is None:
            return None
        followed = (follow(self.world, *before, candidate) for candidate in _readings(questions[-1]))
        return next((item for item in followed if item is not None), None)

    def _mistake(self, skill: Skill, slots: dict[str, str], rng: random.Random) -> dict[str, str]:
        return mistaken(self.world, rng, skill, slots)

    def _rating(self, questions: tuple[str, ...], response: str, rng: random.Random) -> str:
        if rng.random() < self.faults.unparseable_rate:
            return "I would rather not put a number on this."
        recognised = self._recognise(questions)
        centre = 5.0
        if recognised is not None:
            skill, slots = recognised
            centre = 3.0 + 5.5 * skill.score(self.world, slots, response)
        points = round(min(10.0, max(1.0, rng.gauss(centre, self.faults.rating_noise))))
        return f"Rating: {points}"


def _turns_of_transcript(instruction: str) -> tuple[str, ...]:
    """The user's questions; an instruction that is no transcript is one question."""
    turns = _TURN.split(instruction)
    asked = tuple(turn.removeprefix("User: ") for turn in turns if turn.startswith("User: "))
    return asked if len(turns) > 1 and asked else (instruction,)


def _readings(question: str) -> list[str]:
    """The question with spaces folded, and without the marks that sloppy writers end it with."""
    text = re.sub(r"[ \t]+", " ", question.strip())
    bare = re.sub(r"(?:!!|\s*\.\.\.)$", "", text)
    return [text] if bare == text else [text, bare, *(f"{bare}{mark}" for mark in ".?。？")]
