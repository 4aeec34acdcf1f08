"""Base against candidate by ability, the forms side by side."""

from collections.abc import Mapping, Sequence
from typing import Any

from instruction_tuning.schemas.benchmark_metrics import FORM_NAMES, MACRO, ability_name


def abilities_of(evidence: Mapping[str, Any]) -> list[str]:
    """The abilities in alphabetical order, their mean after them; then those that do not count for it."""
    counted = {str(row["ability"]): bool(row.get("counted", True)) for row in evidence["comparisons"]}
    return in_order(counted)


def in_order(counted: Mapping[str, bool]) -> list[str]:
    """Abilities that count, their mean, and the others, each in alphabetical order."""
    decisive = [ability for ability, counts in counted.items() if counts and ability != MACRO]
    return [*sorted(decisive), MACRO, *sorted(set(counted) - {*decisive, MACRO})]


def ability_rows(evidence: Mapping[str, Any]) -> tuple[Sequence[str], list[Sequence[str]]]:
    """Header and rows: `10→63 +52.5 [46.1,59.2]` for each ability and form."""
    accuracy = {
        (row["model_role"], row["ability"], row["form"]): row["accuracy"] for row in evidence["metrics"]
    }
    gain = {
        (row["ability"], row["form"]): row
        for row in evidence["comparisons"]
        if row["reference_role"] == "base"
    }
    rows: list[Sequence[str]] = []
    for ability in abilities_of(evidence):
        cells = [ability_name(ability)]
        for form in FORM_NAMES:
            difference = gain[ability, form]
            cells.append(
                f"{accuracy['base', ability, form] * 100:.0f}→"
                f"{accuracy['candidate', ability, form] * 100:.0f} "
                f"{difference['difference'] * 100:+.1f} "
                # With one digit: a bound that rounds to 0 would not tell whether 0 is inside.
                f"[{difference['ci_low'] * 100:.1f},{difference['ci_high'] * 100:.1f}]"
            )
        rows.append(cells)
    return ("ability", *FORM_NAMES.values()), rows
