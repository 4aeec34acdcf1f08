"""The raw files that a user names: one file, a folder of them, or a data set on the hub."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from instruction_tuning.canonical.hub_files import (
    download_hub_files,
    files_of_split,
    hub_name,
    is_hub_name,
    licence_of_card,
)
from instruction_tuning.canonical.layout import BYTE_ORDER_MARK, SUFFIXES, layout_of, stem_of, unpacked
from instruction_tuning.errors import InputError

_DOCUMENTATION = (".md", ".rst")
# What the datasets library and the hub write beside the rows.
_FACTS = ("dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json")
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class RawFile:
    """A raw file by path, with the SHA-256 of its bytes (64 hex digits) and its name without layout and
    packing as the name of the source."""

    path: Path
    sha256: str
    source: str
    licence: str | None = None  # that of all rows that name none


def list_raw_files(path: Path | str, *, suffixes: Sequence[str] = SUFFIXES) -> list[RawFile]:
    """The file at `path`, or every data file in the folder at `path` and below, by name; of a data set that
    a pipeline wrote its newest version; or the files of a data set on the hub (`hub:owner/name/split`), which
    are one source.

    Hidden files, documentation (`.md`, `.rst`, LICENSE) and `dataset_info.json` in a folder are passed over,
    unless `suffixes` names the suffix. Raises `InputError` for a missing path, an empty folder, a suffix that
    is not among `suffixes`, and for two files with the same bytes, whose rows could not be told apart.
    """
    if is_hub_name(str(path)):
        return _hub_files(str(path))
    place = Path(path)
    if (newest := newest_version(place)) is not None:
        candidates = [newest]
    elif place.is_dir():
        candidates = _files_below(place, suffixes)
    elif place.is_file():
        candidates = [place]
    else:
        raise InputError(
            "there is no such file or folder",
            file=place,
            fix=f"check the path; it is that of a file ({', '.join(suffixes)}) or of a folder of them",
        )
    files = [_raw_file(candidate, suffixes) for candidate in candidates]
    _check_distinct(files)
    return files


def newest_version(place: Path) -> Path | None:
    """The newest file of a data set with versions, `<name>.jsonl/<version>/<name>.jsonl`; null of all others.

    More than one version would be the same records several times over.
    """
    versions = sorted(place.glob(f"*/{place.name}")) if place.name.lower().endswith(SUFFIXES) else []
    return versions[-1] if versions else None


def _hub_files(place: str) -> list[RawFile]:
    name = hub_name(place)
    folder = download_hub_files(name)
    licence = licence_of_card(folder)
    chosen = files_of_split(folder, _files_below(folder, SUFFIXES), name.split)
    files = [replace(_raw_file(file, SUFFIXES), source=name.id, licence=licence) for file in chosen]
    _check_distinct(files)
    return files


def _files_below(folder: Path, suffixes: Sequence[str]) -> list[Path]:
    files = sorted(
        file for file in folder.rglob("*") if file.is_file() and not _is_passed_over(file, folder, suffixes)
    )
    if not files:
        raise InputError(
            "the folder holds no raw files", file=folder, fix=f"put {', '.join(suffixes)} files into it"
        )
    return files


def is_json_lines(file: RawFile) -> bool:
    """Whether each row is a line of its own, so that the row's number is the line's."""
    layout = layout_of(file.path)
    if layout != ".json":
        return layout == ".jsonl"
    with unpacked(file.path) as stream:
        return not stream.read(64).removeprefix(BYTE_ORDER_MARK).lstrip().startswith(b"[")


def _is_passed_over(file: Path, folder: Path, suffixes: Sequence[str]) -> bool:
    hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
    is_about_data = file.suffix.lower() in _DOCUMENTATION and file.suffix.lower() not in suffixes
    is_about_data |= file.name.lower() in _FACTS
    return hidden or is_about_data or file.stem.upper() in ("LICENSE", "LICENCE")


def _raw_file(path: Path, suffixes: Sequence[str]) -> RawFile:
    if not path.name.lower().endswith(tuple(suffixes)):
        raise InputError(
            f"no reader takes files that end in {path.suffix or 'no suffix'}",
            file=path,
            fix=f"unpack or convert it to one of {', '.join(suffixes)}, or move it out of the folder",
        )
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise InputError(
            f"the file cannot be read: {error.strerror}", file=path, fix="check its permissions"
        ) from error
    return RawFile(path=path, sha256=digest.hexdigest(), source=stem_of(path))


def _check_distinct(files: list[RawFile]) -> None:
    first_by_digest: dict[str, RawFile] = {}
    for file in files:
        first = first_by_digest.setdefault(file.sha256, file)
        if first is not file:
            raise InputError(
                f"the file is a byte-for-byte copy of {first.path}",
                file=file.path,
                fix="remove one of the two",
            )
