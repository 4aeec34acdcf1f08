"""Statistics of 50 k Alpaca rows: seconds of each, agreement of the verb-noun finder with labels made by
reading.

python benchmarks/pool_statistics.py [--repeat N]

`--repeat` takes the rows so many times, to look at time and memory of a larger pool. The labels
(verb_noun_labels.json) are for 100 English and 31 Chinese instructions drawn by chance; they were made by
one person before the finder was written. The rows are looked for in REAL_DATA_DIR. Exit status 1 below 95%
agreement in English.
"""

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from instruction_tuning.lm.loading import load_tokenizer
from instruction_tuning.lm.model_folder import open_model_folder
from instruction_tuning.pool_statistics.lengths import tokenizer_counter
from instruction_tuning.pool_statistics.pool_summary import PARTS, pool_summary, texts_of
from instruction_tuning.pool_statistics.reading_sample import rows_to_read
from instruction_tuning.pool_statistics.topics import topics
from instruction_tuning.pool_statistics.verb_noun import top_pairs, verb_noun, verb_noun_counts

PROJECT = Path(__file__).parents[1]
DATA = Path(os.environ.get("REAL_DATA_DIR", PROJECT.parent / "shared" / "data"))
LABELLED = {"en": "alpaca_en/alpaca_data.parquet", "zh": "alpaca_zh/aligned_12345_18280.parquet"}
LEAST_AGREEMENT = 0.95


def main() -> int:
    """Measure, and print two Markdown tables and the 25 most frequent pairs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repeat", type=int, default=1)
    given = parser.parse_args()
    if not (DATA / LABELLED["en"]).is_file():
        sys.stderr.write(f"left out: no {DATA / LABELLED['en']}\n")
        return 0
    pool = _pool(given.repeat)
    counter = tokenizer_counter(load_tokenizer(open_model_folder(PROJECT / "data/06_models/microworld_base")))
    rows: list[tuple[str, str]] = []

    def timed(name: str, work: Callable[[], Any]) -> Any:
        started = time.process_time()
        result = work()
        rows.append((name, f"{time.process_time() - started:.1f}"))
        return result

    parts = {part: texts_of(pool, part) for part in PARTS}
    pairs = timed(
        "verb-noun pairs",
        lambda: {part: verb_noun_counts(texts["text"], texts["language"]) for part, texts in parts.items()},
    )
    timed("tokens and vocabulary", lambda: pool_summary(pool, counter))
    prompts, ids = pool["prompt"].tolist(), pool["record_id"].tolist()
    timed("20 topics", lambda: topics(prompts, ids, count=20, seed=7))
    nothing = pd.DataFrame({"source_row_id": [], "stage": [], "reason": [], "field": [], "before": []})
    timed(
        "rows to read",
        lambda: rows_to_read(pool, nothing, nothing, seed=7, kept=30, flagged=30, rejected=30),
    )
    rows.append(("peak memory, GiB", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f}"))
    sys.stdout.write(f"| {len(pool):,} rows | seconds of one core |\n|---|---|\n")
    sys.stdout.write("".join(f"| {name} | {value} |\n" for name, value in rows))
    agreement = _agreement()
    sys.stdout.write("\n| language | pairs that agree | verbs that agree |\n|---|---|---|\n")
    for language, (both, verbs, count) in agreement.items():
        sys.stdout.write(f"| {language} | {both} of {count} | {verbs} of {count} |\n")
    for part in PARTS:
        top = top_pairs(pairs[part], language="en")
        listed = ", ".join(
            f"{row.verb} {row.noun} {row.count_}"
            for row in top.rename(columns={"count": "count_"}).itertuples()
        )
        sys.stdout.write(f"\n{part}s: {listed}\n")
    both, _, count = agreement["en"]
    return int(both < LEAST_AGREEMENT * count)


def _pool(repeat: int) -> pd.DataFrame:
    rows = pd.read_parquet(DATA / LABELLED["en"])
    rows = pd.concat([rows] * repeat, ignore_index=True)
    return pd.DataFrame(
        {
            "record_id": [f"{n:016x}" for n in range(len(rows))],
            "source_row_id": [f"0123456789ab:{n}" for n in range(len(rows))],
            "source": "alpaca",
            "language": "en",
            "licence": "CC BY-NC 4.0",
            "category": None,
            "prompt": rows["instruction"].str.cat(rows["input"], sep="\n\n").str.strip(),
            "answer": rows["output"].where(rows["output"] != ""),
            "messages": [[{"role": "user", "content": text}] for text in rows["instruction"]],
            "flags": [[] for _ in range(len(rows))],
        }
    )


def _agreement() -> dict[str, tuple[int, int, int]]:
    labels = json.loads(Path(__file__).with_name("verb_noun_labels.json").read_text(encoding="utf-8"))
    result = {}
    for language, labelled in labels.items():
        texts = pd.read_parquet(DATA / LABELLED[language]).set_index("_row")["instruction"]
        found = {row: verb_noun(texts[int(row)], language) for row in labelled}
        both = sum(found[row] == tuple(label) for row, label in labelled.items())
        verbs = sum(found[row].verb == label[0] for row, label in labelled.items())
        result[language] = (both, verbs, len(labelled))
    return result


if __name__ == "__main__":
    sys.exit(main())
