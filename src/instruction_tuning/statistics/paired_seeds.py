"""Which method makes the better model? A ranking over training seeds, each method against a reference.

Every method was trained with the same seeds, and its models answered the same items. With the difference
D[s, i] = score(method, s, i) - score(reference, s, i), n_a items of ability a, A abilities and S seeds,

    d    = mean over seeds and abilities of the mean over the ability's items
    E_s  = (the same of seed s alone) - d
    B_i  = (mean over seeds of D[s, i]) - (its mean over the items of the ability)

    V_seeds = sum_s E_s^2 / (S (S - 1)),    V_items = sum_a c_a^2 sum_i B_i^2 / (n_a (n_a - 1)) / A^2

The chance of single answers is in E and in B, and would count twice: c_a shrinks B to what is the items' own,
c_a^2 = 1 - MS_rest / MS_items of the two-way analysis of variance (reflated residuals: Carpenter, Goldstein
and Rasbash 2003, Applied Statistics 52:431). Both are what a bootstrap over seeds and, within each ability,
over items comes to with infinitely many draws of S - 1 seeds and n_a - 1 items, which makes them unbiased
(McCarthy and Snowden 1985); as many as there are would lack 1/S of it.

    error                  sqrt(V_seeds + V_items)
    interval               d -+ t(1 - alpha/2, f) · error
    p                      2 P(T_f > |d| / error); Holm's over the methods
    f                      error^4 / (V_seeds^2 / (S - 1) + V_items^2 / (sum n_a - A))  (Satterthwaite)
    detectable difference  (t(1 - alpha/2, f) + t(0.8, f)) · error

The last is the smallest true difference that the interval excludes 0 for 8 times in 10. Student's t, because
three seeds do not show how far a fourth can lie. In simulations the intervals hold the truth 92 to 96 times
in 100 from three seeds on, with two 87 to 93 times. The error is never below that of `paired_difference` with
as many items as there were answers, none of which changed. One seed tells nothing of another: refused.

O(methods · seeds · items).
"""

import numpy as np
import pandas as pd
from scipy.stats import norm, t

from instruction_tuning.statistics.balanced_answers import BalancedAnswers, balanced_answers
from instruction_tuning.statistics.paired import PairedCounts, holm, paired_difference

POWER = 0.8

RANKING_COLUMNS = (
    *("rank", "method", "mean_score", "seed_sd", "difference", "ci_low", "ci_high", "error"),
    *("degrees_of_freedom", "p_value", "p_value_holm", "detectable_difference"),
    *("seeds", "items", "abilities"),
)


def rank_methods(scores: pd.DataFrame, reference: str, *, confidence: float = 0.95) -> pd.DataFrame:
    """A row a method with `RANKING_COLUMNS`, the highest mean first.

    `scores`: `method`, `seed`, `item_id`, `ability` and `score` in [0, 1], in any order of the rows; see
    `balanced_answers` for what is refused. `mean_score`: mean over abilities, `seed_sd`: its standard
    deviation between seeds. From `difference` to `detectable_difference` all is against `reference`, and null
    in its own row.
    """
    answers = balanced_answers(scores, reference)
    means = answers.by_ability().mean(axis=2)  # (M, S)
    rows: dict[str, dict[str, object]] = {
        method: {
            "method": method,
            "mean_score": float(of_seeds.mean()),
            "seed_sd": float(of_seeds.std(ddof=1)),
            "seeds": len(of_seeds),
            "items": answers.scores.shape[2],
            "abilities": len(answers.abilities),
        }
        for method, of_seeds in zip(answers.methods, means, strict=True)
    }
    compared = _comparisons(answers, reference, confidence)
    adjusted = holm([comparison["p_value"] for comparison in compared.values()])
    for (method, comparison), p_value in zip(compared.items(), adjusted, strict=True):
        rows[method] |= {**comparison, "p_value_holm": p_value}
    frame = pd.DataFrame(list(rows.values()), columns=list(RANKING_COLUMNS))
    frame = frame.sort_values(["mean_score", "method"], ascending=[False, True], ignore_index=True)
    return frame.assign(rank=range(1, len(frame) + 1))


