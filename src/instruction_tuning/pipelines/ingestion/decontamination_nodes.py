"""Adapter between the catalog and decontamination: what leaks goes, what a benchmark trains on is
labelled."""

import logging

import pandas as pd

from instruction_tuning.decontamination.contamination import find_items
from instruction_tuning.decontamination.items import EvaluationItem, PoolTexts, pool_texts
from instruction_tuning.decontamination.report import (
    FoundRecord,
    contamination_matches,
    contamination_report,
    found_records,
    in_distribution_flags,
)
from instruction_tuning.pipelines.ingestion.evaluation_items import evaluation_files, evaluation_items
from instruction_tuning.pipelines.ingestion.frames import (
    SHOWN_CHARACTERS,
    messages_of,
    reject,
    rejected_frame,
)
from instruction_tuning.pipelines.ingestion.parameters import (
    DecontaminationParameters,
    EvaluationDataParameters,
)
from instruction_tuning.schemas.contamination_report import REMOVED

logger = logging.getLogger(__name__)


def remove_benchmark_leaks(
    distinct_instructions: pd.DataFrame,
    benchmark_items: pd.DataFrame,
    evaluation_data: EvaluationDataParameters,
    rules: DecontaminationParameters,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The records that hold no benchmark's question, those of its own training split flagged; those that do;
    the matching texts; the counts."""
    items = evaluation_items(benchmark_items, evaluation_files(evaluation_data.path))
    texts = pool_texts(distinct_instructions["messages"], answers=rules.check_answers)
    findings = find_items(
        texts, items, method=rules.method, ngram=rules.ngram_rules(), token_share=rules.token_share_rules()
    )
    found = found_records(findings, texts, items, removed_splits=rules.removed_splits)
    flags = in_distribution_flags(found, items)
    # Of several benchmarks the first by name is named.
    leaks = {one.record: one for one in reversed(found) if one.decision == REMOVED}
    kept = [position for position in range(len(distinct_instructions)) if position not in leaks]
    logger.info(
        "of %d records %d hold one of %d items of %d evaluation sets, %d one of a training split: %d stay",
        len(distinct_instructions),
        len(leaks),
        len(items),
        len({item.benchmark for item in items}),
        len(flags),
        len(kept),
    )
    pool = _labelled(distinct_instructions, flags)
    return (
        pool.iloc[kept].reset_index(drop=True),
        _rejected(distinct_instructions, [leaks[position] for position in sorted(leaks)], texts, items),
        contamination_matches(found, texts, items, distinct_instructions),
        contamination_report(
            found, findings, items, dirty_share=rules.dirty_share, clean_share=rules.clean_share
        ),
    )


def _labelled(frame: pd.DataFrame, flags: dict[int, list[str]]) -> pd.DataFrame:
    """`frame` with these flags (by position) behind those that stand there."""
    if not flags:
        return frame
    lists = [[*stood, *flags.get(position, ())] for position, stood in enumerate(frame["flags"])]
    return frame.assign(flags=pd.Series(lists, index=frame.index, dtype=frame["flags"].dtype))


def _rejected(
    frame: pd.DataFrame, leaks: list[FoundRecord], texts: PoolTexts, items: list[EvaluationItem]
) -> pd.DataFrame:
    messages = messages_of(frame.iloc[[leak.record for leak in leaks]])
    return rejected_frame(
        [
            reject(
                frame,
                leak.record,
                turns,
                stage="contaminated",
                reason=leak.match.rule,
                detail=_detail(leak, texts, items[leak.match.item]),
                collides_with=items[leak.match.item].item_id,
                similarity=leak.match.share,
            )
            for leak, turns in zip(leaks, messages, strict=True)
        ]
    )


def _detail(leak: FoundRecord, texts: PoolTexts, item: EvaluationItem) -> str:
    where = ", in the answer" if texts.are_answers[leak.match.text] else ""
    return (
        f"{item.split} item {item.item_id} of {item.benchmark}, overlap {leak.match.share:.2f}{where}: "
        f"{item.question[:SHOWN_CHARACTERS]}"
    )
