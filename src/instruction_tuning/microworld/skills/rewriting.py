"""Rewriting: another tense, case, order, style or voice of the same short sentence.

Credit counts from what repeating the sentence unchanged would get.
"""

import random
from collections.abc import Callable

from instruction_tuning.microworld.skill import Rubric, Skill, Slots
from instruction_tuning.microworld.world import (
    ADJECTIVES,
    ANIMALS,
    CHINESE_PEOPLE,
    NOUNS,
    PAST,
    VERBS,
    World,
)

_FORMAL = {"buy": "purchase", "get": "obtain", "show": "present", "fix": "repair"}
_PASSIVE = {"sees": "seen", "finds": "found", "helps": "helped", "follows": "followed"}
_CHINESE_VERBS = ("看", "找", "追", "帮")


def _draw_sentence(world: World, rng: random.Random) -> dict[str, str]:
    words = (rng.choice(list(ADJECTIVES)), rng.choice(list(NOUNS)), rng.choice(list(VERBS)))
    return {"text": f"The {' '.join(words)}"}


def _parts(text: str) -> tuple[str, str, str]:
    article, adjective, noun, verb = text.split(" ")
    if article != "The" or adjective not in ADJECTIVES or noun not in NOUNS or verb not in VERBS:
        raise ValueError("no sentence of this world")
    return adjective, noun, verb


def _solve_past(world: World, slots: Slots) -> dict[str, str]:
    adjective, noun, verb = _parts(slots["text"])
    return {"answer": f"The {adjective} {noun} {PAST[verb]}"}


def _solve_capitals(world: World, slots: Slots) -> dict[str, str]:
    return {"answer": " ".join(["THE", *_parts(slots["text"])]).upper()}


def _draw_scrambled(world: World, rng: random.Random) -> dict[str, str]:
    text = _draw_sentence(world, rng)["text"].lower()
    words = text.split(" ")
    while " ".join(words) == text:
        rng.shuffle(words)
    return {"text": " ".join(words)}


def _unscrambled(text: str) -> str:
    words = text.split(" ")
    kinds = (("the",), tuple(ADJECTIVES), tuple(NOUNS), tuple(VERBS))
    ordered = [word for kind in kinds for word in words if word in kind]
    if len(words) != 4 or len(ordered) != 4:
        raise ValueError("no words of one sentence")
    sentence = " ".join(ordered).capitalize()
    _parts(sentence)
    return sentence


def _solve_order(world: World, slots: Slots) -> dict[str, str]:
    return {"answer": _unscrambled(slots["text"])}


def _draw_wish(world: World, rng: random.Random) -> dict[str, str]:
    number, goods = rng.randrange(2, 60), rng.choice(world.goods)
    return {"text": f"{rng.choice(world.people)} wants to {rng.choice(list(_FORMAL))} {number} {goods}"}


def _solve_formal(world: World, slots: Slots) -> dict[str, str]:
    name, wants, to, verb, number, goods = slots["text"].split(" ")
    if (wants, to) != ("wants", "to") or name not in world.people or goods not in world.goods:
        raise ValueError("no wish of this world")
    return {"answer": f"{name} wishes to {_FORMAL[verb]} {number} {goods}"}


def _draw_deed(world: World, rng: random.Random) -> dict[str, str]:
    first = f"{rng.choice(list(ADJECTIVES))} {rng.choice(ANIMALS)}"
    return {"text": f"The {first} {rng.choice(list(_PASSIVE))} {rng.choice(world.people)}"}


def _solve_passive(world: World, slots: Slots) -> dict[str, str]:
    article, adjective, noun, verb, person = slots["text"].split(" ")
    if article != "The" or adjective not in ADJECTIVES or person not in world.people:
        raise ValueError("no deed of this world")
    return {"answer": f"{person} was {_PASSIVE[verb]} by the {adjective} {noun}"}


def _draw_chinese_deed(world: World, rng: random.Random) -> dict[str, str]:
    first, second = rng.sample(CHINESE_PEOPLE, 2)
    other = rng.choice((second, f"{rng.choice(list(ADJECTIVES.values()))}{rng.choice(list(NOUNS.values()))}"))
    return {"text": f"{first}{rng.choice(_CHINESE_VERBS)}到{other}"}


def _solve_chinese_passive(world: World, slots: Slots) -> dict[str, str]:
    subject, verb, marker, other = (slots["text"][:2], slots["text"][2], slots["text"][3], slots["text"][4:])
    if subject not in CHINESE_PEOPLE or verb not in _CHINESE_VERBS or marker != "到":
        raise ValueError("no deed of this world")
    return {"answer": f"{other}被{subject}{verb}到"}


def _draw_chinese_sentence(world: World, rng: random.Random) -> dict[str, str]:
    words = [rng.choice(list(lexicon.values())) for lexicon in (ADJECTIVES, NOUNS, VERBS)]
    return {"text": f"{rng.choice(CHINESE_PEOPLE)}的{''.join(words)}"}


