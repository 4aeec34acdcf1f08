"""Instruction backtranslation in the microworld: does the curation find right pairs, and does it help?

python benchmarks/backtranslation.py [--seeds 1 2 3] [--pages 300] [--params …] [--items 40] [--keep FOLDER]

Once a seed, in a scratch copy of the project, the whole loop runs (kedro run
--pipeline=instruction_backtranslation); reverse model, sampling and trainings take the seed. Then, all from
the base, on the same seed pairs and by the same recipe:

    seeds      the seed pairs alone
    uncurated  and as many candidates as the last round kept, drawn from all of them
    curated    and those that the last round kept

Prints a table of precision and recall by round (means over seeds, lowest and highest; an effect, since
trained models judge), and one of scores on validation items through chat: differences to `uncurated` in pairs
of seeds and items, with intervals and the smallest difference that they would find. Where the last round
keeps nothing, or everything, both are the same, and it says so. Each seed's figures are kept in FOLDER, and
taken from there the next time.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from sft_lift import copy_project
from trained_arms import kedro_run, newest

from instruction_tuning.evaluation.benchmarks import chat_template_of, measure_model
from instruction_tuning.evaluation.parameters import EvaluationParameters
from instruction_tuning.lm.model_folder import ModelFolder, open_model_folder
from instruction_tuning.pipeline_registry import BACKTRANSLATION_ROUNDS
from instruction_tuning.reporting.arena_figure import arena_table
from instruction_tuning.seeds import substream_seed
from instruction_tuning.statistics.paired_seeds import rank_methods
from instruction_tuning.synthesis.backtranslation.rounds import training_examples
from instruction_tuning.synthesis.backtranslation.tagged_model import with_tagged_template
from instruction_tuning.training.on_examples import fine_tune_on_examples
from instruction_tuning.training.sft_parameters import SFTParameters

TAGS = ("seed", "web")
REFERENCE = "uncurated"
NAME = "instruction_backtranslation"


def main() -> int:
    """Run every seed and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--pages", type=int, default=300, help="web pages that segments are cut from")
    parser.add_argument("--items", type=int, default=40, help="validation items an ability")
    parser.add_argument("--params", default="", help="more parameters, as for kedro run")
    parser.add_argument("--keep", type=Path, help="where each seed's figures are kept")
    given = parser.parse_args()
    accuracies, scores = [], []
    with tempfile.TemporaryDirectory() as scratch:
        keep = given.keep or Path(scratch)
        keep.mkdir(parents=True, exist_ok=True)
        for seed in given.seeds:
            files = [keep / f"{name}_{seed}.parquet" for name in ("accuracy", "scores")]
            if not all(file.is_file() for file in files):
                project = copy_project(Path(scratch) / f"project_{seed}")
                run_loop(project, seed, given.pages, given.params)
                accuracy = newest(project, "data/08_reporting/curation_accuracy.parquet")
                accuracy.assign(seed=seed).to_parquet(files[0])
                arms(project, seed, given.items, given.params).to_parquet(files[1])
            accuracies.append(pd.read_parquet(files[0]))
            scores.append(pd.read_parquet(files[1]))
    sys.stdout.write(f"\n{curation_table(pd.concat(accuracies))}\n")
    if len(given.seeds) < 2:
        sys.stdout.write("\nOne seed tells nothing of another: no differences.\n")
        return 0
    ranking = rank_methods(pd.concat(scores), REFERENCE)
    sys.stdout.write(f"\n{arena_table(ranking, reference=REFERENCE)}\n")
    return 0


