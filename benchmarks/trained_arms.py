"""What the benchmarks that train share: scratch runs, and arms ranked by what a model learns from them."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from instruction_tuning.pipelines.selection_arena.nodes import rank_arena, train_arena
from instruction_tuning.pipelines.selection_arena.parameters import SelectionArenaParameters

FEWEST_SEEDS = 3


def kedro_run(project: Path, *words: str) -> None:
    """One run in `project`; its lines go to stderr."""
    subprocess.run([sys.executable, "-m", "kedro", "run", *words], cwd=project, check=True, stdout=sys.stderr)


def newest(project: Path, name: str) -> pd.DataFrame:
    """The newest version of a frame."""
    return pd.read_parquet(sorted((project / name).glob(f"*/{Path(name).name}"))[-1])


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
