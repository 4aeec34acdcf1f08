"""What the benchmarks that train share: scratch runs, and arms ranked by what a model learns from them."""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from instruction_tuning.microworld.request_forms import questions_of
from instruction_tuning.microworld.skill import Skill
from instruction_tuning.microworld.teacher import Teacher, TeacherFaults
from instruction_tuning.microworld.world import WORLD_SEED, build_world
from instruction_tuning.pipelines.selection_arena.nodes import rank_arena, train_arena
from instruction_tuning.pipelines.selection_arena.parameters import SelectionArenaParameters

FEWEST_SEEDS = 3
WORLD = build_world(WORLD_SEED)


def arguments(description: str | None, *, seeds: int) -> argparse.ArgumentParser:
    """A parser that has what every training benchmark is asked for; `seeds` by default."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(1, seeds + 1)))
    parser.add_argument("--items", type=int, default=100, help="validation items an ability, 2 at least")
    parser.add_argument("--epochs", type=float, help="of each training, in the place of the default")
    return parser


def parsed(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """The command line; fewer seeds than tell anything are refused."""
    given = parser.parse_args()
    if len(set(given.seeds)) < FEWEST_SEEDS:
        parser.error(f"{len(set(given.seeds))} seeds tell too little; fix: name {FEWEST_SEEDS} or more")
    return given


def kedro_run(project: Path, *words: str) -> None:
    """One run in `project`; its lines go to stderr."""
    subprocess.run([sys.executable, "-m", "kedro", "run", *words], cwd=project, check=True, stdout=sys.stderr)


def newest(project: Path, name: str) -> pd.DataFrame:
    """The newest version of a frame."""
    return pd.read_parquet(sorted((project / name).glob(f"*/{Path(name).name}"))[-1])


def items_of(prompts: Iterable[str]) -> list[tuple[Skill, dict[str, str]] | None]:
    """The item of the world that each prompt asks for; null where it knows none."""
    teacher = Teacher(WORLD, TeacherFaults(), seed=0)
    return [teacher._recognise(questions_of(prompt)) if prompt else None for prompt in prompts]


def right_table(found: Mapping[int, Mapping[str, pd.DataFrame]]) -> str:
    """A row an arm, over all seeds: examples a seed, and the share that is right where it can be told.

    `found`: by seed and arm the examples, with prompt and answer.
    """
    lines = ["| arm | examples a seed | right, of those that the world can tell |", "|---|---:|---:|"]
    for arm in next(iter(found.values())):
        frame = pd.concat([answers[arm] for answers in found.values()])
        scores = [
            item[0].score(WORLD, item[1], answer)
            for item, answer in zip(items_of(frame["prompt"]), frame["answer"], strict=True)
            if item is not None
        ]
        right = 100 * sum(score == 1 for score in scores) / max(len(scores), 1)
        lines.append(f"| {arm} | {len(frame) / len(found):.0f} | {right:.1f}% of {len(scores):,} |")
    return "\n".join(lines)


def effect_table(
    project: Path,
    examples: pd.DataFrame,
    arms: pd.DataFrame,
    *,
    reference: str,
    items: int,
    epochs: float | None = None,
    ability: str | None = None,
) -> str:
    """The arms ranked by what a model learns from them, as the selection arena ranks methods.

    `examples`: record_id, messages, source; `arms`: method, seed and record_id of each example in it. Each
    arm and seed fine-tunes the base and answers the same `items` validation items an ability, or of one
    `ability`.
    """
    os.chdir(project)
    bootstrap_project(project)
    arena = SelectionArenaParameters(
        full_pool=False,
        split="validation",
        items_per_ability=items,
        form="chat_zero_shot",
        confidence=0.95,
        work_folder="data/.work/arms",
    )
    with KedroSession.create(project) as session:
        catalog = session.load_context().catalog
        sft = catalog.load("params:sft")
        benchmark = catalog.load("benchmark_items")
        scores, trainings = train_arena(
            catalog.load("base_model"),
            examples,
            arms,
            catalog.load("replay_documents"),
            benchmark if ability is None else benchmark[benchmark["ability"] == ability],
            sft if epochs is None else sft.model_copy(update={"num_train_epochs": epochs}),
            catalog.load("params:evaluation"),
            arena,
        )
    return rank_arena(scores, trainings, arena, reference)[2]
