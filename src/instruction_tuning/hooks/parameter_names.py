"""A misspelt parameter or a value that cannot be stops the run, with what was probably meant."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, get_args

from kedro.config import MissingConfigException
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.validation.type_extractor import TypeExtractor
from pydantic import BaseModel, ValidationError

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.hooks.wrong_values import first_wrong_value

# Parameters that no node takes: the composition root reads them.
RUN_PARAMETERS = ("answers", "candidate", "data", "documents", "other_answers", "seed_tasks")
# Globals that bear the name of a group of parameters: `--params` reaches the group only.
_GLOBALS_OF_THE_SAME_NAME = ("base_model",)
_IN_GLOBALS = "put `{key}: {value}` into conf/local/globals.yml, which holds for every environment"


class ParameterNameHooks:
    """Kedro itself passes over keys that no node asks for; pydantic knows no near miss."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        try:
            parameters = context.config_loader["parameters"]
        except MissingConfigException:
            return
        registered = dict(pipelines)
        keys = {
            name.removeprefix("params:").split(".")[0]
            for pipeline in registered.values()
            for name in pipeline.inputs()
            if name.startswith("params:")
        }
        check_globals(parameters, {*keys, *RUN_PARAMETERS})
        check_names(parameters, {*keys, *RUN_PARAMETERS}, path="")
        for key, model in TypeExtractor(registered).extract_types_from_pipelines().items():
            if key in parameters:
                check_group(key, parameters[key], model)


def check_globals(parameters: Mapping[str, Any], known: set[str]) -> None:
    """Raise `ConfigurationError` for a global among the parameters: nothing would read it there."""
    from instruction_tuning.hooks.global_settings import GlobalSettings

    for key, value in parameters.items():
        if key in GlobalSettings.model_fields and key not in known:
            raise ConfigurationError(
                f"`{key}` is no parameter but a global, which --params does not reach",
                field=key,
                fix=_IN_GLOBALS.format(key=key, value=value),
            )


def check_group(key: str, section: object, model: object) -> None:
    """Raise `ConfigurationError` for the first thing that is wrong with the group `key` of parameters."""
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return
    if not isinstance(section, Mapping):
        fix = f"name one of them: --params={key}.<name>=<value>"
        if key in _GLOBALS_OF_THE_SAME_NAME:
            fix = _IN_GLOBALS.format(key=key, value=section)
        raise ConfigurationError(
            f"`{key}` is a group of parameters and cannot be `{section}`", field=key, fix=fix
        )
    check_model_names(section, model, path=key)
    try:
        model.model_validate(section)
    except ValidationError as error:
        name, reason = first_wrong_value(error)
        path = f"{key}.{name}" if name else key
        raise ConfigurationError(
            f"the parameter `{path}` has a wrong value: {reason}",
            field=path,
            fix=f"correct it where conf/<env>/parameters*.yml sets it, or in --params={path}=<value>",
        ) from None


def check_names(section: Mapping[str, Any], known: set[str], *, path: str, file: str | None = None) -> None:
    """Raise `ConfigurationError`, naming `file`, for the first key of `section` that is not in `known`."""
    for key in section:
        if key not in known:
            close = get_close_matches(str(key), sorted(known), n=1)
            where = f"`{path}` takes" if path else "the top level takes"
            hint = f"did you mean `{close[0]}`? " if close else ""
            raise ConfigurationError(
                f"there is no parameter `{f'{path}.{key}' if path else key}`",
                file=file,
                field=str(key),
                fix=f"{hint}{where} {', '.join(sorted(known))}",
            )


def check_model_names(
    section: Mapping[str, Any], model: object, *, path: str, file: str | None = None
) -> None:
    """As `check_names`, for the fields of a pydantic model and of the models inside it."""
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return
    fields = model.model_fields
    aliases = {field.alias for field in fields.values() if field.alias}
    if model.model_config.get("extra") != "allow":
        check_names(section, {*fields, *aliases}, path=path, file=file)
    for key, field in fields.items():
        _check_value(section.get(key), field.annotation, path=f"{path}.{key}", file=file)


def _check_value(value: object, annotation: Any, *, path: str, file: str | None) -> None:
    candidates = list(_models(annotation))
    # Of a union only pydantic can tell which member is meant.
    if isinstance(value, Mapping) and len(candidates) == 1:
        check_model_names(value, candidates[0], path=path, file=file)
    elif isinstance(value, Mapping | list | tuple) and not candidates:
        held = list(_held(annotation, is_mapping=isinstance(value, Mapping)))
        named = value.items() if isinstance(value, Mapping) else enumerate(value)
        for name, inner in named if len(held) == 1 else ():
            _check_value(inner, held[0], path=f"{path}.{name}", file=file)


def _held(annotation: Any, *, is_mapping: bool) -> Iterator[Any]:
    """What the mappings, or the lists of any length, that `annotation` allows hold."""
    match getattr(annotation, "__origin__", None), get_args(annotation):
        case type() as origin, (_, value) if is_mapping and issubclass(origin, Mapping):
            yield value
        case type() as origin, (item,) if not is_mapping and issubclass(origin, list):
            yield item
        case type() as origin, (item, last) if not is_mapping and origin is tuple and last is Ellipsis:
            yield item
        case type() as origin, _ if issubclass(origin, Mapping | list | tuple):
            return
        case _, arguments:
            for argument in arguments:
                yield from _held(argument, is_mapping=is_mapping)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif annotation is not None:
        # A mapping's values are models of their own keys, not fields.
        origin = getattr(annotation, "__origin__", None)
        if not (isinstance(origin, type) and issubclass(origin, Mapping | list | tuple)):
            for argument in get_args(annotation):
                yield from _models(argument)
