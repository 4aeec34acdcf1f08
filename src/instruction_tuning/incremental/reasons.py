"""Why a node has to run, in words: what it works with now against what it worked with last."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from instruction_tuning.incremental.code_walk import FILE
from instruction_tuning.incremental.file_digests import combined
from instruction_tuning.incremental.node_key import Ingredients
from instruction_tuning.incremental.records import Execution

MAX_REASONS = 3
_MAX_VALUE_CHARACTERS = 60

Redact = Callable[[str, str], str]


def flat_parameters(parameters: Mapping[str, Any], redact: Redact) -> dict[str, Any]:
    """`{"params:sft": {"lora": {"rank": 8}}}` as `{"sft.lora.rank": 8}`, secrets blanked."""
    named = {name.removeprefix("params:"): value for name, value in flatten(parameters).items()}
    return {name: _blanked(name, value, redact) for name, value in named.items()}


def flatten(value: object, prefix: str = "") -> dict[str, Any]:
    """`{"sft": {"lora": {"rank": 8}}}` as `{"sft.lora.rank": 8}`; pydantic models count as mappings."""
    dump = getattr(value, "model_dump", None)
    content = dump() if dump is not None else value
    if isinstance(content, Mapping) and content:
        return {
            name: flat
            for key, item in content.items()
            for name, flat in flatten(item, f"{prefix}.{key}" if prefix else str(key)).items()
        }
    return {prefix: content} if prefix else {}


def differences(now: Ingredients, before: Execution, redact: Redact) -> list[str]:
    """What changed since `before`, most telling first; inputs that are not known yet are passed over."""
    found = list(_changed_parameters(flat_parameters(now.parameters, redact), before.parameters))
    found += [
        f"{name} changed" if name.startswith(FILE) else f"code of {name} changed"
        for name in _changed_code(now.code, before.code)
    ]
    if bound_digest(now) != before.bound:
        found.append("values bound to the function changed")
    found += [f"file {name} changed" for name in changed_keys(now.files, before.files)]
    found += [f"catalog entry {name} changed" for name in changed_keys(now.entries, before.entries)]
    if now.wiring != before.wiring:
        found.append("its inputs or outputs were wired anew")
    for name, digest in now.inputs.items():
        old = before.inputs.get(name)
        if digest is not None and old is not None and digest != old.digest:
            found.append(f"input {name} changed")
    found += [
        f"{name} {before.versions.get(name, 'none')} -> {now.versions.get(name, 'none')}"
        for name in changed_keys(now.versions, before.versions)
    ]
    return found


def shown(reasons: list[str]) -> str:
    """The first reasons as one text."""
    more = len(reasons) - MAX_REASONS
    return "; ".join(reasons[:MAX_REASONS]) + (f"; and {more} more" if more > 0 else "")


def changed_keys(now: Mapping[str, Any], before: Mapping[str, Any]) -> list[str]:
    """Names whose values differ, or that only one side has."""
    return sorted(name for name in {*now, *before} if now.get(name) != before.get(name))


def bound_digest(now: Ingredients) -> str:
    """One digest for values of partials and closures: they may be large, or secret."""
    return combined(now.bound)


def _changed_parameters(now: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[str]:
    for name in changed_keys(now, before):
        old = _short(before[name]) if name in before else "not set"
        new = _short(now[name]) if name in now else "not set"
        # Two secrets look alike.
        yield f"parameter {name} {old} -> {new}" if old != new else f"parameter {name} changed"


def _changed_code(now: Mapping[str, str], before: Mapping[str, str]) -> list[str]:
    """Changed definitions first: what is new or gone follows from them."""
    both = [name for name in sorted({*now} & {*before}) if now[name] != before[name]]
    return both or changed_keys(now, before)


def _blanked(name: str, value: Any, redact: Redact) -> Any:
    text = value if isinstance(value, str) else str(value)
    blank = redact(name, text)
    return value if blank == text else blank


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _MAX_VALUE_CHARACTERS else text[: _MAX_VALUE_CHARACTERS - 1] + "…"
