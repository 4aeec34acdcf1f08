"""Seeds, segments and a base with room for the prompts of instruction backtranslation."""

import atexit
import json
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from training_builders import tiny_base, turns

from instruction_tuning.lm.model_folder import ModelFolder, open_model_folder
from instruction_tuning.pipelines.instruction_backtranslation.parameters import BacktranslationParameters

SEGMENTS = {
    "0a": ("The last letter of PZDF is F.", "en"),
    "0b": ("99 plus 70: 9+0=9, 9+7+0=16, 169.", "en"),
    "0c": ("71减66：11-6=5, 7-6-1=0, 5。", "zh"),
    "0d": ("I, Wim, went there last week, and I would go again.", "en"),
}


@cache
def roomy_base() -> ModelFolder:
    """The tiny base with a context of 2,048: rotary positions have no weights."""
    holder = tempfile.TemporaryDirectory()
    atexit.register(holder.cleanup)
    folder = Path(holder.name) / "base"
    shutil.copytree(tiny_base().path, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 2048}))
    return open_model_folder(folder)


def pool(count: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "record_id": [f"{number:016x}" for number in range(count)],
            "language": "en",
            "messages": [turns(f"Reverse A{n}B.", f"B{n}A") for n in range(count)],
        }
    )


def segments() -> pd.DataFrame:
    return pd.DataFrame(
        [(key, f"page:{key}", language, text) for key, (text, language) in SEGMENTS.items()],
        columns=["segment_id", "document_id", "language", "text"],
    )


def parameters(project: Path, work: Path, **changes: Any) -> BacktranslationParameters:
    """The section of conf/base, made small; the keys of `requests` are left but for the store."""
    file = project / "conf/base/parameters_instruction_backtranslation.yml"
    text = file.read_text(encoding="utf-8").replace("${globals:seed}", "7")
    values = yaml.safe_load(text)["instruction_backtranslation"]
    values["requests"]["completion_store"] = work / "completions.sqlite"
    small = {"work_folder": work, "num_train_epochs": 1, "max_new_tokens": 8, "rating_max_new_tokens": 8}
    return BacktranslationParameters(**{**values, **small, "seed_pairs": None, **changes})
