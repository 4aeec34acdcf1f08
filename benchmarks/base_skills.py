"""How well the base knows the world: facts, and string and list work, skill by skill, in its documents' form.

python benchmarks/base_skills.py [--model FOLDER] [--seeds 20240607 1]

Test items of these skills in unseen phrasings, those of the first seed the shipped ones and those of another
seed others, as the evaluation asks and scores them with two examples before each. Prints a Markdown table:
items, and mean score in percent with a 95% interval; exit status 1 where facts, or strings and lists
together, are below 95. Some minutes on two cores, as the chat forms are measured too.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import pandas as pd
from backtranslation import section

from instruction_tuning.evaluation.benchmarks import measure_model
from instruction_tuning.evaluation.parameters import EvaluationParameters
from instruction_tuning.lm.model_folder import open_model_folder
from instruction_tuning.microworld.benchmark import benchmark_items
from instruction_tuning.microworld.skills.facts import FACTS
from instruction_tuning.microworld.skills.strings_and_lists import STRINGS_AND_LISTS
from instruction_tuning.microworld.world import build_world
from instruction_tuning.statistics.intervals import wilson_interval

PROJECT = Path(__file__).resolve().parents[1]
SHIPPED = PROJECT / "data/06_models/microworld_base"
GROUPS = {"facts": FACTS, "strings and lists": STRINGS_AND_LISTS}
WANTED = 0.95


def main() -> int:
    """Measure, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--model", type=Path, default=SHIPPED, metavar="FOLDER")
    parser.add_argument("--seeds", type=int, nargs="+", default=[20240607, 1])
    given = parser.parse_args()
    items = asked(given.seeds)
    changed = {"items_per_ability": len(items), "seed": given.seeds[0]}
    settings = EvaluationParameters(**{**section(PROJECT, "evaluation"), **changed}).settings()
    with tempfile.TemporaryDirectory() as scratch:
        outputs = measure_model(open_model_folder(given.model), items, settings, Path(scratch))
    scores = outputs[outputs["form"] == "document_few_shot"]
    sys.stdout.write(table(scores) + "\n")
    return int(any(of_group(scores, group)["score"].mean() < WANTED for group in GROUPS))


def asked(seeds: list[int]) -> pd.DataFrame:
    """The test items of the skills in `GROUPS`, each once, and the train items that examples come from."""
    world, parts = build_world(), []
    for seed in seeds:
        made = pd.DataFrame(benchmark_items(world, seed))
        is_test = (made["split"] == "test") & made["skill"].isin(
            [skill.name for skills in GROUPS.values() for skill in skills]
        )
        of_test = made[is_test & made["counted"].ne(False)]
        parts.append(of_test.assign(item_id=of_test["item_id"] + f"-{seed}"))
        if seed == seeds[0]:
            abilities = set(of_test["ability"])
            parts.append(made[(made["split"] == "train") & made["ability"].isin(abilities)])
    return pd.concat(parts, ignore_index=True).drop_duplicates(["split", "document_prompt"])


def of_group(scores: pd.DataFrame, group: str) -> pd.DataFrame:
    """The rows of the skills of `group`."""
    return scores[scores["skill"].isin([skill.name for skill in GROUPS[group]])]


def table(scores: pd.DataFrame) -> str:
    """For each group a row of all its skills, then one a skill."""
    lines = ["| skill | items | document form |", "|---|---:|---:|"]
    for group, skills in GROUPS.items():
        rows = of_group(scores, group)
        named = {f"**{group}**": rows} | {skill.name: rows[rows["skill"] == skill.name] for skill in skills}
        for name, of_name in named.items():
            interval = wilson_interval(float(of_name["score"].sum()), len(of_name))
            low, high = 100 * interval.low, 100 * interval.high
            lines.append(
                f"| {name} | {len(of_name)} | {100 * of_name['score'].mean():.1f} [{low:.1f}, {high:.1f}] |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
