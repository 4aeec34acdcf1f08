"""The sentences of an answer that state something, apart from what only orders, checks or offers.

Left out are numbers of lists and steps, worked-out marks (`<<3*4=12>>`), fenced code, checks ("You can
check") and offers ("Let me know"). Plain rules of wording, English and Chinese. O(length).
"""

import re

_WORKED = re.compile(r"<<[^<>\n]{0,200}>>")
_FENCED = re.compile(r"^[ \t]*```.*?(?:^[ \t]*```|\Z)", re.DOTALL | re.MULTILINE)
_BOLD = re.compile(r"(?<!\w)(\*\*|__)(?=\S)([^*_\n]{1,200}?)\1(?!\w)")
_LISTED = re.compile(r"(?:(?<=\s)|^)\(?(\d{1,2})[.)、](?=\s)")
_LABELLED = re.compile(
    r"\b(?:steps?|parts?|case|question|problem|example|option|method|equation|figure|table|no\.|#)\s*\d+"
    r"(?:\.\d+)*|第\s*[\d一二三四五六七八九十]+\s*(?:步|题|个|次)?",
    re.IGNORECASE,
)
# Number words that count nothing: "one of", "each one", 一共, 统一.
_NO_NUMBER = re.compile(
    r"\b(?:no|each|this|that|every|which|any|only the)[ -]one\b|\bone (?:of|by|another|can|must|should|has)\b"
    r"|一(?=[共起样般定些下直种旦])|(?<=[统唯之万同进])一|十分(?=[\u4e00-\u9fff])",
    re.IGNORECASE,
)
_ENDED = re.compile(
    r"(?<!\bNo)(?<!\bno)(?<!\bca)(?<!\bvs)(?<!\be\.g)(?<!\bi\.e)(?<!\bapprox)[.!?]+[\"'”’)*]*(?=\s|$)"
    r"|[。！？；]|\n"
)
_ASIDE = re.compile(
    r"\W*(?:let me know|(?:i )?hope|feel free|would you|do you|if you (?:want|need|have any|would|like|wish)|"
    r"you (?:can|could|may) (?:also )?(?:check|verify)|"
    r"(?:to|we can|let's|let us) (?:check|verify|double-check)|(?:double[- ])?check(?:ing)?\b|verif|note\b|"
    r"如果|希望|需要|检验|验算|验证|注意)",
    re.IGNORECASE,
)


def statements(text: str) -> list[str]:
    """The sentences and lines of a text that state something: no list numbers, labels, asides or code."""
    prose = _NO_NUMBER.sub(" ", without_bold(_FENCED.sub("\n", _WORKED.sub("", text))))
    prose = _LABELLED.sub(" ", _without_list_numbers(prose))
    return [one.strip() for one in _ENDED.split(prose) if one and one.strip() and not _ASIDE.match(one)]


def without_bold(text: str) -> str:
    """Without Markdown's marks around what stands out; powers such as 2**3 stay."""
    return _BOLD.sub(r"\2", text)


def _without_list_numbers(text: str) -> str:
    """Without 1., 2., 3. as list items, which begin with 1 and go up."""
    expected, marks = 1, []
    for found in _LISTED.finditer(text):
        if int(found[1]) == expected or int(found[1]) == 1:
            marks.append(found)
            expected = int(found[1]) + 1
    if len(marks) < 2:
        marks = []
    for found in reversed(marks):
        text = f"{text[: found.start()]}\n{text[found.end() :]}"
    return text
