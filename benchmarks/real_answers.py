"""What `math` decides about answers that people and models wrote, where the truth is known.

python benchmarks/real_answers.py

GSM8K's solutions against themselves, with their `####` and without; the solutions of four models to it, which
its authors have marked right or wrong; and Stanford Alpaca's answers as references for GPT-4's to the same
instructions, of which only those that are a quantity can be judged. Reads REAL_DATA_DIR, and leaves out what
is not there. Prints a Markdown table.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

from instruction_tuning.verification.math_answer import matches_reference

DATA = Path(os.environ.get("REAL_DATA_DIR", Path(__file__).parents[1].parent / "shared" / "data"))
MODELS = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")


def main() -> int:
    """Print the table."""
    sys.stdout.write("| answers | number | passed | failed | undecided |\n|---|---:|---:|---:|---:|\n")
    for label, pairs in measured():
        verdicts = [
            matches_reference({"record_id": "", "prompt": "", "answer": reference}, answer)
            for answer, reference in pairs
        ]
        passed = sum(verdict is not None and verdict.passed for verdict in verdicts)
        failed = sum(verdict is not None and not verdict.passed for verdict in verdicts)
        rest = len(verdicts) - passed - failed
        sys.stdout.write(f"| {label} | {len(verdicts):,} | {passed:,} | {failed:,} | {rest:,} |\n")
    return 0


def measured() -> Iterator[tuple[str, Iterable[tuple[str, str]]]]:
    """What each row is of: (answer, reference) pairs."""
    solved = [read(f"gsm8k/{part}.parquet") for part in ("train", "test")]
    answers = [str(answer) for frame in solved for answer in frame.get("answer", [])]
    if answers:
        yield "GSM8K's solutions", [(answer, answer) for answer in answers]
        bare = [answer.rpartition("####")[0].rstrip() for answer in answers]
        yield "the same without `####`", list(zip(bare, answers, strict=True))
    rows = read("gsm8k/example_model_solutions.parquet").to_dict("records")
    for is_right in (True, False) if rows else ():
        yield (
            f"four models' solutions, {'right' if is_right else 'wrong'}",
            [
                # "A: 18" is their mark, "####" that of the solutions.
                (row[model]["solution"], str(row["ground_truth"]).replace("\nA:", "\n####"))
                for row in rows
                for model in MODELS
                if row[model]["is_correct"] == is_right
            ],
        )
    first, second = read("alpaca_en/alpaca_data.parquet"), read("alpaca_gpt4/alpaca_gpt4_en.parquet")
    if not first.empty and not second.empty:
        asked = ["instruction", "input"]
        both = first.drop_duplicates(asked).merge(second.drop_duplicates(asked), on=asked)
        pairs = both[["output_y", "output_x"]].itertuples(index=False)
        yield "Alpaca, GPT-4's answer against the record's", [(str(a), str(b)) for a, b in pairs]


def read(name: str) -> pd.DataFrame:
    """Empty where it is not there."""
    return pd.read_parquet(DATA / name) if (DATA / name).is_file() else pd.DataFrame()


if __name__ == "__main__":
    sys.exit(main())
