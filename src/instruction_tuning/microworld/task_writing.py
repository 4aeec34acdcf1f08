"""New tasks, their kinds, examples and paraphrases, as a model writes them that is asked to think some up.

The operations of Self-Instruct (arXiv 2212.10560), Unnatural Instructions (arXiv 2212.09689) and textbook
exercises (arXiv 2306.11644), which writing_requests.py recognises. What goes wrong, with a stated
share, is what goes wrong there: examples repeated, empty and over-long items, replies that are cut off.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from instruction_tuning.microworld.skills import USE_CASES
from instruction_tuning.microworld.task_forms import (
    CutOff,
    Recognise,
    Task,
    answer_of,
    draw_task,
    skills_of,
    task_forms,
    tasks_like,
)
from instruction_tuning.microworld.world import World
from instruction_tuning.microworld.writing_requests import WritingRequest
from instruction_tuning.text.languages import language_of

_MOST_EXAMPLES = 3
_OVER_LONG = 60  # repetitions
_CUT_OFF_SHARE = 0.3  # of the fault rate, since a reply holds several items
_SECTION_LINES = 4


@dataclass(frozen=True)
class TaskWriter:
    """Writes within the world.

    `fault_rate`: share of items that are of no use; `error_rate`: of answers that are wrong.
    """

    world: World
    rng: random.Random
    recognise: Recognise
    error_rate: float
    fault_rate: float

    def reply(self, asked: WritingRequest) -> str | None:
        """What is said; None for a text that the world does not know."""
        written = _OPERATIONS[asked.operation](self, asked)
        if written is not None and self._slips(_CUT_OFF_SHARE) and asked.operation not in ("kind", "fourth"):
            return CutOff(written[: max(1, len(written) - self.rng.randint(2, 12))])
        return written

    def _tasks(self, asked: WritingRequest) -> str:
        shown = re.findall(r"^\d+\. (.+)$", asked.text, re.MULTILINE)
        skills = skills_of(asked.language)
        texts = []
        for _ in range(asked.count):
            text = draw_task(self.world, self.rng, skills).instruction
            if self._slips():
                text = self.rng.choice((self.rng.choice(shown or [text]), "", " ".join([text] * _OVER_LONG)))
            texts.append(text)
        return _numbered(texts, asked.first)

    def _kind(self, asked: WritingRequest) -> str | None:
        like = self._like(asked, 1)
        if not like:
            return None
        is_label = like[0].skill.use_case == "classification"
        return "Yes" if is_label is not (self.rng.random() < self.error_rate) else "No"

    def _examples(self, asked: WritingRequest) -> str | None:
        parts = []
        for number, (given, output) in enumerate(self._instances(asked), start=1):
            line = f"Input: {given}\n" if given else ""
            parts.append(f"Example {number}\n{line}Output: {output}")
        return "\n\n".join(parts) or None

    def _labels(self, asked: WritingRequest) -> str | None:
        parts = [
            f"Class label: {output}\nInput: {given}" if given else f"Class label: {output}"
            for given, output in self._instances(asked)
        ]
        return "\n\n".join(parts) or None

    def _instances(self, asked: WritingRequest) -> list[tuple[str, str]]:
        pairs = []
        for task in self._like(asked, min(asked.count, _MOST_EXAMPLES)):
            output = answer_of(self.world, self.rng, task, self.error_rate)
            if self._slips():
                output = self.rng.choice(("", task.input or output, f"{output}:"))
            pairs.append((task.input, output))
        return pairs

    def _fourth(self, asked: WritingRequest) -> str:
        task = draw_task(self.world, self.rng, skills_of(asked.language))
        instruction, given = task.instruction, task.input or "None"
        if self._slips():
            shown = re.findall(r"^Instruction: (.+)$", asked.text, re.MULTILINE)
            instruction = self.rng.choice(("", self.rng.choice(shown or [""])))
        return f"Instruction: {instruction}\nInput: {given}\nConstraints: None"

    def _reword(self, asked: WritingRequest) -> str | None:
        like = self._like(asked, 1)
        if not like:
            return None
        texts = []
        for _ in range(asked.count):
            skill, slots = like[0].skill, like[0].slots
            if self._slips():  # about something else, or as it was
                slots = self.rng.choice((skill.item(self.world, self.rng, "train"), {}))
            text = asked.text
            if slots:
                text = self.rng.choice(task_forms(skill)).format(**slots)
            texts.append(text)
        return _numbered(texts, 1)

    def _section(self, asked: WritingRequest) -> str | None:
        use_case = asked.text.casefold().replace(" ", "_")
        if use_case not in USE_CASES:
            return None
        lines = []
        for _ in range(_SECTION_LINES):
            task = draw_task(self.world, self.rng, skills_of(asked.language, use_case))
            lines.append(task.skill.document_line(0).format(**task.slots))
        return f"{asked.text}\n\n" + "\n".join(lines)

    def _exercises(self, asked: WritingRequest) -> str | None:
        use_case = asked.text.partition("\n")[0].strip().casefold().replace(" ", "_")
        if use_case not in USE_CASES:
            return None
        language = language_of(asked.text.partition("\n")[2])
        skills = skills_of("zh" if language == "zh" else "en", use_case)
        texts = []
        for _ in range(asked.count):
            task = draw_task(self.world, self.rng, skills)
            question = f"{task.instruction}\n\n{task.input}" if task.input else task.instruction
            answer = answer_of(self.world, self.rng, task, self.error_rate)
            texts.append(f"Exercise: {question}\nAnswer: {'' if self._slips() else answer}")
        return _numbered(texts, 1)

    def _like(self, asked: WritingRequest, count: int) -> list[Task]:
        return tasks_like(self.world, self.rng, asked.text, self.recognise, count)

    def _slips(self, share: float = 1.0) -> bool:
        return self.rng.random() < self.fault_rate * share


def _numbered(texts: list[str], first: int) -> str:
    return "\n".join(f"{number}. {text}" for number, text in enumerate(texts, start=first))


_OPERATIONS: dict[str, Callable[[TaskWriter, WritingRequest], str | None]] = {
    "tasks": TaskWriter._tasks,
    "kind": TaskWriter._kind,
    "examples": TaskWriter._examples,
    "labels": TaskWriter._labels,
    "fourth": TaskWriter._fourth,
    "reword": TaskWriter._reword,
    "section": TaskWriter._section,
    "exercises": TaskWriter._exercises,
}
