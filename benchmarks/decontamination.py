"""Claim: decontamination finds planted leaks, and does not take Alpaca's everyday phrases for test items.

    REAL_DATA_DIR=path/to/data python benchmarks/decontamination.py [--hits FILE] [--planted | --million]

The folder holds instruction sets and benchmarks as Parquet files. Prints Markdown tables: how many of
the planted leaks each of four checks finds, and what each finds in the benchmarks' other splits, in
Alpaca and in Chinese sets. The checks are this project's two methods, and any shared n-gram of 8 or 13
tokens (lower case, no punctuation), which papers report. `--hits` writes every hit of these two with both
texts, for reading; `--planted` leaves the instruction sets out; `--million` measures a million records
instead.
"""

import argparse
import itertools
import os
import random
import re
import resource
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from instruction_tuning.canonical.raw_files import list_raw_files
from instruction_tuning.decontamination.items import EvaluationItem, Findings, PoolTexts, pool_texts
from instruction_tuning.decontamination.ngram_overlap import ngram_matches
from instruction_tuning.decontamination.rules import NgramRules, TokenShareRules
from instruction_tuning.decontamination.token_share import token_share_matches
from instruction_tuning.pipelines.ingestion.evaluation_items import evaluation_items
from instruction_tuning.pipelines.ingestion.nodes import read_raw_records
from instruction_tuning.pipelines.ingestion.parameters import IngestionParameters
from instruction_tuning.text.tokens import Tokens, tokens

# File, and benchmark and split where its name does not say them; MBPP's splits are by task number.
SETS = {
    "mmlu/test.parquet": ("mmlu", "test"),
    "mmlu/dev.parquet": ("mmlu", "validation"),
    "gsm8k/test.parquet": ("gsm8k", "test"),
    "gsm8k/train.parquet": ("gsm8k", "train"),
    "bbh/bbh.parquet": ("bbh", "test"),
    "humaneval/HumanEval.parquet": ("humaneval", "test"),
    "mbpp/mbpp.parquet": ("mbpp", ""),
    "commonsense_qa/ARC-Challenge_test.parquet": ("arc_challenge", "test"),
    "commonsense_qa/ARC-Easy_test.parquet": ("arc_easy", "test"),
    "commonsense_qa/piqa_test.parquet": ("piqa", "test"),
    "cmmlu/test.parquet": ("cmmlu", "test"),
    "cmmlu/dev.parquet": ("cmmlu", "validation"),
}
CHINESE = (
    "belle/zh_seed_tasks.parquet",
    "alpaca_zh/aligned_12345_18280.parquet",
    "alpaca_gpt4/alpaca_gpt4_zh.parquet",
)
PLANTED_PER_FORM = 100
PLAIN_SIZES = (8, 13)
Pairs = set[tuple[int, int]]  # positions of a text and of an item
Counts = dict[tuple[str, str], tuple[int, int]]  # records by benchmark and split


def evaluation_sets(folder: Path) -> list[EvaluationItem]:
    """All items, read as ingestion reads a user's files."""
    nothing = pd.DataFrame({"item_id": [], "split": [], "question": []})
    items = []
    for name, (benchmark, split) in SETS.items():
        for item in evaluation_items(nothing, list_raw_files(folder / name)):
            of = split or _mbpp_split(int(item.item_id))
            items.append(EvaluationItem(benchmark, item.item_id, of, item.question, item.choices))
    return items


def _mbpp_split(task: int) -> str:
    if 11 <= task <= 510:
        return "test"
    return "validation" if task <= 600 else "train"


def conversations(*files: Path) -> list[list[dict[str, str]]]:
    """Messages of all records."""
    raw = [file for name in files for file in list_raw_files(name)]
    frame = read_raw_records(raw, IngestionParameters())[0]
    return list(frame["messages"])


def plain_index(items: Sequence[EvaluationItem]) -> dict[Tokens, list[int]]:
    """Every n-gram of the plain sizes -> positions of the items that have it."""
    index: dict[Tokens, list[int]] = defaultdict(list)
    for position, item in enumerate(items):
        cut = tokens(item.text())
        for size in PLAIN_SIZES:
            for start in range(len(cut) - size + 1):
                index[cut[start : start + size]].append(position)
    return index


def plain_checks(
    texts: PoolTexts, index: Mapping[Tokens, Sequence[int]]
) -> dict[int, dict[tuple[int, int], str]]:
    """For each size, text and item -> the first n-gram that both have."""
    found: dict[int, dict[tuple[int, int], str]] = {size: {} for size in PLAIN_SIZES}
    for position, text in enumerate(texts.texts):
        cut = tokens(text)
        for size in PLAIN_SIZES:
            for start in range(len(cut) - size + 1):
                for number in index.get(cut[start : start + size], ()):
                    found[size].setdefault((position, number), " ".join(cut[start : start + size]))
    return found


