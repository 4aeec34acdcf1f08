"""Queries to answer, and how."""

from pathlib import Path

import pandas as pd
import yaml

from instruction_tuning.pipelines.answer_generation.parameters import AnswerGenerationParameters

DEFAULTS = Path(__file__).parents[1] / "conf" / "base" / "parameters_answer_generation.yml"


def selected_queries(count: int) -> pd.DataFrame:
    """Sums and other questions in turn; the first has no answer of its own."""
    rows = []
    for i in range(count):
        prompt = f"What is {i + 2} plus {i + 3}?" if i % 2 else f"Tell me about thing {i}."
        turns = [{"role": "user", "content": prompt}, {"role": "assistant", "content": str(2 * i + 5)}]
        rows.append(
            {
                "record_id": f"{i:016x}",
                "source": "pool",
                "language": "en",
                "messages": turns,
                "prompt": prompt,
                "answer": None if i == 0 else str(2 * i + 5),
                "parent_ids": [],
                "rank": i,
            }
        )
    return pd.DataFrame(rows)


def answer_parameters(folder, **changes) -> AnswerGenerationParameters:
    """Those of conf/base, with a completion store in `folder`."""
    defaults = yaml.safe_load(DEFAULTS.read_text(encoding="utf-8"))["answer_generation"]
    paths = {"completion_store": folder / "completions.sqlite", "seed": 1}
    return AnswerGenerationParameters(**{**defaults, **paths, **changes})
