"""The verb of a Chinese request or sentence and the noun that it acts on, by rule.

There is no segmenter among this project's libraries, so words are found by closed lists
(`chinese_words.py`), the longest first. A request begins with its verb, after polite words, after openers
that end at a comma (`给定...，`, `根据...，`) and after phrases with a coverb (`用...`, `为...`, `在...`).
`将`, `把` and `对` put the object before the verb. Of an object that is described (`关于环保的文章`) the
noun stands behind the last `的`. O(characters).

Limits: verbs outside the list are not seen; the noun is the longest listed noun that the phrase ends with,
else the phrase itself up to four characters, else its last two, which need not be a word.
"""

import re

from instruction_tuning.pool_statistics.chinese_words import (
    NOT_VERBS,
    NOUNS,
    SINGLE_VERBS,
    SINGLE_VERBS_BEFORE_A_COUNT,
    VERBS,
)
from instruction_tuning.pool_statistics.english_verb_noun import NOTHING, VerbNoun

_MAX_CHARACTERS = 200
_LONGEST_NOUN = max(map(len, NOUNS))
_CLAUSE_END = re.compile(r"[，。！？；：,!?;:\n]")
_OPENERS = re.compile(
    r"(?:\s|请问|请你|请您|请|麻烦你?|帮我|帮忙|帮助我|给我|为我|替我|现在|首先|然后|你能够?|你可以|您能|您可以|你|您|能否|可否"
    r"|能不能|可以|需要|应该|我想要?|我需要|我希望|让|尝试|试着|随机|自动|简要地?|详细地?|简单地?|重新)+"
)
# Clauses that only say on what, with what or when.
_CLAUSE_OPENERS = re.compile(
    r"给定|根据|基于|按照|按|依据|针对|关于|对于|使用|利用|通过|结合|假设|假如|如果|想象|考虑到"
    r"|当|从|在|以|为|作为|阅读|用|就|拿|向"
)
_COUNT = (
    r"(?:个|篇|首|段|句|封|份|条|种|项|些|组|张|道|则|部|款|名|位|本|家|幅|场|次|类|对|套|件|点|行|只|座|门|支|台|片|章|节"
    r"|页|串|列|步|样|下|字|词|面|方面|大)"
)
_QUANTIFIER = re.compile(
    r"^(?:\s|一下|了|出|成|为|至少|最多|大约|以下|下列|下面|上述|上面|所给|给定的?|给出的?|提供的?|所有|任何|任意|其中|"
    rf"(?:[一二两三四五六七八九十几多数这那该此每某各哪\d\s-]+{_COUNT})|[这那该此每某各]|不同|一些|\d+|、|的|\"|“|「|《)+"
)
_HARD_END = (
    r"[，。！？；：、,.!?;:\n()（）”\"」》【】]|并且|并|以便"
    r"|(?<!可)以(?=[^下上])|来(?=[^自源])|用于|使得?|从而|让"
)
_OBJECT_END = re.compile(
    rf"{_HARD_END}|(?:从|至|到|以及|和|与|及|或|时|后|在(?=[^线])|是否|如何|为什么|怎么|怎样)"
)
_LAST_END = re.compile(_HARD_END)
# Quoted and bracketed text is what is worked on, not what is asked.
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|「[^」]*」|《[^》]*》|\[[^\]]*\]|（[^）]*）|\([^)]*\)")
_KNOWN = re.compile("|".join(sorted(NOT_VERBS | VERBS, key=lambda word: (-len(word), word))))
_BY_WHICH = re.compile(r"来(?=[^自源])")
_NO_NOUN = re.compile(r"^(?:如何|为什么|什么|怎么|怎样|是否|哪|谁|它|他|她|我|你|自己|这$|那$)")
_COVERB = re.compile(r"(?:将|把|对(?!话|比|象))(.+)$")
_COUNTED_VERB = re.compile(
    rf"[{''.join(sorted(SINGLE_VERBS_BEFORE_A_COUNT))}](?=[一两二三四五几\d]\s*{_COUNT})"
)
_COPULA = re.compile(r"是(?!否)|指的是|称为")