def compared(
    pools: Mapping[str, Sequence[Sequence[dict[str, str]]]],
    items: Sequence[EvaluationItem],
    index: Mapping[Tokens, Sequence[int]],
    hits: Path | None,
) -> None:
    """Print records found by pool, benchmark and split, by each check: in a prompt + in an answer only."""
    texts = pool_texts([talk for talks in pools.values() for talk in talks], answers=True)
    started = time.process_time()
    found: dict[str, Pairs] = {"ngram": _pairs(ngram_matches(texts, items, NgramRules()))}
    print(f"ngram: {time.process_time() - started:.0f} seconds of one core", flush=True)
    started = time.process_time()
    found["token_share"] = _pairs(token_share_matches(texts, items, TokenShareRules()))
    print(f"token_share: {time.process_time() - started:.0f} seconds of one core", flush=True)
    plain = plain_checks(texts, index)
    found |= {f"plain {size}": set(of) for size, of in plain.items()}
    end = 0
    for name, talks in pools.items():
        start, end = end, end + len(talks)
        inside = {
            check: {(t, i) for t, i in pairs if start <= texts.records[t] < end}
            for check, pairs in found.items()
        }
        _print_counts(
            name, len(talks), {check: _counted(of, texts, items) for check, of in inside.items()}, items
        )
    if hits:
        rows = [
            {"plain": size, "benchmark": items[item].benchmark, "split": items[item].split}
            | {"record": int(texts.records[text]), "role": "answer" if texts.are_answers[text] else "prompt"}
            | {"gram": gram, "text": texts.texts[text], "item": items[item].text()}
            for size, of in plain.items()
            for (text, item), gram in of.items()
        ]
        pd.DataFrame(rows).to_json(hits, orient="records", lines=True, force_ascii=False)


def _print_counts(
    name: str, records: int, counts: Mapping[str, Counts], items: Sequence[EvaluationItem]
) -> None:
    number = Counter((item.benchmark, item.split) for item in items)
    print(f"\n{name}: {records:,} records\n")
    print("| benchmark | items | " + " | ".join(counts) + " |\n|---|" + "---:|" * (len(counts) + 1))
    for key in sorted(number):
        cells = [_cell(of.get(key, (0, 0))) for of in counts.values()]
        print(f"| {', '.join(key)} | {number[key]:,} | " + " | ".join(cells) + " |", flush=True)


def _pairs(findings: Findings) -> Pairs:
    return {(match.text, match.item) for match in findings.matches}


def _counted(pairs: Pairs, texts: PoolTexts, items: Sequence[EvaluationItem]) -> Counts:
    """Benchmark and split -> records by a prompt, and by an answer alone."""
    by: dict[tuple[str, str], tuple[set[int], set[int]]] = defaultdict(lambda: (set(), set()))
    for text, item in pairs:
        by[items[item].benchmark, items[item].split][int(texts.are_answers[text])].add(
            int(texts.records[text])
        )
    return {key: (len(asked), len(said - asked)) for key, (asked, said) in by.items()}


def _cell(counts: tuple[int, int]) -> str:
    return f"{counts[0]} + {counts[1]}" if any(counts) else "0"


def _options(item: EvaluationItem, order: Sequence[str]) -> str:
    return "\n".join(
        f"{letter}. {choice}" for letter, choice in zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", order, strict=False)
    )


def _whole(item: EvaluationItem, rng: random.Random) -> str:
    return f"{item.question}\n{_options(item, item.choices)}".strip()


def _reordered(item: EvaluationItem, rng: random.Random) -> str | None:
    order = list(item.choices)
    rng.shuffle(order)
    return f"{item.question}\n{_options(item, order)}" if item.choices else None


def _renumbered(item: EvaluationItem, rng: random.Random) -> str | None:
    """The same task with every number another one."""
    changed = "".join(str((int(c) + 3) % 9 + 1) if c.isdecimal() else c for c in item.question)
    return changed if changed != item.question and not item.choices else None


def _thinned(text: str) -> str | None:
    """Two of three tokens; for questions that have enough of them to be one afterwards."""
    cut = tokens(text)
    return " ".join(token for place, token in enumerate(cut) if place % 3 != 2) if len(cut) > 8 else None


FORMS: dict[str, Callable[[EvaluationItem, random.Random], str | None]] = {
    "verbatim": _whole,
    "lower case": lambda item, rng: _whole(item, rng).lower(),
    "other punctuation": lambda item, rng: re.sub(r"[.,?](?=\s|$)", " -", _whole(item, rng)),
    "options reordered": _reordered,
    "instruction before it": lambda item, rng: (
        f"Answer the following question step by step.\n\n{_whole(item, rng)}"
    ),
    "inside a longer prompt": lambda item, rng: (
        "I am preparing for an exam next week and I am stuck.\n"
        f"{_whole(item, rng)}\nExplain it to me as you would to a friend, with an example."
    ),
    "question without options": lambda item, rng: item.question if item.choices else None,
    "every third word gone, as in a paraphrase": lambda item, rng: _thinned(item.question),
    "NOT a leak: other numbers": _renumbered,
}


