"""The microworld's contents: places and their facts, people, and two small lexicons.

Everything is invented and follows from one seed, so that the world is the same on every machine.
"""

import random
from dataclasses import dataclass
from functools import cached_property

from instruction_tuning.seeds import substream

WORLD_SEED = 20_240_601
PLACES = 80
WITHHELD_SHARE = 0.15
RELATIONS = {"capital": "首都", "river": "大河", "coin": "货币", "bird": "国鸟"}

_ONSETS = ("b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z", "br", "dr", "st", "tr")
_VOWELS = ("a", "e", "i", "o", "u")
_CODAS = ("", "l", "n", "r", "s", "m")
_CHINESE_NAME_CHARACTERS = "安柏川达恩芬古海金凯兰莫宁欧平奇瑞沙塔维温西亚云泽卓洛贝雅罗格赛图伦哈"
_PEOPLE = (
    "Ada", "Ben", "Cleo", "Dov", "Edda", "Finn", "Gwen", "Hugo",
    "Iris", "Jonas", "Kira", "Levi", "Mina", "Nils", "Olga", "Pavel",
    "Quin", "Rosa", "Sven", "Tara", "Ugo", "Vera", "Wim", "Xena",
    "Yara", "Zeno", "Anka", "Boris", "Celia", "Dario", "Elin", "Frida",
    "Gero", "Hana", "Ivo", "Jette", "Klara", "Lars", "Maia", "Noor",
)  # fmt: skip
_JOBS = (
    "baker", "tailor", "sailor", "farmer", "potter", "miner", "singer", "weaver",
    "painter", "teacher", "doctor", "smith", "hunter", "fisher", "carpenter", "printer",
    "gardener", "cook", "guard", "clerk",
)  # fmt: skip
_GOODS = (
    "lamps", "ropes", "chairs", "knives", "bells", "boots", "drums", "maps",
    "pens", "kites", "jars", "nets", "bowls", "coats", "clocks", "bricks",
)  # fmt: skip

NOUNS = {
    "cat": "猫", "dog": "狗", "bird": "鸟", "fish": "鱼", "horse": "马", "house": "屋",
    "tree": "树", "river": "河", "star": "星", "stone": "石", "boat": "船", "flower": "花",
    "king": "王", "child": "孩", "door": "门", "bread": "饼", "moon": "月", "hill": "山",
    "book": "书", "road": "路", "cow": "牛", "sheep": "羊", "wolf": "狼", "cloud": "云",
}  # fmt: skip
ADJECTIVES = {
    "red": "红", "white": "白", "black": "黑", "green": "绿", "big": "大", "small": "小",
    "old": "老", "new": "新", "good": "好", "cold": "冷", "fast": "快", "quiet": "静",
}  # fmt: skip
VERBS = {
    "sleeps": "睡", "runs": "跑", "sings": "唱", "falls": "落", "waits": "等", "shines": "亮",
    "turns": "转", "comes": "来",
}  # fmt: skip
PAST = {
    "sleeps": "slept", "runs": "ran", "sings": "sang", "falls": "fell", "waits": "waited",
    "shines": "shone", "turns": "turned", "comes": "came",
}  # fmt: skip
ANIMALS = ("cat", "dog", "bird", "fish", "horse", "cow", "sheep", "wolf")
COLOURS = ("red", "white", "black", "green")
CHINESE_PEOPLE = ("小安", "小兰", "小平", "小云", "阿海", "阿贝", "阿金", "老罗", "老图", "老沙")
CHINESE_JOBS = ("厨师", "医师", "歌手", "猎人", "农人", "工人", "诗人", "商人", "水手", "画师")
CHINESE_GOODS = ("灯", "椅", "刀", "钟", "鼓", "笔", "碗", "砖")


