"""Data sets of the Hugging Face hub by name: `hub:owner/name`, `hub:owner/name@revision/split`.

Such a data set is a folder of files in the layouts that are read here anyway, so the files themselves are
fetched and no code of the data set runs. A file belongs to a split by its name, as on the hub:
`data/train-00000-of-00002.parquet`, `train.jsonl`, `train/part.csv`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from instruction_tuning.canonical.layout import SUFFIXES
from instruction_tuning.errors import InputError
from instruction_tuning.lm.hub import download_data_set

SPLITS = ("train", "validation", "valid", "val", "dev", "test")

_NAME = re.compile(r"hub:(?P<id>[^/@\s]+/[^/@\s]+)(?:@(?P<revision>[^/\s]+))?(?:/(?P<split>[^/\s]+))?")
_CARD = "README.md"


@dataclass(frozen=True)
class HubName:
    """What `hub:owner/name@revision/split` names; `revision` and `split` may be null."""

    id: str
    revision: str | None
    split: str | None


def is_hub_name(place: str) -> bool:
    """Whether `place` is no path but the name of a data set on the hub."""
    return place.startswith("hub:")


def hub_name(place: str) -> HubName:
    """The parts of the name. Raises `InputError` where it is none."""
    found = _NAME.fullmatch(place)
    if found is None:
        raise InputError(
            f"`{place}` names no data set of the hub",
            field="data",
            fix="write hub:owner/name, hub:owner/name/split or hub:owner/name@revision/split",
        )
    return HubName(found["id"], found["revision"], found["split"])


def download_hub_files(name: HubName) -> Path:
    """The folder with the data set's files in Hugging Face's cache."""
    patterns = [f"*{suffix}" for suffix in SUFFIXES]
    return download_data_set(name.id, name.revision, [*patterns, _CARD], field="data")


def files_of_split(folder: Path, files: Sequence[Path], split: str | None) -> list[Path]:
    """Those of `files` in `split`.

    Raises `InputError` for a split without files, and where none is named and there are several: test items
    shall not get among the records because nobody said which files are meant.
    """
    by_split = {name: [file for file in files if _is_of(file.relative_to(folder), name)] for name in SPLITS}
    there = [name for name, found in by_split.items() if found]
    if split is None:
        if len(there) > 1:
            raise InputError(
                f"the data set has several splits: {', '.join(there)}",
                file=folder,
                fix=f"name one: hub:owner/name/{there[0]}",
            )
        return list(files)
    chosen = [file for file in files if _is_of(file.relative_to(folder), split)]
    if not chosen:
        raise InputError(
            f"no file of the data set is of the split `{split}`",
            file=folder,
            fix=f"the splits are: {', '.join(there) or 'not told by the names of the files; name none'}",
        )
    return chosen


def licence_of_card(folder: Path) -> str | None:
    """What the data set's card says; null without a card or a licence in it."""
    import yaml

    card = folder / _CARD
    text = card.read_text(encoding="utf-8", errors="replace") if card.is_file() else ""
    _, mark, rest = text.partition("---\n")
    if not mark or text[: len(mark)] != mark:
        return None
    try:
        facts = yaml.safe_load(rest.partition("\n---")[0])
    except yaml.YAMLError:
        return None
    licence = facts.get("license") if isinstance(facts, dict) else None
    names = licence if isinstance(licence, list) else [licence]
    return ", ".join(name for name in names if isinstance(name, str)) or None


def _is_of(file: Path, split: str) -> bool:
    return re.search(rf"(?:^|[/._-]){re.escape(split)}(?:[/._-]|$)", file.as_posix()) is not None
