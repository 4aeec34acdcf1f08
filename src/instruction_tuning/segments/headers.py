"""Where a document's headers are: Markdown (`# ...`, underlined), HTML (`<h2>`) and wiki (`= = ... = =`)
ones.

Lines inside fenced code are no headers. O(characters).
"""

import re
from dataclasses import dataclass

_FENCE = re.compile(r"\s{0,8}(`{3,}|~{3,})")
_ATX = re.compile(r"\s{0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$|\s{0,3}(#{1,6})$")
_HTML = re.compile(r"\s*<h([1-6])[^>]*>(.*?)</h\1>\s*$", re.IGNORECASE)
_WIKI = re.compile(r"\s*(=(?: ?=){0,5}) ?([^=\s](?:.*[^=\s])?) ?\1\s*$")
_UNDERLINE = re.compile(r"\s{0,3}(={3,}|-{3,})\s*$")
_NO_TITLE = re.compile(r"\s*(?:[-*+>|]|\d+[.)]|```|~~~|:|!|<|\||$)|.*\|")
# By name: `<unk>` and `<T>` are words.
_TAGS = re.compile(
    r"</?(?:a|b|i|u|em|strong|code|kbd|span|sub|sup|br|img|font|small|center)\b[^>]*>|<!--.*?-->", re.I
)
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_ATTRIBUTES = re.compile(r"\s*\{[#.:][^}]*\}\s*$")
_LABEL = re.compile(r":[a-z]+:`([^`]*)`")
_MAX_TITLE_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Header:
    """A header's level (1 is the highest) and title, and where its line or lines begin and end in the
    document."""

    level: int
    title: str
    start: int
    end: int


def headers_of(document: str) -> list[Header]:
    """All headers in order. `start` of one is never before `end` of the one before it."""
    found: list[Header] = []
    fence = ""
    before: tuple[str, int] | None = None  # a line that an underline may make a title of
    start = 0
    for line in document.splitlines(keepends=True):
        end = start + len(line)
        bare = line.rstrip("\r\n")
        opened = _FENCE.match(bare)
        if fence:
            if opened and opened[1].startswith(fence) and not bare.strip(" \t" + fence[0]):
                fence = ""
            before = None
        elif opened:
            fence, before = opened[1], None
        else:
            header = _header(bare, start, end, before)
            if header is not None:
                found.append(header)
            before = None if header is not None or _NO_TITLE.match(bare) else (bare, start)
        start = end
    return found


def _header(line: str, start: int, end: int, before: tuple[str, int] | None) -> Header | None:
    if len(line) > _MAX_TITLE_CHARACTERS:
        return None
    if atx := _ATX.match(line):
        return Header(len(atx[1] or atx[3]), _plain(atx[2] or ""), start, end)
    if html := _HTML.match(line):
        return Header(int(html[1]), _plain(html[2]), start, end)
    if before is not None and (underline := _UNDERLINE.match(line)):
        title, title_start = before
        if len(title) <= _MAX_TITLE_CHARACTERS:
            return Header(1 if underline[1][0] == "=" else 2, _plain(title), title_start, end)
    if wiki := _WIKI.match(line):
        return Header(wiki[1].count("="), _plain(wiki[2]), start, end)
    return None


def _plain(title: str) -> str:
    """A title as a reader sees it."""
    text = _ATTRIBUTES.sub("", _LINK.sub(r"\1", _TAGS.sub("", title)))
    return " ".join(_LABEL.sub(r"\1", text).replace("`", "").replace("**", "").split())
