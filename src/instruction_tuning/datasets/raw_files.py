"""The raw records that a user names: a file, a folder of files or a data set on the hub."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import TablePreview

from instruction_tuning.datasets.frame import preview_table
from instruction_tuning.datasets.remote import is_commit, require_local
from instruction_tuning.errors import ConfigurationError, InstructionTuningError


class RawFilesDataset(AbstractDataset[Any, Any]):
    """A file, a folder or `hub:owner/name/split`; loads as the list of files found with their digests, not as
    their content."""

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        require_local(filepath, "raw data")
        self._name = filepath
        self._is_of_hub = filepath.startswith("hub:")
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> Any:
        from instruction_tuning.canonical.raw_files import list_raw_files

        return list_raw_files(self._name)

    def save(self, data: Any) -> None:
        raise ConfigurationError(
            "raw data is never written", file=self._filepath, fix="take it out of a node's outputs"
        )

    def content_identity(self, path_digest: Callable[[Path], str]) -> dict[str, str] | None:
        """Names and bytes of the files: a file's name becomes the name of its source.

        On the hub a commit names the bytes; null of a branch, a tag or the newest: they move.
        """
        if self._is_of_hub:
            revision = self._name.partition("@")[2].partition("/")[0]
            return {"hub": self._name} if is_commit(revision) else None
        root, files = self._files()
        return {file.relative_to(root).as_posix(): path_digest(file) for file in files}

    def taken_versions(self) -> list[str]:
        """The version that a load takes of a data set that a pipeline wrote; none of what has no versions."""
        newest = self._newest_version()
        return [] if newest is None else [newest.parent.name]

    def preview(self, nrows: int = 5) -> TablePreview:
        """The files, each with its first row; of the hub the name, without asking it."""
        if self._is_of_hub:
            return preview_table([{"data set": self._name}], ["data set"])
        _, files = self._files()
        shown = [file for file in files if file.is_file()][:nrows]
        rows = [
            {"file": file.name, "bytes": file.stat().st_size, "first row": _first_row(file)} for file in shown
        ]
        return preview_table(rows, ["file", "bytes", "first row"])

    def _files(self) -> tuple[Path, list[Path]]:
        """What a load takes, and the folder that it lies in."""
        place = self._newest_version() or self._filepath
        if not place.is_dir():
            return place.parent, [place]
        return place, [file for file in sorted(place.rglob("*")) if not file.is_dir()]

    def _newest_version(self) -> Path | None:
        from instruction_tuning.canonical.raw_files import newest_version

        return None if self._is_of_hub else newest_version(self._filepath)

    def _exists(self) -> bool:
        """Of a data set on the hub true without a look: loading says better what is missing."""
        return self._is_of_hub or self._filepath.exists()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._name}


def _first_row(file: Path) -> str | None:
    """As it stands in the file; null of an empty one."""
    from instruction_tuning.canonical.rows import rows_of

    try:
        row = next(rows_of(file), None)
    except (InstructionTuningError, OSError, ValueError) as error:
        return f"cannot be read: {error}"
    return None if row is None else row.original()


class DocumentFilesDataset(RawFilesDataset):
    """As `RawFilesDataset`, for documents: files of text (Markdown, HTML) are among them."""

    def load(self) -> Any:
        from instruction_tuning.canonical.layout import DOCUMENT_SUFFIXES, SUFFIXES
        from instruction_tuning.canonical.raw_files import list_raw_files

        return list_raw_files(self._name, suffixes=(*SUFFIXES, *DOCUMENT_SUFFIXES))
