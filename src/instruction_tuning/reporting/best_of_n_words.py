"""What best-of-n gained, in a sentence with the number of prompts behind it and the gain's interval."""

from collections.abc import Mapping

from instruction_tuning.text.counting import counted

_INTRODUCTION = "Best of n, where the reward model picks one of n answers of the SFT model"


def best_of_n_sentence(metrics: Mapping[str, float]) -> str:
    """From the `best_of_n/…` metrics: right sums where there are any, else the reward, else empty."""
    rates, rewards = (_by_n(metrics, f"best_of_n/{figure}_at_") for figure in ("pass_rate", "reward"))
    if rates:
        steps = ", ".join(f"n={n} {rate:.1%}" for n, rate in rates.items())
        over = _over(metrics.get("best_of_n/checked_prompts"), "held-out sum")
        return f"{_INTRODUCTION}: right sums{over} {steps}{_gain(metrics, max(rates))}."
    if rewards:
        steps = ", ".join(f"n={n} {reward:+.2f}" for n, reward in rewards.items())
        over = _over(metrics.get("best_of_n/prompts"), "held-out question")
        return f"{_INTRODUCTION}: its own reward, which can only rise{over} {steps}."
    return ""


def _by_n(metrics: Mapping[str, float], prefix: str) -> dict[int, float]:
    values = {int(key.removeprefix(prefix)): v for key, v in metrics.items() if key.startswith(prefix)}
    return dict(sorted(values.items()))


def _over(prompts: float | None, noun: str) -> str:
    return "" if prompts is None else f" ({counted(int(prompts), noun)})"


def _gain(metrics: Mapping[str, float], largest: int) -> str:
    gain = metrics.get("best_of_n/pass_rate_gain")
    if gain is None:
        return ""
    low, high = (metrics.get(f"best_of_n/pass_rate_gain_ci_{end}") for end in ("low", "high"))
    interval = "too few for an interval"
    if low is not None and high is not None:
        interval = f"95% interval {low * 100:+.1f} to {high * 100:+.1f}"
    return f"; n={largest} less n=1: {gain * 100:+.1f} points ({interval})"
