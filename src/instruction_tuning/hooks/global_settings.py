"""conf/*/globals.yml, typed: what several files read must be spelt right before any of them reads it."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from kedro.config import MissingConfigException
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from pydantic import BaseModel, ConfigDict, Field, field_validator

from instruction_tuning.hooks.answer_source import MICROWORLD
from instruction_tuning.hooks.parameter_names import check_model_names
from instruction_tuning.hooks.wrong_values import validated
from instruction_tuning.lm.protocol import LOCAL

GLOBALS_FILES = "conf/<env>/globals.yml"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class EndpointSettings(BaseModel):
    """Another endpoint than the teacher's; `api_key_env` is the name of an environment variable, never a key.

    The prices have no default: a budget would be kept by them without a word.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str
    model: str
    api_key_env: str | None = None
    price_per_million_input_tokens: float = Field(ge=0)
    price_per_million_output_tokens: float = Field(ge=0)
    timeout_seconds: float = Field(default=60.0, gt=0)

    @field_validator("base_url")
    @classmethod
    def _is_address(cls, base_url: str) -> str:
        parts = urlsplit(base_url)
        is_address = parts.scheme in ("http", "https") and parts.hostname
        is_folder = base_url.startswith(LOCAL) and base_url != LOCAL
        if not (base_url == MICROWORLD or is_address or is_folder):
            raise ValueError(
                f"should be `{MICROWORLD}` or an address such as http://127.0.0.1:8000/v1, or `{LOCAL}` and "
                "the folder of a model"
            )
        if "@" in parts.netloc:
            raise ValueError("should hold no password; name the variable that holds the key in api_key_env")
        return base_url

    @field_validator("api_key_env")
    @classmethod
    def _is_variable(cls, api_key_env: str | None) -> str | None:
        if api_key_env is not None and not _VARIABLE.fullmatch(api_key_env):
            raise ValueError("should be the name of an environment variable, not the key itself")
        return api_key_env


class TeacherSettings(EndpointSettings):
    """The teacher's endpoint; `port` is that of the built-in one."""

    port: int = Field(ge=0, le=65535)
    api_key_env: str | None
    timeout_seconds: float = Field(gt=0)


class GlobalSettings(BaseModel):
    """What several pipelines share."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int
    raw_data: str
    base_model: str
    base_model_revision: str | None = None  # of a model on the hub
    teacher: TeacherSettings
    judge: EndpointSettings | None = None  # null: the teacher rates its own answers
    other_teachers: list[EndpointSettings] = []  # answer the same queries


class GlobalSettingsHooks:
    """Kedro passes over keys of globals that nothing asks for: a misspelt `base_url` would change nothing."""

    @hook_impl(tryfirst=True)
    def after_context_created(self, context: KedroContext) -> None:
        read_globals(context.config_loader)


def read_globals(config_loader: Mapping[str, Any]) -> GlobalSettings | None:
    """The globals of this environment, null in a project without any.

    Raises `ConfigurationError` for a key that does not exist, is missing, or has a value that cannot be.
    """
    try:
        content = config_loader["globals"]
    except (KeyError, MissingConfigException):
        return None
    check_model_names(content, GlobalSettings, path="globals", file=GLOBALS_FILES)
    return validated(
        GlobalSettings, content, what="the globals", files=GLOBALS_FILES, explained_in="conf/base/globals.yml"
    )
