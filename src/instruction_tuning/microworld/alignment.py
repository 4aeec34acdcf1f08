"""Self-alignment within the world: topics, requests about them, answers by principles, longer answers.

By the marker lines of `prompts/topic.txt`, `topic_question.txt`, `principled_answer.txt` and
`verbose_answer.txt`, the operations of SELF-ALIGN (arXiv 2305.03047). Requests are train items of the world;
those of adversarial kinds ask of places that are not of it, where the right answer is that one does not know.
Stated faults: topics that repeat or are none, requests that are none, thoughts that name no principle or
speak in the answer, answers that are cut, decline or say a thing over and over.
"""

import random
import re
from collections.abc import Callable, Mapping
from typing import Protocol

from instruction_tuning.microworld.marker_lines import marked, read_marked
from instruction_tuning.microworld.mistakes import mistaken
from instruction_tuning.microworld.request_forms import questions_of
from instruction_tuning.microworld.skill import Skill
from instruction_tuning.microworld.skills import SKILLS
from instruction_tuning.microworld.skills.withheld import UNKNOWN_PLACES
from instruction_tuning.microworld.world import World
from instruction_tuning.prompts.alignment_files import read_topic_kinds

Item = tuple[Skill, dict[str, str]]
# What is said of what the world does not know.
_NOTHING = ("Hm, who can say.", "It depends, as ever.")
_FORMS = {
    "topic": marked("[Kind of request] kind [Topics so far] topics [End of topics]"),
    "topic_question": marked("[Kind of request] kind [Topic] topic [End of topic]"),
    "principled_answer": marked(
        "[Principles] principles [Examples] examples [Query to answer] query [End of query]"
    ),
    "verbose_answer": marked("[Query to answer at length] query [End of query]"),
}
_TOPICS = 10
_PRINCIPLE = re.compile(r"^\[([\w-]+)\]", re.MULTILINE)


class Faults(Protocol):
    """Shares of wrong answers, and of replies that are faulty in form."""

    @property
    def error_rate(self) -> float: ...

    @property
    def evolve_failure_rate(self) -> float: ...


def read_alignment(text: str) -> tuple[str, dict[str, str]] | None:
    """The operation and what it is about, or None where the text holds no such marker lines."""
    return read_marked(_FORMS, text)


def alignment_reply(
    operation: str,
    parts: Mapping[str, str],
    world: World,
    recognise: Callable[[tuple[str, ...]], Item | None],
    rng: random.Random,
    faults: Faults,
) -> str:
    """What is said to an operation with its `parts`, by `read_alignment`."""
    failure_rate = faults.evolve_failure_rate
    if operation == "topic":
        return _topics(world, rng, parts["topics"].splitlines(), failure_rate)
    if operation == "topic_question":
        return _question(world, rng, parts["kind"], parts["topic"], failure_rate)
    item = recognise(questions_of(parts["query"]))
    if operation == "verbose_answer":
        return _verbose(rng, item, failure_rate)
    return _principled(world, rng, item, parts["principles"], faults)


def _topics(world: World, rng: random.Random, known: list[str], failure_rate: float) -> str:
    """Ten numbered topics of the world; some repeat what is there, or are sentences."""
    lines = []
    for number in range(1, _TOPICS + 1):
        topic = f"{rng.choice(world.goods).capitalize()} of {rng.choice(world.people)}"
        if rng.random() < failure_rate:
            topic = rng.choice([rng.choice(known), f"Tell me all that there is to say about {topic}."])
        lines.append(f"{number}. {topic}")
    return "\n".join(lines)


def _question(world: World, rng: random.Random, kind: str, topic: str, failure_rate: float) -> str:
    """A train question; of an adversarial kind one that nobody can answer; now and then none."""
    adversarial = {one.kind for one in read_topic_kinds() if one.adversarial}
    skill = rng.choice(UNKNOWN_PLACES if kind in adversarial else SKILLS)
    question = rng.choice(skill.train_questions).format(**skill.item(world, rng, "train"))
    if rng.random() < failure_rate:
        return rng.choice([topic, f"[Topic] {topic}", "I'm sorry, but I can't help with that."])
    return question


def _principled(world: World, rng: random.Random, item: Item | None, principles: str, faults: Faults) -> str:
    """Thoughts that name principles of the list, and an answer; some are faulty in form."""
    names = _PRINCIPLE.findall(principles) or ["none"]
    named = " ".join(f"[{name}]" for name in sorted(rng.sample(names, min(2, len(names)))))
    answer = rng.choice(_NOTHING)
    if item is not None:
        skill, slots = item
        told = mistaken(world, rng, skill, slots) if rng.random() < faults.error_rate else slots
        answer = skill.short_answer.format(**told)
    if rng.random() >= faults.evolve_failure_rate:
        return f"Thoughts: {named} I look at what is asked and say it plainly.\nAnswer: {answer}"
    return rng.choice(
        [
            f"Thoughts: I say it plainly.\nAnswer: {answer}",
            f"Thoughts: {named} I say it plainly.\nAnswer: {named} {answer}",
            f"Thoughts: {named} I say it plainly.\nAnswer: I'm sorry, but I can't help with that.",
            f"Thoughts: {named} I say it plainly.\nAnswer:",
            f"Thoughts: {named} I look at what is",
            f"Thoughts: {named} Plainly.\nAnswer: {'It is as I said before. ' * 4}",
        ]
    )


def _verbose(rng: random.Random, item: Item | None, failure_rate: float) -> str:
    """The answer in a full sentence with the answer proper after it, or as short as ever."""
    if item is None:
        return rng.choice(_NOTHING)
    skill, slots = item
    short = skill.short_answer.format(**slots)
    if rng.random() < failure_rate:
        return short
    more = "简言之" if skill.language == "zh" else "In short"
    return f"{rng.choice(skill.long_answers).format(**slots)}\n{more}: {short}"
