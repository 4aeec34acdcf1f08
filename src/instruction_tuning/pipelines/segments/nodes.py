"""Adapter between raw documents and the room `segments`."""

import logging

import pandas as pd

from instruction_tuning.canonical.plain_text import document_texts
from instruction_tuning.canonical.raw_files import RawFile
from instruction_tuning.errors import InputError
from instruction_tuning.pipelines.segments.parameters import SegmentParameters
from instruction_tuning.segments.cutting import cut_documents
from instruction_tuning.segments.faults import SegmentRules
from instruction_tuning.text.counting import tally

logger = logging.getLogger(__name__)


def cut_segments(
    raw_documents: list[RawFile], parameters: SegmentParameters
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cut documents at their headers; keep what may answer an instruction, and say why the rest may not."""
    rules = SegmentRules(**parameters.model_dump(exclude={"text_field"}))
    kept, rejected = cut_documents(document_texts(raw_documents, parameters.text_field), rules)
    if kept.empty and rejected.empty:
        raise InputError(
            "there is not a single document in the raw data",
            file=raw_documents[0].path,
            fix="give a folder of texts, or rows with a text; segments.text_field names their field",
        )
    logger.info(
        "%d segments of %d documents: %d kept, %d rejected (%s)",
        len(kept) + len(rejected),
        pd.concat([kept["document_id"], rejected["document_id"]]).nunique(),
        len(kept),
        len(rejected),
        tally(rejected["reason"]) or "none",
    )
    return kept, rejected
