"""ROUGE-L novelty by the pruned index beside the comparison with all pairs that Self-Instruct publishes.

    python benchmarks/rouge_novelty.py [--pool N] [--candidates N] [--data FILE.parquet]

The published way: `rouge_score` without a stemmer for a candidate and every known instruction, tokenised anew
each time. Beside it the same with tokens kept, as in Alpaca's code. Both in one process; the published code
spreads the pairs over four and starts them anew for each candidate. A column `instruction` of `--data` is
taken for pool and candidates; without it instructions are made up: Zipf-distributed words, 3 to 40 of them,
and a third of the candidates are known ones with some words changed, so that many lie near 0.7.

Times are seconds of the processor a candidate, with the pool indexed (the time of that is a column too).
Exit status 1 where a decision or a nearest score differs, or the published way takes less than 100 times as
long.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable
from itertools import accumulate

import pandas as pd
from rouge_score import rouge_scorer, tokenize

from instruction_tuning.synthesis.rouge_novelty import THRESHOLD, NoveltyIndex

LEAST_SPEEDUP = 100.0
WORDS, MOST_CHANGED = 8_000, 0.6


def made_up(pool: int, candidates: int, seed: int) -> tuple[list[str], list[str]]:
    """Known instructions and candidates."""
    rng = random.Random(seed)
    words = [f"w{number}" for number in range(WORDS)]
    weights = list(accumulate(1 / (rank + 2) for rank in range(WORDS)))

    def drawn(count: int) -> list[str]:
        return rng.choices(words, cum_weights=weights, k=count)

    known = [drawn(round(min(40, max(3, rng.lognormvariate(2.4, 0.5))))) for _ in range(pool)]
    asked = []
    for number in range(candidates):
        text = drawn(rng.randint(3, 30))
        if number % 3 == 0:
            share = rng.random() * MOST_CHANGED
            text = [drawn(1)[0] if rng.random() < share else word for word in rng.choice(known)]
        asked.append(text)
    return [" ".join(text) for text in known], [" ".join(text) for text in asked]


def real(file: str, pool: int, candidates: int, seed: int) -> tuple[list[str], list[str]]:
    """As `made_up`, from the column `instruction` of a Parquet file, without exact copies."""
    texts = list(dict.fromkeys(pd.read_parquet(file, columns=["instruction"])["instruction"].astype(str)))
    random.Random(seed).shuffle(texts)
    return texts[candidates : candidates + pool], texts[:candidates]


def published(asked: list[str], known: list[str]) -> list[float]:
    """The highest F of each with all pairs tokenised."""
    scorer = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False)
    return [max(scorer.score(text, other)["rougeL"].fmeasure for other in known) for text in asked]


def with_tokens_kept(asked: list[str], known: list[str]) -> list[float]:
    """As `published`, with every text tokenised once."""
    tokens = [tokenize.tokenize(text, None) for text in known]
    return [
        max(rouge_scorer._score_lcs(tokenize.tokenize(text, None), other).fmeasure for other in tokens)
        for text in asked
    ]


def timed(
    work: Callable[[list[str], list[str]], list[float]], *texts: list[str]
) -> tuple[list[float], float]:
    """What `work` gives, and its processor seconds a candidate."""
    started = time.process_time()
    scores = work(*texts)
    return scores, (time.process_time() - started) / len(scores)


def main() -> int:
    """Time all three, and print one Markdown table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pool", type=int, default=50_000)
    parser.add_argument("--candidates", type=int, default=30)
    parser.add_argument("--data", help="a Parquet file with a column `instruction`")
    given = parser.parse_args()
    made = (given.pool, given.candidates, 1)
    known, asked = real(given.data, *made) if given.data else made_up(*made)

    started = time.process_time()
    index = NoveltyIndex((str(number), text) for number, text in enumerate(known))
    indexing = time.process_time() - started
    ours, seconds = timed(lambda texts, _: [index.ask(text).rouge_l for text in texts], asked, known)
    rows = [("pruned index", ours, seconds)]
    for name, way in (("all pairs, as published", published), ("all pairs, tokens kept", with_tokens_kept)):
        rows.append((name, *timed(way, asked, known)))

    sys.stdout.write(
        f"{len(known):,} known, {len(asked)} candidates; indexing took {indexing:.2f} s\n\n"
        "| way | ms a candidate | times ours | over 0.7 | same decisions | same nearest F |\n"
        "|---|---:|---:|---:|---|---|\n"
    )
    missed = rows[1][2] / seconds < LEAST_SPEEDUP
    for name, scores, spent in rows:
        decided = [score > THRESHOLD for score in scores] == [score > THRESHOLD for score in ours]
        missed |= not decided or scores != ours
        known_ones = sum(score > THRESHOLD for score in scores)
        sys.stdout.write(
            f"| {name} | {spent * 1000:,.2f} | {spent / seconds:,.0f} | {known_ones} "
            f"| {'yes' if decided else 'NO'} | {'yes' if scores == ours else 'NO'} |\n"
        )
    sys.stdout.write(f"{'missed' if missed else 'held'}: at least {LEAST_SPEEDUP:g} times and the same\n")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
