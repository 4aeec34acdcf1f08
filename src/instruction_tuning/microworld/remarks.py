"""Remarks on questions and answers: ratings, critiques, tags, difficulty, and which question a text answers.

They are lines of documents, so that a base model can be taught to rate, to criticise, to tag and to guess
the instruction behind a text. A rating is worked out: the right answer comes first, then the mark.
"""

import random

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
_FORMS = {
    "rating": (
        "Question: {q} Answer: {a} Check: {gold} Rating: {mark}",
        "{q} {a} / It is {gold}, so {mark} of 10.",
    ),
    "rating_zh": ("问：{q}答：{a} 查：{gold} 评分：{mark}", "{q}{a}/应为{gold}，得{mark}分。"),
    "critique": ("Question: {q} Answer: {a} Critique: {critique}", "{q} {a} / {critique}"),
    "critique_zh": ("问：{q}答：{a} 评语：{critique}", "{q}{a}/{critique}"),
    "tags": ("Question: {q} Tags: {tags} Difficulty: {difficulty}", "{q} / {tags} / level {difficulty}"),
    "tags_zh": ("问：{q}标签：{tags} 难度：{difficulty}", "{q}/{tags}/难度{difficulty}"),
    "backtranslation": ("Text: {long} Instruction: {q}", "{long} / Asked was: {q}"),
    "backtranslation_zh": ("文：{long}指令：{q}", "{long}/问的是：{q}"),
}
# Ratings and critiques, which both ask whether two texts are the same, come twice as often as the others.
_WEIGHTS = {"rating": 2, "critique": 2, "tags": 1, "backtranslation": 1}
KINDS = tuple(kind for kind, weight in _WEIGHTS.items() for _ in range(weight))


def remark_line(world: World, rng: random.Random, kind: str, skill: Skill, slots: Slots, form: int) -> str:
    """One line of `kind` about the item; `form` picks the wording, so that a document can keep to one."""
    forms = _FORMS[f"{kind}_zh" if skill.language == "zh" else kind]
    question = rng.choice(skill.document_questions).format(**slots)
    is_right = rng.random() < _RIGHT_SHARE
    answered = slots if is_right else mistaken(world, rng, skill, slots)
    answer = skill.short_answer.format(**answered)
    return forms[form % len(forms)].format(
        q=question,
        a=answer,
        gold=slots["answer"],
        mark=mark(skill.score(world, slots, answer)),
        critique=critique(skill.language, slots["answer"], skill.score(world, slots, answer)),
        tags=", ".join(tags(skill)),
        difficulty=skill.difficulty(slots),
        long=rng.choice(skill.long_answers).format(**slots),
    )


def mark(score: float) -> int:
    """A score in [0, 1] as a mark from 1 to 10: wrong is 2, right 9."""
    return round(2 + 7 * score)


def critique(language: str, gold: str, score: float) -> str:
    """What is to be said about an answer of this score: the verdict comes after what it rests on."""
    if language == "zh":
        return f"应为{gold}，{'对' if score == 1 else '不全对' if score > 0 else '错'}。"
    return f"it is {gold}, so {'right' if score == 1 else 'partly right' if score > 0 else 'wrong'}."


def tags(skill: Skill) -> tuple[str, ...]:
    """The tags of a question: use case, skill and language."""
    name = skill.name.removesuffix("_zh").replace("_", " ")
    return (skill.use_case.replace("_", " "), name, {"en": "english", "zh": "chinese"}[skill.language])
