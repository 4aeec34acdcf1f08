"""Writing benchmark items as local lm-eval tasks: one task for each ability and form.

Forms:
    document_few_shot  k lines of the documents' own form, then the item's line to be completed; the
                       completion ends with the line; no chat template;
    chat_zero_shot     the question as a user turn;
    chat_few_shot      k questions and answers as turns before it.

A question that refers to earlier turns follows them in both chat forms. Answers are scored in [0, 1] by the
item's rubric (verification/answer_score.py).

The folder is named by a digest of items, settings and code, and written once, by a rename. lm-eval wants the
data files by absolute path, so the name of `tasks-<digest>` covers where it lies: a project that was moved
or copied writes its own.
"""

import hashlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from instruction_tuning import seeds
from instruction_tuning.chat_format import special_tokens
from instruction_tuning.errors import InputError
from instruction_tuning.evaluation.few_shot import (
    FewShotExamples,
    Item,
    document_prompt_and_answer,
    earlier_turns,
    example_turns,
)
from instruction_tuning.lm import loading
from instruction_tuning.text import languages
from instruction_tuning.verification import answer_score, extraction, program_text, tiny_programs

CHAT_FORMS = ("chat_zero_shot", "chat_few_shot")
FORMS = ("document_few_shot", *CHAT_FORMS)
OPTIONAL_COLUMNS: dict[str, str | int | bool] = {"rubric": "", "turns": "", "difficulty": 1, "counted": True}
# What other code or packages measured must not pass for what these measure: this room, and what it uses of
# others between an item and its score.
_USED = (answer_score, extraction, program_text, tiny_programs, languages, special_tokens, loading, seeds)
_CODE = (*sorted(Path(__file__).parent.glob("*.py")), *(Path(str(module.__file__)) for module in _USED))
_PACKAGES = ("lm_eval", "torch", "transformers")


@dataclass(frozen=True)
class BenchmarkSettings:
    """What decides a measurement beside model and items."""

    items_per_ability: int
    items_per_reported_ability: int
    few_shot: int
    batch_size: int
    max_new_tokens_chat: int
    max_new_tokens_document: int
    seed: int


class _Function(str):
    """A dotted name that YAML shows as `!function name`."""


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(_Function, lambda dumper, name: dumper.represent_scalar("!function", str(name)))


def task_name(ability: str, form: str) -> str:
    """The name of the lm-eval task for an ability in a form."""
    return f"{ability}_{form}"


def measured_items(items: pd.DataFrame, settings: BenchmarkSettings) -> pd.DataFrame:
    """The test items that are measured: the first of each ability by item_id, as many as `settings` says.

    Columns that the items may lack are filled in: every item counts, is one step long and has no rubric.
    """
    items = items.assign(
        **{name: value for name, value in OPTIONAL_COLUMNS.items() if name not in items.columns}
    )
    test = items[items["split"] == "test"].sort_values("item_id")
    if test.empty:
        raise InputError(
            "the benchmark items hold no test item",
            field="split",
            fix="run `kedro run --pipeline=microworld`, or give your items split=test",
        )
    number = test.groupby("ability", sort=True).cumcount()
    limit = test["counted"].map(
        {True: settings.items_per_ability, False: settings.items_per_reported_ability}
    )
    return test[number < limit].reset_index(drop=True)


