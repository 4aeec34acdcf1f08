"""Nodes of `instruction_backtranslation` that show what the rounds gave."""

import logging
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import pandas as pd

from instruction_tuning.pipelines.instruction_backtranslation.parameters import BacktranslationParameters
from instruction_tuning.synthesis.backtranslation import rounds

if TYPE_CHECKING:
    import plotly.graph_objects as go

logger = logging.getLogger(__name__)


def write_records(curated: pd.DataFrame) -> pd.DataFrame:
    """What the last round kept, as raw rows that ingestion reads."""
    return rounds.raw_records(curated)


def draw_rounds(parameters: BacktranslationParameters, *curated: pd.DataFrame) -> "go.Figure":
    """Scores, kept counts and parse rates of all rounds."""
    from instruction_tuning.reporting.curation_figure import curation_figure

    return curation_figure(
        pd.concat(curated, ignore_index=True), least_score=rounds.LEAST_SCORES[parameters.keep_level]
    )


def measure_curation(parameters: BacktranslationParameters, *curated: pd.DataFrame) -> pd.DataFrame:
    """Precision and recall of each round where the truth is known; no rows elsewhere."""
    from instruction_tuning.synthesis.backtranslation.curation_accuracy import (
        accuracy_frame,
        curation_accuracy,
    )

    if parameters.truth is None:
        return accuracy_frame([])
    from instruction_tuning.microworld.teacher import Teacher, TeacherFaults
    from instruction_tuning.microworld.world import build_world

    knows = Teacher(build_world(), TeacherFaults(), seed=0)
    first = curated[0]
    is_right = pd.Series(
        [
            isinstance(instruction, str) and knows.is_answered(instruction, response)
            for instruction, response in zip(first["instruction"], first["response"], strict=True)
        ],
        index=pd.Index(first["segment_id"]),
    )
    kind = "mechanism" if parameters.curated_by == "teacher" else "effect"
    table = curation_accuracy(curated, is_right, kind=kind)
    logger.info(
        "curation against the truth (%s): %s", kind, "; ".join(map(_in_words, table.to_dict("records")))
    )
    return table


def _in_words(row: dict[Hashable, Any]) -> str:
    """`round 1: 55 of 120 kept, precision 29.1%, recall 88.9%`."""
    rates = (
        f"{name} " + ("unknown" if pd.isna(row[name]) else f"{row[name]:.1%}")
        for name in ("precision", "recall")
    )
    return ", ".join((f"round {row['round']}: {row['kept']} of {row['candidates']} kept", *rates))
