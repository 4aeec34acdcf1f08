"""Nodes of `sft`."""

import logging
from pathlib import Path

import pandas as pd

from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.mixture.replay import build_mixture
from instruction_tuning.mixture.training_data import training_data
from instruction_tuning.training.sft_parameters import SFTParameters

logger = logging.getLogger(__name__)

PREVIEWED_CHATS, PREVIEWED_DOCUMENTS = 4, 1


def mix_examples(
    verified_examples: pd.DataFrame, replay_documents: pd.DataFrame, parameters: SFTParameters
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Verified answers and replayed documents, a share of both held out."""
    training, validation = build_mixture(
        verified_examples,
        replay_documents,
        documents_per_example=parameters.documents_per_example,
        validation_share=parameters.validation_share,
        validation_minimum=parameters.validation_minimum,
        seed=parameters.seed,
    )
    logger.info("to train on: %s; held out: %s", _kinds(training), _kinds(validation))
    return training, validation


def _kinds(mixture: pd.DataFrame) -> str:
    """`866 chats and 216 documents`; documents are named only where there are any."""
    counts = mixture["kind"].value_counts()
    documents = counts.get("document", 0)
    return f"{counts.get('chat', 0)} chats" + (f" and {documents} documents" if documents else "")


def preview_mask(sft_mixture: pd.DataFrame, base_model: ModelFolder, parameters: SFTParameters) -> str:
    """Five training sequences as the model will see them, trained tokens marked, in Markdown."""
    from instruction_tuning.chat_format.mask_preview import render_mask
    from instruction_tuning.training.tokenized import load_training_tokenizer, tokenize_mixture

    tokenizer = load_training_tokenizer(base_model, parameters.chat_template_path)
    is_chat = sft_mixture["kind"] == "chat"
    shown = pd.concat(
        [sft_mixture[is_chat].head(PREVIEWED_CHATS), sft_mixture[~is_chat].head(PREVIEWED_DOCUMENTS)]
    )
    lines = [
        "# What is trained on",
        "",
        "Tokens between ⟦ and ⟧ carry a loss; the model reads the others, and is not taught to write them.",
    ]
    for row in shown.itertuples():
        one = tokenize_mixture(
            tokenizer, sft_mixture.loc[[row.Index]], max_length=parameters.max_length, keep_empty=True
        )
        title = f"## {row.kind} {row.example_id}"
        if not one.sequences:
            lines += ["", f"{title}: dropped, no answer token within {parameters.max_length} tokens"]
            continue
        sequence = one.sequences[0]
        trained = sum(sequence.trained)
        cut = ", cut" if one.truncated_share else ""
        lines += ["", f"{title}: {trained} of {len(sequence.input_ids)} tokens trained{cut}", ""]
        lines += ["````text", render_mask(tokenizer, sequence.input_ids, sequence.labels), "````"]
    return "\n".join(lines) + "\n"


def decide_examples(
    sft_mixture: pd.DataFrame, base_model: ModelFolder, parameters: SFTParameters
) -> pd.DataFrame:
    """Say of each chat whether the maximal length leaves it whole, cuts it or drops it."""
    from instruction_tuning.training.example_decisions import example_decisions
    from instruction_tuning.training.tokenized import load_training_tokenizer

    tokenizer = load_training_tokenizer(base_model, parameters.chat_template_path)
    return example_decisions(tokenizer, sft_mixture, max_length=parameters.max_length)


def fine_tune_base_model(
    base_model: ModelFolder,
    sft_mixture: pd.DataFrame,
    sft_validation: pd.DataFrame,
    sft_mask_preview: Path,
    parameters: SFTParameters,
) -> tuple[ModelFolder, pd.DataFrame, dict[str, float]]:
    """Train; the model folder, the loss curve and the metrics. The mask can be read before it starts."""
    from instruction_tuning.training.supervised import fine_tune

    logger.info("which tokens are trained on, for a few examples: %s", sft_mask_preview)
    result = fine_tune(
        base_model, sft_mixture, sft_validation, parameters.recipe(), Path(parameters.work_folder)
    )
    before, after = (result.metrics.get(f"heldout_loss_{when}") for when in ("before", "after"))
    logger.info(
        "fine-tuned the base model %s into %s%s",
        base_model.digest,
        result.model.digest,
        ""
        if before is None or after is None
        else f": loss on held-out answers {before:.3f} -> {after:.3f} nats a token",
    )
    return result.model, result.log, result.metrics


def publish_sft_model(
    trained_sft_model: ModelFolder,
    sft_training_log: pd.DataFrame,
    sft_metrics: dict[str, float],
    sft_mixture: pd.DataFrame,
    sft_validation: pd.DataFrame,
    example_decisions: pd.DataFrame,
    selected_queries: pd.DataFrame,
    instruction_pool: pd.DataFrame,
) -> ModelFolder:
    """The trained model with its loss curve, its metrics and what it was trained on in its folder."""
    from instruction_tuning.training.training_record import write_training_data, write_training_record

    facts = training_data(
        sft_mixture,
        sft_validation,
        selected_queries,
        decisions=example_decisions,
        pool=instruction_pool["record_id"],
    )
    write_training_data(trained_sft_model, facts)
    return write_training_record(trained_sft_model, sft_training_log, sft_metrics)
