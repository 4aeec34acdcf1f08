"""Faults of an answer's form that need no knowledge of the subject: empty, refusing, echoing, wrong language.

Each rule looks for the clear case only. A zero-cost reading of the faults that users of Alpaca's data
reported (empty and N/A outputs, refusals; see the AlpacaDataCleaned project). O(length).
"""

import re
import unicodedata

from instruction_tuning.text.refusals import begins_with_refusal
from instruction_tuning.verification.program_text import holds_code

# A shorter prompt may rightly be answered by itself ("Hello" by "Hello!").
_SHORTEST_ECHO_CHARACTERS = 12
_FEWEST_FOREIGN_WORDS = 5
_FEWEST_FOREIGN_HAN = 4

# "None" and 无 are answers to some questions, so they are not here.
_EMPTY = re.compile(r"(?:n\s*/\s*a|<?no ?output>?|no response|<?无输出>?)?[.。!]?", re.I)

_NAMES_A_LANGUAGE = re.compile(
    r"translat|chinese|mandarin|english|french|german|spanish|japanese|korean|pinyin|language|bilingual|"
    r"翻译|译成|中文|汉语|英文|英语|法语|德语|日语|外语|语言|双语|拼音|代码|程序",
    re.I,
)
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")


def format_fault(prompt: str, answer: str) -> str | None:
    """What is wrong with the form of `answer`, or null: a code, a colon and an explanation."""
    text = answer.strip()
    if _EMPTY.fullmatch(text):
        return f"empty: the answer is {text!r}"
    if begins_with_refusal(text):
        return f"refusal: it begins {text[:40]!r}"
    if _is_echo(prompt, text):
        return "echo: the answer repeats the prompt"
    return _language_fault(prompt, text)


def _is_echo(prompt: str, answer: str) -> bool:
    asked, said = _letters(prompt), _letters(answer)
    return len(asked) >= _SHORTEST_ECHO_CHARACTERS and said != "" and said.replace(asked, "") == ""


def _letters(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())


def names_a_language(prompt: str) -> bool:
    """Whether the prompt speaks of a language, so that the answer's may be any."""
    return _NAMES_A_LANGUAGE.search(prompt) is not None


def _language_fault(prompt: str, answer: str) -> str | None:
    if names_a_language(prompt):
        return None
    asked_han, asked_words = len(_HAN.findall(prompt)), len(_LATIN_WORD.findall(prompt))
    said_han, said_words = len(_HAN.findall(answer)), len(_LATIN_WORD.findall(answer))
    # A Chinese answer to an English question; names alone are no change of language.
    if asked_han == 0 and asked_words > 0 and said_han >= _FEWEST_FOREIGN_HAN and said_han > said_words:
        return f"language: an English prompt, {said_han} Chinese characters in the answer"
    # A program is in nobody's language.
    in_chinese = asked_han > asked_words and not holds_code(answer)
    if in_chinese and said_han == 0 and said_words >= _FEWEST_FOREIGN_WORDS:
        return f"language: a Chinese prompt, {said_words} Latin words and no Chinese in the answer"
    return None
