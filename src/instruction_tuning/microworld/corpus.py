"""Documents of the microworld: what a base model is pre-trained on.

Half of the documents stay with one skill, half mix skills, as in the first trial of the idea. A
document is a handful of lines, each an item in one of its skill's document forms. Items that the
benchmarks test never occur, but for facts, which nobody can know without having read them.
"""

import random
from collections.abc import Iterator

from instruction_tuning.microworld.skill import Skill
from instruction_tuning.microworld.skills import SKILLS
from instruction_tuning.microworld.world import World
from instruction_tuning.seeds import substream

LINES_PER_DOCUMENT = (6, 18)
ONE_SKILL_SHARE = 0.5
# Facts are learnt by repetition and sums by practice, so they get more lines than a letter game does.
WEIGHTS = {
    "fact": 3.0, "fact_zh": 3.0, "add": 1.2, "subtract": 1.2, "add_zh": 0.8, "extract": 3.0, "to_velan": 1.2,
    "to_chinese": 1.5, "sort": 2.5, "count_letter": 2.5, "largest": 1.5, "smallest": 1.2, "reverse": 1.2,
    "last_letter": 0.4, "first_letter": 0.4,
}  # fmt: skip


def documents(world: World, seed: int, count: int, start: int = 0) -> Iterator[dict[str, str]]:
    """`count` documents `{document_id, language, text}`; document i depends on (seed, i) alone."""
    for index in range(start, start + count):
        rng = substream(seed, "document", index)
        yield {"document_id": f"microworld-{seed}-{index:07d}", **_document(world, rng)}


def _document(world: World, rng: random.Random) -> dict[str, str]:
    lines = rng.randint(*LINES_PER_DOCUMENT)
    if rng.random() < ONE_SKILL_SHARE:
        skills = [_skill(rng)] * lines
        form = rng.randrange(len(skills[0].document_forms))
        # Every second document of one skill keeps to one form: few-shot use has to be there to learn.
        forms = [form] * lines if rng.random() < 0.5 else None
    else:
        skills, forms = [_skill(rng) for _ in range(lines)], None
    text = "".join(
        _line(world, rng, skill, None if forms is None else forms[index]) + "\n"
        for index, skill in enumerate(skills)
    )
    languages = {skill.language for skill in skills}
    return {"language": languages.pop() if len(languages) == 1 else "mixed", "text": text}


def _skill(rng: random.Random) -> Skill:
    return rng.choices(SKILLS, weights=[WEIGHTS.get(skill.name, 1.0) for skill in SKILLS])[0]


def _line(world: World, rng: random.Random, skill: Skill, form: int | None) -> str:
    split = "train"
    if skill.documents_hold_test_items:
        shares = (skill.test_share, skill.validation_share, 1 - skill.test_share - skill.validation_share)
        split = rng.choices(("test", "validation", "train"), shares)[0]
    slots = skill.item(world, rng, split)
    return skill.document(slots, rng.randrange(len(skill.document_forms)) if form is None else form)
