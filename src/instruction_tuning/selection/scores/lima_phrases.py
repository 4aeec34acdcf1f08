"""What the rules of LIMA look for in texts, in English and Chinese: phrases, and what is left of a web page.

Each function gives the words that it found, or null. Code is not looked into. O(characters).
"""

import re
from collections.abc import Iterator

from instruction_tuning.text.languages import HAN

_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]+`", re.DOTALL)
_QUOTED = re.compile(r'"[^"\n]*"|“[^”\n]*”|「[^」\n]*」|『[^』\n]*』')

_I = re.compile(r"(?:\b([A-Z]\w*) )?\bI(?P<verb>['’](?:m|ve|d|ll))?(?= [a-z])")
# A capital before `I` makes it a number (World War I), but for words that begin a sentence.
_OPENERS = frozenset(
    (
        *("After", "Although", "And", "As", "Because", "Before", "But", "Can", "Could", "Did", "Do", "Here"),
        *("How", "If", "In", "No", "Now", "Once", "Or", "Personally", "Should", "Since", "So", "Sometimes"),
        *("Then", "There", "Though", "Today", "Unless", "Usually", "What", "When", "Where", "Whether"),
        *("While", "Why", "Yes"),
    )
)
_MY = re.compile(r"\b(?:[Mm]y|me|[Mm]yself|mine)\b(?!['’])")
_MYSELF_ZH = re.compile(r"(?<![自本超忘无唯大小])我(?![们国军方省市县校院党行司])|笔者")

_REFERENCE = re.compile(
    r"\bas (?:(?:i|we|was|were|already|previously|has|been|have|just) )*"
    r"(?:mentioned|said|noted|stated|explained|discussed|pointed out)\b|"
    r"\bstack ?(?:exchange|overflow)\b|"
    r"\b(?:other|previous|accepted|existing|earlier|top-voted) (?:answers?|posts?|comments?|posters?)\b|"
    r"\banswers? (?:above|below)\b|\bcomments? (?:above|below|section)\b|"
    r"\b(?:in|see) (?:the|your|my) comments?\b|"
    r"\b(?:up|down)-?vot(?:e|es|ed|ing)\b|\bthe OP\b|\b(?:this|my) (?:blog(?: post)?|post|thread)\b|"
    r"\bclick here\b|\bread more (?:here|at)\b|\bfollow (?:me|us) on\b|^\W*edit(?:ed)? ?\d?:|"
    r"楼主|题主|楼上(?:的回答|说|正解)|评论区|如上所述|(?:上面|前面|其他|上述|其它)的?(?:回答|答案|答主)|"
    r"点击(?:这里|此处)|点赞|公众号|[本此]帖|本文(?:作者|首发|转载)|扫码|关注我(?!们?的)",
    re.IGNORECASE | re.MULTILINE,
)
_LINK = re.compile(
    r"(?:https?://|\bwww\.)[^\s<>\"'）】，。、)]{3,500}|\[[^\]\n]+\]\([^)\s]+\)", re.IGNORECASE
)
_IMAGE = re.compile(
    r"!\[[^\]\n]*\]|<img\b[^<>]*>|[\[【<](?:image|img|picture|photo|图片?|照片)\b[^\]】>\n]{0,80}[\]】>]|图片来源",
    re.IGNORECASE,
)
_HTML = re.compile(
    r"</?(?:br|div|span|table|tbody|tr|td|th|ul|ol|li|em|strong|h[1-6]|code|pre|blockquote|font|center|hr|sub|sup|"
    r"script|style|iframe)\b[^<>]*>|</?[abipsu](?:\s[^<>]*=[^<>]*)?/?>|&(?:nbsp|amp|lt|gt|quot|#\d{1,6});",
    re.IGNORECASE,
)
_POINTS = re.compile(
    r"\b(?:this|these)\b"
    r"(?! (?:day|week|month|year|morning|afternoon|evening|season|century|time|decade)s?\b)|"
    r"\bthe following\b|\b(?:the|given|listed|shown|provided|mentioned) (?:above|below)\b|"
    r"\b(?:above|below)\W*$|\battached\b|这[个段些句篇种道张条里]|以下|下面|下列|上面(?!积)|上述|如[上下]?图|此题|该(?:文|段|句)",
    re.IGNORECASE | re.MULTILINE,
)
# What it points at is there: quoted or after a colon; or behind the pointer, after a dash or a full stop.
_GIVEN = re.compile(r"[:：]\s*\S|[\"“‘「『《`(（]\s*\w")
_GIVEN_BEHIND = re.compile(r"\s[-–—]\s*\w|——|[.!?。！？]\s*\w")
_UNIT = re.compile(rf"[{HAN}]|[^\W_{HAN}]+")
_FEWEST_UNITS = 3


def without_code(text: str) -> str:
    return _CODE.sub(" ", text)


def first_person(text: str) -> str | None:
    """`I`, `my` and 我, outside of what is quoted; not `I` as a number, not 我们 and 我国."""
    bare = _QUOTED.sub(" ", text)
    return next(iter(_first_persons(bare)), None)


def _first_persons(text: str) -> Iterator[str]:
    for found in _I.finditer(text):
        if found["verb"] or found[1] is None or found[1] in _OPENERS:
            yield f"I{found['verb'] or ''}"
    for pattern in (_MY, _MYSELF_ZH):
        if other := pattern.search(text):
            yield other[0]


def reference(text: str) -> str | None:
    """A pointer at other answers, at comments, or at the page that the text stood on."""
    return _found(_REFERENCE, text)


def link(text: str) -> str | None:
    return _found(_LINK, text)


def image(text: str) -> str | None:
    return _found(_IMAGE, text)


def html(text: str) -> str | None:
    return _found(_HTML, text)


def dependent_title(request: str) -> str | None:
    """In a request of one line: words that point at what is not there; all of it where it says too little."""
    title, _, body = request.strip().partition("\n")
    if body.strip():
        return None
    if len(_UNIT.findall(title)) < _FEWEST_UNITS:
        return title
    points = _POINTS.search(title)
    if points is None or _GIVEN.search(title) or _GIVEN_BEHIND.search(title, points.end()):
        return None
    # "Name five games that suit these children": what was named in an earlier clause may be meant.
    clause = max(title.rfind(mark, 0, points.start()) for mark in ",，.。;；!！?？")
    return points[0] if len(_UNIT.findall(title[: max(clause, 0)])) < _FEWEST_UNITS else None


def _found(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return found[0].strip() if found else None
