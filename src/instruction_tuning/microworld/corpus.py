"""Documents of the microworld: what a base model is pre-trained on.

Half of the documents stay with one skill, half mix skills, as in the first trial of the idea. A
document is a handful of items, each in one of its skill's document forms, or as a question and its
answer in one of the ways that texts set them: by letters, names, dashes. No chat template occurs, and
no question in a validation or test wording. Items that the benchmarks test never occur, but for facts,
which nobody can know without having read them.
"""

import random
from collections.abc import Iterator

from instruction_tuning.microworld.skill import Skill
from instruction_tuning.microworld.skills import SKILLS
from instruction_tuning.microworld.world import World
from instruction_tuning.seeds import substream

LINES_PER_DOCUMENT = (6, 18)
ONE_SKILL_SHARE = 0.5
QUESTION_SHARE = 0.4
LONG_ANSWER_SHARE = 0.3
_SETTINGS = (
    "Q: {q} A: {a}",
    "Q: {q}\nA: {a}",
    "Question: {q}\nAnswer: {a}",
    "{x}: {q}\n{y}: {a}",
    "- {q}\n- {a}",
    "{x} asks: {q} {y} says: {a}",
    "{q}\n{a}",
    "* {q} * {a}",
)
_CHINESE_SETTINGS = ("问：{q}答：{a}", "问：{q}\n答：{a}", "{x}：{q}\n{y}：{a}", "- {q}\n- {a}", "{q}\n{a}")
# Facts are learnt by repetition and sums by practice, so they get more lines than a letter game does.
WEIGHTS = {
    "fact": 2.5, "fact_zh": 2.5, "add": 1.0, "subtract": 1.0, "add_zh": 0.7, "extract": 5.0, "to_velan": 1.2,
    "to_chinese": 1.5, "sort": 2.0, "count_letter": 2.0, "largest": 1.5, "smallest": 1.2, "reverse": 1.2,
    "last_letter": 0.4, "first_letter": 0.4,
}  # fmt: skip


def documents(world: World, seed: int, count: int, start: int = 0) -> Iterator[dict[str, str]]:
    """`count` documents `{document_id, language, text}`; document i depends on (seed, i) alone."""
    for index in range(start, start + count):
        rng = substream(seed, "document", index)
        yield {"document_id": f"microworld-{seed}-{index:07d}", **_document(world, rng)}


def _document(world: World, rng: random.Random) -> dict[str, str]:
    lines = rng.randint(*LINES_PER_DOCUMENT)
    form: str | None = None
    if rng.random() < ONE_SKILL_SHARE:
        skills = [_skill(rng)] * lines
        # Every second document of one skill keeps to one form: few-shot use has to be there to learn.
        form = _form(world, rng, skills[0]) if rng.random() < 0.5 else None
    else:
        skills = [_skill(rng) for _ in range(lines)]
    text = "".join(
        (form or _form(world, rng, skill)).format(**_item(world, rng, skill)) + "\n" for skill in skills
    )
    languages = {skill.language for skill in skills}
    return {"language": languages.pop() if len(languages) == 1 else "mixed", "text": text}


def _skill(rng: random.Random) -> Skill:
    return rng.choices(SKILLS, weights=[WEIGHTS.get(skill.name, 1.0) for skill in SKILLS])[0]


def _form(world: World, rng: random.Random, skill: Skill) -> str:
    """A template for one item: a plain line, or a question with its answer."""
    if rng.random() >= QUESTION_SHARE:
        return skill.document_line(rng.randrange(len(skill.document_forms)))
    setting = rng.choice(_CHINESE_SETTINGS if skill.language == "zh" else _SETTINGS)
    asker, answerer = rng.sample(world.people, 2)
    answers = skill.long_answers if rng.random() < LONG_ANSWER_SHARE else (skill.short_answer,)
    question = rng.choice(skill.document_questions)
    return setting.format(q=question, a=rng.choice(answers), x=asker, y=answerer)


def _item(world: World, rng: random.Random, skill: Skill) -> dict[str, str]:
    split = "train"
    if skill.documents_hold_test_items:
        shares = (skill.test_share, skill.validation_share, 1 - skill.test_share - skill.validation_share)
        split = rng.choices(("test", "validation", "train"), shares)[0]
    return skill.item(world, rng, split)
