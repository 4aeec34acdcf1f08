"""How far people agree, as a page of Markdown."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from instruction_tuning.text.counting import counted

QUESTIONS = {
    "review_verdict": "accept or reject",
    "review_mark": "mark from 1 to 10",
    "comparison": "which of two answers",
    "rewrite": "rewritten texts",
    "correct": "corrected texts",
}
MEASURES = {
    "raw_agreement": "raw agreement",
    "krippendorff_alpha": "Krippendorff's alpha",
    "cohen_kappa": "Cohen's kappa",
    "left_choice_rate": "chose the left one",
    "text_similarity": "text similarity",
}
_LIMITS = """\
Intervals (95%) cover the choice of tasks, not of people. Alpha and kappa are 1 where all agree and 0 where
they agree as often as by chance; they are unknown where everybody always said the same. Text similarity is
the share of words that stand in both texts in the same order. Answers stand on the left as often as on the
right, so 0.5 is what a person chooses whom the place does not sway. Names are what people typed; nobody
checked them."""


def agreement_report(measured: pd.DataFrame, people: pd.DataFrame) -> str:
    """The report, from `annotation.agreement` and `annotation.people_table`."""
    if people.empty:
        return "# Agreement\n\nNobody has annotated anything yet: kedro annotate\n"
    together, pairs = measured[measured["people"] == "all"], measured[measured["people"] != "all"]
    lines = [
        "# Agreement",
        "",
        f"{counted(int(people['done'].sum()), 'annotation')} by {counted(len(people), 'person', 'people')}.",
        "",
        "| who | done | skipped | median seconds | texts left as they were |",
        "|---|---|---|---|---|",
        *(
            f"| {_cell(row['who'])} | {row['done']} | {row['skipped']} | "
            f"{_number(row['median_seconds'], '.0f')} | {_number(row['unchanged_rate'], '.0%')} |"
            for row in people.to_dict(orient="records")
        ),
        *_table("Everyone", together),
        *_table("Each two people", pairs),
        "",
        _LIMITS,
    ]
    return "\n".join(lines) + "\n"


def _table(title: str, measured: pd.DataFrame) -> list[str]:
    if measured.empty:
        return []
    return [
        *("", f"## {title}", ""),
        "| question | who | measure | tasks of two or more | estimate [95%] |",
        "|---|---|---|---|---|",
        *(
            f"| {QUESTIONS[row['question']]} | {_cell(row['people'])} | {MEASURES[row['measure']]} | "
            f"{row['tasks']} | {_interval(row)} |"
            for row in measured.to_dict(orient="records")
        ),
    ]


def _interval(row: Mapping[Any, Any]) -> str:
    estimate, low, high = (row[name] for name in ("estimate", "low", "high"))
    return "unknown" if pd.isna(estimate) else f"{estimate:.2f} [{low:.2f}, {high:.2f}]"


def _number(value: float, form: str) -> str:
    return "" if pd.isna(value) else f"{value:{form}}"


def _cell(text: str) -> str:
    """A name that somebody typed: no markup, no new cell."""
    return "".join(f"\\{letter}" if letter in r"\`*_{}[]<>()#+-.!|" else letter for letter in text)
