"""The raw files that a user names: one file or a folder of them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from instruction_tuning.errors import InputError

SUFFIXES = (".json", ".jsonl", ".csv", ".parquet")
_DOCUMENTATION = (".md", ".rst")
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class RawFile:
    """A raw file by path, with the SHA-256 of its bytes (64 hex digits) and its stem as the name of the
    source."""

    path: Path
    sha256: str
    source: str


def list_raw_files(path: Path | str, *, suffixes: Sequence[str] = SUFFIXES) -> list[RawFile]:
    """The file at `path`, or every data file in the folder at `path` and below, by name.

    Hidden files and documentation (`.md`, `.rst`, LICENSE) in a folder are passed over, unless `suffixes`
    names it. Raises `InputError` for a missing path, an empty folder, a suffix that is not among
    `suffixes`, and for two files with the same bytes, whose rows could not be told apart.
    """
    place = Path(path)
    if place.is_dir():
        candidates = sorted(
            file for file in place.rglob("*") if file.is_file() and not _is_passed_over(file, place, suffixes)
        )
        if not candidates:
            raise InputError(
                "the folder holds no raw files", file=place, fix=f"put {', '.join(suffixes)} files into it"
            )
    elif place.is_file():
        candidates = [place]
    else:
        raise InputError(
            "there is no such file or folder",
            file=place,
            fix=f"check the path; raw data are {', '.join(suffixes)} files or a folder of them",
        )
    files = [_raw_file(candidate, suffixes) for candidate in candidates]
    _check_distinct(files)
    return files


def is_json_lines(file: RawFile) -> bool:
    """Whether each row is a line of its own, so that the row's number is the line's."""
    if file.path.suffix.lower() != ".json":
        return file.path.suffix.lower() == ".jsonl"
    with file.path.open("rb") as stream:
        return not stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[")


def _is_passed_over(file: Path, folder: Path, suffixes: Sequence[str]) -> bool:
    hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
    is_documentation = file.suffix.lower() in _DOCUMENTATION and file.suffix.lower() not in suffixes
    return hidden or is_documentation or file.stem.upper() in ("LICENSE", "LICENCE")


def _raw_file(path: Path, suffixes: Sequence[str]) -> RawFile:
    if path.suffix.lower() not in suffixes:
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
    return RawFile(path=path, sha256=digest.hexdigest(), source=path.stem)


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
