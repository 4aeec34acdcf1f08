"""Where a model's base came from and under what licence, kept beside the weights that were made of it.

`base_model.json` and the base's licence files go where the model goes; they are not among the files that
a model folder's digest covers.
"""

import json
import re
import shutil
from pathlib import Path
from typing import Any

from instruction_tuning.lm.model_folder import ModelFolder

BASE_FILE = "base_model.json"
LICENCE_PATTERNS = ("LICENSE*", "LICENCE*", "NOTICE*", "USE_POLICY*")
UNKNOWN = "unknown"
# A file of the hub's cache: models--<owner>--<name>/snapshots/<commit>/...
_SNAPSHOT = re.compile(r"models--(?P<name>[^/]+)/snapshots/(?P<commit>[0-9a-f]{7,40})$")
_FRONT_MATTER = re.compile(r"\A---\n(.*?)\n---", re.DOTALL)
_LICENCE = re.compile(r"^license:\s*['\"]?([\w.+-]+)", re.MULTILINE)


def base_facts(base: ModelFolder) -> dict[str, str | None]:
    """model (hub id or the folder's name, never a path of this machine), revision, digest, licence."""
    snapshot = _SNAPSHOT.search(base.path.as_posix())
    return {
        "model": snapshot["name"].replace("--", "/") if snapshot else base.path.name,
        "revision": snapshot["commit"] if snapshot else None,
        "digest": base.digest,
        "licence": _licence(base.path),
    }


def write_base_record(model: ModelFolder, base: ModelFolder) -> ModelFolder:
    """Put what is known of `base`, and its licence files, into the folder of `model`; returns `model`."""
    text = json.dumps(base_facts(base), indent=2) + "\n"
    (model.path / BASE_FILE).write_text(text, encoding="utf-8", newline="\n")
    for pattern in LICENCE_PATTERNS:  # must go where the weights go
        for file in filter(Path.is_file, base.path.glob(pattern)):
            shutil.copyfile(file, model.path / file.name)
    return model


def read_base_record(model: ModelFolder) -> dict[str, Any]:
    """What the folder of `model` says of its base; empty for a model from elsewhere."""
    file = model.path / BASE_FILE
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}


def _licence(folder: Path) -> str:
    card = folder / "README.md"
    head = _FRONT_MATTER.match(card.read_text(encoding="utf-8")) if card.is_file() else None
    named = _LICENCE.search(head[1]) if head else None
    return named[1] if named else UNKNOWN
