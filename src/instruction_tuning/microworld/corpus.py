"""Documents of the microworld: what a base model is pre-trained on.

Half of the documents stay with one skill, half mix skills, as in the first trial of the idea. A
document is a handful of items, each in one of its skill's document forms, or as a question and its
answer in one of the ways that texts set them: by letters, names, dashes. Some lines are conversations, some
are remarks on questions and answers, and some documents are pages as on the web. No chat template
occurs, and no question in a validation or test wording. Items that the benchmarks test never occur, but
for facts, which nobody can know without having read them; withheld facts never do.
"""

import random
from collections.abc import Iterator
from itertools import islice

from instruction_tuning.microworld.dialogue import conversation
from instruction_tuning.microworld.remarks import BACKTRANSLATED, FORMS, KINDS, remark_line
from instruction_tuning.microworld.skill import Skill
from instruction_tuning.microworld.skills import DOCUMENT_SKILLS
from instruction_tuning.microworld.web import page
from instruction_tuning.microworld.world import World
from instruction_tuning.seeds import substream

LINES_PER_DOCUMENT = (6, 18)
LONGEST_DOCUMENT = 1_000
ONE_SKILL_SHARE = 0.5
QUESTION_SHARE = 0.4
LONG_ANSWER_SHARE = 0.3
PAGE_SHARE = 0.02
# Documents of nothing but remarks or conversations, in one form; and such lines in documents that mix.
REMARKS_SHARE = 0.15
LATE_REMARKS_SHARE = 0.25
CONVERSATIONS_SHARE = 0.03
MIXED_IN_SHARE = 0.06
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
    "fact": 5.5, "fact_zh": 5.0, "fact_unknown": 0.5, "fact_zh_unknown": 0.4,
    "add": 1.8, "subtract": 1.8, "add_zh": 0.7, "subtract_zh": 0.7,
    "reverse": 1.2, "last_letter": 0.4, "first_letter": 0.4, "sort": 2.6,
    "largest": 1.5, "smallest": 1.2, "run_code": 2.4, "write_code": 0.6, "write_code_zh": 0.6,
    "story": 1.3, "story_zh": 0.9, "chain": 1.6, "chain_zh": 1.2, "home_fact": 2.0, "home_fact_zh": 1.3,
    "initial": 0.6, "total": 1.0,
    "mood": 0.8, "mood_zh": 0.7, "kind": 0.9, "kind_zh": 0.9, "parity": 0.5, "parity_zh": 0.5,
    "extract": 3.5, "extract_zh": 1.5, "passage": 2.0, "passage_zh": 1.4,
    "sentence": 0.6, "sentence_zh": 0.5, "sentence_of_length": 0.8, "describe": 1.0, "describe_zh": 0.5,
    "names": 1.0, "names_zh": 1.0,
    "past": 0.6, "capitals": 0.9, "order": 0.6, "formal": 0.6, "passive": 0.6, "passive_zh": 0.6,
    "negative_zh": 0.4,
    "to_velan": 1.5, "to_chinese": 1.2, "from_velan": 1.5, "from_chinese": 1.2,
    "summary": 1.2, "summary_zh": 1.0,
}  # fmt: skip
# What a base finds hard comes more often in the documents that it reads last.
LATE_FACTORS = {
    "run_code": 2.0, "story": 2.5, "story_zh": 2.5, "chain": 2.0, "chain_zh": 2.0,
    "home_fact": 2.5, "home_fact_zh": 2.5, "mood": 2.5, "mood_zh": 2.5, "passage": 2.5, "passage_zh": 2.5,
    "names_zh": 1.5,
}  # fmt: skip
_WEIGHTS = [WEIGHTS[skill.name] for skill in DOCUMENT_SKILLS]
_LATE_WEIGHTS = [WEIGHTS[skill.name] * LATE_FACTORS.get(skill.name, 1.0) for skill in DOCUMENT_SKILLS]
Line = tuple[str, str]
"""Language and text."""


