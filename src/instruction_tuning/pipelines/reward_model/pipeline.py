"""rated_responses + sft_model -> preference_pairs -> reward_metrics -> reward_model."""

from kedro.pipeline import Node, Pipeline

from instruction_tuning.pipelines.reward_model.nodes import (
    measure_reward_model,
    pair_responses,
    publish_reward_model,
    rank_best_of_n,
    train_reward_model,
    write_reward_model_card,
)


def create_pipeline() -> Pipeline:
    """Pair the rated answers, train, rank fresh samples, measure, describe, publish."""
    return Pipeline(
        [
            Node(
                pair_responses,
                inputs=["rated_responses", "sft_model", "params:reward_model"],
                outputs=["preference_pairs", "pair_decisions"],
                name="pair_responses",
            ),
            Node(
                train_reward_model,
                inputs=["sft_model", "preference_pairs", "params:reward_model"],
                outputs=["trained_reward_model", "reward_training_log", "reward_training_metrics"],
                name="train_reward_model",
            ),
            Node(
                rank_best_of_n,
                inputs=["sft_model", "trained_reward_model", "rated_responses", "params:reward_model"],
                outputs="best_of_n_completions",
                name="rank_best_of_n",
            ),
            Node(
                measure_reward_model,
                inputs=[
                    "trained_reward_model",
                    "reward_training_metrics",
                    "rated_responses",
                    "preference_pairs",
                    "pair_decisions",
                    "best_of_n_completions",
                    "params:reward_model",
                ],
                outputs="reward_metrics",
                name="measure_reward_model",
            ),
            Node(
                write_reward_model_card,
                inputs=["trained_reward_model", "sft_model", "reward_metrics", "params:reward_model"],
                outputs="reward_model_card",
                name="write_reward_model_card",
            ),
            Node(
                publish_reward_model,
                inputs=["trained_reward_model", "reward_training_log", "reward_metrics", "reward_model_card"],
                outputs="reward_model",
                name="publish_reward_model",
            ),
        ]
    )
