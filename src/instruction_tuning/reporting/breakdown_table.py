"""Scores by language and by steps, and what a model says of facts that it was not told; base to candidate."""

from collections.abc import Mapping, Sequence
from typing import Any

from instruction_tuning.reporting.wording import percent
from instruction_tuning.schemas.benchmark_metrics import FORM_NAMES

UNTOLD = "withheld_untaught"
CHAT = "chat_zero_shot"
_PARTS = {"language": "{value}, mean over abilities", "steps": "chain of thought, steps: {value}"}
_LANGUAGES = {"en": "English", "zh": "Chinese"}
_GROUPS = {
    "withheld_taught": "facts told in SFT alone",
    UNTOLD: "facts nobody told",
    "unknown_places": "places that nobody knows",
}
Table = tuple[Sequence[str], list[Sequence[str]]]


def breakdown_rows(evidence: Mapping[str, Any]) -> Table:
    """Header and rows: `10.0→62.5 [54.1,70.2]` (candidate's interval) by language, by steps, in each form.

    No row of a verdict from before the breakdown was stored.
    """
    stored = evidence.get("breakdown", ())
    found = {(row["model_role"], row["part"], row["value"], row["form"]): row for row in stored}
    rows: list[Sequence[str]] = []
    for part, value in dict.fromkeys((row["part"], row["value"]) for row in stored):
        name = _PARTS[part].format(value=_LANGUAGES.get(value, value))
        of_form = {
            form: (found["base", part, value, form], found["candidate", part, value, form])
            for form in FORM_NAMES
        }
        items = of_form[CHAT][1]["items"]
        rows.append([name, f"{items:,}", *(_change(*both, "score") for both in of_form.values())])
    return ("", "items", *FORM_NAMES.values()), rows


def fate_rows(evidence: Mapping[str, Any]) -> Table:
    """Header and rows: the share of each fate, by group, in each form."""
    stored = evidence.get("fates", ())
    found = {(row["model_role"], row["ability"], row["fate"], row["form"]): row for row in stored}
    rows: list[Sequence[str]] = []
    for group, name in _GROUPS.items():
        for fate in dict.fromkeys(row["fate"] for row in stored if row["ability"] == group):
            both = [
                (found["base", group, fate, form], found["candidate", group, fate, form])
                for form in FORM_NAMES
            ]
            rows.append(
                [f"{name}: {fate}", f"{both[0][1]['items']:,}", *(_change(*b, "share") for b in both)]
            )
    return ("", "items", *FORM_NAMES.values()), rows


def invention_sentence(evidence: Mapping[str, Any]) -> str:
    """What the model says in chat of facts that nobody told it; empty where that was not asked."""
    shares = {
        (row["model_role"], row["fate"]): row
        for row in evidence.get("fates", ())
        if (row["ability"], row["form"]) == (UNTOLD, CHAT)
    }
    if not shares:
        return ""
    declined, invented = (
        f"{shares['base', fate]['share']:.0%}→{shares['candidate', fate]['share']:.0%}"
        for fate in ("declined", "invented")
    )
    row = shares["candidate", "invented"]
    return (
        f"On {row['items']:,} facts that nobody told it, in chat, base→SFT: declines {declined}, invents "
        f"{invented} [{row['ci_low']:.0%}, {row['ci_high']:.0%}]."
    )


def _change(base: Mapping[str, Any], candidate: Mapping[str, Any], name: str) -> str:
    interval = f"[{percent(candidate['ci_low'])}, {percent(candidate['ci_high'])}]"
    return f"{percent(base[name])}→{percent(candidate[name])} {interval}"
