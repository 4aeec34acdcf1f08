"""Nodes of `reward_model`."""

import logging
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from instruction_tuning.errors import InputError
from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.pipelines.reward_model.parameters import RewardModelParameters
from instruction_tuning.reward.best_of_n import best_of_n_metrics, rank_completions
from instruction_tuning.reward.heldout_accuracy import heldout_accuracy
from instruction_tuning.reward.preference_pairs import (
    build_preference_pairs,
    is_clear,
    leave_out_overlength,
    pair_counts,
)
from instruction_tuning.schemas.pair_decisions import OVERLENGTH
from instruction_tuning.seeds import substream_seed
from instruction_tuning.verification.check import check_answer

if TYPE_CHECKING:
    from instruction_tuning.reward.bradley_terry import RewardRecipe

logger = logging.getLogger(__name__)

_OF_THE_MACHINE = {"seconds", "tokens_per_second"}


def pair_responses(
    rated_responses: pd.DataFrame, sft_model: ModelFolder, parameters: RewardModelParameters
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Pairs of a better and a worse answer, those of the records that SFT held out for the test; and of every
    pair why it is among them or not."""
    answers = _that_came(rated_responses)
    pairs, decisions = build_preference_pairs(
        answers,
        test_records=_heldout_records(answers, sft_model),
        preference=parameters.preference,
        min_margin=parameters.min_margin,
        max_pairs=parameters.max_pairs,
        seed=parameters.seed,
    )
    counts = pair_counts(answers, decisions)
    held = pairs.loc[pairs["split"] == "test", "record_id"].nunique()
    logger.info(
        "%d pairs of a better and a worse answer, tested on %d held-out records; %d answers, of which %d are "
        "unrated; left out: %d pairs of equal rating, %d less than min_margin apart, %d beyond max_pairs",
        len(pairs),
        held,
        counts.responses,
        counts.unrated,
        counts.ties_dropped,
        counts.below_min_margin,
        counts.beyond_max_pairs,
    )
    if not held:
        logger.warning(
            "no held-out record has a pair: the accuracy will be unknown; raise sft.validation_share"
        )
    return pairs, leave_out_overlength(decisions, _overlength(pairs, sft_model, parameters))


def train_reward_model(
    sft_model: ModelFolder, preference_pairs: pd.DataFrame, parameters: RewardModelParameters
) -> tuple[ModelFolder, pd.DataFrame, dict[str, float]]:
    """Train on the pairs of the train split; the model folder, the loss curve and the metrics."""
    from instruction_tuning.reward import bradley_terry

    result = bradley_terry.train_reward_model(
        sft_model, preference_pairs, _recipe(parameters), Path(parameters.work_folder)
    )
    return result.model, result.log, result.metrics


def rank_best_of_n(
    sft_model: ModelFolder,
    trained_reward_model: ModelFolder,
    rated_responses: pd.DataFrame,
    parameters: RewardModelParameters,
) -> pd.DataFrame:
    """Sample answers to prompts that SFT held out and rank them by reward."""
    from instruction_tuning.lm.local import sample_completions
    from instruction_tuning.reward.scoring import score_answers

    prompts = _heldout_prompts(_that_came(rated_responses), sft_model, parameters)
    completions = sample_completions(
        sft_model,
        prompts,
        samples=parameters.best_of_n_samples,
        temperature=parameters.best_of_n_temperature,
        max_new_tokens=parameters.best_of_n_max_new_tokens,
        seed=parameters.seed,
    )
    rows = [
        {
            "record_id": record_id,
            "prompt": messages[-1]["content"],
            "sample_index": sample_index,
            "completion": completion,
        }
        for record_id, messages in prompts.items()
        for sample_index, completion in enumerate(completions[record_id])
    ]
    frame = pd.DataFrame(rows)
    frame["reward"] = score_answers(
        trained_reward_model,
        [prompts[record_id] for record_id in frame["record_id"]],
        frame["completion"].tolist(),
        max_length=parameters.max_length,
    )
    frame["check"] = [
        check_answer(prompt, answer).check
        for prompt, answer in zip(frame["prompt"], frame["completion"], strict=True)
    ]
    columns = ["record_id", "prompt", "sample_index", "completion", "reward", "rank", "check"]
    return rank_completions(frame)[columns]


def measure_reward_model(
    trained_reward_model: ModelFolder,
    reward_training_metrics: dict[str, float],
    rated_responses: pd.DataFrame,
    preference_pairs: pd.DataFrame,
    pair_decisions: pd.DataFrame,
    best_of_n_completions: pd.DataFrame,
    parameters: RewardModelParameters,
) -> dict[str, float]:
    """Held-out accuracy with its interval, what was dropped, what best-of-n gains, and how training went.

    How long it took is left out: the same training has the same metrics.
    """
    from instruction_tuning.reward.scoring import score_answers

    test = preference_pairs[preference_pairs["split"] == "test"]
    chosen, rejected = (
        score_answers(trained_reward_model, test["messages"], test[side], max_length=parameters.max_length)
        for side in ("chosen", "rejected")
    )
    clear = is_clear(test, parameters.min_margin).to_numpy()
    metrics = {
        **{name: value for name, value in reward_training_metrics.items() if name not in _OF_THE_MACHINE},
        "overlength_pairs": float((pair_decisions["reason"] == OVERLENGTH).sum()),
        **{
            name: float(value)
            for name, value in asdict(pair_counts(_that_came(rated_responses), pair_decisions)).items()
        },
        **best_of_n_metrics(best_of_n_completions, seed=parameters.seed),
    }
    for prefix, rows in (("heldout", np.full(len(test), True)), ("clear_heldout", clear)):
        accuracy = heldout_accuracy(
            test["record_id"][rows], chosen[rows], rejected[rows], seed=parameters.seed
        )
        if accuracy is not None:
            metrics |= {f"{prefix}_{name}": float(value) for name, value in asdict(accuracy).items()}
    logger.info("%s", _accuracy_words(metrics))
    return metrics


def _accuracy_words(metrics: dict[str, float]) -> str:
    if "heldout_accuracy" not in metrics:
        return "reward model: no held-out pair to measure it on"
    share, low, high = (
        100 * metrics[name] for name in ("heldout_accuracy", "heldout_ci_low", "heldout_ci_high")
    )
    return (
        f"reward model: right on {share:.1f}% [{low:.1f}%, {high:.1f}%] of {metrics['heldout_pairs']:.0f} "
        "held-out pairs"
    )


def write_reward_model_card(
    trained_reward_model: ModelFolder,
    sft_model: ModelFolder,
    reward_metrics: dict[str, float],
    parameters: RewardModelParameters,
) -> str:
    """The card that describes the reward model in the registry and in its own folder."""
    from instruction_tuning.reporting.reward_model_card import reward_model_card
    from instruction_tuning.training.training_record import read_training_data

    return reward_model_card(
        reward_metrics,
        digest=trained_reward_model.digest,
        sft_digest=sft_model.digest,
        trained_on=read_training_data(sft_model),
        rules=parameters.model_dump(include={"min_margin", "max_pairs", "max_length"}),
    )


def publish_reward_model(
    trained_reward_model: ModelFolder,
    reward_training_log: pd.DataFrame,
    reward_metrics: dict[str, float],
    reward_model_card: str,
) -> ModelFolder:
    """The trained reward model with its loss curve, metrics and card in its folder."""
    from instruction_tuning.training.training_record import write_card, write_training_record

    write_card(trained_reward_model, reward_model_card)
    return write_training_record(trained_reward_model, reward_training_log, reward_metrics)


def _that_came(rated_responses: pd.DataFrame) -> pd.DataFrame:
    """Without the samples that were asked for in vain."""
    return rated_responses[rated_responses["response"].notna()]


def _overlength(
    pairs: pd.DataFrame, sft_model: ModelFolder, parameters: RewardModelParameters
) -> "pd.Series[str]":
    """Ids of the pairs that training will leave out, by its own measure."""
    from instruction_tuning.reward.bradley_terry import fits_length
    from instruction_tuning.training.tokenized import load_training_tokenizer

    tokenizer = load_training_tokenizer(sft_model, chat_template_path=None)
    return pairs.loc[~fits_length(tokenizer, pairs, max_length=parameters.max_length), "pair_id"]


def _heldout_records(rated_responses: pd.DataFrame, sft_model: ModelFolder) -> set[str]:
    """The rated records that the fine-tuned model was not trained on, as its own folder says."""
    from instruction_tuning.training.training_record import DATA_FILE, read_training_data

    held = set(read_training_data(sft_model).get("held_out_records", []))
    rated = held & set(rated_responses["record_id"])
    if not rated:
        raise InputError(
            f"of the rated records none is known to be unseen by the fine-tuned model ({len(held)} held out)",
            file=sft_model.path / DATA_FILE,
            field="held_out_records",
            fix="fine-tune on this selection first: `kedro run --pipeline=reward_model` does",
        )
    return rated


def _heldout_prompts(
    rated_responses: pd.DataFrame, sft_model: ModelFolder, parameters: RewardModelParameters
) -> dict[str, list[dict[str, str]]]:
    held = _heldout_records(rated_responses, sft_model)
    messages = rated_responses.drop_duplicates("record_id").set_index("record_id")["messages"]
    order = sorted(held, key=lambda name: (substream_seed(parameters.seed, "best-of-n", name), name))
    return {name: list(messages[name]) for name in order[: parameters.best_of_n_prompts]}


def _recipe(parameters: RewardModelParameters) -> "RewardRecipe":
    from instruction_tuning.reward.bradley_terry import RewardRecipe
    from instruction_tuning.training.schedule import Schedule

    chosen = parameters.model_dump()
    return RewardRecipe(
        schedule=Schedule(**{name: chosen[name] for name in Schedule.__dataclass_fields__}),
        max_length=parameters.max_length,
        center_rewards_coefficient=parameters.center_rewards_coefficient,
        saved_dtype=parameters.saved_dtype,
        chat_template_path=None,  # the fine-tuned model's tokenizer has its template
    )