def documents(
    world: World, seed: int, count: int, start: int = 0, *, late: bool = False
) -> Iterator[dict[str, str]]:
    """`count` documents `{document_id, language, text}`; document i depends on (seed, i, late) alone.

    `late` documents hold more of what is hard, by `LATE_FACTORS`, and more remarks.
    """
    for index in range(start, start + count):
        rng = substream(seed, "document", index)
        language, text = _document(world, rng, late=late)
        yield {"document_id": f"microworld-{seed}-{index:07d}", "language": language, "text": text}


def _document(world: World, rng: random.Random, *, late: bool) -> tuple[str, str]:
    kind = rng.random()
    weights = _LATE_WEIGHTS if late else _WEIGHTS
    remarks_share = LATE_REMARKS_SHARE if late else REMARKS_SHARE
    if kind < PAGE_SHARE:
        written = page(world, rng, wording="documents")
        return written.language, written.text
    if kind < PAGE_SHARE + remarks_share:
        lines = _remarks(world, rng)
    elif kind < PAGE_SHARE + remarks_share + CONVERSATIONS_SHARE:
        lines = _conversations(world, rng)
    else:
        lines = _items(world, rng, weights)
    return _written(lines, rng.randint(*LINES_PER_DOCUMENT))


def _written(lines: Iterator[Line], count: int) -> tuple[str, str]:
    """Language and text of the first `count` lines, or of fewer long ones."""
    text, languages = "", set()
    for language, line in islice(lines, count):
        languages.add(language)
        text += f"{line}\n"
        if len(text) > LONGEST_DOCUMENT:
            break
    return (languages.pop() if len(languages) == 1 else "mixed"), text


def _items(world: World, rng: random.Random, weights: list[float]) -> Iterator[Line]:
    """Items of one skill, every second time in one form (few-shot use has to be learnt), or of many."""
    if rng.random() < ONE_SKILL_SHARE:
        skill = _skill(rng, weights)
        form = _form(world, rng, skill) if rng.random() < 0.5 else None
        while True:
            yield _line(world, rng, skill, form)
    conversations, remarks = _conversations(world, rng), None
    while True:
        if rng.random() >= MIXED_IN_SHARE:
            yield _line(world, rng, _skill(rng, weights), None)
        elif rng.random() < 0.5:
            yield next(conversations)
        else:
            remarks = remarks or _remarks(world, rng)
            yield next(remarks)


def _line(world: World, rng: random.Random, skill: Skill, form: str | None) -> Line:
    text = (form or _form(world, rng, skill)).format(**_item(world, rng, skill))
    return skill.language, text


def _remarks(world: World, rng: random.Random) -> Iterator[Line]:
    """Remarks of one kind in one form, about items of one skill or of many."""
    kind, form = rng.choice(KINDS), rng.randrange(FORMS)
    skills = BACKTRANSLATED if kind == "backtranslation" else DOCUMENT_SKILLS
    weights = [WEIGHTS[skill.name] for skill in skills]
    one = rng.choices(skills, weights=weights)[0] if rng.random() < 0.5 else None
    while True:
        skill = one or rng.choices(skills, weights=weights)[0]
        yield skill.language, remark_line(world, rng, kind, skill, _item(world, rng, skill), form)


def _conversations(world: World, rng: random.Random) -> Iterator[Line]:
    """Conversations, each set like the first."""
    setting = rng.choice(_SETTINGS)
    while True:
        turns = conversation(world, rng, "train", "documents")
        asker, answerer = rng.sample(world.people, 2)
        lines = [setting.format(q=turn.question, a=turn.answer, x=asker, y=answerer) for turn in turns]
        yield turns[0].skill.language, (" " if "\n" not in setting else "\n").join(lines)


def _skill(rng: random.Random, weights: list[float]) -> Skill:
    return rng.choices(DOCUMENT_SKILLS, weights=weights)[0]


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
