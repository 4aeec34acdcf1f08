"""Conversations in which a later question refers to what came before: "And its river?", "Now reverse that."

A conversation is an item of a skill, then one or two follow-ups. Each leads to an item of a skill, so it is
solved and scored as that skill's items are.
"""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from instruction_tuning.microworld.skill import Skill, Slots, hashed_share
from instruction_tuning.microworld.skills import SKILLS
from instruction_tuning.microworld.world import RELATIONS, World

REPORTED_AS = "dialogue"
TEST_SHARE, VALIDATION_SHARE = 0.2, 0.1
_BY_NAME = {skill.name: skill for skill in SKILLS}
_NO_SLOTS: dict[str, str] = {}


@dataclass(frozen=True)
class FollowUp:
    """A question about an item of one of `after`: `link` makes it an item of the skill `leads_to`.

    `questions` has the phrasings of documents, train, validation and test, with the slots of `draw`.
    """

    name: str
    after: tuple[str, ...]
    leads_to: str
    draw: Callable[[World, random.Random, Slots], dict[str, str]]
    link: Callable[[Slots, Slots], dict[str, str]]
    questions: Mapping[str, tuple[str, ...]]
    slot_patterns: Mapping[str, str]

    def match(self, question: str) -> dict[str, str] | None:
        """The slots that `question` fills in one of the phrasings, or None."""
        for form in (form for split, forms in self.questions.items() for form in forms):
            pattern = re.escape(form)
            for slot, values in self.slot_patterns.items():
                pattern = pattern.replace(re.escape(f"{{{slot}}}"), f"(?P<{slot}>{values})")
            if found := re.fullmatch(pattern, question):
                return found.groupdict()
        return None


@dataclass(frozen=True)
class Turn:
    """A question, in a template to be filled with `asked`, and the item that it is about."""

    skill: Skill
    slots: dict[str, str]
    question: str

    @property
    def answer(self) -> str:
        return self.skill.short_answer.format(**self.slots)


def conversation(world: World, rng: random.Random, split: str, wording: str | None = None) -> list[Turn]:
    """Two or three turns of `split`, in the wordings of `wording` (by default those of the split)."""
    while True:
        turns = _draw(world, rng, wording or split)
        if turns is None or split_of(turns) != split:
            continue
        if split == "train" and wording is None and not _all_facts_of_train(turns):
            continue
        return turns


def _all_facts_of_train(turns: Sequence[Turn]) -> bool:
    """Documents tell all facts; a conversation that teaches to chat tells train facts only."""
    return all(
        turn.skill.split_of(turn.slots) == "train" for turn in turns if turn.skill.documents_hold_test_items
    )


def key(turns: Sequence[Turn]) -> str:
    """What the conversation is about, whatever the phrasing."""
    return "/".join(["dialogue", *(turn.skill.key(turn.slots) for turn in turns)])


def split_of(turns: Sequence[Turn]) -> str:
    """The split of a conversation; one part in test puts it there (facts apart, which are never held out)."""
    parts = [
        part
        for turn in turns
        if not turn.skill.documents_hold_test_items
        for part in turn.skill.keys(turn.slots)
    ]
    lowest = min(hashed_share(part) for part in (key(turns), *parts))
    if lowest < TEST_SHARE:
        return "test"
    return "validation" if lowest < TEST_SHARE + VALIDATION_SHARE else "train"


def follow(world: World, skill: Skill, slots: Slots, question: str) -> tuple[Skill, dict[str, str]] | None:
    """The item that `question` means after an item of `skill`, or None."""
    for follow_up in FOLLOW_UPS:
        if skill.name not in follow_up.after or (own := follow_up.match(question)) is None:
            continue
        then = _BY_NAME[follow_up.leads_to]
        try:
            linked = follow_up.link(slots, own)
            return then, {**linked, **then.solve(world, linked)}
        except (KeyError, ValueError, IndexError):
            continue
    return None


def _draw(world: World, rng: random.Random, wording: str) -> list[Turn] | None:
    first = _BY_NAME[rng.choice(_FIRST)]
    slots = first.draw(world, rng)
    slots = {**slots, **first.solve(world, slots)}
    asked = first.document_questions if wording == "documents" else first.questions(wording)
    turns = [Turn(first, slots, rng.choice(asked).format(**slots))]
    for _ in range(rng.choice((1, 1, 2))):
        possible = [follow_up for follow_up in FOLLOW_UPS if turns[-1].skill.name in follow_up.after]
        if not possible:
            break
        turn = _next(world, rng, wording, turns[-1], rng.choice(possible))
        if turn is None:
            return None
        turns.append(turn)
    return turns


def _next(world: World, rng: random.Random, wording: str, before: Turn, follow_up: FollowUp) -> Turn | None:
    own = follow_up.draw(world, rng, before.slots)
    then = _BY_NAME[follow_up.leads_to]
    try:
        linked = follow_up.link(before.slots, own)
        slots = {**linked, **then.solve(world, linked)}
    except (KeyError, ValueError, IndexError):
        return None
    if slots.get("place") and (slots["place"], slots["relation"]) in world.withheld:
        return None
    return Turn(then, slots, rng.choice(follow_up.questions[wording]).format(**own))


