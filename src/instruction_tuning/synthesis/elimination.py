"""Which evolutions are thrown out, and why; each rule by a name of its own, so that its drops can be counted.

Evol-Instruct (WizardLM, arXiv 2304.12244), section 3.2, drops an evolution that (1) gains no information, as
a model judges, (2) is answered by an apology of fewer than 80 words, (3) is answered by stop words and marks
alone, or (4) copies words of the evolving prompt; WizardCoder (2306.08568) keeps code alone. Beside these:
another language, an instruction too long, material that is missing, a condition that nobody can meet (as a
model judges it), an answer that is cut, faulty in form, or the same code as before. O(characters).
Departures: (1) is told by the text where the text tells it, and only then asked of the model, in one question
with whether the request can be answered; (4) takes the marks and words of this project's prompts.
"""

import json
import re
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from instruction_tuning.canonical.checks.missing_material import missing_file, missing_image, missing_link
from instruction_tuning.lm.reply_schema import reply_schema
from instruction_tuning.prompts.files import Prompt, read_prompt
from instruction_tuning.selection.ladders.failed_evolutions import (
    LEAKED,
    OK,
    UNANSWERED,
    UNCHANGED,
    changing_words,
    evolution_status,
    says_nothing,
)
from instruction_tuning.synthesis.evolution_operations import KINDS, PROMPTS, SAME_ANSWER, operation_texts
from instruction_tuning.text.languages import language_of
from instruction_tuning.text.tokens import tokens
from instruction_tuning.verification.answer_format import format_fault
from instruction_tuning.verification.program_text import program_text

# Of the instruction, in the order in which they are looked for; those of `OF_CHECK` need a model's word.
OF_INSTRUCTION = (
    *("declined", "no_information_gain", "leaked_prompt", "too_long", "wrong_language", "missing_material"),
)
OF_CHECK = ("no_information_gain", "unanswerable", "unreadable_check", "no_check")
OF_ANSWER = (
    *(
        "no_answer",
        "answer_cut",
        "answer_says_nothing",
        "answer_apologises",
        "answer_empty",
        "answer_refusal",
    ),
    *("answer_echo", "answer_language", "unchanged_code"),
)
NO_REPLY, NOT_MASTERED, NOT_MEASURED = "no_reply", "not_mastered", "not_measured"
REASONS = tuple(dict.fromkeys((NO_REPLY, *OF_INSTRUCTION, *OF_CHECK, *OF_ANSWER, NOT_MASTERED, NOT_MEASURED)))

Fault = tuple[str, str]  # a reason and what was found

_BY_STATUS = {UNANSWERED: "declined", UNCHANGED: "no_information_gain", LEAKED: "leaked_prompt"}
_HASHED_TITLE = re.compile(r"#[A-Z][A-Za-z ]+#")
_APOLOGY = re.compile(r"\bsorry\b|\bapologi[sz]e\b|抱歉|对不起", re.IGNORECASE)
_LETTER = re.compile(r"\W*[A-Z]\W*")  # "A" may be the letter that was asked for
_CLAIM = r"^[\s*_#>-]*(?:{})[\s*_`]*[:：][\s*_`]*(yes|no|是|否)\b"
CHECK_SCHEMA = {
    "type": "object",
    "properties": {"equal": {"type": "boolean"}, "answerable": {"type": "boolean"}},
    "required": ["equal", "answerable"],
    "additionalProperties": False,
}
_EQUAL, _ANSWERABLE = (
    re.compile(_CLAIM.format(words), re.IGNORECASE | re.MULTILINE)
    for words in ("equal|相同", "answerable|可回答")
)


