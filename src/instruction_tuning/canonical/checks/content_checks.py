"""All checks on what a record or a document says, with one cheap test each before any regular expression.

The names of the checks are the keys of `ingestion.checks`, flags of records and reasons of rejections.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from instruction_tuning.canonical.checks.answers import ANSWER_CHECKS
from instruction_tuning.canonical.checks.damaged_text import DAMAGED_TEXT_CHECKS, PLACEHOLDER_CHECKS
from instruction_tuning.canonical.checks.missing_material import QUESTION_CHECKS
from instruction_tuning.canonical.checks.private_data import (
    PERSONAL_DATA,
    PRIVATE_DATA_CHECKS,
    SECRETS,
    mark_of,
    without_values,
)
from instruction_tuning.canonical.checks.prompt_injection import INJECTION_CHECKS
from instruction_tuning.canonical.checks.spans import ExchangeCheck, GatedChecks, Span, TextCheck

Action = Literal["reject", "flag", "ignore"]

TEXT_CHECKS: tuple[GatedChecks, ...] = (
    DAMAGED_TEXT_CHECKS,
    PLACEHOLDER_CHECKS,
    INJECTION_CHECKS,
    *PRIVATE_DATA_CHECKS,
)
EXCHANGE_CHECKS: tuple[ExchangeCheck, ...] = (*QUESTION_CHECKS, *ANSWER_CHECKS)
CHECKS = (
    *(check.name for group in TEXT_CHECKS for check in group.checks),
    *(check.name for check in EXCHANGE_CHECKS),
)
_SHOWN_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found: in which message (from 0), and the words; of private data only what kind it is."""

    check: str
    message: int
    words: str


@dataclass(frozen=True)
class ContentChecks:
    """Which checks run, and what becomes of a row in which one finds something; a check that is not named
    does not run."""

    actions: Mapping[str, Action] = field(default_factory=dict)

    @cached_property
    def _text_checks(self) -> tuple[GatedChecks, ...]:
        groups = (
            GatedChecks(group.gate, tuple(check for check in group.checks if self._runs(check.name)))
            for group in TEXT_CHECKS
        )
        return tuple(group for group in groups if group.checks)

    @cached_property
    def _exchange_checks(self) -> tuple[ExchangeCheck, ...]:
        return tuple(check for check in EXCHANGE_CHECKS if self._runs(check.name))

    def _runs(self, name: str) -> bool:
        return self.actions.get(name, "ignore") != "ignore"

    def rejects(self, finding: Finding) -> bool:
        """Whether a row with this finding is set aside."""
        return self.actions[finding.check] == "reject"

    def of_texts(self, texts: Sequence[str]) -> list[Finding]:
        """At most one finding a check, the first, in the texts of a record or a document."""
        if not self._text_checks:
            return []
        whole = texts[0] if len(texts) == 1 else "\n\n".join(texts)
        lowered = whole.lower()
        findings = []
        for group in self._text_checks:
            if group.gate(lowered):
                for check in group.checks:
                    # Once on all texts together, as most have nothing; then on each, to tell where.
                    if check.search(whole):
                        findings += _first(check, texts)
        return findings

    def of_conversation(self, messages: Sequence[Mapping[str, str]]) -> list[Finding]:
        """At most one finding a check: of the first question, of every answer, then those of all texts."""
        findings = []
        exchanges = _exchanges(messages) if self._exchange_checks else []
        for check in self._exchange_checks:
            for place, asked, answer in exchanges[:1] if check.in_question else exchanges:
                text = asked if check.in_question else answer
                if not check.gate(text.lower()):
                    continue
                span = check.search(asked, answer)
                if span is not None:
                    at = place if check.in_question else place + 1
                    findings.append(_finding(check.name, at, text, span))
                    break
        return findings + self.of_texts([message["content"] for message in messages])


def _exchanges(messages: Sequence[Mapping[str, str]]) -> list[tuple[int, str, str]]:
    """Each question with its place, and the answer to it, empty where there is none.

    Without private values and the marks for them, so that redaction changes no verdict: "email" in `[EMAIL]`
    or in an address is no word of the task.
    """
    found = []
    last = len(messages) - 1
    for place, message in enumerate(messages):
        if message["role"] == "user":
            answer = messages[place + 1]["content"] if place < last else ""
            found.append((place, without_values(message["content"]), without_values(answer)))
    return found


def _first(check: TextCheck, texts: Sequence[str]) -> list[Finding]:
    for place, text in enumerate(texts):
        span = check.search(text)
        if span is not None:
            return [_finding(check.name, place, text, span)]
    return []


def _finding(name: str, place: int, text: str, span: Span) -> Finding:
    if name in (*PERSONAL_DATA, *SECRETS):
        return Finding(name, place, mark_of(name))
    return Finding(name, place, text[span[0] : span[0] + _SHOWN_CHARACTERS])
