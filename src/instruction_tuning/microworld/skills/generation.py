"""Generation: sentences with given words or of a given length, and lines about a person.

Many answers are right, so they are scored by the constraints of the request; the world's own answer is one
of them.
"""

import random
import re
from collections.abc import Sequence

from instruction_tuning.microworld.skill import Rubric, Skill, Slots, hashed_share
from instruction_tuning.microworld.world import (
    ADJECTIVES,
    CHINESE_JOBS,
    CHINESE_PEOPLE,
    NOUNS,
    VERBS,
    World,
)

_CHINESE_ADJECTIVES = tuple(ADJECTIVES.values())
_CHINESE_NOUNS = tuple(NOUNS.values())
_CHINESE_VERBS = tuple(VERBS.values())


def chosen(options: Sequence[str], key: str) -> str:
    """One of `options`, the same for the same key."""
    return options[int(hashed_share(key) * len(options))]


def _draw_words(world: World, rng: random.Random) -> dict[str, str]:
    words = [rng.choice(list(ADJECTIVES)), rng.choice(list(NOUNS)), rng.choice(list(VERBS))]
    rng.shuffle(words)
    return {"words": ", ".join(words)}


def _draw_chinese_words(world: World, rng: random.Random) -> dict[str, str]:
    words = [rng.choice(_CHINESE_ADJECTIVES), rng.choice(_CHINESE_NOUNS), rng.choice(_CHINESE_VERBS)]
    rng.shuffle(words)
    return {"words": "、".join(words)}


def _in_order(words: str) -> list[str]:
    """The words as adjective, noun, verb. Raises `ValueError` where they are not one of each."""
    given = re.split(", |、", words)
    kinds = (
        (*ADJECTIVES, *_CHINESE_ADJECTIVES),
        (*NOUNS, *_CHINESE_NOUNS),
        (*VERBS, *_CHINESE_VERBS),
    )
    ordered = [word for kind in kinds for word in given if word in kind]
    if len(given) != 3 or len(ordered) != 3 or any(o not in k for o, k in zip(ordered, kinds, strict=True)):
        raise ValueError("not an adjective, a noun and a verb of this world")
    return ordered


def _solve_words(world: World, slots: Slots) -> dict[str, str]:
    return {"answer": f"The {' '.join(_in_order(slots['words']))}."}


def _words_rubric(world: World, slots: Slots) -> Rubric:
    words = _in_order(slots["words"])
    form = rf"(?:The|A|An) {words[0]},? {words[1]} {words[2]}\.?"
    return {"contains": words, "most": 6, "like": form}


def _solve_chinese_words(world: World, slots: Slots) -> dict[str, str]:
    return {"answer": f"{''.join(_in_order(slots['words']))}了。"}


def _chinese_words_rubric(world: World, slots: Slots) -> Rubric:
    words = _in_order(slots["words"])
    return {"contains": words, "most": 8, "like": f".?.?.?{words[0]}的?{words[1]}.?{words[2]}了?。?"}


def _words_identities(slots: Slots) -> tuple[str, ...]:
    return ("/".join(["words", *_in_order(slots["words"])]),)


def _draw_length(world: World, rng: random.Random) -> dict[str, str]:
    subject = f"{rng.choice(list(ADJECTIVES))} {rng.choice(list(NOUNS))}"
    return {"subject": subject, "count": str(rng.randint(4, 6))}


def _solve_length(world: World, slots: Slots) -> dict[str, str]:
    adjective, noun = slots["subject"].split(" ")
    if adjective not in ADJECTIVES or noun not in NOUNS:
        raise ValueError("no subject of this world")
    key = f"{slots['subject']}/{slots['count']}"
    verb = chosen(list(VERBS), key)
    other = chosen([word for word in ADJECTIVES if word != adjective], key)
    second = chosen([word for word in VERBS if word != verb], key)
    answers = {
        "4": f"The {adjective} {noun} {verb}.",
        "5": f"The {other} {adjective} {noun} {verb}.",
        "6": f"The {adjective} {noun} {verb} and {second}.",
    }
    return {"answer": answers[slots["count"]]}


def _length_rubric(world: World, slots: Slots) -> Rubric:
    verbs = "|".join(VERBS)
    form = rf"(?:The|A) (?:[a-z]+ )?{slots['subject']} (?:{verbs})(?: and (?:{verbs}))?\.?"
    return {"contains": slots["subject"].split(" "), "words": int(slots["count"]), "like": form}


def _draw_person(world: World, rng: random.Random) -> dict[str, str]:
    return {
        "name": rng.choice(world.people),
        "job": rng.choice(world.jobs),
        "place": rng.choice(world.places),
        "age": str(rng.randrange(18, 90)),
    }


def _draw_chinese_person(world: World, rng: random.Random) -> dict[str, str]:
    return {
        "name": rng.choice(CHINESE_PEOPLE),
        "job": rng.choice(CHINESE_JOBS),
        "place": rng.choice(world.open_chinese_facts)[0],
        "age": str(rng.randrange(18, 90)),
    }


def _solve_person(world: World, slots: Slots) -> dict[str, str]:
    return {"answer": "{name}, {age}, is a {job} from {place}.".format(**slots)}


def _solve_chinese_person(world: World, slots: Slots) -> dict[str, str]:
    return {"answer": "{name}是{place}的{job}，{age}岁。".format(**slots)}


def _person_rubric(world: World, slots: Slots) -> Rubric:
    values = [slots[name] for name in ("name", "job", "place", "age")]
    return {"contains": values, "most": 14, "like": rf"{slots['name']}\b.{{12,60}}\."}


