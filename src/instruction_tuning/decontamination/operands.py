"""Short arithmetic in any wording: operator and operands are the item, not the words around them.

GPT-3 looked for its own sums as "<a> + <b> =" and "<a> plus <b>" in its training data (2005.14165,
section 3.9.1); n-grams are no help, since "What is 47 plus 25?" has too few and shares them with every
other sum. Here a text that asks for one calculation and for nothing else is reduced to the calculation:
symbols and words ("23 + 48", "the sum of 23 and 48", "从48中减去23"), digits in full width, numbers in
English and Chinese words. Two texts with the same calculation ask the same. The order of operands
counts where it matters (- and /).

A text with any word that is not talk about a calculation asks something else: word problems, and sums
inside a longer prompt, are not found. Answers are not looked at: a worked solution is full of sums.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from instruction_tuning.decontamination.items import SAME_OPERANDS, EvaluationItem, Match, PoolTexts
from instruction_tuning.text.number_words import with_digits
from instruction_tuning.text.tokens import plain_forms

_MAX_CHARACTERS = 240
_MAY_CALCULATE = re.compile(
    "[-+*/×÷·^%−–]|plus|minus|times|multipl|divi|add|sum|total|subtract|difference|product|quotient|take"
    "|[加减乘除和差积商]"
)
_SYMBOLS = (
    (re.compile(r"(?<=\d),(?=\d{3}\b)"), ""),
    (re.compile("一下|一个|一道|一共"), " "),
)
_OPERATORS = (
    (re.compile(r"\bplus\b|加上|加"), "+"),
    (re.compile(r"\bminus\b|减去|减|[−–]"), "-"),
    (re.compile(r"\btimes\b|\bmultiplied by\b|乘以|乘上|乘|[×·]|(?<=\d)\s*x\s*(?=\d)"), "*"),
    (re.compile(r"\bdivided by\b|除以|÷"), "/"),
    (re.compile(r"\bmod(?:ulo)?\b"), "%"),
    (re.compile(r"\bto the power of\b|\*\*"), "^"),
)
_N = r"(-?\d+(?:\.\d+)?)"
_AND = r"\s*(?:and|to|with|by|,|和|与|跟)\s*"
# Wording, operator, and whether the operands are said in the other order.
_WORDINGS = tuple(
    (re.compile(pattern), operator, is_reversed)
    for pattern, operator, is_reversed in (
        (rf"(?:sum|total) of {_N}{_AND}{_N}", "+", False),
        (rf"\badd(?:ing)? (?:together )?{_N}{_AND}{_N}", "+", False),
        (rf"{_N} added to {_N}", "+", False),
        (rf"{_N}{_AND}{_N}\s*(?:的|之)(?:总)?和", "+", False),
        (rf"把?{_N}{_AND}{_N}\s*(?:相\+|\+起来|\+在一起)", "+", False),
        (rf"difference (?:between|of) {_N}{_AND}{_N}", "-", False),
        (rf"\bsubtract(?:ing)? {_N} from {_N}", "-", True),
        (rf"{_N} subtracted from {_N}", "-", True),
        (rf"\btak(?:e|ing) (?:away )?{_N} (?:away )?from {_N}", "-", True),
        (rf"从{_N}\s*(?:中|里|里面)?\s*-\s*{_N}", "-", False),
        (rf"{_N}{_AND}{_N}\s*(?:的|之)差", "-", False),
        (rf"product of {_N}{_AND}{_N}", "*", False),
        (rf"\bmultiply(?:ing)? {_N}{_AND}{_N}", "*", False),
        (rf"{_N}{_AND}{_N}\s*(?:的|之)(?:\*)?积", "*", False),
        (rf"quotient of {_N}{_AND}{_N}", "/", False),
        (rf"\bdivid(?:e|ing) {_N} by {_N}", "/", False),
        (rf"{_N}{_AND}{_N}\s*(?:的|之)商", "/", False),
    )
)
_INFIX = re.compile(r"[-(]*\s*\d+(?:\.\d+)?(?:\s*\)*\s*[-+*/%^]\s*[-(\s]*\d+(?:\.\d+)?)+\s*\)*")
_TALK = frozenset(
    (
        *(
            "what",
            "whats",
            "s",
            "is",
            "are",
            "be",
            "the",
            "of",
            "answer",
            "result",
            "value",
            "to",
            "for",
            "it",
        ),
        *("equal", "equals", "compute", "calculate", "evaluate", "find", "work", "out", "solve", "determine"),
        *(
            "give",
            "tell",
            "me",
            "please",
            "can",
            "could",
            "you",
            "would",
            "do",
            "does",
            "how",
            "much",
            "many",
        ),
        *("make", "makes", "get", "when", "we", "i", "if", "following", "expression", "equation", "problem"),
        *(
            "simple",
            "arithmetic",
            "math",
            "calculation",
            "quick",
            "question",
            "in",
            "a",
            "an",
            "and",
            "number",
        ),
        *(
            "numbers",
            "two",
            "these",
            "this",
            "your",
            "from",
            "sum",
            "difference",
            "product",
            "quotient",
            "by",
        ),
        *(
            "first",
            "all",
            "now",
            "then",
            "know",
            "need",
            "say",
            "write",
            "just",
            "only",
            "as",
            "one",
            "q",
            "so",
        ),
        *("up", "down", "with", "let", "us", "help", "exactly", "come", "comes", "that", "together", "got"),
    )
)
_TALK_HAN = frozenset(
    "请问求算计是等于多少几的得结果答案吗呢出来和差积商我你您帮一下个道题式子下列面告诉能可以么这该值将把从中里为做运它们数共总回直接给"
)
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class OperandFindings:
    """`comparable`: positions of the items that ask for one calculation."""

    matches: list[Match]
    comparable: frozenset[int]


def operand_matches(texts: PoolTexts, items: Sequence[EvaluationItem]) -> OperandFindings:
    """User turns that ask for the same calculation as an item."""
    by_calculation: dict[str, list[int]] = defaultdict(list)
    for position, item in enumerate(items):
        if (asked := calculation(item.question)) is not None:
            by_calculation[asked].append(position)
    comparable = frozenset(position for positions in by_calculation.values() for position in positions)
    matches: list[Match] = []
    if by_calculation:
        for position, text in enumerate(texts.texts):
            if not texts.are_answers[position] and (asked := calculation(text)) in by_calculation:
                matches += [Match(position, item, SAME_OPERANDS, 1.0) for item in by_calculation[asked or ""]]
    return OperandFindings(matches, comparable)


def calculation(text: str) -> str | None:
    """The one calculation that `text` asks for, in one form; null where it asks more or something else.

    >>> calculation("Could you tell me what you get when you add 48 to twenty-three?")
    '23+48'
    """
    if len(text) > _MAX_CHARACTERS:
        return None
    folded = plain_forms(text)
    if not _MAY_CALCULATE.search(folded):
        return None
    for pattern, replacement in _SYMBOLS:
        folded = pattern.sub(replacement, folded)
    folded = with_digits(folded)
    for pattern, symbol in _OPERATORS:
        folded = pattern.sub(f" {symbol} ", folded)
    folded = " ".join(folded.split())
    for pattern, operator, is_reversed in _WORDINGS:
        if found := pattern.search(folded):
            operands = [found[2], found[1]] if is_reversed else [found[1], found[2]]
            return _one_form(operands, operator) if _is_talk(folded, found) else None
    infix = _INFIX.search(folded)
    return _of_infix(infix[0]) if infix and _is_talk(folded, infix) else None


def _is_talk(text: str, found: re.Match[str]) -> bool:
    """Whether nothing but the calculation has content."""
    rest = f"{text[: found.start()]} {text[found.end() :]}"
    if any(character.isdigit() for character in rest):
        return False
    words = _WORD.findall(rest)
    return all(word in _TALK or all(character in _TALK_HAN for character in word) for word in words)


def _of_infix(expression: str) -> str:
    compact = expression.replace(" ", "")
    operators = re.findall(r"(?<=[\d)])[-+*/%^]", compact)
    if "(" not in compact and ")" not in compact and len(set(operators)) == 1 and operators[0] in "+*":
        return _one_form(re.split(r"(?<=\d)[+*]", compact), operators[0])
    return compact


def _one_form(operands: Sequence[str], operator: str) -> str:
    is_commutative = operator in "+*"
    ordered = sorted(operands, key=lambda number: (float(number), number)) if is_commutative else operands
    return operator.join(ordered)
