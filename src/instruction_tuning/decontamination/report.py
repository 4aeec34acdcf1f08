"""What was found, as tables: one row a record and benchmark's split, and one row a benchmark's split."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import pandas as pd

from instruction_tuning.decontamination.items import EvaluationItem, Findings, Match, PoolTexts
from instruction_tuning.schemas.contamination_report import (
    CONTAMINATION_RULES,
    IN_DISTRIBUTION,
    IN_DISTRIBUTION_FLAG,
    REMOVED,
)

_MATCH_DTYPES = {
    "benchmark": "str",
    "split": "str",
    "item_id": "str",
    "decision": "str",
    "rule": "str",
    "share": "float64",
    "source_row_id": "str",
    "record_id": "str",
    "source": "str",
    "turn": "int64",
    "role": "str",
    "record_text": "str",
    "item_text": "str",
}
REPORT_COLUMNS = (
    *("benchmark", "split", "items", "items_too_short", "items_found", "records_removed"),
    *("records_in_distribution", *CONTAMINATION_RULES, "items_dirty", "items_clean"),
)


@dataclass(frozen=True)
class FoundRecord:
    """A record (its position) that holds an item, by the best of its matches with one split of a
    benchmark."""

    record: int
    match: Match
    decision: str


def found_records(
    findings: Findings, texts: PoolTexts, items: Sequence[EvaluationItem], *, removed_splits: Collection[str]
) -> list[FoundRecord]:
    """By record, benchmark and split. What a removed record holds of other splits is not listed."""
    of_split: dict[tuple[int, str, str], list[Match]] = defaultdict(list)
    for match in findings.matches:
        item = items[match.item]
        of_split[int(texts.records[match.text]), item.benchmark, item.split].append(match)
    removed = {record for record, _, split in of_split if split in removed_splits}
    return [
        FoundRecord(record, _best(matches, items), REMOVED if split in removed_splits else IN_DISTRIBUTION)
        for (record, _, split), matches in sorted(of_split.items())
        if split in removed_splits or record not in removed
    ]


def _best(matches: Sequence[Match], items: Sequence[EvaluationItem]) -> Match:
    return min(
        matches,
        key=lambda one: (-one.share, CONTAMINATION_RULES.index(one.rule), one.text, items[one.item].item_id),
    )


def in_distribution_flags(
    found: Sequence[FoundRecord], items: Sequence[EvaluationItem]
) -> dict[int, list[str]]:
    """Record -> its flags, one a benchmark whose training split it holds a question of."""
    named: dict[int, set[str]] = defaultdict(set)
    for one in found:
        if one.decision == IN_DISTRIBUTION:
            named[one.record].add(IN_DISTRIBUTION_FLAG + items[one.match.item].benchmark)
    return {record: sorted(flags) for record, flags in named.items()}


def contamination_matches(
    found: Sequence[FoundRecord], texts: PoolTexts, items: Sequence[EvaluationItem], records: pd.DataFrame
) -> pd.DataFrame:
    """The matching texts side by side; columns of schemas.contamination_matches."""
    rows = []
    for one in found:
        item, text = items[one.match.item], one.match.text
        rows.append(
            {
                "benchmark": item.benchmark,
                "split": item.split,
                "item_id": item.item_id,
                "decision": one.decision,
                "rule": one.match.rule,
                "share": one.match.share,
                "source_row_id": str(records["source_row_id"].iat[one.record]),
                "record_id": str(records["record_id"].iat[one.record]),
                "source": str(records["source"].iat[one.record]),
                "turn": int(texts.turns[text]),
                "role": "assistant" if texts.are_answers[text] else "user",
                "record_text": texts.texts[text],
                "item_text": item.text(),
            }
        )
    frame = pd.DataFrame(rows, columns=list(_MATCH_DTYPES)).astype(_MATCH_DTYPES)
    return frame.sort_values(["benchmark", "split", "source_row_id"], kind="stable", ignore_index=True)


def contamination_report(
    found: Sequence[FoundRecord],
    findings: Findings,
    items: Sequence[EvaluationItem],
    *,
    dirty_share: float,
    clean_share: float,
) -> pd.DataFrame:
    """Counts by benchmark and split; columns of schemas.contamination_report."""
    key = [(item.benchmark, item.split) for item in items]
    asked, too_short = Counter(key), Counter(key[position] for position in findings.too_short)
    held = Counter(key[position] for position in {match.item for match in findings.matches})
    decided = Counter((*key[one.match.item], one.decision) for one in found)
    by_rule = Counter((*key[one.match.item], one.match.rule) for one in found)
    dirty = Counter(key[item] for item, share in findings.item_shares.items() if share >= dirty_share)
    clean = Counter(key[item] for item, share in findings.item_shares.items() if share < clean_share)
    measured = bool(findings.item_shares)
    rows = [
        {
            "benchmark": benchmark,
            "split": split,
            "items": asked[benchmark, split],
            "items_too_short": too_short[benchmark, split],
            "items_found": held[benchmark, split],
            "records_removed": decided[benchmark, split, REMOVED],
            "records_in_distribution": decided[benchmark, split, IN_DISTRIBUTION],
            **{rule: by_rule[benchmark, split, rule] for rule in CONTAMINATION_RULES},
            "items_dirty": dirty[benchmark, split] if measured else pd.NA,
            "items_clean": clean[benchmark, split] if measured else pd.NA,
        }
        for benchmark, split in sorted(asked)
    ]
    dtypes = dict.fromkeys(REPORT_COLUMNS, "int64") | {"benchmark": "str", "split": "str"}
    dtypes |= {"items_dirty": "Int64", "items_clean": "Int64"}
    return pd.DataFrame(rows, columns=list(REPORT_COLUMNS)).astype(dtypes)
