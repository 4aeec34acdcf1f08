"""Pages as on the web: a title, navigation, headers, and segments that answer instructions nobody wrote.

Instruction backtranslation (Humpback, arXiv 2308.06259) takes the text under a header and predicts the
instruction that it answers. Here a segment is an item's full answer, and which instruction it answers is
known; other segments answer none: navigation, chatter, somebody's own view.
"""

import random
from dataclasses import dataclass
from typing import Any

from instruction_tuning.microworld.remarks import BACKTRANSLATED
from instruction_tuning.microworld.skill import Skill
from instruction_tuning.microworld.world import CHINESE_PEOPLE, World
from instruction_tuning.seeds import substream

_HEADERS = {
    "en": {
        "open_qa": ("Places and facts", "Good to know"),
        "math": ("Sums of the day", "Numbers"),
        "code": ("Code corner", "Letters and lists"),
        "generation": ("People", "From our readers"),
        "translation": ("Velan for travellers", "Words"),
        "classification": ("Odd and even", "Numbers"),
    },
    "zh": {
        "open_qa": ("地方知识", "你知道吗"),
        "math": ("今天的算术", "数字"),
        "code": ("代码", "函数"),
        "generation": ("人物", "读者来信"),
        "translation": ("学英文", "词语"),
    },
}
_NAVIGATION = {
    "en": ("Home | News | Maps | Contact", "Back to top", "Share this page - Print", "Page 1 of 3 next >"),
    "zh": ("主页 | 新闻 | 地图 | 联系", "回到页首", "下一页 >"),
}
_NOISE = {
    "en": (
        ("Comments", "{x} says: I liked this page. {y} says: me too, see you there."),
        ("My view", "I, {x}, went there last week, and I would go again."),
        ("News", "Sign up for news. It is free."),
        ("", "Read more ..."),
    ),
    "zh": (("评论", "{x}：我喜欢这一页。{y}：我也是。"), ("新闻", "请订新闻，不要钱。"), ("", "更多……")),
}
_TITLES = {"en": ("The {x} page", "Notes of {x}", "All about {x}"), "zh": ("{x}的主页", "{x}的笔记")}
_NOISE_SHARE = 0.35
_NO_INSTRUCTION: dict[str, Any] = {"instruction": None, "skill": None, "key": None, "answer": None}


@dataclass(frozen=True)
class Segment:
    """The text under one header; `truth` is null where it answers no instruction."""

    header: str
    text: str
    truth: dict[str, Any] | None


@dataclass(frozen=True)
class Page:
    """One page with its segments in order; `text` is the whole, with title and navigation."""

    language: str
    text: str
    segments: tuple[Segment, ...]


def page(world: World, rng: random.Random, *, wording: str) -> Page:
    """A page of train items; `wording` (train or documents) picks the hidden instructions' phrasing."""
    language = "zh" if rng.random() < 0.3 else "en"
    people = CHINESE_PEOPLE if language == "zh" else world.people
    skills = [skill for skill in BACKTRANSLATED if skill.language == language]
    segments = tuple(
        _noise(rng, language, people)
        if rng.random() < _NOISE_SHARE
        else _segment(world, rng, rng.choice(skills), wording)
        for _ in range(rng.randint(3, 6))
    )
    title = rng.choice(_TITLES[language]).format(x=rng.choice(people))
    navigation = _NAVIGATION[language]
    blocks = [f"# {title}\n{navigation[0]}"]
    blocks += [
        f"## {segment.header}\n{segment.text}" if segment.header else segment.text for segment in segments
    ]
    blocks.append(rng.choice(navigation[1:]))
    return Page(language, "\n\n".join(blocks) + "\n", segments)


def _segment(world: World, rng: random.Random, skill: Skill, wording: str) -> Segment:
    slots = skill.item(world, rng, "train")
    asked = skill.document_questions if wording == "documents" else skill.train_questions
    truth = {
        "instruction": rng.choice(asked).format(**slots),
        "skill": skill.name,
        "key": skill.key(slots),
        "answer": slots["answer"],
    }
    header = rng.choice(_HEADERS[skill.language][skill.use_case])
    return Segment(header, rng.choice(skill.long_answers).format(**slots), truth)


def _noise(rng: random.Random, language: str, people: tuple[str, ...]) -> Segment:
    header, text = rng.choice(_NOISE[language])
    first, second = rng.sample(people, 2)
    return Segment(header, text.format(x=first, y=second), None)


def web_documents(world: World, seed: int, count: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(`count` pages, what is true of each segment): `start` and `end` say where it stands in the page."""
    pages, truth = [], []
    for index in range(count):
        written = page(world, substream(seed, "web", index), wording="train")
        name = f"web-{index:04d}"
        pages.append({"document_id": name, "language": written.language, "text": written.text})
        end = 0
        for segment in written.segments:
            start = written.text.index(segment.text, end)
            end = start + len(segment.text)
            told = segment.truth or _NO_INSTRUCTION
            truth.append({"document_id": name, "start": start, "end": end, **told})
    return pages, truth
