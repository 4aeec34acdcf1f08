"""Principles, exemplars, topics and identity records of self-alignment: YAML files that users edit."""

import re
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.prompts.read_prompts import digest_of, note_read

_FOLDER = Path(__file__).parent
_BRACES = re.compile(r"[{}]")


class Principle(BaseModel):
    """What an answer is to keep to; thoughts name it as `[name]`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^\w[\w-]*$")
    text: str = Field(min_length=1)


class Exemplar(BaseModel):
    """An answered query with the thoughts before the answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    query: str = Field(min_length=1)
    thoughts: str = Field(min_length=1)
    answer: str = Field(min_length=1)


class TopicKind(BaseModel):
    """A kind of request with topics to begin with; `adversarial` kinds test manners and limits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = Field(min_length=1)
    adversarial: bool = False
    topics: tuple[str, ...] = Field(min_length=1)


class IdentityRecord(BaseModel):
    """A question about the model itself; `{name}` and `{maker}` in the answer are filled in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    query: str = Field(min_length=1)
    answer: str = Field(min_length=1)


Entry = TypeVar("Entry", bound=BaseModel)


def read_principles(path: Path | None = None) -> list[Principle]:
    """Those of `principles.yml` or of the file at `path`; `ConfigurationError` where two share a name."""
    principles = _read(path, "principles", Principle)
    _refuse_doubles([principle.name for principle in principles], path, "principles")
    return principles


def read_exemplars(path: Path | None = None) -> list[Exemplar]:
    """Those of `exemplars.yml` or of the file at `path`."""
    return _read(path, "exemplars", Exemplar)


def read_topic_kinds(path: Path | None = None) -> list[TopicKind]:
    """Those of `alignment_topics.yml` or of the file at `path`."""
    kinds = _read(path, "alignment_topics", TopicKind)
    _refuse_doubles([kind.kind for kind in kinds], path, "alignment_topics")
    return kinds


def read_identity(path: Path | None = None, *, name: str, maker: str) -> list[IdentityRecord]:
    """Those of `identity.yml` or of the file at `path`, with the name and the maker in their places."""
    records = []
    for number, record in enumerate(_read(path, "identity", IdentityRecord), start=1):
        answer = record.answer.replace("{name}", name).replace("{maker}", maker)
        if _BRACES.search(answer.replace(name, "").replace(maker, "")):
            raise ConfigurationError(
                f"an answer has a placeholder that is not known: {record.answer!r}",
                file=path or _FOLDER / "identity.yml",
                record=f"entry {number}",
                fix="write {name} and {maker}, and no other braces",
            )
        records.append(IdentityRecord(query=record.query, answer=answer))
    return records


def _read(path: Path | None, name: str, entry: type[Entry]) -> list[Entry]:
    file = path or _FOLDER / f"{name}.yml"
    fix = f"write it as prompts/{name}.yml is written"
    try:
        text = file.read_text(encoding="utf-8")
        entries = TypeAdapter(list[entry]).validate_python(  # type: ignore[valid-type]
            yaml.safe_load(text)
        )
    except FileNotFoundError:
        raise ConfigurationError(
            "there is no such file", file=file, fix=f"check the path, or {fix}"
        ) from None
    except yaml.YAMLError as error:
        raise ConfigurationError(f"this is no YAML: {error}", file=file, fix=fix) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigurationError(f"{place}: {first['msg']}", file=file, fix=fix) from error
    if not entries:
        raise ConfigurationError("the file has no entry", file=file, fix=fix)
    note_read(name, digest_of(text), text)
    return list(entries)


def _refuse_doubles(names: list[str], path: Path | None, file: str) -> None:
    for number, name in enumerate(names):
        if name in names[:number]:
            raise ConfigurationError(
                f"two entries are called {name!r}",
                file=path or _FOLDER / f"{file}.yml",
                record=f"entry {number + 1}",
                fix="give each a name of its own",
            )