def chinese_verb_noun(text: str) -> VerbNoun:
    """The first verb of `text`'s first clauses with its object.

    >>> chinese_verb_noun("请写一篇关于环保的文章。")
    VerbNoun(verb='写', noun='文章')
    >>> chinese_verb_noun("将以下句子翻译成英文：")
    VerbNoun(verb='翻译', noun='句子')
    >>> chinese_verb_noun("什么是机器学习？")
    VerbNoun(verb=None, noun=None)
    """
    spoken = _QUOTED.sub("", text[:_MAX_CHARACTERS])
    clauses = [clause for part in _CLAUSE_END.split(spoken) if (clause := part.strip())]
    held_back = NOTHING
    for clause in clauses[:3]:
        opened = _OPENERS.match(clause)
        rest = clause[opened.end() :] if opened else clause
        found = _of_clause(rest)
        if found.verb is None:
            continue
        if not _CLAUSE_OPENERS.match(rest) or len(clauses) == 1:
            return found
        # `使用过渡连接两个句子` has its task in the same clause: a second verb behind the opener's.
        held_back = held_back if held_back.verb else found
    return held_back


def _of_clause(clause: str) -> VerbNoun:
    opener = _CLAUSE_OPENERS.match(clause)
    start = opener.end() if opener else 0
    if opener and (by_which := _BY_WHICH.search(clause, start)) and _verb_at(clause, by_which.end()):
        start = by_which.end()  # `通过...来编辑这一段`
    place = _verb_at(clause, start) or (_verb_at(clause, 0) if opener else None)
    if place is None:
        return NOTHING
    position, verb = place
    if _COPULA.search(clause, 0, position):
        return NOTHING
    after = clause[position + len(verb) :]
    before = _COVERB.search(clause[:position]) if start == 0 or not _noun(after) else None
    if verb == "进行":
        inner = _verb_at(after, 0)
        verb, after = (inner[1], after[inner[0] + len(inner[1]) :]) if inner else (verb, after)
    if before:
        return VerbNoun(verb, _noun(before.group(1).removesuffix("进行")))
    return VerbNoun(verb, _noun(after))


def _verb_at(clause: str, start: int) -> tuple[int, str] | None:
    """Where the first verb at or behind `start` stands, and which it is."""
    known = _KNOWN.search(clause, start)
    if clause[start : start + 1] in SINGLE_VERBS and not (known and known.start() == start):
        return start, clause[start]
    counted = _COUNTED_VERB.search(clause, start)
    while known and known.group() in NOT_VERBS:
        known = _KNOWN.search(clause, known.end())
    if counted and (known is None or counted.start() < known.start()):
        return counted.start(), counted.group()
    return (known.start(), known.group()) if known else None


def _noun(phrase: str) -> str | None:
    """The noun that the object's phrase ends with; null for a question word, a pronoun, nothing."""
    rest = phrase.strip()
    if quantity := _QUANTIFIER.match(rest):
        rest = rest[quantity.end() :]
    if not rest or _NO_NOUN.match(rest):
        return None
    head = _described(rest)
    if not head or _NO_NOUN.match(head):
        return None
    for length in range(min(_LONGEST_NOUN, len(head)), 0, -1):
        if head[-length:] in NOUNS:
            return head[-length:]
    if head.isascii():
        return head.split()[-1] if head.split() else None
    if re.fullmatch(rf"[这那]?一?{_COUNT}", head):
        return head[-1]
    return head if len(head) <= 4 else head[-2:]


def _described(phrase: str) -> str:
    """The object without what describes it: behind the last `的` of its own clause."""
    end = _OBJECT_END.search(phrase, 1)
    head = phrase[: end.start()] if end else phrase
    if "的" not in head:
        # The description itself may hold such words: `两个人之间和好的对话`.
        last = _LAST_END.search(phrase, 1)
        whole = phrase[: last.start()] if last else phrase
        head = whole if "的" in whole else head
    return head.rpartition("的")[2].strip() or head.removesuffix("的")
