"""Losses of answers with and without their prompt, beside a script that measures one row at a time.

    python benchmarks/ifd.py [--rows N] [--no-large]

The script is written here from the description of the published code (arXiv 2308.12032, 2402.00530): for each
row one forward pass with the prompt and one without, both with labels, so that every token goes through the
output layer. It counts the same tokens as ours, so the losses must be the same, to 1e-4 in float32.

    pool     short rows of the microworld, its base model: at least 5 times as many rows a second
    alpaca   long rows (REAL_DATA_DIR; left out where it is not there), the same model: reported
    large    a random model of the shape of Qwen2-0.5B, 16 rows of the pool: reported

The bound is on short rows. A core that multiplies all it can gains nothing from more rows at a time, and for
the rows of Alpaca, of hundreds of tokens in the small tokenizer, a batch of one is nearly enough for that.

Seconds are those of the processor, on one thread, so that others on the machine count little; ours is
measured before the script and after it. Reading the model, which is the time for no rows, is taken off both.
No record comes twice, as after ingestion; an answer may, and without a prompt ours measures it once (where no
two answers are equal, the ratio is about 0.5 lower). Exit status 1 where the bound or the losses are missed.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from instruction_tuning.lm.answer_likelihood import answer_likelihoods
from instruction_tuning.lm.loading import load_model, load_tokenizer
from instruction_tuning.lm.model_folder import ModelFolder, open_model_folder

PROJECT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("REAL_DATA_DIR", PROJECT.parent / "shared" / "data"))
ALPACA = DATA / "alpaca_en" / "alpaca_data.parquet"
POOL = PROJECT / "data/01_raw/microworld/pool/alpaca.json"
BASE = PROJECT / "data/06_models/microworld_base"
MAX_LENGTH_TOKENS = 512
LEAST_RATIO, TOLERANCE = 5.0, 1e-4
LOSSES = ["answer_loss", "direct_answer_loss"]
# Qwen2-0.5B as its authors published it, by its configuration.
LARGE = {
    "hidden_size": 896,
    "intermediate_size": 4864,
    "num_hidden_layers": 24,
    "num_attention_heads": 14,
    "num_key_value_heads": 2,
    "vocab_size": 151_936,
    "tie_word_embeddings": True,
}
HEADER = "| case | rows | tokens a row | script, rows/s | ours, rows/s | ratio | largest difference, nats |\n"

Measure = Callable[[ModelFolder, pd.DataFrame], pd.DataFrame]


def main() -> int:
    """Measure every case, and print one Markdown table."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000)
    parser.add_argument("--no-large", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(1)
    base = open_model_folder(BASE)
    pool = fitting(base, pool_rows(), given.rows)
    ours(base, pool.head(2))  # what is loaded late is loaded now
    one_at_a_time(base, pool.head(2))
    sys.stdout.write(HEADER + "|---|" + "---:|" * 6 + "\n")
    ratio, difference = compare("pool", base, pool)
    if ALPACA.is_file():
        rows = fitting(base, alpaca_rows(), max(given.rows // 8, 1))
        difference = max(difference, compare("alpaca", base, rows)[1])
    else:
        sys.stderr.write(f"alpaca left out: no {ALPACA}\n")
    if not given.no_large:
        with tempfile.TemporaryDirectory() as folder:
            large = large_model(Path(folder), base)
            difference = max(difference, compare("large", large, pool.head(16))[1])
    return int(ratio < LEAST_RATIO or difference > TOLERANCE)


def compare(case: str, folder: ModelFolder, rows: pd.DataFrame) -> tuple[float, float]:
    """Print a line; how many times faster ours is, and by how much the losses differ at most."""
    before, losses = timed(ours, folder, rows)
    script, expected = timed(one_at_a_time, folder, rows)
    after, _ = timed(ours, folder, rows)
    seconds = (before + after) / 2
    difference = float(np.abs(losses[LOSSES] - expected[LOSSES]).to_numpy().max())
    cells = (
        len(rows),
        f"{rows['tokens'].mean():.0f}",
        f"{len(rows) / script:.1f}",
        f"{len(rows) / seconds:.1f}",
    )
    sys.stdout.write(
        f"| {case} | {' | '.join(map(str, cells))} | {script / seconds:.1f} | {difference:.1e} |\n"
    )
    sys.stdout.flush()
    return script / seconds, difference


def timed(measure: Measure, folder: ModelFolder, rows: pd.DataFrame) -> tuple[float, pd.DataFrame]:
    started = time.process_time()
    measure(folder, rows.head(0))
    reading = time.process_time() - started
    started = time.process_time()
    losses = measure(folder, rows)
    return time.process_time() - started - reading, losses


def ours(folder: ModelFolder, rows: pd.DataFrame) -> pd.DataFrame:
    return answer_likelihoods(
        folder, rows, prompt_form="chat", max_length_tokens=MAX_LENGTH_TOKENS, with_prompt_loss=False
    )


def one_at_a_time(folder: ModelFolder, rows: pd.DataFrame) -> pd.DataFrame:
    """Two forward passes a row, each of a batch of one."""
    import torch

    tokenizer, model = load_tokenizer(folder), load_model(folder, "causal")

    def loss(context: list[int], answer: list[int]) -> float:
        input_ids = torch.tensor([context + answer])
        labels = torch.tensor([[-100] * len(context) + answer])
        return float(model(input_ids=input_ids, labels=labels).loss)

    losses = []
    with torch.no_grad():
        for messages, text in zip(rows["messages"], rows["answer"], strict=True):
            prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=True)
            answer = tokenizer(text, add_special_tokens=False)["input_ids"]
            losses.append((loss(prompt["input_ids"], answer), loss([tokenizer.bos_token_id], answer)))
    return pd.DataFrame(losses, columns=LOSSES, index=rows["record_id"])


def pool_rows() -> pd.DataFrame:
    read = json.loads(POOL.read_text(encoding="utf-8"))
    rows = [row for row in read if isinstance(row, dict)]
    return pd.DataFrame(rows).reindex(columns=["instruction", "input", "output"])


def alpaca_rows() -> pd.DataFrame:
    return pd.read_parquet(ALPACA)[["instruction", "input", "output"]]


def fitting(folder: ModelFolder, raw: pd.DataFrame, count: int) -> pd.DataFrame:
    """The first `count` different ones of `raw` with a question and an answer that fit into the budget."""
    tokenizer = load_tokenizer(folder)
    rows, seen = [], set()
    for number, (instruction, material, answer) in enumerate(raw.itertuples(index=False, name=None)):
        if not all(isinstance(text, str) and text.strip() for text in (instruction, answer)):
            continue
        asked = f"{instruction}\n\n{material}" if isinstance(material, str) and material else instruction
        if (asked, answer) in seen:
            continue
        seen.add((asked, answer))
        lengths = [
            len(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])
            for text in (asked, answer)
        ]
        if sum(lengths) < MAX_LENGTH_TOKENS - 8:  # what the template puts around them
            messages = [{"role": "user", "content": asked}]
            rows.append((f"{number:016x}", messages, answer, lengths[0] + 2 * lengths[1]))
        if len(rows) == count:
            break
    return pd.DataFrame(rows, columns=["record_id", "messages", "answer", "tokens"])


def large_model(path: Path, base: ModelFolder) -> ModelFolder:
    """Random weights in the shape of Qwen2-0.5B, with the base's tokenizer: the work is the same."""
    import torch
    from transformers import AutoModelForCausalLM, Qwen2Config, set_seed

    set_seed(0)
    tokenizer = load_tokenizer(base)
    config = Qwen2Config(**LARGE, bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id)
    AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16).save_pretrained(path)
    tokenizer.save_pretrained(path)
    return open_model_folder(path)


if __name__ == "__main__":
    sys.exit(main())