def ability_differences(scores: pd.DataFrame, reference: str) -> pd.DataFrame:
    """`method`, `ability`, `mean_score`, `difference` to the reference: means over seeds and items."""
    answers = balanced_answers(scores, reference)
    means = answers.by_ability().mean(axis=1)  # (M, A)
    return pd.DataFrame(
        {
            "method": np.repeat(answers.methods, len(answers.abilities)),
            "ability": np.tile(answers.abilities, len(answers.methods)),
            "mean_score": means.ravel(),
            "difference": (means - means[answers.methods.index(reference)]).ravel(),
        }
    )


def _comparisons(answers: BalancedAnswers, reference: str, confidence: float) -> dict[str, dict[str, float]]:
    """Every other method against the reference."""
    others = [place for place, method in enumerate(answers.methods) if method != reference]
    differences = answers.scores[others] - answers.scores[answers.methods.index(reference)]  # (m, S, I)
    by_ability = answers.ability_means(differences)  # (m, S, A)
    by_seed = by_ability.mean(axis=2)  # (m, S)
    centres = by_seed.mean(axis=1)  # (m,)
    of_seeds = _variance_of_mean(by_seed - centres[:, None])  # (m,)
    of_items = np.zeros_like(of_seeds)
    for ability, (start, size) in enumerate(zip(answers.starts, answers.sizes, strict=True)):
        own = differences[:, :, start : start + size] - by_ability[:, :, ability, None]  # (m, S, n_a)
        of_items += _variance_of_mean(_item_effects(own)) / len(answers.sizes) ** 2
    errors = np.maximum(np.sqrt(of_seeds + of_items), _least_error(answers))  # (m,)
    rows = {}
    for place, (other, error) in enumerate(zip(others, errors.tolist(), strict=True)):
        freedom = _freedom(
            float(of_seeds[place]),
            float(of_items[place]),
            differences.shape[1] - 1,
            differences.shape[2] - len(answers.sizes),
        )
        centre = float(centres[place])
        quantile = float(t.ppf(0.5 + confidence / 2, freedom))
        reach = quantile * error
        rows[answers.methods[other]] = {
            "difference": centre,
            "ci_low": max(centre - reach, -1.0),
            "ci_high": min(centre + reach, 1.0),
            "error": error,
            "degrees_of_freedom": freedom,
            "p_value": float(2 * t.sf(abs(centre) / error, freedom)),
            "detectable_difference": (quantile + float(t.ppf(POWER, freedom))) * error,
        }
    return rows


def _variance_of_mean(effects: np.ndarray) -> np.ndarray:
    """(m,) unbiased, from deviations (m, n) whose mean is 0."""
    _, drawn = effects.shape
    return np.asarray((effects**2).sum(axis=1) / (drawn * (drawn - 1)))


def _item_effects(own: np.ndarray) -> np.ndarray:
    """c_a B (m, n) from an ability's differences (m, S, n), in which every seed's mean is 0."""
    _, seeds, items = own.shape
    effects = own.mean(axis=1)  # (m, n)
    rest = own - effects[:, None, :]
    of_items = seeds * (effects**2).sum(axis=1) / (items - 1)  # (m,)
    of_rest = (rest**2).sum(axis=(1, 2)) / ((seeds - 1) * (items - 1))
    kept = np.divide(of_items - of_rest, of_items, out=np.zeros_like(of_items), where=of_items > of_rest)
    return effects * np.sqrt(kept)[:, None]


def _least_error(answers: BalancedAnswers) -> float:
    seeds = answers.scores.shape[1]
    unchanged = [PairedCounts(int(size) * seeds, 0, 0) for size in answers.sizes]
    return paired_difference(unchanged).high / float(norm.ppf(0.975))


def _freedom(of_seeds: float, of_items: float, seed_freedom: int, item_freedom: int) -> float:
    total = of_seeds + of_items
    if total == 0:
        return float(seed_freedom)
    return total**2 / (of_seeds**2 / seed_freedom + of_items**2 / item_freedom)
