"""The code behind one node: its function, what partials and closures hold, its data sets' classes."""

import functools
import platform
import sys
import types
from collections.abc import Callable, Iterable
from typing import Any

from instruction_tuning.incremental.code_closure import Code, CodeIndex, UnreadableCodeError
from instruction_tuning.incremental.contents import canonical
from instruction_tuning.incremental.local_packages import package_root


def function_code(function: Callable[..., Any], index: CodeIndex) -> tuple[Code, list[Any]]:
    """The closure of `function` and the values bound to it; raises `UnreadableCodeError`."""
    code = Code({}, frozenset())
    values: list[Any] = []
    while isinstance(function, functools.partial):
        for value in (*function.args, *sorted(function.keywords.items())):
            inner, found = _value(value, index)
            code, values = joined([code, inner]), [*values, found]
        function = function.func
    inner, found = _plain_function(function, index)
    return joined([code, inner]), [*values, *found]


def class_code(dotted: Iterable[str], index: CodeIndex) -> Code:
    """The closures of classes named `package.module.Class`; names that lead nowhere count for nothing."""
    codes = []
    for name in dict.fromkeys(dotted):
        module, _, attribute = name.rpartition(".")
        codes.append(index.closure(module, attribute))
        if module in sys.modules and package_root(module.split(".")[0]) is None:
            # An installed data set, made by now, works through what its own module imported.
            held = vars(sys.modules[module]).values()
            used = {value.__name__.split(".")[0] for value in held if isinstance(value, types.ModuleType)}
            codes.append(Code({}, frozenset(used)))
    return joined(codes)


def interpreter() -> str:
    """Implementation and minor version: `cpython 3.11`."""
    return f"{platform.python_implementation().lower()} {sys.version_info.major}.{sys.version_info.minor}"


def joined(codes: Iterable[Code]) -> Code:
    """All definitions and packages of `codes`."""
    listed = list(codes)
    definitions = {name: digest for code in listed for name, digest in code.definitions.items()}
    installed: set[str] = set().union(*(code.installed for code in listed))
    return Code(definitions, frozenset(installed))


def _plain_function(function: Any, index: CodeIndex) -> tuple[Code, list[Any]]:
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str) or module == "__main__":
        raise UnreadableCodeError(f"`{function!r}` is defined in no module")
    if getattr(function, "__self__", None) is not None and not isinstance(
        function.__self__, types.ModuleType
    ):
        code, value = _value(function.__self__, index)
        return joined([code, index.closure(module, name.split(".")[0])]), [value]
    if _leads_to(function, module, name):
        return index.closure(module, name.split(".")[0]), []
    # A lambda, a function inside a function, or a wrapper that bears the name of what it wraps: the code that
    # it was made by, which of the functions there it is, and what it holds.
    body = getattr(function, "__code__", None)
    if body is None:
        codes, values, held = [index.closure(module, name.split(".")[0])], [], []
    else:
        codes, values = [_surroundings(function, index)], _body(body)
        held = [cell.cell_contents for cell in function.__closure__ or () if cell != types.CellType()]
        held += [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).items()]
    wrapped = getattr(function, "__wrapped__", None)
    for value in [*held, *([] if wrapped is None else [wrapped])]:
        if value is not function:
            code, found = _value(value, index)
            codes.append(code)
            values.append(found)
    return joined(codes), values


def _leads_to(function: Any, module: str, name: str) -> bool:
    """Whether `name` is what `module` has bound to this very function, so that its text tells it all."""
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found is function


def _surroundings(function: Any, index: CodeIndex) -> Code:
    """The definition that `function` was written in; all of the module for one outside of any."""
    module = function.__globals__.get("__name__")
    if not isinstance(module, str) or module == "__main__":
        raise UnreadableCodeError(f"`{function!r}` is defined in no module")
    outermost = function.__code__.co_qualname.split(".")[0]
    return index.closure(module, "" if "<" in outermost else outermost)


def _body(code: types.CodeType) -> list[Any]:
    """What tells two functions of one module apart, whatever line they stand in."""
    constants = [_body(item) if isinstance(item, types.CodeType) else repr(item) for item in code.co_consts]
    return [code.co_code.hex(), list(code.co_names), constants]


def _value(value: Any, index: CodeIndex) -> tuple[Code, Any]:
    """The code and the JSON form of something that a function holds."""
    if isinstance(value, type):
        return index.closure(value.__module__, value.__qualname__.split(".")[0]), value.__qualname__
    if isinstance(value, types.ModuleType):
        return index.closure(value.__name__, ""), value.__name__
    if isinstance(value, tuple | list):
        parts = [_value(item, index) for item in value]
        return joined(code for code, _ in parts), [form for _, form in parts]
    if callable(value) and not hasattr(value, "model_dump"):
        code, values = function_code(value, index)
        return code, values
    plain = canonical(value)
    if plain is None:
        raise UnreadableCodeError(f"it holds a {type(value).__name__}, which has no JSON form")
    kind = type(value)
    return index.closure(kind.__module__, kind.__qualname__.split(".")[0]), plain["value"]
