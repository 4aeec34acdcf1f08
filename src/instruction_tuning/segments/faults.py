"""Why the text under a header is no candidate for instruction backtranslation.

Humpback (arXiv 2308.06259, app. A) keeps 600 to 3,000 characters and drops segments with repetitive
sentences (found by the Jaccard similarity of n-grams), with empty and all-capitals headers, and navigation.
Thresholds are not published; those here were set on documents that were read (`benchmarks/segments.py`).
Added: texts that are mostly code, tables, links or markup, which no instruction asks for as they stand.
"""

import re
from dataclasses import dataclass

from instruction_tuning.text.tokens import tokens

Fault = tuple[str, str]

NAVIGATION_HEADERS = frozenset(
    " ".join(name.split())
    for name in [
        "\n    about ",
        " about us ",
        " acknowledgements ",
        " acknowledgments ",
        " appendix ",
        " bibliography ",
        " categories ",
        " comments ",
        " contact ",
        " contact us ",
        " contents ",
        " copyright ",
        " discussions ",
        " external links ",
        " follow us ",
        " further reading ",
        " home ",
        " index ",
        " leave a comment ",
        " leave a reply ",
        " license ",
        " licence ",
        " links ",
        " login ",
        " log in ",
        " main menu ",
        " menu ",
        " more ",
        " navigation ",
        " news ",
        " newsletter ",
        " notes ",
        " on this page ",
        " page ",
        " popular posts ",
        " privacy policy ",
        " quick links ",
        " recent posts ",
        " references ",
        " related ",
        " related articles ",
        " related posts ",
        " resources ",
        " search ",
        " see also ",
        " share ",
        " share this ",
        " sign in ",
        " sign up ",
        " site map ",
        " sitemap ",
        " sources ",
        " subscribe ",
        " table of contents ",
        " tags ",
        " terms of use ",
        " toc ",
        " top ",
        " works cited ",
        " 主页 ",
        " 首页 ",
        " 目录 ",
        " 导航 ",
        " 参考文献 ",
        " 参考资料 ",
        " 参考 ",
        " 引用 ",
        " 引用与注释 ",
        " 外部链接 ",
        " 相关链接 ",
        " 链接 ",
        " 参见 ",
        " 另见 ",
        " 延伸阅读 ",
        " 扩展阅读 ",
        " 拓展阅读 ",
        " 注释 ",
        " 脚注 ",
        " 评论 ",
        " 登录 ",
        " 注册 ",
        " 联系我们 ",
        " 关于我们 ",
        " 版权 ",
        " 致谢 ",
        " 参考资料与注释 ",
        " 参考资料和注释 ",
        " 参考与注释 ",
        " 习题 ",
        " 练习 ",
        " 例题 ",
        " 练习题 ",
        " 推荐习题 ",
        " 相关习题 ",
        " 外部链接与参考资料 ",
        " 讨论 ",
        " exercises ",
        " exercise ",
        " problems\n    ",
    ]
)
_WORDS = re.compile(r"[A-Za-z]{2,}")
_MARKUP = re.compile(
    r"!?\[[^\]]*\]\([^)]*\)|\[[^\]]*\]:?\s*\S*//\S+|https?://\S+|<[^>\n]{1,200}>|\{\{[^}]*\}\}|:[a-z]+:`[^`]*`"
)
_DISPLAYED = re.compile(r"\$\$.*?\$\$", re.DOTALL)  # formulas
_FENCED = re.compile(r"^[ \t]*(`{3,}|~{3,}).*?^[ \t]*\1[ \t]*$", re.DOTALL | re.MULTILINE)
_SENTENCE_END = re.compile(r"(?<=[.!?。！？；])\s*|\n+")
_MENU = re.compile(r"\s*\S.{0,30}(?:\s[|>»·•]\s.{1,30}){2,}$")
_BULLET = re.compile(r"^\s*(?:[-*+•]|\d+[.)])\s+")
_CODE_LINE = re.compile(
    r"(?: {4}|\t).*(?:[;{}]|\)|//.*|\):)\s*$|(?: {4}|\t)\s*(?:#include|import |from |def |return\b)"
)
_SHORT_LINE_WORDS = 4
_LEAST_SENTENCE_WORDS = 5


@dataclass(frozen=True, slots=True)
class SegmentRules:
    """Lengths in characters of the text under a header; shares in [0, 1]."""

    min_characters: int = 600
    max_characters: int = 3000
    repetition_ngram: int = 3
    repetition_jaccard: float = 0.8
    max_repeated_share: float = 0.2
    max_navigation_share: float = 0.5
    min_prose_share: float = 0.5


