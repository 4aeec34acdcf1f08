"""Claim: every instruction, preference and text file of a folder of real data is read, and no row gets lost.

    REAL_DATA_DIR=path/to/data python benchmarks/real_data_ingestion.py

The folder holds README.md with a table of files and their rows. Prints a Markdown table, a row a file, of
what its rows became, and checks that records + documents + rejected are the rows of that README. Files of
benchmarks and of model outputs are left out: they are no training data.
"""

import os
import re
import time
from collections import Counter
from pathlib import Path
from typing import Any

from instruction_tuning.canonical.raw_files import list_raw_files
from instruction_tuning.canonical.reading import read_file
from instruction_tuning.canonical.records import CanonicalRecord, RejectedRecord, SourceDocument
from instruction_tuning.pipelines.ingestion.parameters import IngestionParameters

Rules = dict[str, Any]

LEFT_OUT = (
    *("bbh/", "cmmlu/", "commonsense_qa/", "gsm8k/", "humaneval/", "mbpp/", "mmlu/", "belle/eval_"),
    *("mt_bench/mt_bench_reference", "pandalm/gpt35", "vicuna80/answers"),
)
LINES: Rules = {"columns": {"text": "line"}}
QUESTIONS: Rules = {"format": "prompts", "require_answer": False}
NAMES_OF_THE_QUESTION = ["prompt", "conversations", "Instruction", "text", "instruction"]
# What `ingestion` has to be told of each file; most are told by their fields.
FILES: dict[str, Rules] = {
    "alpaca_en/alpaca_data.parquet": {},
    "alpaca_en_selected/alpagasus_claude_t45.parquet": {},
    "alpaca_en_selected/cherry_alpaca_5_percent.parquet": {},
    "alpaca_gpt4/alpaca_gpt4_en.parquet": {},
    "alpaca_gpt4/alpaca_gpt4_zh.parquet": {},
    "alpaca_zh/aligned_12345_18280.parquet": {},
    "alpaca_zh/alpaca_zh_carbonz0.parquet": {},
    "alpaca_zh/supplement_questions.parquet": {},
    "dolly_3k/dolly_3k.parquet": {},
    "gpteacher/codegen.parquet": {},
    "gpteacher/roleplay.parquet": {},
    "ruozhiba/ruozhiba_gpt4o.parquet": {},
    "ruozhiba/ruozhiba_gpt4t.parquet": {},
    "self_instruct/seed_tasks.parquet": {},
    "self_instruct/user_oriented_instructions.parquet": {},
    "belle/zh_seed_tasks.parquet": {},
    "instruction_wild/user_queries.parquet": {"require_answer": False, "columns": {"json": "line"}},
    "test_prompts/koala_lima_wizardlm_vicuna_sinstruct.parquet": QUESTIONS
    | {
        "columns": {
            "json": "json",
            "instruction": NAMES_OF_THE_QUESTION,
            "input": "instances.0.input",
            "category": ["category", "Skill"],
        }
    },
    "vicuna80/questions.parquet": QUESTIONS | {"columns": {"instruction": "text"}},
    "mt_bench/mt_bench_question.jsonl.gz": {"require_answer": False},
    "alpaca_eval/gpt4_annotations.parquet": {},
    "pandalm/testset_v1.jsonl.gz": {},
    "hh_rlhf/harmless_base_test.parquet": {},
    "llama_factory_dpo/dpo_en_demo.parquet": {},
    "llama_factory_dpo/dpo_zh_demo.parquet": {},
    "cherry_reviews/gpt4_reviews.parquet": {
        "columns": {
            "json": "json",
            "instruction": NAMES_OF_THE_QUESTION,
            "response1": "Answer1",
            "response2": "Answer2",
        }
    },
    # The next three hold scores without the answers that they are about; the first has the questions.
    "diverse_evol/gpt4_judge_vs_gpt35_kc_gpt4_initRAND100.parquet": QUESTIONS
    | {"columns": {"json": "json", "instruction": "question_text"}},
    "vicuna80/reviews.parquet": {
        "format": "response_votes",
        "columns": {"json": "json", "scores": "score"},
    },
    "gpt4_llm_comparison/cmp_data_scores.parquet": {"format": "response_votes"},
    "web_text/c4_demo.parquet": {},
    "web_text/wiki_demo.parquet": LINES,
    "docs_text/d2l_en.parquet": {},
    "docs_text/d2l_zh.parquet": {},
    "docs_text/oi_wiki.parquet": {},
    "docs_text/rust_book.parquet": {},
    "cmrc2018/cmrc2018_paragraphs.parquet": {"columns": {"text": "context"}},
    "english_novels/novels.parquet": {},
    "movie_reviews/movie_reviews.parquet": {},
    "wikitext2/valid.parquet": LINES,
    "chinese_fairy_tales/cmrc2017_valid_lines.parquet": LINES,
}


def listed_rows(folder: Path) -> dict[str, int]:
    """Rows of each file by the folder's README.md."""
    text = (folder / "README.md").read_text(encoding="utf-8")
    found = re.findall(r"^\| `([^`]+)` \|[^|]*\|[^|]*\| ([\d,]+) \|", text, re.MULTILINE)
    return {name: int(rows.replace(",", "")) for name, rows in found}


def ingest(path: Path, rules: Rules) -> tuple[str | None, Counter[str], Counter[str]]:
    """The format of the file, what its rows became, and why which of them were set aside."""
    reading = read_file(list_raw_files(path)[0], IngestionParameters(**rules).reading_rules())
    kinds: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for outcome in reading.rows:
        if isinstance(outcome, CanonicalRecord):
            kinds["records"] += 1
            kinds["compared"] += outcome.comparison is not None
        elif isinstance(outcome, SourceDocument):
            kinds["documents"] += 1
        elif isinstance(outcome, RejectedRecord):
            kinds["rejected"] += 1
            reasons[outcome.reason] += 1
    return reading.format, kinds, reasons


def main(folder: Path) -> None:
    listed, totals, seconds = listed_rows(folder), Counter[str](), 0.0
    print("| file | format | rows | records | compared | documents | rejected | why | s |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, rules in FILES.items():
        started = time.perf_counter()
        format_name, kinds, reasons = ingest(folder / name, rules)
        took = time.perf_counter() - started
        read = kinds["records"] + kinds["documents"] + kinds["rejected"]
        if read != listed[name]:
            raise SystemExit(f"{name}: {read} rows were read, README.md lists {listed[name]}")
        totals += kinds
        seconds += took
        print(_line(f"`{name}`", f"`{format_name}`", kinds, reasons, took))
    print(_line("all", "", totals, Counter(), seconds))


def _line(name: str, format_name: str, kinds: Counter[str], reasons: Counter[str], seconds: float) -> str:
    rows = kinds["records"] + kinds["documents"] + kinds["rejected"]
    why = ", ".join(f"{reason} {count:,}" for reason, count in reasons.most_common())
    counts = [rows, *(kinds[kind] for kind in ("records", "compared", "documents", "rejected"))]
    return (
        f"| {name} | {format_name} | {' | '.join(f'{count:,}' for count in counts)} | {why} | {seconds:.1f} |"
    )


if __name__ == "__main__":
    if "REAL_DATA_DIR" not in os.environ:
        print("no real data: set REAL_DATA_DIR to the folder that holds it")
    else:
        main(Path(os.environ["REAL_DATA_DIR"]))
