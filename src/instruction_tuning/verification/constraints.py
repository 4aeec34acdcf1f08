"""Constraints on form and length that a request states, and whether an answer keeps them.

A small typed set of the verifiable instructions of IFEval (Zhou et al. 2023, arXiv 2311.07911). Departures:
what is asked is read from the request itself, in English and Chinese, where a record brings no list of its
own; only plain wordings are taken, since a wrong verdict costs more than a missing one. A Han character
counts as a word, as in word counts of Chinese. All must hold to pass; the score is the share that does.
O(length).
"""

import re
from collections.abc import Callable, Iterable

from instruction_tuning.errors import InputError
from instruction_tuning.text.constraint_kinds import (
    Constraint,
    CountKind,
    Relation,
    TextKind,
    holds,
    read_constraints,
)
from instruction_tuning.text.number_words import with_digits
from instruction_tuning.verification.requests import asks_for
from instruction_tuning.verification.verdict import Query, Verdict

_ROUND_WORDS = 50
_LANGUAGE_NAMES = {"english": "en", "chinese": "zh", "英文": "en", "英语": "en", "中文": "zh", "汉语": "zh"}


def constraints_of(query: Query) -> tuple[Constraint, ...]:
    """The record's own `constraints` where it has some (as JSON or a list), else those that its prompt
    states. Raises `InputError` for a list that is none.

    >>> constraints_of({"prompt": "Describe rain in at most 20 words."})
    (Constraint(kind='words', value=20, relation='at_most'),)
    """
    given = query.get("constraints")
    try:
        # Null in a column of texts is a number, NaN.
        own = read_constraints(given) if isinstance(given, Iterable) else ()
    except ValueError as error:
        raise InputError(
            f"the record's constraints cannot be read: {error}",
            record=query.get("record_id"),
            field="constraints",
            fix='write a list such as [{"kind": "words", "value": 20, "relation": "at_most"}]',
        ) from error
    return own or stated_constraints(str(query["prompt"]))


def keeps_constraints(query: Query, response: str) -> Verdict | None:
    """Every constraint of the request against the answer; null where it states none."""
    constraints = constraints_of(query)
    if not constraints:
        return None
    broken = [constraint for constraint in constraints if not holds(constraint, response)]
    score = 1 - len(broken) / len(constraints)
    reason = (
        f"broken: {', '.join(map(str, broken))}" if broken else f"kept: {', '.join(map(str, constraints))}"
    )
    return Verdict(score, not broken, reason, vouches=False)


def stated_constraints(prompt: str) -> tuple[Constraint, ...]:
    """What a prompt asks for in plain wordings; its first line or last is where such conditions stand."""
    text = with_digits(prompt.casefold())
    found = [one for pattern, read in _STATED for match in _asked(pattern, text) if (one := read(match))]
    quoted = [one for pattern, read in _QUOTED for match in _asked(pattern, prompt) if (one := read(match))]
    counts = [constraint.kind for constraint in found]
    # Two lengths of one thing, without a range's two ends, are two tasks: which is meant cannot be known.
    doubled = {kind for kind in counts if counts.count(kind) > 1}
    return tuple(dict.fromkeys([*(one for one in found if one.kind not in doubled), *quoted]))


def _asked(pattern: re.Pattern[str], prompt: str) -> list[re.Match[str]]:
    return [found for found in pattern.finditer(prompt) if asks_for(prompt, found.start(), found.end())]


