"""Which values a typed parameter may take, where its type writes them out."""

from typing import Any, Literal, get_args, get_origin

from kedro.framework.project import pipelines
from kedro.validation.type_extractor import TypeExtractor
from pydantic import BaseModel


def choices_of(name: str) -> tuple[Any, ...]:
    """The values of the `Literal` that parameter `name`, such as `ingestion.checks.email`, is typed with.

    Empty for any other type, and where no pipeline takes such a parameter.
    """
    for key, model in TypeExtractor(dict(pipelines)).extract_types_from_pipelines().items():
        if name.startswith(f"{key}."):
            annotation = _annotation(model, name.removeprefix(f"{key}.").split("."))
            if get_origin(annotation) is Literal:
                return get_args(annotation)
    return ()


def _annotation(model: Any, path: list[str]) -> Any:
    """The type at `path`, by way of pydantic models alone; null where it leads nowhere."""
    for part in path:
        if not (isinstance(model, type) and issubclass(model, BaseModel)) or part not in model.model_fields:
            return None
        model = model.model_fields[part].annotation
    return model
