"""Documents to segments on real books and web pages: counts by reason, segments a second, rows to read.

python benchmarks/segments.py [--show N]

Every character of every document ends in exactly one segment; exit status 1 where not. `--show` prints so
many kept and so many rejected segments. The texts are looked for in REAL_DATA_DIR.
"""

import argparse
import os
import sys
import time
from pathlib import Path

import pandas as pd

from instruction_tuning.segments.cutting import cut_documents
from instruction_tuning.segments.faults import SegmentRules

DATA = Path(os.environ.get("REAL_DATA_DIR", Path(__file__).parents[1].parent / "shared" / "data"))
CORPORA = {
    "d2l_en": ("docs_text/d2l_en.parquet", "text"),
    "d2l_zh": ("docs_text/d2l_zh.parquet", "text"),
    "oi_wiki": ("docs_text/oi_wiki.parquet", "text"),
    "rust_book": ("docs_text/rust_book.parquet", "text"),
    "c4": ("web_text/c4_demo.parquet", "text"),
    "wiki": ("web_text/wiki_demo.parquet", "line"),
    "wikitext2": ("wikitext2/valid.parquet", "line"),
}


def main() -> int:
    """Cut all corpora, and print one Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--show", type=int, default=0)
    given = parser.parse_args()
    rows, shown, lost = [], [], 0
    for name, (file, column) in CORPORA.items():
        if not (DATA / file).is_file():
            sys.stderr.write(f"{name} left out: no {DATA / file}\n")
            continue
        texts = pd.read_parquet(DATA / file)[column].tolist()
        texts = ["\n".join(texts)] if name == "wikitext2" else texts  # its rows are lines
        started = time.process_time()
        kept, rejected = cut_documents(
            ((f"{name}:{n}", text) for n, text in enumerate(texts)), SegmentRules()
        )
        seconds = time.process_time() - started
        ended = pd.concat([kept, rejected])
        lost += sum(map(len, texts)) - int((ended["end"] - ended["start"]).sum())
        reasons = ", ".join(
            f"{reason} {count}" for reason, count in rejected["reason"].value_counts().items()
        )
        rows.append((name, len(texts), len(kept), len(rejected), reasons, f"{len(ended) / seconds:,.0f}"))
        shown.append((kept, rejected))
    sys.stdout.write(
        "| corpus | documents | kept | rejected | reasons | segments/s |\n|---|---|---|---|---|---|\n"
    )
    sys.stdout.write("".join(f"| {' | '.join(map(str, row))} |\n" for row in rows))
    if given.show and shown:
        _show(*(pd.concat(frames) for frames in zip(*shown, strict=True)), given.show)
    return int(lost != 0)


def _show(kept: pd.DataFrame, rejected: pd.DataFrame, count: int) -> None:
    rejected = rejected[~rejected["reason"].isin(["too_short", "too_long", "no_header", "empty_text"])]
    for frame in (kept.assign(reason="kept"), rejected):
        for row in frame.sample(min(count, len(frame)), random_state=3).itertuples():
            path = " > ".join([*row.path, row.header])
            sys.stdout.write(f"\n--- {row.reason}, {row.document_id}, {path}\n{row.text[:600]}\n")


if __name__ == "__main__":
    sys.exit(main())