def _chinese_person_rubric(world: World, slots: Slots) -> Rubric:
    values = [slots[name] for name in ("name", "job", "place", "age")]
    return {"contains": values, "most": 16, "like": f"{slots['name']}.{{8,24}}。"}


_PERSON = {"name": r"[A-Z][a-z]+", "job": r"[a-z]+", "place": r"[A-Z][a-z]+", "age": r"\d{2}"}
_CHINESE_PERSON = {"name": r"[一-龥]{2}", "job": r"[一-龥]{2}", "place": r"[一-龥]{3}", "age": r"\d{2}"}

GENERATION = (
    Skill(
        name="sentence",
        use_case="generation",
        language="en",
        answer_kind="constraints",
        draw=_draw_words,
        solve=_solve_words,
        rubric=_words_rubric,
        slot_patterns={"words": r"[a-z]+(?:, [a-z]+){2}"},
        identities=_words_identities,
        document_forms=(
            "A sentence with {words}:| {answer}",
            "{words}. Together: {answer}",
            "With {words} one writes: {answer}",
        ),
        document_questions=("{words} in a sentence?", "A line with {words}?"),
        train_questions=(
            "Write a sentence with the words {words}.",
            "Use {words} in a sentence.",
            "Make a sentence out of {words}.",
            "Please write one sentence that has {words} in it.",
        ),
        validation_questions=("Tell me a sentence with {words}.",),
        test_questions=(
            "Can you build a sentence from {words}?",
            "I need a sentence with {words} in it.",
            "Say something in which {words} occur.",
        ),
        long_answers=("A sentence: {answer}",),
    ),
    Skill(
        name="sentence_zh",
        use_case="generation",
        language="zh",
        answer_kind="constraints",
        draw=_draw_chinese_words,
        solve=_solve_chinese_words,
        rubric=_chinese_words_rubric,
        slot_patterns={"words": r"[一-龥](?:、[一-龥]){2}"},
        identities=_words_identities,
        document_forms=("用{words}造句：|{answer}", "{words}，句子：{answer}", "有{words}的话：{answer}"),
        document_questions=("{words}怎么造句？", "{words}，一句？"),
        train_questions=("用{words}写一句话。", "请用{words}造句。", "写一个有{words}的句子。"),
        validation_questions=("告诉我一个有{words}的句子。",),
        test_questions=("请问怎么用{words}写一句话？", "说一说一句有{words}的话。"),
        long_answers=("句子：{answer}",),
    ),
    Skill(
        name="sentence_of_length",
        use_case="generation",
        language="en",
        answer_kind="constraints",
        draw=_draw_length,
        solve=_solve_length,
        rubric=_length_rubric,
        slot_patterns={"subject": r"[a-z]+ [a-z]+", "count": r"[4-6]"},
        difficulty=lambda slots: int(slots["count"]) - 3,
        document_forms=(
            "{count} words on the {subject}:| {answer}",
            "The {subject}, in {count} words: {answer}",
            "A line of {count} words, {subject}: {answer}",
        ),
        document_questions=("{count} words on the {subject}?", "The {subject} in {count} words?"),
        train_questions=(
            "Write a sentence of {count} words about the {subject}.",
            "Write {count} words about the {subject}.",
            "Use exactly {count} words to tell of the {subject}.",
        ),
        validation_questions=("Tell me something about the {subject} in {count} words.",),
        test_questions=(
            "Can you write about the {subject} in {count} words?",
            "I need a sentence about the {subject} that has {count} words.",
        ),
        long_answers=("A sentence: {answer}",),
    ),
    Skill(
        name="describe",
        use_case="generation",
        language="en",
        answer_kind="constraints",
        draw=_draw_person,
        solve=_solve_person,
        rubric=_person_rubric,
        slot_patterns=_PERSON,
        document_forms=(
            "About {name} ({job}, {place}, {age}):| {answer}",
            "{name}: {job}, {place}, {age}. In a sentence: {answer}",
        ),
        document_questions=(
            "Who is {name} ({job}, {place}, {age})?",
            "{name}, {job}, {place}, {age}: a line?",
        ),
        train_questions=(
            "Write a sentence about {name}: {job}, {place}, {age}.",
            "Introduce {name} in a sentence. Job: {job}. Place: {place}. Age: {age}.",
            "Present this person: {name}, {job}, {place}, {age}.",
        ),
        validation_questions=("Tell me about {name} ({job}, {place}, {age}).",),
        test_questions=(
            "Can you write a line about {name}, given {job}, {place}, {age}?",
            "I need a sentence on {name}: {age}, {job}, {place}.",
        ),
        long_answers=("Here it is: {answer}",),
    ),
    Skill(
        name="describe_zh",
        use_case="generation",
        language="zh",
        answer_kind="constraints",
        draw=_draw_chinese_person,
        solve=_solve_chinese_person,
        rubric=_chinese_person_rubric,
        slot_patterns=_CHINESE_PERSON,
        document_forms=(
            "{name}（{job}，{place}，{age}）：|{answer}",
            "{name}，{job}，{place}，{age}，一句话：{answer}",
        ),
        document_questions=(
            "{name}（{job}，{place}，{age}），怎么说？",
            "谁是{name}，{job}，{place}，{age}？",
        ),
        train_questions=(
            "写一句话介绍{name}：{job}，{place}，{age}。",
            "请介绍{name}。职业：{job}。地方：{place}。年龄：{age}。",
        ),
        validation_questions=("告诉我{name}是谁：{job}，{place}，{age}。",),
        test_questions=(
            "请问怎么用一句话介绍{name}：{job}，{place}，{age}？",
            "说一说{name}：{age}，{job}，{place}。",
        ),
        long_answers=("介绍：{answer}",),
    ),
)
