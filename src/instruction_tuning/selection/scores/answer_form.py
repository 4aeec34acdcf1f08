"""What the form of an answer tells without understanding it: its end, its language, its format.

Each sign is a number in [0, 1], 1 where nothing is amiss, or null where it cannot be told. Rules for English
and Chinese, no model; O(characters). They err on the side of the answer: a sign counts only where the prompt
leaves no room for another reading.
"""

import json
import re

from instruction_tuning.canonical.checks.answers import ANSWER_CHECKS
from instruction_tuning.canonical.checks.damaged_text import DAMAGED_TEXT_CHECKS, PLACEHOLDER_CHECKS
from instruction_tuning.text.languages import HAN, language_of
from instruction_tuning.text.number_words import with_digits

_FENCE = "```"
_FENCED = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_UNIT = re.compile(rf"[{HAN}]|[^\W_{HAN}]+")
_RUN_ON = next(check for check in ANSWER_CHECKS if check.name == "run_on_answer")
_HALF, _FULL = 0.5, 1.0

# A sentence goes on after these; words that may end a headline ("what to look for") are not among them.
_GOES_ON = re.compile(r"[,，、:：(（\[{\-–—]\Z")
_DANGLING = re.compile(
    r"\b(?:the|an?|of|and|or|with|from|into|their|your|our|its|because|such|including|than|"
    r"(?:will|can|could|should|would|may|must|to) be)\Z|"
    r"(?:和|与|及|以及|或|或者|因为|但|但是|并且|而且|例如)\Z",
    re.IGNORECASE,
)
_LIST_ITEM = re.compile(r"\s*(?:[-*•·+>|#]|\(?\d{1,3}[.)）、:：]|\(?[a-zA-Z][.)）])")
_CODE = re.compile(
    r"\b(?:def|return|import|print|function|public|static|void|const|var|SELECT|FROM|echo)\b|"
    r"[{};]\s*(?:\n|\Z)|</?\w+>|=="
)
_NO_SENTENCE = re.compile(r"(?:https?://\S+|#\w+)\Z")
_SENTENCE_END = re.compile(r"[.!?](?=[\s\"'”’)])|[。！？]")
_PROSE_UNITS = 12  # in its last line; a shorter one may be a label, a name or a number

_NAMES_A_LANGUAGE = re.compile(
    r"translat|bilingual|\b(?:English|French|Spanish|German|Italian|Chinese|Mandarin|Japanese|Korean|Russian"
    r"|Portuguese|Arabic|Latin|Hindi)\b|翻译|译[成为]|[英中法德日韩俄]文|[英汉法德日韩俄]语|西班牙语|双语|拼音|pinyin",
    re.IGNORECASE,
)
_WORD = re.compile(rf"[{HAN}]|[^\W\d_{HAN}]{{3,}}")
_LEAST_WORDS = 5  # an answer of fewer may be a name, a formula or a term
_ADDRESS = re.compile(r"https?://\S+")

_ASKS_FOR_JSON = re.compile(
    r"\b(?:in|as|to|into|valid|return|output) (?:an? )?(?:valid )?json\b|json ?格式|以 ?json|输出 ?json",
    re.IGNORECASE,
)
_ASKS_FOR_ITEMS = re.compile(
    r"\b(?:list|give|name|provide|suggest|write|generate|create|come up with|identify)"
    r"(?: me| the| at least)?(?: top)? (\d{1,2}) "
    r"(?!words?\b|sentences?\b|lines?\b|characters?\b|paragraphs?\b|letters?\b|percent)[a-z]|"
    r"(?:列出|列举|给出|提供|写出|推荐|提出)(?:至少|前|以下)?(\d{1,2}) ?[个种条项点本部款位]",
    re.IGNORECASE,
)
_ITEM_LINE = re.compile(
    r"^\s*(?:[-*•·]|\(?\d{1,3}[.)）、:：]|[（(]?[一二三四五六七八九十]{1,3}[)）、.])\s*\S", re.MULTILINE
)


def ending(answer: str) -> float:
    """0 where a sentence or a code block is open; 0.5 for prose that ends its other sentences; else 1."""
    text = answer.rstrip()
    if text.count(_FENCE) % 2:
        return 0.0
    last_line = text[text.rfind("\n") + 1 :]
    units = len(_UNIT.findall(last_line))
    if _GOES_ON.search(text) or _DANGLING.search(last_line):
        return _FULL if units < 4 or _CODE.search(text) else 0.0
    if not text[-1:].isalnum() or units < _PROSE_UNITS or _LIST_ITEM.match(last_line):
        return _FULL
    if _NO_SENTENCE.search(last_line) or not _SENTENCE_END.search(text) or _CODE.search(text):
        return _FULL
    return _HALF


def same_language(prompt: str, answer: str) -> float | None:
    """Whether the answer is in the prompt's language.

    Null where the prompt names a language, and where one of the two is code, hardly a word, or in a language
    that its script does not tell.
    """
    if answer.isascii() and prompt.isascii():
        both = language_of(prompt), language_of(answer)
        return _FULL if both == ("en", "en") else None
    prose = _ADDRESS.sub(" ", _FENCED.sub(" ", answer))
    if _NAMES_A_LANGUAGE.search(prompt) or _CODE.search(prose) or len(_WORD.findall(prose)) < _LEAST_WORDS:
        return None
    asked, answered = language_of(prompt), language_of(prose)
    return None if "other" in (asked, answered) else float(asked == answered)


def format_faults(prompt: str, answer: str) -> list[str]:
    """What is wrong with the format, in words: of the answer itself, and measured by what is asked for."""
    faults = []
    lowered = answer.lower()
    if _RUN_ON.gate(lowered) and _RUN_ON.search(prompt, answer):
        faults.append("runs on into a next instruction")
    for group in (DAMAGED_TEXT_CHECKS, PLACEHOLDER_CHECKS):
        if group.gate(lowered):
            faults += [check.name.replace("_", " ") for check in group.checks if check.search(answer)]
    if _ASKS_FOR_JSON.search(prompt) and not _holds_json(answer):
        faults.append("no JSON, which is asked for")
    asked = _ASKS_FOR_ITEMS.search(with_digits(prompt.casefold()))
    items = len(_ITEM_LINE.findall(answer)) if asked else 0
    # Items in running text are not counted, and so are not missed.
    if asked and 1 < items < int(asked[1] or asked[2]):
        faults.append(f"{items} items of {asked[1] or asked[2]}")
    return faults


def _holds_json(answer: str) -> bool:
    """Whether the answer, or what stands between its first and last bracket, is JSON."""
    starts = [place for place in (answer.find("{"), answer.find("[")) if place >= 0]
    stop = max(answer.rfind("}"), answer.rfind("]"))
    if not starts or stop < min(starts):
        return False
    try:
        json.loads(answer[min(starts) : stop + 1])
    except (ValueError, RecursionError):
        return False
    return True
