"""Does it help to evolve only what the model masters? Capability-aware against blind evolution, at one size.

python benchmarks/evolution.py [--seeds 1 2 3] [--roots 500] [--examples 250] [--trained-model champion]

In a scratch copy of the project, with the microworld's teacher: the chain once, for a champion whose mastery
is measured (not with `--trained-model base`), then both ways of evolution, once a seed. Of what each kept, so
many are drawn as the smaller of them has, `--examples` at most; as many records of the pool, not evolved, are
a third arm. Each arm and seed fine-tunes the base and answers the same validation items. Prints two Markdown
tables:

mechanism: what was made, kept and thrown out, against what the world knows of it; nothing is trained
effect: mean score, differences to blind evolution in pairs of seeds and items with 95% intervals, and the
        smallest difference that these seeds and items resolve

The first can hold without the second. Fewer than three seeds are refused.
"""

import os
import sys
import tempfile
from pathlib import Path

import pandas as pd
from sft_lift import copy_project
from trained_arms import WORLD, arguments, effect_table, items_of, kedro_run, newest, parsed

from instruction_tuning.lm.chat_request import without_answer
from instruction_tuning.seeds import substream_seed
from instruction_tuning.synthesis.evolution_rounds import raw_source

AWARE, BLIND, PLAIN = "capability_aware", "blind", "not_evolved"


def main() -> None:
    """Evolve, train, and print both tables."""
    parser = arguments(__doc__, seeds=3)
    parser.add_argument("--roots", type=int, default=500, help="records of the pool that evolve")
    parser.add_argument("--examples", type=int, default=250, help="most evolved examples an arm")
    parser.add_argument("--trained-model", choices=["base", "champion"], default="champion")
    parser.add_argument("--env", default="base", help="of the run that makes the champion")
    given = parsed(parser)
    with tempfile.TemporaryDirectory() as scratch:
        project = copy_project(Path(scratch) / "project")
        os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{project / 'mlflow.db'}"
        if given.trained_model == "champion":
            kedro_run(project, f"--env={given.env}", "--pipeline=evaluation")
        evolved = {
            (arm, seed): evolve(project, arm, seed, given.roots, given.trained_model)
            for seed in given.seeds
            for arm in (BLIND, AWARE)
        }
        sys.stdout.write("## Mechanism\n\n" + mechanism_table(evolved) + "\n\n")
        pool = newest(project, "data/03_primary/instruction_pool.parquet")
        examples, arms = equal_arms(evolved, pool, given.examples)
        table = effect_table(project, examples, arms, reference=BLIND, items=given.items, epochs=given.epochs)
    sys.stdout.write(f"## Effect\n\n{table}\n")


def evolve(project: Path, arm: str, seed: int, roots: int, trained_model: str) -> pd.DataFrame:
    """`evolved_instructions` of one arm; both start from the same records and draw the same operations."""
    section = {
        "capability_aware": str(arm == AWARE).lower(),
        "trained_model": trained_model,
        "seeds": roots,
        "seed": seed,
    }
    params = ",".join(f"instruction_evolution.{name}={value}" for name, value in section.items())
    kedro_run(project, "--pipeline=instruction_evolution", f"--params={params}")
    return newest(project, "data/04_feature/evolved_instructions.parquet")


def mechanism_table(evolved: dict[tuple[str, int], pd.DataFrame]) -> str:
    """A row an arm, over all its seeds; shares in percent."""
    names = ("rewritten", "kept", "stopped", "requests", "kept that nobody can answer", "right answers kept")
    names = (*names, "answerable thrown out", "unanswerable found", "steps, seeds", "steps, kept")
    lines = [f"| arm | {' | '.join(names)} |", f"|---{'|---:' * len(names)}|"]
    for arm in (BLIND, AWARE):
        frame = pd.concat([rows for (of, _), rows in evolved.items() if of == arm], ignore_index=True)
        lines.append(f"| {arm} | {' | '.join(mechanism(frame))} |")
    return "\n".join(lines)


def mechanism(frame: pd.DataFrame) -> list[str]:
    """What the world knows of the rows of one arm: an item that it recognises can be answered."""
    texts = frame["instruction"].where(frame["instruction"].notna(), "")
    items = items_of(texts)
    steps = pd.Series(
        [None if item is None else item[0].difficulty(item[1]) for item in items], dtype="float64"
    )
    right = pd.Series(
        [
            float("nan")
            if item is None or not isinstance(answer, str)
            else item[0].score(WORLD, item[1], answer)
            for item, answer in zip(items, frame["answer"], strict=True)
        ]
    )
    made, kept = frame["operation"].notna() & frame["reply"].notna(), frame["status"] == "kept"
    is_item = steps.notna()
    return [
        f"{made.sum():,}",
        f"{kept.sum():,}",
        f"{(frame['status'] == 'stopped').sum():,}",
        f"{frame['requests'].sum():,}",
        percent((~is_item)[kept]),
        percent(right[kept] == 1),
        # An unchanged version is answerable and rightly thrown out; that is no error of the rules.
        percent((~kept)[made & is_item & ~frame["reason"].eq("no_information_gain")]),
        percent((~kept)[made & ~is_item]),
        f"{steps[frame['status'] == 'seed'].mean():.2f}",
        f"{steps[kept].mean():.2f}",
    ]


def percent(flags: pd.Series) -> str:
    """The share of true ones, or a dash of none."""
    return f"{100 * flags.mean():.1f}" if len(flags) else "-"


def equal_arms(
    evolved: dict[tuple[str, int], pd.DataFrame], pool: pd.DataFrame, most: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(examples, arms): record_id, messages, source; and method, seed, record_id, equally many of each."""
    examples, arms = [], []
    single = pool[pool["answer"].notna() & pool["messages"].map(lambda said: len(without_answer(said)) == 1)]
    for seed in sorted({seed for _, seed in evolved}):
        kept = {arm: kept_examples(evolved[arm, seed], f"{arm}-{seed}") for arm in (BLIND, AWARE)}
        size = min(most, *(len(frame) for frame in kept.values()))
        sys.stderr.write(f"seed {seed}: {size} examples an arm\n")
        others = single[["messages", "source"]].assign(
            record_id=[f"{PLAIN}-{seed}-{name}" for name in single["record_id"]]
        )
        for arm, frame in {**kept, PLAIN: others}.items():
            order = sorted(frame["record_id"], key=lambda name: substream_seed(seed, "arm", name))
            arms.append(pd.DataFrame({"method": arm, "seed": seed, "record_id": order[:size]}))
            examples.append(frame[frame["record_id"].isin(order[:size])])
    return pd.concat(examples, ignore_index=True), pd.concat(arms, ignore_index=True)


def kept_examples(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """What was kept, as examples; the same id in two arms may be another text."""
    kept = raw_source(frame)
    ids = [f"{name}-{evolution}" for evolution in kept["id"]]
    return pd.DataFrame({"record_id": ids, "messages": kept["messages"], "source": "evolved"})


if __name__ == "__main__":
    main()