def planted(
    items: Sequence[EvaluationItem],
    index: Mapping[Tokens, Sequence[int]],
    background: Sequence[Sequence[dict[str, str]]],
) -> None:
    """Print how many planted leaks of each form the checks find, and how many other records."""
    rng = random.Random(20240607)
    tests = [number for number, item in enumerate(items) if item.split == "test"]
    chosen: list[tuple[str, int, str]] = []
    for form, write in FORMS.items():
        written = ((number, write(items[number], rng)) for number in rng.sample(tests, len(tests)))
        made = ((form, number, text) for number, text in written if text)
        chosen += itertools.islice(made, PLANTED_PER_FORM)
    talks = [[{"role": "user", "content": text}] for *_, text in chosen] + list(background)
    texts = pool_texts(talks, answers=False)
    plain = plain_checks(texts, index)
    checks = {
        "ngram": _pairs(ngram_matches(texts, items, NgramRules())),
        "token_share": _pairs(token_share_matches(texts, items, TokenShareRules())),
        **{f"plain {size}": set(of) for size, of in plain.items()},
    }
    print("\n| planted form | planted | " + " | ".join(checks) + " |\n|---|" + "---:|" * (len(checks) + 1))
    records = {check: {int(texts.records[text]) for text, _ in pairs} for check, pairs in checks.items()}
    for form in FORMS:
        of_form = [record for record, (other, *_) in enumerate(chosen) if other == form]
        cells = [str(sum(record in found for record in of_form)) for found in records.values()]
        print(f"| {form} | {len(of_form)} | " + " | ".join(cells) + " |")
    cells = [str(sum(record >= len(chosen) for record in found)) for found in records.values()]
    print(f"| records of Alpaca beside them | {len(background):,} | " + " | ".join(cells) + " |", flush=True)


def siblings(items: Sequence[EvaluationItem], index: Mapping[Tokens, Sequence[int]]) -> None:
    """Print what is found of test splits in the benchmarks' other splits: the hardest honest records."""
    others = [item for item in items if item.split != "test"]
    texts = pool_texts([[{"role": "user", "content": item.text()}] for item in others], answers=False)
    checks = {
        "ngram": _pairs(ngram_matches(texts, items, NgramRules())),
        "token_share": _pairs(token_share_matches(texts, items, TokenShareRules())),
        **{f"plain {size}": set(of) for size, of in plain_checks(texts, index).items()},
    }
    print("\n| records | number | " + " | ".join(checks) + " |\n|---|" + "---:|" * (len(checks) + 1))
    of = [(item.benchmark, item.split) for item in others]
    found = {
        name: {int(texts.records[text]) for text, item in pairs if items[item].split == "test"}
        for name, pairs in checks.items()
    }
    for key, number in sorted(Counter(of).items()):
        cells = [str(sum(of[record] == key for record in records)) for records in found.values()]
        print(f"| {', '.join(key)} | {number:,} | " + " | ".join(cells) + " |", flush=True)
    for text, item in sorted(checks["ngram"]):
        if items[item].split == "test":
            print(f"\n    {others[texts.records[text]].text()!r:.300}\n    {items[item].text()!r:.300}")


def million(talks: Sequence[Sequence[dict[str, str]]], items: Sequence[EvaluationItem]) -> None:
    """Print seconds and memory for a million records: the given ones with a number of their own each."""
    copies = -(-1_000_000 // len(talks))
    many = [
        [{"role": turn["role"], "content": f"{turn['content']} ({copy})"} for turn in talk]
        for copy in range(copies)
        for talk in talks
    ][:1_000_000]
    texts = pool_texts(many, answers=True)
    del many
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    started = time.monotonic()
    ngram_matches(texts, items, NgramRules())
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"\n1,000,000 records against {len(items):,} items: {time.monotonic() - started:.0f} seconds; "
        f"peak memory {after:.2f} GiB, of which the texts took {before:.2f}"
    )


def main() -> None:
    """Run all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hits", type=Path)
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--planted", action="store_true")
    arguments = parser.parse_args()
    folder = Path(os.environ["REAL_DATA_DIR"])
    items = evaluation_sets(folder)
    alpaca = conversations(folder / "alpaca_en/alpaca_data.parquet")
    if arguments.million:
        million(alpaca, items)
        return
    index = plain_index(items)
    planted(items, index, alpaca[:2000])
    siblings(items, index)
    if arguments.planted:
        return
    chinese = conversations(*(folder / name for name in CHINESE))
    compared({"Alpaca": alpaca, "Chinese sets": chinese}, items, index, arguments.hits)


if __name__ == "__main__":
    main()
