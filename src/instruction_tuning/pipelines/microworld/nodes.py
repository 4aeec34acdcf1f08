"""Nodes of the microworld pipeline."""

import pandas as pd

from instruction_tuning.microworld.benchmark import benchmark_items
from instruction_tuning.microworld.corpus import documents
from instruction_tuning.microworld.pool import raw_pool
from instruction_tuning.microworld.seed_tasks import seed_tasks
from instruction_tuning.microworld.web import web_documents
from instruction_tuning.microworld.world import build_world
from instruction_tuning.pipelines.microworld.parameters import MicroworldParameters

# Replay documents are drawn from their own range, so that they are not simply the first ones read.
_REPLAY_START = 1_000_000


def write_raw_pool(parameters: MicroworldParameters) -> tuple[dict[str, str], pd.DataFrame]:
    """The raw pool's three files, and the truth about each row, which only tests read."""
    pool = raw_pool(build_world(), parameters.seed)
    files = {name: content.decode() for name, content in pool.files.items()}
    return files, pd.DataFrame(pool.truth)


def write_benchmark_items(parameters: MicroworldParameters) -> pd.DataFrame:
    """The benchmark items of all splits."""
    return pd.DataFrame(benchmark_items(build_world(), parameters.seed))


def write_seed_tasks(parameters: MicroworldParameters) -> pd.DataFrame:
    """Tasks with right answers, for new ones to be bootstrapped from."""
    return pd.DataFrame(seed_tasks(build_world(), parameters.seed))


def write_web_documents(parameters: MicroworldParameters) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Pages whose segments answer instructions that nobody wrote, and the truth, which only tests read."""
    pages, truth = web_documents(build_world(), parameters.seed, parameters.web_documents)
    return pd.DataFrame(pages), pd.DataFrame(truth)


def write_replay_documents(parameters: MicroworldParameters) -> pd.DataFrame:
    """A small part of the world's documents, for keeping a base's abilities during SFT."""
    return pd.DataFrame(
        documents(build_world(), parameters.seed, parameters.replay_documents, start=_REPLAY_START)
    )