def run_loop(project: Path, seed: int, pages: int, more: str) -> None:
    """The pipeline on the first `pages` documents."""
    raw = project / "data/01_raw/microworld"
    lines = (raw / "web_documents.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (raw / "some_pages.jsonl").write_text("".join(lines[:pages]), encoding="utf-8")
    parameters = ",".join(
        filter(None, [f"documents={raw / 'some_pages.jsonl'}", f"{NAME}.seed={seed}", more])
    )
    kedro_run(project, f"--pipeline={NAME}", f"--params={parameters}")


def arms(project: Path, seed: int, items: int, more: str) -> pd.DataFrame:
    """Scores of each arm on validation items."""
    seeds = newest(project, "data/04_feature/seed_pairs.parquet")
    curated = newest(project, f"data/04_feature/curated_candidates_{BACKTRANSLATION_ROUNDS}.parquet")
    written = newest(project, "data/04_feature/backtranslated_candidates.parquet")
    usable = written.loc[written["status"] == "ok", "segment_id"]
    drawn = sorted(usable, key=lambda name: (substream_seed(seed, "uncurated", name), name))
    size = int(curated["kept"].sum())
    sys.stderr.write(f"seed {seed}: {size} of {len(usable)} usable candidates kept\n")
    if size in (0, len(usable)):
        sys.stdout.write(f"Seed {seed}: the curation kept {size} of {len(usable)}: both arms are the same.\n")
    chosen = {
        "seeds": curated.assign(kept=False),
        "uncurated": curated.assign(kept=curated["segment_id"].isin(drawn[:size])),
        "curated": curated,
    }
    measured = []
    for method, frame in chosen.items():
        examples = training_examples(seeds, frame, is_tagged=True)
        model = trained(project, examples, seed, more)
        measured.append(measure(project, model, items).assign(method=method, seed=seed))
    return pd.concat(measured, ignore_index=True)


def trained(project: Path, examples: pd.DataFrame, seed: int, more: str) -> ModelFolder:
    """The base trained on `examples` as the loop does; with both tags in its template."""
    values = section(project, "sft")
    own = dict(pair.split("=") for pair in more.split(",") if pair)
    epochs = own.get(f"{NAME}.num_train_epochs", section(project, NAME)["num_train_epochs"])
    changed = {
        "seed": seed,
        "num_train_epochs": float(epochs),
        "work_folder": str(project / "data/.work/arms"),
    }
    replay = pd.read_json(project / "data/01_raw/microworld/replay_documents.jsonl", lines=True)
    base = open_model_folder(project / "data/06_models/microworld_base")
    result = fine_tune_on_examples(base, examples, replay, SFTParameters(**{**values, **changed}))
    return with_tagged_template(result.model, TAGS, project / "data/.work/arms/tagged")


def measure(project: Path, model: ModelFolder, items: int) -> pd.DataFrame:
    """Scores through chat on validation items of the abilities that count."""
    changed = {"items_per_ability": items, "work_folder": str(project / "data/.work/arms/evaluation")}
    settings = EvaluationParameters(**{**section(project, "evaluation"), **changed}).settings()
    known = pd.read_json(
        project / "data/01_raw/microworld/benchmark_items.jsonl", lines=True, dtype={"target": str}
    )
    validation = known[known["split"] == "validation"].assign(split="test")
    measured_items = pd.concat([known[known["split"] == "train"], validation], ignore_index=True)
    outputs = measure_model(
        model, measured_items, settings, Path(changed["work_folder"]), chat_template=chat_template_of(model)
    )
    counted = outputs[(outputs["form"] == "chat_zero_shot") & outputs["counted"]]
    return counted[["item_id", "ability", "score"]]


def section(project: Path, name: str) -> dict[str, Any]:
    """A section of conf/base; the seed is set by who asks."""
    text = (project / f"conf/base/parameters_{name}.yml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text.replace("${globals:seed}", "1"))[name])


def curation_table(accuracies: pd.DataFrame) -> str:
    """A row a round, in percent: mean over seeds [lowest, highest]."""
    columns = {
        "right_rate": "right among all",
        "kept_rate": "kept",
        "precision": "precision",
        "recall": "recall",
    }
    known = accuracies.assign(kept_rate=accuracies["kept"] / accuracies["candidates"])
    lines = [
        f"| round | kind | candidates | {' | '.join(columns.values())} |",
        f"|---:|---|---:|{'---:|' * len(columns)}",
    ]
    for number, group in known.groupby("round"):
        cells = " | ".join(_cell(group[name]) for name in columns)
        lines.append(f"| {number} | {group['kind'].iloc[0]} | {group['candidates'].mean():.0f} | {cells} |")
    return "\n".join(lines)


def _cell(rates: pd.Series) -> str:
    if rates.isna().any():
        return f"null in {int(rates.isna().sum())} of {len(rates)}"
    return f"{100 * rates.mean():.1f} [{100 * rates.min():.1f}, {100 * rates.max():.1f}]"


if __name__ == "__main__":
    sys.exit(main())