@dataclass(frozen=True)
class World:
    """The facts of the world and the words that it has.

    `facts` maps (place, relation) to the value, in English names; `chinese_facts` the same in Chinese
    names; `velan` maps an English word to its word in Velan, an invented language that puts the
    adjective after the noun. `withheld` facts, in both languages, are in no document; what a model
    says about them it was taught after pre-training (`taught`), or it made it up.
    """

    facts: dict[tuple[str, str], str]
    chinese_facts: dict[tuple[str, str], str]
    people: tuple[str, ...]
    jobs: tuple[str, ...]
    goods: tuple[str, ...]
    velan: dict[str, str]
    withheld: frozenset[tuple[str, str]]
    taught: frozenset[tuple[str, str]]

    @cached_property
    def english(self) -> dict[str, str]:
        """The English word for each word of Velan."""
        return {word: english for english, word in self.velan.items()}

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name of a place or of what it has, in both languages."""
        facts = {**self.facts, **self.chinese_facts}
        return frozenset({place for place, _ in facts} | set(facts.values()))

    @cached_property
    def open_facts(self) -> list[tuple[str, str]]:
        """What documents tell, in English names: every fact that is not withheld."""
        return [fact for fact in self.facts if fact not in self.withheld]

    @cached_property
    def open_chinese_facts(self) -> list[tuple[str, str]]:
        """The same in Chinese names."""
        return [fact for fact in self.chinese_facts if fact not in self.withheld]

    @cached_property
    def places(self) -> list[str]:
        return sorted({place for place, _ in self.facts})


def build_world(seed: int = WORLD_SEED) -> World:
    """The world of `seed`: 80 places with four facts each, in English and in Chinese names."""
    taken: set[str] = set()
    names = substream(seed, "names")
    places = [invented_word(names, 2, taken).capitalize() for _ in range(PLACES)]
    facts = {
        (place, relation): invented_word(names, 2, taken).capitalize()
        for place in places
        for relation in RELATIONS
    }
    chinese = substream(seed, "chinese names")
    chinese_places = [chinese_name(chinese, 3, taken) for _ in range(PLACES)]
    chinese_facts = {
        (place, relation): chinese_name(chinese, 2, taken)
        for place in chinese_places
        for relation in RELATIONS.values()
    }
    words = substream(seed, "velan")
    velan = {word: invented_word(words, 2, taken) for word in (*NOUNS, *ADJECTIVES, *VERBS)}
    withheld, taught = _withheld(substream(seed, "withheld"), facts, chinese_facts)
    return World(facts, chinese_facts, tuple(_PEOPLE), tuple(_JOBS), tuple(_GOODS), velan, withheld, taught)


def _withheld(
    rng: random.Random, *languages: dict[tuple[str, str], str]
) -> tuple[frozenset[tuple[str, str]], frozenset[tuple[str, str]]]:
    """Of each language's facts, those withheld, and of these the half that is taught later."""
    withheld: list[tuple[str, str]] = []
    taught: list[tuple[str, str]] = []
    for facts in languages:
        drawn = rng.sample(list(facts), round(WITHHELD_SHARE * len(facts)))
        withheld += drawn
        taught += drawn[: len(drawn) // 2]
    return frozenset(withheld), frozenset(taught)


def invented_word(rng: random.Random, syllables: int, taken: set[str]) -> str:
    """A new word of so many syllables, which is then taken."""
    while True:
        parts = [rng.choice(_ONSETS) + rng.choice(_VOWELS) for _ in range(syllables)]
        word = "".join(parts) + rng.choice(_CODAS)
        if word not in taken and word not in _RESERVED:
            taken.add(word)
            return word


def chinese_name(rng: random.Random, length: int, taken: set[str]) -> str:
    """A new name of so many characters, which is then taken."""
    while True:
        name = "".join(rng.choice(_CHINESE_NAME_CHARACTERS) for _ in range(length))
        if name not in taken:
            taken.add(name)
            return name


# English words that an invented one must not be, or an answer could not be told from the text around it.
_RESERVED = frozenset({"are", "is", "reads", "bare", "more", "made", "same", "name", "gave", "rite"})
