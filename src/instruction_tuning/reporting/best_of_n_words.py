"""What best-of-n gained, in a sentence with the number of prompts behind it and the gain's interval."""

from collections.abc import Mapping

from instruction_tuning.reporting.wording import counted


def best_of_n_sentence(metrics: Mapping[str, float]) -> str:
    """From the `best_of_n/…` metrics: right sums where there are any, else the reward, else empty."""
    for figure, share in (("pass_rate", True), ("reward", False)):
        prefix = f"best_of_n/{figure}_at_"
        values = {int(key.removeprefix(prefix)): v for key, v in metrics.items() if key.startswith(prefix)}
        if values:
            return _sentence(metrics, figure, dict(sorted(values.items())), is_share=share)
    return ""


def _sentence(
    metrics: Mapping[str, float], figure: str, values: Mapping[int, float], *, is_share: bool
) -> str:
    prompts = metrics.get("best_of_n/checked_prompts" if is_share else "best_of_n/prompts")
    noun = "held-out sum" if is_share else "held-out question"
    over = "" if prompts is None else f" ({counted(int(prompts), noun)})"
    steps = ", ".join(
        f"n={n} {f'{value:.1%}' if is_share else f'{value:+.2f}'}" for n, value in values.items()
    )
    what = "right sums" if is_share else "mean reward"
    return (
        f"Best of n, where the reward model picks one of n answers of the SFT model: {what}{over} {steps}"
        f"{_gain(metrics, figure, max(values), is_share=is_share)}."
    )


def _gain(metrics: Mapping[str, float], figure: str, largest: int, *, is_share: bool) -> str:
    gain = metrics.get(f"best_of_n/{figure}_gain")
    if gain is None:
        return ""
    scale, unit, form = (100, " points", "+.1f") if is_share else (1, "", "+.2f")
    limits = [metrics.get(f"best_of_n/{figure}_gain_ci_{end}") for end in ("low", "high")]
    interval = "too few for an interval"
    if None not in limits:
        low, high = (f"{(limit or 0.0) * scale:{form}}" for limit in limits)
        interval = f"95% interval {low} to {high}"
    return f"; n={largest} less n=1: {gain * scale:{form}}{unit} ({interval})"