def instruction_fault(
    text: str, earlier: Sequence[str], prompt: Prompt, *, language: str, max_characters: int
) -> Fault | None:
    """What is wrong with an evolved instruction by its text alone, or null.

    `earlier` are the versions that it comes from, the last one its parent; `language` is that of the root.
    """
    status = evolution_status(text, earlier, prompt, is_request=True)
    if status != OK:
        return _BY_STATUS[status], f"it begins {text.strip()[:40]!r}"
    if changing_words(text) in [changing_words(other) for other in earlier]:
        return "no_information_gain", "only function words and marks differ from an earlier version"
    if (leak := _leak(text, earlier[-1])) is not None:
        return "leaked_prompt", f"it says {leak!r}"
    if len(text) > max_characters:
        return "too_long", f"{len(text)} characters, {max_characters} allowed"
    said = language_of(text)
    if language in ("en", "zh") and said in ("en", "zh") and said != language:
        return "wrong_language", f"{said}, where the seed is {language}"
    for find in (missing_image, missing_link, missing_file):
        if (found := find(text, "")) is not None:
            return "missing_material", f"it points at {text[slice(*found)]!r}"
    return None


def parse_check(reply: str) -> tuple[bool, bool] | None:
    """(equal, answerable) of a reply to `prompts/evolution_check.txt`, or to `evolution_check_json.txt`; null
    where one cannot be read.

    >>> parse_check("Equal: no\\n**Answerable:** yes")
    (False, True)
    """
    if reply.lstrip().startswith("{"):
        return _json_check(reply)
    equal, answerable = _EQUAL.findall(reply), _ANSWERABLE.findall(reply)
    if not equal or not answerable:
        return None
    return equal[-1].lower() in ("yes", "是"), answerable[-1].lower() in ("yes", "是")


def _json_check(reply: str) -> tuple[bool, bool] | None:
    if reply_schema("evolution_check", CHECK_SCHEMA).misfit(reply) is not None:
        return None
    said = json.loads(reply)
    return said["equal"], said["answerable"]


def check_fault(reply: str | None) -> Fault | None:
    """What the model that was asked has against the evolved instruction; no word of it keeps nothing."""
    if reply is None:
        return "no_check", "no reply came"
    verdict = parse_check(reply)
    if verdict is None:
        return "unreadable_check", f"it begins {reply[:40]!r}"
    equal, answerable = verdict
    if equal:
        return "no_information_gain", "judged to ask for the same"
    return None if answerable else ("unanswerable", "judged to be so")


def answer_fault(
    row: Mapping[Hashable, Any], *, parent_answer: str | None, apology_words: int
) -> Fault | None:
    """What the answer says against the evolution.

    `row` has instruction, answer, finish_reason, kind and operation.
    A text of fewer than `apology_words` words (a Chinese character is one) that says sorry is an apology.
    """
    instruction, answer = str(row["instruction"]), row["answer"]
    if not isinstance(answer, str):
        return "no_answer", "no reply came"
    if row["finish_reason"] == "length":
        return "answer_cut", f"cut after {len(answer)} characters"
    if says_nothing(answer) and not _LETTER.fullmatch(answer):
        return "answer_says_nothing", f"all it says is {answer[:40]!r}"
    fault = format_fault(instruction, answer)
    if fault is not None:
        code, _, detail = fault.partition(": ")
        return f"answer_{code}", detail
    words = len(tokens(answer))
    if words < apology_words and _APOLOGY.search(answer) and not _APOLOGY.search(instruction):
        return "answer_apologises", f"sorry, in {words} words"
    if row["kind"] == "code" and row["operation"] != SAME_ANSWER and _same_code(answer, parent_answer):
        return "unchanged_code", "the program is that of the version before"
    return None


def _leak(text: str, source: str) -> str | None:
    titles = [title for title in _HASHED_TITLE.findall(text) if title not in source]
    names = {name for kind in KINDS for name in operation_texts(read_prompt(PROMPTS[kind]))}
    said = re.match(rf"\W*({'|'.join(sorted(names))}|method)\s*[:：]", text, re.IGNORECASE)
    return titles[0] if titles else said[1] if said else None


def _same_code(answer: str, before: str | None) -> bool:
    now, then = program_text(answer), program_text(before or "")
    return bool(now and then) and (now or "").split() == (then or "").split()
