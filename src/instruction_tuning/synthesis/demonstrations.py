"""Tasks that are shown in a prompt, drawn from seeds and from what was kept before, and how they are written.

Self-Instruct (arXiv 2212.10560): eight tasks, two of them by the model as soon as there are some, shuffled.
"""

import random

import pandas as pd

from instruction_tuning.errors import InputError
from instruction_tuning.synthesis.written_rows import SEED, kept_tasks


def draw_tasks(
    rows: pd.DataFrame, language: str, rng: random.Random, *, shots: int, machine_shots: int
) -> pd.DataFrame:
    """`shots` tasks in `language`, at most `machine_shots` of them written by a model, in random order."""
    tasks = kept_tasks(rows, language).sort_values("record_id")
    machine = tasks[tasks["method"] != SEED]
    seeds = tasks[tasks["method"] == SEED]
    by_model = rng.sample(range(len(machine)), min(machine_shots, len(machine)))
    by_people = rng.sample(range(len(seeds)), shots - len(by_model))
    drawn = pd.concat([machine.iloc[by_model], seeds.iloc[by_people]])
    order = list(range(len(drawn)))
    rng.shuffle(order)
    return drawn.iloc[order]


def check_seeds(seed_tasks: pd.DataFrame, languages: tuple[str, ...], *, shots: int) -> None:
    """Raise `InputError` unless each language has enough seeds, and both kinds of them."""
    for language in languages:
        seeds = seed_tasks[seed_tasks["language"] == language].drop_duplicates("instruction")
        if len(seeds) < shots:
            raise InputError(
                f"{len(seeds)} seed tasks are in language {language}, and {shots} are shown at a time",
                field="language",
                fix="add seed tasks, lower instruction_synthesis.self_instruct.shots, or take the language "
                "out of instruction_synthesis.languages",
            )
        if seeds["is_classification"].nunique() < 2:
            raise InputError(
                f"the seed tasks in language {language} are all of one kind",
                record=seeds["id"].iloc[0],
                field="is_classification",
                fix="add a task whose answer is a label, or one whose answer is not",
            )


def numbered(instructions: pd.Series) -> str:
    """A numbered list, from 1."""
    return "\n".join(f"{number}. {text}" for number, text in enumerate(instructions, start=1))


def with_kinds(tasks: pd.DataFrame) -> str:
    """Tasks with what `plain_task_kind` asks for."""
    answers = tasks["is_classification"].map({True: "Yes", False: "No"})
    pairs = zip(tasks["instruction"], answers, strict=True)
    return "\n\n".join(f"Task: {text}\nClassification: {answer}" for text, answer in pairs)


def with_examples(tasks: pd.DataFrame, *, label_first: bool) -> str:
    """Tasks with their example, the label or the input first."""
    shown = []
    for row in tasks.to_dict("records"):
        given = f"Input: {row['input']}\n" if row["input"] else ""
        if label_first:
            shown.append(f"Task: {row['instruction']}\nClass label: {row['output']}\n{given}".strip())
        else:
            shown.append(f"Task: {row['instruction']}\nExample 1\n{given}Output: {row['output']}")
    return "\n\n".join(shown)
