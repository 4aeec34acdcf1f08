"""What a row brings to check an answer by: unit tests of a program, constraints on form and length."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

from instruction_tuning.canonical.cleaning import ReadingRules
from instruction_tuning.canonical.conversation import shown
from instruction_tuning.canonical.faults import Fault
from instruction_tuning.canonical.raw_row import is_encodable
from instruction_tuning.canonical.records import Repair
from instruction_tuning.canonical.turns import structure_field
from instruction_tuning.sandbox.assertions import assertions_of
from instruction_tuning.text.constraint_kinds import Constraint, read_constraints


def tests_field(
    fields: Mapping[str, object], rules: ReadingRules, repairs: list[Repair]
) -> list[str] | Fault | None:
    """The row's `tests`, Python as a text or a list of texts; null where there are none.

    Private data that had to go are added to `repairs`. Fault: anything else, or no assertion in it.
    """
    value = structure_field(fields, "tests")
    listed = [value] if isinstance(value, str) else value
    if listed is None or listed in ([], [""]):
        return None
    if not isinstance(listed, list):
        return Fault("unreadable_tests", "tests", shown(value))
    for position, test in enumerate(listed):
        if not isinstance(test, str):
            return Fault("unreadable_tests", f"tests[{position}]", shown(test))
    before = "\n".join(listed)
    if fault := _unusable("tests", before, rules):
        return fault
    tests, taken_out = _without_private_data(listed, rules)
    if assertions_of("\n".join(tests)) is None:
        return Fault("unreadable_tests", "tests", f"no assertion in Python: {before[:100]!r}")
    if taken_out:
        repairs.append(Repair("tests", taken_out, before))
    return tests


def constraints_field(
    fields: Mapping[str, object], rules: ReadingRules, repairs: list[Repair]
) -> str | Fault | None:
    """The row's `constraints` as a JSON list with all their keys; null where there are none.

    `repairs` as in `tests_field`. Fault: no list of constraints, or one of an unknown kind.
    """
    value = structure_field(fields, "constraints")
    try:
        read = () if value is None else read_constraints(value)
    except (ValueError, RecursionError) as error:
        return Fault("unreadable_constraints", "constraints", str(error)[:200])
    if not read:
        return None
    before = _as_json(read)
    if fault := _unusable("constraints", before, rules):
        return fault
    values, taken_out = _without_private_data([str(one.value) for one in read], rules)
    if not taken_out:
        return before
    repairs.append(Repair("constraints", taken_out, before))
    pairs = zip(read, values, strict=True)
    return _as_json([one if isinstance(one.value, int) else replace(one, value=kept) for one, kept in pairs])


def _as_json(constraints: Sequence[Constraint]) -> str:
    return json.dumps([asdict(one) for one in constraints], ensure_ascii=False)


def _unusable(field: str, text: str, rules: ReadingRules) -> Fault | None:
    if not is_encodable(text):
        return Fault("invalid_unicode", field, "a lone surrogate")
    if len(text) > rules.max_characters:
        return Fault("too_long", field, f"{len(text)} characters, {rules.max_characters} allowed")
    return None


def _without_private_data(texts: list[str], rules: ReadingRules) -> tuple[list[str], tuple[str, ...]]:
    """The texts as they may be stored, and the names of the repairs that this took."""
    kept = [rules.without_private_data(text) for text in texts]
    return [text for text, _ in kept], tuple(sorted({name for _, names in kept for name in names}))
