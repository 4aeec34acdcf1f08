"""Configuration in three layers: conf/base, the environment that is named, conf/local on top."""

from difflib import get_close_matches
from pathlib import Path
from typing import Any

from kedro.config import MissingConfigException, OmegaConfigLoader

from instruction_tuning.errors import ConfigurationError


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

    def _local_folder(self) -> str | None:
        """The folder on top; none where kedro reads it anyway, or where it is not to be read."""
        if self.env in (None, "", self.default_run_env, *self._sealed_environments):
            return None
        folder = Path(self.conf_source) / self.default_run_env
        return str(folder) if folder.is_dir() else None
