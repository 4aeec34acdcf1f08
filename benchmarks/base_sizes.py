"""What each size of the base can do, in its documents' form and through chat, before and after SFT.

python benchmarks/base_sizes.py [small=FOLDER large=FOLDER ...] [--seed 1]

For each named folder, by default the shipped base, the chain runs up to the evaluation, with the default
selection, in a scratch copy of the project (see sft_lift.py). Prints a Markdown table: mean score in percent
on 200 unseen items a use case in unseen phrasings; one seed.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import pandas as pd
import yaml
from sft_lift import copy_project, run_seed

SHIPPED = "default=data/06_models/microworld_base"
COLUMNS = (
    ("base", "document_few_shot", "base, document form"),
    ("base", "chat_zero_shot", "base, chat"),
    ("candidate", "document_few_shot", "SFT, document form"),
    ("candidate", "chat_zero_shot", "SFT, chat"),
)


def main() -> None:
    """Run each base and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("bases", nargs="*", default=[SHIPPED], metavar="NAME=FOLDER")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    measured = {}
    for named in given.bases:
        name, _, folder = named.partition("=")
        with tempfile.TemporaryDirectory() as scratch:
            project = copy_project(Path(scratch) / "project")
            settings = yaml.safe_dump({"base_model": str(Path(folder).resolve())})
            (project / "conf/local").mkdir(exist_ok=True)
            (project / "conf/local/globals.yml").write_text(settings, encoding="utf-8")
            measured[name] = run_seed(project, given.seed, "")
    sys.stdout.write(table(measured) + "\n")


def table(measured: dict[str, pd.DataFrame]) -> str:
    """A row an ability, for each size four columns; what stands below `macro` does not count for it."""
    heads = [f"{name}: {title}" for name in measured for _, _, title in COLUMNS]
    lines = [f"| ability | {' | '.join(heads)} |", f"|---{'|---:' * len(heads)}|"]
    first = next(iter(measured.values()))
    counted = first.drop_duplicates("ability").set_index("ability")["counted"].drop("macro")
    for ability in [*sorted(counted[counted].index), "macro", *sorted(counted[~counted].index)]:
        cells = []
        for metrics in measured.values():
            accuracy = metrics.set_index(["model_role", "form", "ability"])["accuracy"]
            cells += [f"{100 * accuracy[role, form, ability]:.1f}" for role, form, _ in COLUMNS]
        lines.append(f"| {ability} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