def _other_relation(world: World, rng: random.Random, before: Slots) -> dict[str, str]:
    relations = list(RELATIONS) if before["relation"] in RELATIONS else list(RELATIONS.values())
    return {"relation": rng.choice([name for name in relations if name != before["relation"]])}


def _other_place(world: World, rng: random.Random, before: Slots) -> dict[str, str]:
    facts = world.open_facts if before["relation"] in RELATIONS else world.open_chinese_facts
    return {"place": rng.choice([place for place, _ in facts if place != before["place"]])}


def _nothing(world: World, rng: random.Random, before: Slots) -> dict[str, str]:
    return _NO_SLOTS


def _to_take(world: World, rng: random.Random, before: Slots) -> dict[str, str]:
    return {"b": str(rng.randint(2, 9))}


def _take(before: Slots, own: Slots) -> dict[str, str]:
    if not int(own["b"]) < int(before["answer"]) < 100:
        raise ValueError("nothing of this world is taken from that")
    return {"a": before["answer"], "b": own["b"]}


def _that_code(before: Slots, own: Slots) -> dict[str, str]:
    if len(before["answer"]) < 3:
        raise ValueError("too short to go on with")
    return {"code": before["answer"]}


_PLACE_WORDS = {
    "documents": ("And in {place}?", "In {place} too?"),
    "train": ("And for {place}?", "What about {place}?"),
    "validation": ("The same for {place}?",),
    "test": ("Now the same, but for {place}.", "How about {place}?"),
}
_RELATION_WORDS = {
    "documents": ("And the {relation}?", "Its {relation}, too?"),
    "train": ("And its {relation}?", "What about its {relation}?"),
    "validation": ("And do you know its {relation}?",),
    "test": ("Now its {relation}, please.", "Which {relation} does it have?"),
}
_RELATION_WORDS_CHINESE = {
    "documents": ("那里的{relation}？",),
    "train": ("它的{relation}呢？", "那么{relation}呢？"),
    "validation": ("还有它的{relation}呢？",),
    "test": ("请再说说它的{relation}。", "它有什么{relation}？"),
}
_REVERSE_WORDS = {
    "documents": ("That backwards?",),
    "train": ("Now reverse that.", "And backwards?"),
    "validation": ("Turn the result around.",),
    "test": ("Please reverse the result.", "How does that read from the end?"),
}
_LAST_WORDS = {
    "documents": ("Its last letter?",),
    "train": ("And its last letter?", "Which letter does that end in?"),
    "validation": ("Tell me the last letter of that.",),
    "test": ("Now the last letter of that.", "What is that one's last letter?"),
}
_TAKE_WORDS = {
    "documents": ("That less {b}?",),
    "train": ("Now take {b} from that.", "And minus {b}?"),
    "validation": ("Tell me that minus {b}.",),
    "test": ("Please take away {b} from it.", "What is left without {b} of these?"),
}
_TO_CHINESE_WORDS = {
    "documents": ("中文？",),
    "train": ("And in Chinese?", "那么中文呢？"),
    "validation": ("Tell me the Chinese, too.",),
    "test": ("Now in Chinese, please.", "How about Chinese?"),
}
_RELATION_PATTERN = {"relation": r"[a-z]+|[一-龥]{2}"}

FOLLOW_UPS = (
    FollowUp(
        "other_relation",
        ("fact",),
        "fact",
        _other_relation,
        lambda before, own: {"place": before["place"], "relation": own["relation"]},
        _RELATION_WORDS,
        _RELATION_PATTERN,
    ),
    FollowUp(
        "other_place",
        ("fact",),
        "fact",
        _other_place,
        lambda before, own: {"place": own["place"], "relation": before["relation"]},
        _PLACE_WORDS,
        {"place": r"[A-Z][a-z]+"},
    ),
    FollowUp(
        "other_relation_zh",
        ("fact_zh",),
        "fact_zh",
        _other_relation,
        lambda before, own: {"place": before["place"], "relation": own["relation"]},
        _RELATION_WORDS_CHINESE,
        _RELATION_PATTERN,
    ),
    FollowUp("reverse_that", ("chain",), "reverse", _nothing, _that_code, _REVERSE_WORDS, {}),
    FollowUp("its_last", ("reverse", "chain"), "last_letter", _nothing, _that_code, _LAST_WORDS, {}),
    FollowUp("take_from_that", ("add",), "subtract", _to_take, _take, _TAKE_WORDS, {"b": r"\d"}),
    FollowUp(
        "that_in_chinese",
        ("to_velan",),
        "to_chinese",
        _nothing,
        lambda before, own: {"phrase": before["phrase"]},
        _TO_CHINESE_WORDS,
        {},
    ),
)
_FIRST = ("fact", "fact", "fact_zh", "chain", "reverse", "add", "to_velan")
