"""Work over many records in parts, each kept on disk as soon as it is done.

A part holds records that follow each other by key, so that its batches, and with them the rounding, are the
same in a run that was killed and in one that was not. O(N log N) beside the work.
"""

import hashlib
import json
import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

logger = logging.getLogger(__name__)

Given = TypeVar("Given")
Result = TypeVar("Result")


def in_parts(
    items: Mapping[str, Given],
    work: Callable[[dict[str, Given]], dict[str, Result]],
    folder: Path,
    *,
    part_size: int,
    what: str,
) -> dict[str, Result]:
    """What `work` makes of each of `items`, by key (both JSON values); finished parts are read from `folder`.

    `folder` is named by all that decides the result beside the items; `what` is for the log.
    """
    folder.mkdir(parents=True, exist_ok=True)
    keys = sorted(items)
    done: dict[str, Result] = {}
    for start in range(0, len(keys), part_size):
        given = {key: items[key] for key in keys[start : start + part_size]}
        name = hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()[:16]
        found: dict[str, Result] | None = _stored(folder / f"{name}.json")
        done |= _store(folder / f"{name}.json", work(given)) if found is None else found
        logger.info("%s: %d of %d%s", what, len(done), len(keys), "" if found is None else " (found)")
    return done


def folder_of(work_folder: Path, **deciding: object) -> Path:
    """A folder under `work_folder` named by a digest of `deciding` (JSON values)."""
    digest = hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()[:16]
    return work_folder / digest


def _stored(file: Path) -> dict[str, Result] | None:
    try:
        stored: dict[str, Result] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return stored


def _store(file: Path, results: dict[str, Result]) -> dict[str, Result]:
    draft = file.with_suffix(f".{os.getpid()}.draft")
    draft.write_text(json.dumps(results, ensure_ascii=False), encoding="utf-8")
    os.replace(draft, file)
    return results