# Any other word in their place means exactly so many.
_RELATIONS: dict[str, Relation] = {
    **dict.fromkeys(
        ("at most", "no more than", "up to", "not more than", "最多", "不超过", "至多"), "at_most"
    ),
    **dict.fromkeys(("at least", "no fewer than", "no less than", "至少", "不少于"), "at_least"),
}
_COUNTED: dict[str, CountKind] = {
    **dict.fromkeys(("word", "words", "个字", "字"), "words"),
    **dict.fromkeys(("sentence", "sentences", "句话", "个句子", "句"), "sentences"),
    **dict.fromkeys(("bullet points", "bullet point", "bullets", "bullet", "个要点", "条要点"), "bullets"),
    **dict.fromkeys(("paragraph", "paragraphs", "个段落", "段"), "paragraphs"),
}
_ENGLISH_KINDS = "bullet points?|bullets?|words?|sentences?|paragraphs?"
# What follows tells of the words and sentences that are meant: not all of the answer's.
_OTHERS = (
    "or|of|from|that|which|who|each|in the|to (?:say|spell|learn|know|choose)|related|like|such|beginning|"
    "starting|ending|rhyming|per|used"
)
_ENGLISH_COUNT = re.compile(
    r"\b(at most|no more than|not more than|up to|at least|no fewer than|no less than|"
    r"(?:(?:in|with|of) )?exactly|in|with|of|that ha(?:s|ve)|write|us(?:e|ing)|"
    r"(?:give|list)(?= \d+ (?:bul|sen|par))) "
    rf"(\d{{1,5}}) ({_ENGLISH_KINDS})\b(?! (?:{_OTHERS})\b|\s*[:-])"
)
_FEWER_THAN = re.compile(
    rf"\b(?<!no )(?<!not )(fewer|less|under|more|over) (?:than )?(\d{{1,5}}) ({_ENGLISH_KINDS})\b"
)
_CHINESE_COUNT = re.compile(
    r"(最多|不超过|至多|至少|不少于|正好|恰好|用)\s*(?:用|写)?(\d{1,5})\s*(个字|字|句话|个句子|句|个要点|条要点|个段落|段)"
)
_JSON = re.compile(
    r"\b(?:(?:answer|reply|respond|output|return|give|list|format|present|provide|write)\b"
    r"(?!.{0,60}\b(?:function|program|script|code|class|method|quer(?:y|ies)|api|endpoint|file|example|how|why|app)\b)"
    r"(?: [\w',-]+){0,8}? (?:in|as|using|only|into|with)|(?:answer|output|return|reply|response)(?: only"
    r"| just)?"
    r"(?: (?:should|must) be)?) (?:a |an )?(?:only )?(?:valid )?json\b(?! files?| schema| api| parser)"
    r"|(?:以|用|按)json(?:格式|形式)?(?:来)?(?:输出|返回|回答|回复|给出)|(?:请|只|仅|直接)(?:输出|返回|回复)(?:有效的|合法的)?json"
)
_ANSWER_IN = re.compile(
    r"\b(?:answer|reply|respond|write) (?:only )?in (english|chinese)\b|"
    r"用(中文|汉语|英文|英语)(?:回答|作答|写)"
)
_QUOTE = r"[\"'“‘「]([^\"'”’」\n]{1,60})[\"'”’」]"
_CONTAINS = re.compile(
    r"(?<!not )(?<!n['’]t )(?<!never )\b(?:include|contain|mention|use)s? the"
    rf" (?:exact )?(?:word|phrase)s? {_QUOTE}|"
    rf"必须?(?:包含|提到){_QUOTE}",
    re.IGNORECASE,
)
_FORBIDS = re.compile(
    r"\b(?:(?:do not|don['’]t|without|avoid|never) "
    r"(?:use|using|include|including|mention|mentioning|say|saying)|avoid)"
    rf" the (?:word|phrase)s? {_QUOTE}|(?:不要|不能|请勿)(?:使用|包含|提到|出现){_QUOTE}",
    re.IGNORECASE,
)
_ITS_ANSWER = r"(?:it |your (?:answer|reply|response) )?with (?:the (?:words?|phrase) )?"
_ENDS = re.compile(rf"\b(?:end|finish)(?:ing)? {_ITS_ANSWER}{_QUOTE}|以{_QUOTE}结尾", re.IGNORECASE)
_STARTS = re.compile(
    rf"\b(?:begin|start)(?:ning|ing)? {_ITS_ANSWER}{_QUOTE}|以{_QUOTE}开头",
    re.IGNORECASE,
)

Reader = Callable[[re.Match[str]], Constraint | None]


def _read_count(found: re.Match[str]) -> Constraint | None:
    # "In 200 words" is a length to come near to.
    if found[1] not in _RELATIONS and int(found[2]) >= _ROUND_WORDS and "exactly" not in found[1]:
        return None
    return Constraint(_COUNTED[found[3]], int(found[2]), _RELATIONS.get(found[1], "exactly"))


def _read_fewer(found: re.Match[str]) -> Constraint:
    less = found[1] in ("fewer", "less", "under")
    number = int(found[2]) + (-1 if less else 1)
    return Constraint(_COUNTED[found[3]], number, "at_most" if less else "at_least")


def _read_text(kind: TextKind) -> Reader:
    return lambda found: Constraint(kind, next(text for text in found.groups() if text))


def _read_language(found: re.Match[str]) -> Constraint:
    return Constraint("language", _LANGUAGE_NAMES[found[1] or found[2]])


_STATED: tuple[tuple[re.Pattern[str], Reader], ...] = (
    (_ENGLISH_COUNT, _read_count),
    (_FEWER_THAN, _read_fewer),
    (_CHINESE_COUNT, _read_count),
    (_JSON, lambda found: Constraint("json")),
    (_ANSWER_IN, _read_language),
)
_QUOTED: tuple[tuple[re.Pattern[str], Reader], ...] = (
    (_CONTAINS, _read_text("contains")),
    (_FORBIDS, _read_text("forbids")),
    (_ENDS, _read_text("ends_with")),
    (_STARTS, _read_text("starts_with")),
)
