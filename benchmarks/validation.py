"""Claim: the problems that are known of real files are found, and looking for them costs little.

    REAL_DATA_DIR=path/to/data python benchmarks/validation.py

Prints three Markdown tables: what every check, repair and structural fault found in the files that
`real_data_ingestion.py` reads; the problems that README.md of that folder lists beside what is found of them
(in every text of every row, not only in those that become records); and the time that the checks take.
"""

import json
import os
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from real_data_ingestion import FILES

from instruction_tuning.canonical.checks.content_checks import CHECKS, ContentChecks
from instruction_tuning.canonical.raw_files import list_raw_files
from instruction_tuning.canonical.reading import read_file
from instruction_tuning.canonical.records import RejectedRecord
from instruction_tuning.canonical.rows import rows_of
from instruction_tuning.canonical.text_repair import is_placeholder, repair
from instruction_tuning.pipelines.ingestion.parameters import IngestionParameters

TIMED = "alpaca_en/alpaca_data.parquet"
NOTHING_SAID = frozenset({"noinput", "noinputrequired", "none", "nooutput"})


def found_in(path: Path, rules: dict) -> Counter[tuple[str, str]]:
    """Rows by what became of them and why."""
    counts: Counter[tuple[str, str]] = Counter()
    for outcome in read_file(list_raw_files(path)[0], IngestionParameters(**rules).reading_rules()).rows:
        if isinstance(outcome, RejectedRecord):
            counts["rejected", outcome.reason] += 1
            continue
        for flag in outcome.flags:
            counts["flagged" if flag in CHECKS else "repaired", flag] += 1
    return counts


def texts_of(value: object) -> Iterator[str]:
    """Every text in a row, lists, objects and texts that are JSON taken apart."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from texts_of(inner)
    elif isinstance(value, str):
        if value[:1] in "{[":
            with suppress(ValueError, RecursionError):
                yield from texts_of(json.loads(value))
        yield value


def _finds(check: str) -> Callable[[str], bool]:
    only = ContentChecks({check: "flag"})

    def finds(text: str) -> bool:
        messages = [{"role": "user", "content": ""}, {"role": "assistant", "content": text}]
        return bool(only.of_conversation(messages))

    return finds


FINDS_PLACEHOLDER = _finds("placeholder_in_text")
# How README.md words a problem, and what finds it.
LISTED: dict[str, tuple[str, Callable[[str], bool]]] = {
    "'As an AI' self-references": ("self_reference", _finds("self_reference")),
    "U+FFFD replacement characters": ("replacement_character", _finds("replacement_character")),
    "mojibake": ("mojibake", _finds("mojibake")),
    "'<noinput>' marker": (
        "placeholder, alone or in a text",
        lambda text: is_placeholder(text, NOTHING_SAID) or FINDS_PLACEHOLDER(text),
    ),
    "CRLF line ends": ("line_ends_normalized", lambda text: "line_ends_normalized" in repair(text)[1]),
}
EMPTY = "an empty"


def listed_problems(folder: Path) -> Iterator[tuple[str, str, int]]:
    """File, words and rows of each problem that README.md counts."""
    text = (folder / "README.md").read_text(encoding="utf-8")
    for name, problems in re.findall(r"^\| `([^`]+)` \|.*\| ([^|]*) \|$", text, re.MULTILINE):
        for words in (*LISTED, EMPTY):
            counted = re.search(rf"(\d+) rows with {re.escape(words)}( `\w+`)?", problems)
            if counted:
                yield name, words + (counted[2] or ""), int(counted[1])


def rows_found(path: Path, words: str) -> tuple[str, int]:
    """What finds the problem, and in how many rows; an empty field is looked for in that field."""
    if words.startswith(EMPTY):
        name = words.removeprefix(EMPTY).strip(" `")
        rows = (row.fields or {} for row in rows_of(path))
        return "empty_answer, empty_text", sum(not repair(str(row[name]))[0] for row in rows)
    finder, finds = LISTED[words]
    return finder, sum(any(finds(text) for text in texts_of(row.fields)) for row in rows_of(path))


def seconds_of(path: Path, parameters: IngestionParameters, *, checks: bool) -> float:
    """Processor seconds of reading all rows, the best of three."""
    rules = parameters.reading_rules()
    rules = rules if checks else replace(rules, checks=ContentChecks())
    taken = []
    for _ in range(3):
        started = time.process_time()
        for _ in read_file(list_raw_files(path)[0], rules).rows:
            pass
        taken.append(time.process_time() - started)
    return min(taken)


def main(folder: Path) -> None:
    by_cause: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for name, rules in FILES.items():
        for cause, rows in found_in(folder / name, rules).items():
            by_cause[cause][name.removesuffix(".parquet").removesuffix(".jsonl.gz")] += rows
    print("| what becomes of the row | found | rows | in the files with most |\n|---|---|---|---|")
    for (fate, reason), files in sorted(by_cause.items(), key=lambda item: (item[0][0], -item[1].total())):
        most = ", ".join(f"`{name}` {rows:,}" for name, rows in files.most_common(4))
        rest = f" and {len(files) - 4} more" if len(files) > 4 else ""
        print(f"| {fate} | `{reason}` | {files.total():,} | {most}{rest} |")
    print("\n| file | listed problem | rows listed | found by | rows found |\n|---|---|---|---|---|")
    for name, words, rows in listed_problems(folder):
        finder, found = rows_found(folder / name, words)
        print(f"| `{name}` | {words} | {rows:,} | {finder} | {found:,} |")
    rows = sum(1 for _ in rows_of(folder / TIMED))
    plain, checked = (seconds_of(folder / TIMED, IngestionParameters(), checks=on) for on in (False, True))
    print(
        f"\n{TIMED}: {rows:,} rows in {plain:.2f} s without checks and in {checked:.2f} s with all of them: "
        f"{(checked - plain) / rows * 1e6:.0f} µs a row more"
    )


if __name__ == "__main__":
    if "REAL_DATA_DIR" not in os.environ:
        print("no real data: set REAL_DATA_DIR to the folder that holds it")
    else:
        main(Path(os.environ["REAL_DATA_DIR"]))
