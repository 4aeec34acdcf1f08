"""Remarks on questions and answers: ratings, critiques, tags, difficulty, and which question a text answers.

They are lines of documents, so that a base model can be taught to rate, to criticise, to tag and to guess
the instruction behind a text. A verdict is worked out: the right answer comes first, then it and the given
one part by part, then the mark. A model this small does not learn over a distance whether two texts are the
same; side by side it does (docs/experiment_log.md).
"""

import random
import re
from itertools import zip_longest

from instruction_tuning.microworld.mistakes import mistaken
from instruction_tuning.microworld.skill import Skill, Slots
from instruction_tuning.microworld.skills import DOCUMENT_SKILLS
from instruction_tuning.microworld.world import World

# Texts from which one can tell what they answer.
BACKTRANSLATED = tuple(
    skill
    for skill in DOCUMENT_SKILLS
    if skill.name
    in (
        *("fact", "fact_zh", "add", "subtract", "add_zh", "subtract_zh", "reverse", "last_letter"),
        *("first_letter", "sort", "largest", "smallest", "run_code", "write_code"),
        *("write_code_zh", "sentence", "describe", "describe_zh", "to_velan", "to_chinese", "parity"),
    )
)
_RIGHT_SHARE = 0.5
_PART = re.compile(r"\d|[A-Z](?![a-z])|[\u4e00-\u9fff]|[^\W\d_\u4e00-\u9fff]+|[^\w\s,.，。、]")
_FORMS = {
    "rating": (
        "Question: {q} Answer: {a} Check: {gold} | {parts} Rating: {mark}",
        "{q} {a} / It is {gold} | {parts}, so {mark} of 10.",
        "Q: {q} A: {a} True: {gold} | {parts} Level: {level} of 5",
    ),
    "rating_zh": (
        "问：{q}答：{a} 查：{gold} | {parts} 评分：{mark}",
        "{q}{a}/应为{gold} | {parts}，得{mark}分。",
        "问：{q}答：{a} 真：{gold} | {parts} 五级：{level}",
    ),
    "critique": ("Question: {q} Answer: {a} Critique: {critique}", "{q} {a} / {critique}"),
    "critique_zh": ("问：{q}答：{a} 评语：{critique}", "{q}{a}/{critique}"),
    "tags": ("Question: {q} Tags: {tags} Difficulty: {difficulty}", "{q} / {tags} / level {difficulty}"),
    "tags_zh": ("问：{q}标签：{tags} 难度：{difficulty}", "{q}/{tags}/难度{difficulty}"),
    "backtranslation": ("Text: {long} Instruction: {q}", "{long} / Asked was: {q}"),
    "backtranslation_zh": ("文：{long}指令：{q}", "{long}/问的是：{q}"),
}
# How many forms a document can keep to: as many of each kind's two or three.
FORMS = 6
# Ratings and critiques, which both ask whether two texts are the same, come more often than the others.
_WEIGHTS = {"rating": 3, "critique": 2, "tags": 1, "backtranslation": 1}
KINDS = tuple(kind for kind, weight in _WEIGHTS.items() for _ in range(weight))


def remark_line(
    world: World,
    rng: random.Random,
    kind: str,
    skill: Skill,
    slots: Slots,
    form: int,
    *,
    is_right: bool | None = None,
) -> str:
    """One line of `kind` about the item; `form` picks the wording, so that a document can keep to one.

    `is_right` says whether the answer in it is right; without it chance does.
    """
    forms = _FORMS[f"{kind}_zh" if skill.language == "zh" else kind]
    question = rng.choice(skill.document_questions).format(**slots)
    is_right = rng.random() < _RIGHT_SHARE if is_right is None else is_right
    answered = slots if is_right else mistaken(world, rng, skill, slots)
    answer = skill.short_answer.format(**answered)
    score = skill.score(world, slots, answer)
    parts = part_by_part(slots["answer"], answered["answer"])
    return forms[form % len(forms)].format(
        q=question,
        a=answer,
        gold=slots["answer"],
        parts=parts,
        mark=mark(score),
        level=round(1 + 4 * score),
        critique=critique(skill.language, f"{slots['answer']} | {parts}", score),
        tags=", ".join(tags(skill)),
        difficulty=skill.difficulty(slots),
        long=rng.choice(skill.long_answers).format(**slots),
    )


def mark(score: float) -> int:
    """A score in [0, 1] as a mark from 1 to 10: wrong is 2, right 9."""
    return round(2 + 7 * score)


def part_by_part(gold: str, given: str) -> str:
    """Right and given answer in turns, each pair with `ok` or `no`: `4 4 ok 1 2 no`.

    A part is a digit, a capital, a Chinese character or a word; `-` stands where one answer has no more.
    """
    pairs = zip_longest(_PART.findall(gold), _PART.findall(given), fillvalue="-")
    return " ".join(f"{right} {said} {'ok' if right == said else 'no'}" for right, said in pairs)


def critique(language: str, gold: str, score: float) -> str:
    """What is to be said about an answer of this score: the verdict comes after what it rests on."""
    if language == "zh":
        return f"应为{gold}，{'对' if score == 1 else '不全对' if score > 0 else '错'}。"
    return f"it is {gold}, so {'right' if score == 1 else 'partly right' if score > 0 else 'wrong'}."


def tags(skill: Skill) -> tuple[str, ...]:
    """The tags of a question: use case, skill and language."""
    name = skill.name.removesuffix("_zh").replace("_", " ")
    return (skill.use_case.replace("_", " "), name, {"en": "english", "zh": "chinese"}[skill.language])
