"""Configuration in three layers: conf/base, the environment that is named, conf/local on top.

A file or a catalog entry over conf/base that is misspelt would do nothing: what is near a name there is told.
"""

import logging
import re
from difflib import get_close_matches
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from kedro.config import MissingConfigException, OmegaConfigLoader

from instruction_tuning.errors import ConfigurationError

logger = logging.getLogger(__name__)

# A near miss, and not merely something alike: `base_modle`, `parameter_sft.yml`.
_NEAR = 0.85
_YAML = (".yml", ".yaml")
_TOP_KEY = re.compile(r"^([A-Za-z]\w*):", re.MULTILINE)


class LayeredConfigLoader(OmegaConfigLoader):
    """Kedro's loader, but `conf/local` holds whatever environment is named.

    Kedro puts the named environment in the place of `local`: a teacher or a base model that a user has set
    there would be forgotten by `--env=alpaca`, without a word. `sealed_environments` are read without
    `local`: what they do is the same on every machine.
    """

    def __init__(self, *args: Any, sealed_environments: tuple[str, ...] = (), **kwargs: Any) -> None:
        self._sealed_environments = sealed_environments
        super().__init__(*args, **kwargs)
        self._require_environment()
        self._check_names()

    def __getitem__(self, key: str) -> dict[str, Any]:
        local = self._local_folder()
        if local is None or key in self or key not in self.config_patterns:
            return super().__getitem__(key)
        files: set[Path] = set()
        try:
            lower = super().__getitem__(key)
        except MissingConfigException:
            lower = {}
        own: dict[str, Any] = self.load_and_merge_dir_config(
            local, self.config_patterns[key], key, files, key == "credentials"
        )
        if not lower and not files:
            return super().__getitem__(key)  # for kedro's own error, which names the folders
        merged: dict[str, Any] = self._merge_configs(lower, own, key, local)
        return merged

    def _require_environment(self) -> None:
        """Kedro would run a name that has no folder as if none had been given."""
        source = Path(self.conf_source)
        if self.env in (None, "", self.base_env, self.default_run_env) or not source.is_dir():
            return
        there = sorted(folder.name for folder in source.iterdir() if folder.is_dir())
        if not (source / str(self.env)).is_dir():
            close = get_close_matches(str(self.env), there, n=1)
            hint = f"did you mean `{close[0]}`? " if close else ""
            raise ConfigurationError(
                f"there is no environment `{self.env}`",
                field="env",
                fix=f"{hint}{source} has {', '.join(there)}",
            )

    def _check_names(self) -> None:
        """Kedro passes over a file whose name no pattern matches, and a misspelt entry is one more."""
        base = Path(self.conf_source) / str(self.base_env)
        files, entries = _yaml_files(base), _catalog_entries(base)
        patterns = [pattern for several in self.config_patterns.values() for pattern in several]
        for folder in self._folders_over(base):
            for name in sorted(_yaml_files(folder) - files):
                is_read = any(fnmatch(name, pattern) for pattern in patterns)
                if not is_read and (close := _near(name, files)):
                    raise ConfigurationError(
                        f"nobody reads `{name}`", file=folder / name, fix=f"did you mean `{close}`? Rename it"
                    )
            for name in sorted(_catalog_entries(folder) - entries):
                if close := _near(name, entries):
                    logger.warning(
                        "%s has an entry `%s` that %s does not have: did you mean `%s`?",
                        folder,
                        name,
                        base,
                        close,
                    )

    def _folders_over(self, base: Path) -> list[Path]:
        """Those that are read beside `base`."""
        named = Path(self.conf_source) / str(self.env or self.default_run_env)
        local = self._local_folder()
        folders = [named] if local is None else [named, Path(local)]
        return [folder for folder in folders if folder.is_dir() and folder != base]

    def _local_folder(self) -> str | None:
        """The folder on top; none where kedro reads it anyway, or where it is not to be read."""
        if self.env in (None, "", self.default_run_env, *self._sealed_environments):
            return None
        folder = Path(self.conf_source) / self.default_run_env
        return str(folder) if folder.is_dir() else None


def _yaml_files(folder: Path) -> set[str]:
    return {file.name for file in folder.glob("*") if file.suffix in _YAML}


def _catalog_entries(folder: Path) -> set[str]:
    """The names at the beginning of a line: enough to look for a near miss, and no file is parsed twice."""
    files = [file for file in folder.glob("catalog*") if file.suffix in _YAML]
    return {name for file in files for name in _TOP_KEY.findall(file.read_text(encoding="utf-8"))}


def _near(name: str, known: set[str]) -> str | None:
    return next(iter(get_close_matches(name, sorted(known), n=1, cutoff=_NEAR)), None)