def _solve_chinese_negative(world: World, slots: Slots) -> dict[str, str]:
    name, text = slots["text"][:2], slots["text"]
    if name not in CHINESE_PEOPLE or len(text) != 6 or text[2] != "的" or text[5] not in VERBS.values():
        raise ValueError("no sentence of this world")
    return {"answer": f"{text[:5]}没{text[5]}"}


def _rubric(world: World, slots: Slots) -> Rubric:
    return {"source": slots["text"]}


def _capitals_rubric(world: World, slots: Slots) -> Rubric:
    return {"source": slots["text"], "case": True}


def _own_identity(name: str) -> Callable[[Slots], tuple[str, ...]]:
    return lambda slots: (f"{name}/{slots['text']}",)


def _order_identities(slots: Slots) -> tuple[str, ...]:
    words = _unscrambled(slots["text"]).split(" ")[1:]
    # Putting words in order is what writing a sentence with them asks for.
    return ("/".join(["words", *words]),)


def rewriting(
    name: str,
    language: str,
    draw: Callable[[World, random.Random], dict[str, str]],
    solve: Callable[[World, Slots], dict[str, str]],
    what: str,
    pattern: str,
    *,
    identities: Callable[[Slots], tuple[str, ...]] | None = None,
    rubric: Callable[[World, Slots], Rubric] = _rubric,
    difficulty: int = 1,
) -> Skill:
    """A skill that rewrites `text` as `what` says; all of them are asked for in the same ways."""
    words = _CHINESE_WORDINGS if language == "zh" else _WORDINGS
    texts = {part: tuple(form.replace("<what>", what) for form in forms) for part, forms in words.items()}
    return Skill(
        name=name,
        use_case="rewrite",
        language=language,
        answer_kind="words",
        draw=draw,
        solve=solve,
        rubric=rubric,
        slot_patterns={"text": pattern},
        input_slot="text",
        identities=identities or _own_identity(name),
        difficulty=lambda slots: difficulty,
        document_forms=texts["forms"],
        document_questions=texts["documents"],
        train_questions=texts["train"],
        validation_questions=texts["validation"],
        test_questions=texts["test"],
        long_answers=texts["long"],
    )


_WORDINGS = {
    "forms": (
        "{text}, <what>:| {answer}.",
        "<what>, {text} reads: {answer}.",
        "From {text} to <what>: {answer}.",
    ),
    "documents": ("{text}, <what>?", "How is {text} written <what>?"),
    "train": (
        "Rewrite this <what>.\n\n{text}",
        "Write the sentence <what>.\n\n{text}",
        "{text}\n\nPut this <what>.",
        "Please change it so that it is <what>: {text}",
    ),
    "validation": ("Tell me this <what>.\n\n{text}",),
    "test": (
        "Can you write this <what>?\n\n{text}",
        "{text}\n\nHow does this read <what>?",
        "I need this sentence <what>.\n\n{text}",
    ),
    "long": ("Rewritten: {answer}.",),
}
_CHINESE_WORDINGS = {
    "forms": ("{text}，<what>：|{answer}。", "<what>，{text}：{answer}。"),
    "documents": ("{text}，<what>？", "{text}怎么写成<what>？"),
    "train": ("改写成<what>。\n\n{text}", "{text}\n\n请把这句话写成<what>。", "把它改成<what>：{text}"),
    "validation": ("告诉我这句话的<what>。\n\n{text}",),
    "test": ("请问怎么改成<what>？\n\n{text}", "{text}\n\n用<what>说一说。"),
    "long": ("改写：{answer}。",),
}
_SENTENCE = r"The [a-z]+ [a-z]+ [a-z]+"

REWRITING = (
    rewriting("past", "en", _draw_sentence, _solve_past, "in the past", _SENTENCE),
    rewriting(
        "capitals", "en", _draw_sentence, _solve_capitals, "in capitals", _SENTENCE, rubric=_capitals_rubric
    ),
    rewriting(
        "order",
        "en",
        _draw_scrambled,
        _solve_order,
        "in the right order",
        r"[a-z]+(?: [a-z]+){3}",
        identities=_order_identities,
    ),
    rewriting(
        "formal",
        "en",
        _draw_wish,
        _solve_formal,
        "in formal words",
        r"[A-Z][a-z]+ wants to [a-z]+ \d{1,2} [a-z]+",
        difficulty=2,
    ),
    rewriting(
        "passive",
        "en",
        _draw_deed,
        _solve_passive,
        "in the passive",
        r"The [a-z]+ [a-z]+ [a-z]+ [A-Z][a-z]+",
        difficulty=2,
    ),
    rewriting(
        "passive_zh", "zh", _draw_chinese_deed, _solve_chinese_passive, "被字句", r"[一-龥]{6}", difficulty=2
    ),
    rewriting("negative_zh", "zh", _draw_chinese_sentence, _solve_chinese_negative, "否定句", r"[一-龥]{6}"),
)