def fault_of(header: str, text: str, rules: SegmentRules) -> Fault | None:
    """The first thing that is wrong, as reason and detail; null for a candidate."""
    if not text:
        return "empty_text", ""
    if not header:
        return "no_header", ""
    if is_upper_case(header):
        return "upper_case_header", header
    if header.strip(" .:：-–—").casefold() in NAVIGATION_HEADERS:
        return "navigation_header", header
    if len(text) < rules.min_characters:
        return "too_short", f"{len(text)} characters, {rules.min_characters} needed"
    if len(text) > rules.max_characters:
        return "too_long", f"{len(text)} characters, {rules.max_characters} allowed"
    for reason, share, bound in (
        ("no_prose", 1 - prose_share(text), 1 - rules.min_prose_share),
        ("navigation", navigation_share(text), rules.max_navigation_share),
        ("repetition", repeated_share(text, rules), rules.max_repeated_share),
    ):
        if share > bound:
            return reason, f"{share:.2f} of the text, {bound:.2f} allowed"
    return None


def is_upper_case(header: str) -> bool:
    """All capitals, and more than names: two words, or one of ten letters; Chinese has no capitals.

    >>> is_upper_case("ALL RIGHTS RESERVED"), is_upper_case("EXPTIME"), is_upper_case("目录")
    (True, False, False)
    """
    words = _WORDS.findall(header)
    return (
        header.isascii()
        and header.isupper()
        and (any(len(word) >= 10 for word in words) or (len(words) > 1 and sum(map(len, words)) >= 8))
    )


def navigation_share(text: str) -> float:
    """The share of characters in lines that only lead elsewhere: menus, single links, up to four words."""
    spoken = _DISPLAYED.sub("", _FENCED.sub("", text))
    lines = [
        line.strip() for line in spoken.splitlines() if line.strip() and not line.lstrip().startswith("|")
    ]
    leading = sum(len(line) for line in lines if _leads_elsewhere(line))
    return leading / sum(map(len, lines)) if lines else 0.0


def _leads_elsewhere(line: str) -> bool:
    if _MENU.match(line):
        return True
    rest = _BULLET.sub("", line)
    without_links = _MARKUP.sub("", rest).strip(" .,;:|-–—*_")
    if without_links != rest.strip(" .,;:|-–—*_"):
        return len(without_links) <= 0.3 * len(rest)
    return len(tokens(rest)) <= _SHORT_LINE_WORDS and rest[-1:] not in ".!?。！？:：;；"


def prose_share(text: str) -> float:
    """The share of characters that are neither code, markup, tables nor directives; spaces aside."""
    whole = len(text) - text.count(" ") - text.count("\n")
    rest = _MARKUP.sub(lambda found: _link_text(found[0]), _FENCED.sub("", text))
    prose = sum(
        len(line) - line.count(" ")
        for line in rest.splitlines()
        if not line.lstrip().startswith(("|", ":", "===", "--8<", "#@", "???", "!!!", "%%"))
        and not _CODE_LINE.match(line)
    )
    return prose / whole if whole else 0.0


def _link_text(markup: str) -> str:
    return markup[1 : markup.index("]")] if markup.startswith("[") and "](" in markup else ""


def repeated_share(text: str, rules: SegmentRules) -> float:
    """The share of sentences that nearly repeat an earlier one: n-grams with a Jaccard similarity as in
    `rules`."""
    n = rules.repetition_ngram
    seen: list[frozenset[tuple[str, ...]]] = []
    repeated = sentences = 0
    for sentence in _SENTENCE_END.split(_DISPLAYED.sub("", _FENCED.sub("", text))):
        words = tokens(sentence)
        if len(words) < max(n, _LEAST_SENTENCE_WORDS):
            continue
        sentences += 1
        grams = frozenset(words[i : i + n] for i in range(len(words) - n + 1))
        if any(_is_alike(grams, other, rules.repetition_jaccard) for other in seen):
            repeated += 1
        else:
            seen.append(grams)
    return repeated / sentences if sentences else 0.0


def _is_alike(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]], least: float) -> bool:
    small, large = sorted((len(one), len(other)))
    if small < least * large:
        return False
    common = len(one & other)
    return common >= least * (len(one) + len(other) - common)