def fingerprint(items: pd.DataFrame, settings: BenchmarkSettings) -> str:
    """16 hex digits over the items, the settings, the code that measures and the packages it runs on."""
    columns = sorted(items.columns)
    rows = items.sort_values("item_id")[columns].to_json(orient="values", force_ascii=False)
    content = [columns, rows, asdict(settings), {name: version(name) for name in _PACKAGES}]
    digest = hashlib.sha256(json.dumps(content).encode())
    for file in _CODE:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def write_task_files(items: pd.DataFrame, settings: BenchmarkSettings, work_folder: Path) -> Path:
    """Write data and task files under `work_folder/<fingerprint>`; returns their folder."""
    home = (work_folder / fingerprint(items, settings)).resolve()
    folder = home / f"tasks-{hashlib.sha256(str(home).encode()).hexdigest()[:8]}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix="tasks."))
    test = measured_items(items, settings)
    examples = FewShotExamples(items[items["split"] == "train"].to_dict("records"))
    for ability, group in test.groupby("ability", sort=True):
        for form in FORMS:
            rows = [_row(item, form, examples, settings) for item in group.to_dict("records")]
            name = task_name(str(ability), form)
            lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            (draft / f"{name}.jsonl").write_text(lines, encoding="utf-8")
            longest = max(len(list(row["examples"])) for row in rows)
            task = _task(name, form, folder / f"{name}.jsonl", settings, longest)
            (draft / f"{name}.yaml").write_text(
                yaml.dump(task, Dumper=_Dumper, sort_keys=False, allow_unicode=True), encoding="utf-8"
            )
    try:
        os.replace(draft, folder)
    except OSError:
        if not folder.is_dir():  # another process may have been first, with the same bytes
            raise
    return folder


def _row(item: Item, form: str, examples: FewShotExamples, settings: BenchmarkSettings) -> dict[str, Any]:
    if form == "document_few_shot":
        prompt, gold_text = document_prompt_and_answer(item["document_prompt"], item["document_target"])
    else:
        prompt, gold_text = item["question"], item["target"]
    shots = 0 if form == "chat_zero_shot" else settings.few_shot
    return {
        "item_id": item["item_id"],
        **{name: item[name] for name in ("language", "skill", "difficulty", "counted", "answer_kind")},
        "prompt": prompt,
        "answer": _gold(item, gold_text),
        "rubric": item["rubric"],
        # What came before in the item's own conversation stands right before its question.
        "examples": [
            *example_turns(examples.of(item, shots, seed=settings.seed), form),
            *([] if form == "document_few_shot" else earlier_turns(item)),
        ],
    }


def _gold(item: Item, text: str) -> str:
    rubric = answer_score.item_rubric(item["answer_kind"], item["target"], item["rubric"])
    gold = extraction.extract_answer(item["target"], answer_score.extracted_as(item["answer_kind"]))
    scores = [answer_score.answer_score(gold_text, rubric) for gold_text in (text, item["target"])]
    if gold is None or min(scores) < 1:
        raise InputError(
            f"by the item's own rubric the gold text {text!r} scores {scores[0]:g} and the target "
            f"{item['target']!r} scores {scores[1]:g}",
            record=item["item_id"],
            field="target",
            fix="write the item so that its target can be read from its own gold text (see extraction.py)",
        )
    return gold


def _task(
    name: str, form: str, data_file: Path, settings: BenchmarkSettings, examples: int
) -> dict[str, object]:
    document = form == "document_few_shot"
    limit = settings.max_new_tokens_document if document else settings.max_new_tokens_chat
    return {
        "task": name,
        "dataset_path": "json",
        "dataset_kwargs": {
            "data_files": {"test": str(data_file)},
            "cache_dir": str(data_file.parent.parent / "datasets_cache"),
        },
        "output_type": "generate_until",
        "test_split": "test",
        # The sampler is handed the item, which holds its own examples, only when the splits are equal.
        "fewshot_split": "test",
        "num_fewshot": examples,
        "fewshot_config": {"sampler": _Function("instruction_tuning.evaluation.harness.ItemExamples")},
        "doc_to_text": "prompt",
        "doc_to_target": "answer",
        "target_delimiter": "",
        "fewshot_delimiter": "\n",
        "generation_kwargs": {
            "until": ["\n"] if document else [],
            "do_sample": False,
            "temperature": 0.0,
            "max_gen_toks": limit,
        },
        "filter_list": [
            {
                "name": "answer",
                "filter": [
                    {
                        "function": "custom",
                        "filter_fn": _Function("instruction_tuning.evaluation.harness.extract_answers"),
                    },
                    {"function": "take_first"},
                ],
            }
        ],
        "process_results": _Function("instruction_tuning.evaluation.harness.score_answer"),
        "metric_list": [{"metric": "score", "aggregation": "mean", "higher_is_better": True}],
        "metadata": {"version": extraction.VERSION},
    }
