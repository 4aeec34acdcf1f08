"""Only what is new stays: each instruction against all that is known, those written before it included.

Self-Instruct (arXiv 2212.10560): out with ROUGE-L F above 0.7 to a seed or an instruction of the pool. An
instruction that was new is known from then on, whatever becomes of its examples.
"""

from collections.abc import Iterable
from dataclasses import replace

import pandas as pd

from instruction_tuning.synthesis.rouge_novelty import NoveltyIndex
from instruction_tuning.synthesis.written_rows import SEED, Written

TOO_SIMILAR, OVER_TARGET = "too_similar", "over_target"


def known_instructions(rows: pd.DataFrame) -> NoveltyIndex:
    """An index of the seeds among `rows` and of every instruction that was new when it was written."""
    was_new = rows["nearest_rouge_l"].notna() & (rows["drop_reason"] != TOO_SIMILAR).fillna(True)
    known = rows[(rows["method"] == SEED) | was_new].sort_values(["round", "task_id"])
    known = known.drop_duplicates("instruction")
    return NoveltyIndex(zip(known["task_id"], known["instruction"], strict=True))


def only_new(
    written: Iterable[Written], index: NoveltyIndex, *, max_rouge_l: float, most: int | None = None
) -> list[Written]:
    """`written` in order, with the nearest known one; the first `most` that are new stay and get known."""
    checked, taken = [], 0
    for row in written:
        if not row.is_open or row.instruction is None:
            checked.append(row)
            continue
        if most is not None and taken >= most:
            checked.append(row.dropped(OVER_TARGET))
            continue
        nearest = index.ask(row.instruction)
        compared = replace(row, nearest_task_id=nearest.key, nearest_rouge_l=nearest.rouge_l)
        if nearest.rouge_l > max_rouge_l:
            checked.append(compared.dropped(TOO_SIMILAR, f"ROUGE-L {nearest.rouge_l:.3f}"))
            continue
        index.add(row.task_id, row.instruction)
        taken += 1
        checked.append(compared)
    return checked
