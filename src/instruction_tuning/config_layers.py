"""Configuration in three layers: conf/base, the environment that is named, conf/local on top."""

from pathlib import Path
from typing import Any

from kedro.config import MissingConfigException, OmegaConfigLoader


class LayeredConfigLoader(OmegaConfigLoader):
    """Kedro's loader, but `conf/local` holds whatever environment is named.

    Kedro puts the named environment in the place of `local`: a teacher or a base model that a user has set
    there would be forgotten by `--env=alpaca`, without a word. `sealed_environments` are read without
    `local`: what they do is the same on every machine.
    """

    def __init__(self, *args: Any, sealed_environments: tuple[str, ...] = (), **kwargs: Any) -> None:
        self._sealed_environments = sealed_environments
        super().__init__(*args, **kwargs)

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

    def _local_folder(self) -> str | None:
        """The folder on top; none where kedro reads it anyway, or where it is not to be read."""
        if self.env in (None, "", self.default_run_env, *self._sealed_environments):
            return None
        folder = Path(self.conf_source) / self.default_run_env
        return str(folder) if folder.is_dir() else None
