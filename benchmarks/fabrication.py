"""Knowledge or fabrication: what base and SFT model say of facts that were kept from pre-training.

python benchmarks/fabrication.py [--outputs FILE]

Reads the stored answers of a finished run (default: the newest `benchmark_outputs` of this project) and
prints three Markdown tables, in percent with 95% intervals: the share of answers that are right, that decline
and that are invented, by group and form; how they changed from base to SFT, on the same items; mean scores
by language and by steps of a chain of thought. A second, no GPU.
"""

import argparse
import sys
from pathlib import Path

import pandas as pd

from instruction_tuning.evaluation.breakdown import score_breakdown
from instruction_tuning.evaluation.fabrication import SILENT, fate_changes, fate_shares

PROJECT = Path(__file__).resolve().parents[1]
STORED = "data/07_model_output/benchmark_outputs.parquet"
CONFIDENCE = 0.95


def main() -> int:
    """Print the tables; exit status 1 where no run has stored its answers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--outputs", type=Path, help="a benchmark_outputs.parquet")
    given = parser.parse_args()
    file = given.outputs or newest()
    if file is None:
        sys.stderr.write(f"no answers are stored in {STORED}; fix: make run, or name a file by --outputs\n")
        return 1
    outputs = pd.read_parquet(file)
    shares = fate_shares(outputs, confidence=CONFIDENCE)
    changes = fate_changes(outputs, confidence=CONFIDENCE)
    scores = score_breakdown(outputs, confidence=CONFIDENCE)
    sys.stdout.write(
        markdown(shares[shares["fate"] != SILENT], ["ability", "form", "model_role"], "fate", "share")
        + markdown(changes[changes["fate"] != SILENT], ["ability", "form"], "fate", "difference")
        + markdown(scores, ["part", "value", "form"], "model_role", "score")
    )
    return 0


def newest() -> Path | None:
    """The answers of the newest run of this project."""
    files = sorted((PROJECT / STORED).glob("*/benchmark_outputs.parquet"))
    return files[-1] if files else None


def markdown(frame: pd.DataFrame, rows: list[str], column: str, value: str) -> str:
    """One table with a column for each value of `column`."""
    if frame.empty:
        return ""
    cells = {
        (*(row[name] for name in rows), row[column]): f"{100 * row[value]:.1f} "
        f"[{100 * row['ci_low']:.1f}, {100 * row['ci_high']:.1f}]"
        for row in frame.to_dict("records")
    }
    columns = list(dict.fromkeys(frame[column]))
    keys = frame.drop_duplicates(rows).sort_values(rows)
    lines = [f"| {' | '.join((*rows, 'items', *columns))} |"]
    lines.append("|---" * len(rows) + "|---:" * (1 + len(columns)) + "|")
    for row in keys.to_dict("records"):
        key = tuple(row[name] for name in rows)
        values = (cells.get((*key, name), "") for name in columns)
        lines.append(f"| {' | '.join((*map(str, key), str(row['items']), *values))} |")
    return "\n".join(lines) + "\n\n"


if __name__ == "__main__":
    sys.exit(main())
