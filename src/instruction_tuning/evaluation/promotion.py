"""Is the candidate to be promoted? A pure function of the comparisons.

Every check ends in one of three ways: *passed* (shown at level alpha), *failed* (the opposite is shown)
or *not shown* (the data do not say). Only a candidate that passes every check is promoted:

    answers can be read    extraction rate of the candidate >= min_extraction_rate in every form
    gains in chat          macro chat_zero_shot: one-sided p < alpha against "no better than the base"
    keeps document form    macro document_few_shot: the loss against the base is below delta at 1 - alpha
    keeps every ability    no ability loses significantly more than delta of document_few_shot against the
                           base (Holm over the abilities)
    is no worse than the champion   with a champion: the last two against it too, and macro
                           chat_zero_shot loses less than delta at 1 - alpha

All must hold (an intersection-union test), so alpha needs no correction between checks. The third is a
veto for what is shown, not a proof for each ability: with 200 items a loss of 3 points in one ability
can hardly be told from chance. chat_few_shot is reported and decides nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from instruction_tuning.schemas.benchmark_metrics import FORM_NAMES, MACRO
from instruction_tuning.statistics.paired import (
    PairedCounts,
    holm,
    lower_bound,
    p_value_above,
    p_value_below,
    paired_difference,
)

PASSED, FAILED, NOT_SHOWN = "passed", "failed", "not shown"
CHAT, DOCUMENT = "chat_zero_shot", "document_few_shot"


@dataclass(frozen=True)
class PromotionRules:
    """`delta`: the tolerated loss as a share of items; `alpha`: one-sided level of every check."""

    delta: float = 0.03
    alpha: float = 0.05
    min_extraction_rate: float = 0.8


@dataclass(frozen=True)
class Check:
    """One condition, how it ended, and the numbers in words."""

    name: str
    outcome: str
    detail: str

    def as_record(self) -> dict[str, object]:
        """As it stands in `promotion_verdict`."""
        return {
            "name": self.name,
            "passed": self.outcome == PASSED,
            "outcome": self.outcome,
            "detail": self.detail,
        }


def promotion_verdict(
    metrics: pd.DataFrame, comparisons: pd.DataFrame, rules: PromotionRules, *, candidate_digest: str
) -> dict[str, object]:
    """`{verdict, reasons, incumbent, delta, alpha, candidate_digest, checks, evidence}`, JSON throughout.

    `metrics` and `comparisons` are those of `evaluation.scores`; the champion is the incumbent where
    there are comparisons with one, else the base.
    """
    has_champion = bool((comparisons["reference_role"] == "champion").any())
    base = comparisons[comparisons["reference_role"] == "base"]
    checks = [
        _answers_can_be_read(metrics, rules),
        _gains_in_chat(base, rules),
        _keeps("keeps document form", base, DOCUMENT, "base", rules),
        _keeps_every_ability(base, "base", rules),
    ]
    if has_champion:
        champion = comparisons[comparisons["reference_role"] == "champion"]
        checks += [
            _keeps("no worse than the champion in chat", champion, CHAT, "champion", rules),
            _keeps("no worse than the champion in document form", champion, DOCUMENT, "champion", rules),
            _keeps_every_ability(champion, "champion", rules),
        ]
    missed = [check for check in checks if check.outcome != PASSED]
    return {
        "verdict": "fail" if missed else "pass",
        "reasons": [f"{check.name}: {check.outcome}: {check.detail}" for check in missed or checks],
        "incumbent": "champion" if has_champion else "base",
        "delta": rules.delta,
        "alpha": rules.alpha,
        "candidate_digest": candidate_digest,
        "checks": [check.as_record() for check in checks],
        "evidence": {
            "metrics": metrics.to_dict("records"),
            "comparisons": comparisons.to_dict("records"),
        },
    }


def _answers_can_be_read(metrics: pd.DataFrame, rules: PromotionRules) -> Check:
    macro = metrics[(metrics["model_role"] == "candidate") & (metrics["ability"] == MACRO)]
    worst = macro.sort_values(["extraction_rate", "form"]).iloc[0]
    outcome = PASSED if worst["extraction_rate"] >= rules.min_extraction_rate else FAILED
    return Check(
        "answers can be read",
        outcome,
        f"an answer was found in {worst['extraction_rate']:.0%} of the candidate's responses in its worst "
        f"form ({FORM_NAMES[worst['form']]}); {rules.min_extraction_rate:.0%} are needed",
    )


def _gains_in_chat(comparisons: pd.DataFrame, rules: PromotionRules) -> Check:
    strata = list(_strata(comparisons, CHAT).values())
    gain, loss = p_value_above(strata), p_value_below(strata)
    outcome = PASSED if gain < rules.alpha else FAILED if loss < rules.alpha else NOT_SHOWN
    return Check(
        "gains in chat",
        outcome,
        f"{_points(strata, rules)} through chat against the base, {_p(gain)} "
        f"(below {rules.alpha:g} is needed)",
    )


def _keeps(name: str, comparisons: pd.DataFrame, form: str, role: str, rules: PromotionRules) -> Check:
    strata = list(_strata(comparisons, form).values())
    largest_loss = -lower_bound(strata, rules.alpha)
    if largest_loss < rules.delta:
        outcome = PASSED
    else:
        outcome = FAILED if p_value_below(strata, -rules.delta) < rules.alpha else NOT_SHOWN
    return Check(
        name,
        outcome,
        f"{_points(strata, rules)} in {FORM_NAMES[form]} against the {role}; with {1 - rules.alpha:.0%} "
        f"confidence the loss is at most {max(largest_loss, 0) * 100:.1f} points "
        f"({rules.delta * 100:g} are tolerated)",
    )


def _keeps_every_ability(comparisons: pd.DataFrame, role: str, rules: PromotionRules) -> Check:
    strata = _strata(comparisons, DOCUMENT)
    adjusted = holm([p_value_below([counts], -rules.delta) for counts in strata.values()])
    lost = [
        f"{_name(ability)} ({_points([counts], rules)}, {_p(p)})"
        for (ability, counts), p in zip(strata.items(), adjusted, strict=True)
        if p < rules.alpha
    ]
    worst = min(strata, key=lambda ability: paired_difference([strata[ability]]).estimate)
    detail = (
        f"more than {rules.delta * 100:g} points in {FORM_NAMES[DOCUMENT]} are lost against the {role}: "
        + ", ".join(lost)
        if lost
        else f"no ability's loss in {FORM_NAMES[DOCUMENT]} against the {role} is significantly above "
        f"{rules.delta * 100:g} points; the lowest is {_name(worst)}, {_points([strata[worst]], rules)}"
    )
    return Check(f"keeps every ability of the {role}", FAILED if lost else PASSED, detail)


def _strata(comparisons: pd.DataFrame, form: str) -> dict[str, PairedCounts]:
    rows = comparisons[(comparisons["form"] == form) & (comparisons["ability"] != MACRO)]
    return {
        str(row["ability"]): PairedCounts(int(row["items"]), float(row["gained"]), float(row["lost"]))
        for row in rows[rows["counted"]].sort_values("ability").to_dict("records")
    }


def _points(strata: Sequence[PairedCounts], rules: PromotionRules) -> str:
    difference = paired_difference(strata, confidence=1 - rules.alpha)
    return (
        f"{difference.estimate * 100:+.1f} points [{difference.low * 100:+.1f}, {difference.high * 100:+.1f}]"
    )


def _name(ability: str) -> str:
    return ability.replace("_", " ")


def _p(value: float) -> str:
    return f"p = {value:.3f}" if value >= 0.001 else "p < 0.001"
