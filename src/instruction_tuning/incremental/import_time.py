"""What importing a module does by one of its statements: values it gives to names, and anything beyond.

A statement may leave something behind elsewhere, in a registry say, by what it assigns to, by what it calls
or by the class that it makes. Only what is called by its text is told here; where a name leads is for the
walk to say, and it takes a callable for harmless only when `HARMLESS` or `HARMLESS_BUILTINS` has it.
"""

import ast
from collections.abc import Iterator
from typing import Any

# By top-level package, callables that only make a value or mark what they are given.
HARMLESS: dict[str, frozenset[str]] = {
    "abc": frozenset({"abstractmethod"}),
    "ast": frozenset({"dump", "parse"}),
    "collections": frozenset({"Counter", "OrderedDict", "defaultdict", "deque", "namedtuple"}),
    "contextlib": frozenset({"asynccontextmanager", "contextmanager"}),
    "contextvars": frozenset({"ContextVar"}),
    "dataclasses": frozenset({"dataclass", "field", "fields"}),
    "datetime": frozenset({"date", "datetime", "timedelta"}),
    "decimal": frozenset({"Decimal"}),
    "enum": frozenset({"auto", "unique"}),
    "fractions": frozenset({"Fraction"}),
    "functools": frozenset({"cache", "cached_property", "lru_cache", "partial", "total_ordering", "wraps"}),
    "itertools": frozenset({"chain", "count", "product", "repeat"}),
    "json": frozenset({"JSONDecoder", "JSONEncoder"}),
    "kedro": frozenset({"hook_impl"}),
    "logging": frozenset({"getLogger"}),
    "operator": frozenset({"attrgetter", "itemgetter", "methodcaller"}),
    "pandera": frozenset({"Field", "check", "dataframe_check"}),
    "pathlib": frozenset({"Path", "PurePath", "PurePosixPath"}),
    "pydantic": frozenset({"ConfigDict", "Field", "field_validator", "model_validator"}),
    "re": frozenset({"compile", "escape"}),
    "threading": frozenset({"Event", "Lock", "RLock", "local"}),
    "types": frozenset({"MappingProxyType", "SimpleNamespace"}),
    "typing": frozenset(
        {"NewType", "ParamSpec", "TypeVar", "final", "overload", "override", "runtime_checkable"}
    ),
    "typing_extensions": frozenset({"override"}),
    "weakref": frozenset({"WeakKeyDictionary", "WeakSet", "WeakValueDictionary"}),
}
# `map` and `filter` are not among them: they call what they are given.
HARMLESS_BUILTINS = frozenset(
    {
        "abs", "all", "any", "bool", "bytearray", "bytes", "chr", "classmethod", "complex", "dict", "divmod",
        "enumerate", "float", "format", "frozenset", "hash", "hex", "int", "isinstance", "issubclass",
        "len", "list", "max", "min", "object", "ord", "pow", "property", "range", "repr", "reversed", "round",
        "set", "slice", "sorted", "staticmethod", "str", "sum", "super", "tuple", "zip",
    }
)  # fmt: skip
# Of any value, called without an argument; with arguments, of what is no value of this project's making.
HARMLESS_METHODS = frozenset(
    {
        "absolute", "as_posix", "casefold", "copy", "decode", "encode", "expanduser", "format", "fromkeys",
        "glob", "items", "join", "joinpath", "keys", "lower", "lstrip", "partition", "read_bytes",
        "read_text", "removeprefix", "removesuffix", "replace", "resolve", "rglob", "rstrip", "split",
        "splitlines", "strip", "title", "upper", "values", "with_name", "with_suffix",
    }
)  # fmt: skip
# Base classes of others' whose instances come about without code of this project.
PLAIN_BASES = frozenset(
    {
        "ABC", "BaseModel", "Enum", "Exception", "Generic", "IntEnum", "NamedTuple", "Protocol", "StrEnum",
        "TypedDict", "ValueError", "dict", "float", "frozenset", "int", "list", "object", "set", "str",
        "tuple",
    }
)  # fmt: skip
_HARMLESS_METACLASSES = frozenset({"ABCMeta", "EnumMeta", "EnumType"})
_MAKING = frozenset({"__init__", "__new__", "__post_init__", "__set_name__", "__setattr__", "__call__"})
_METHOD_MARKS = frozenset(
    {"abstractmethod", "cached_property", "classmethod", "final", "overload", "override", "property",
     "staticmethod"}
)  # fmt: skip
_CALLED_LATER = ("default_factory", "key")
# What is called and has no name to look up.
UNNAMED = ""

_Function = (ast.FunctionDef, ast.AsyncFunctionDef)


def acts(node: ast.stmt) -> bool:
    """Whether `node` does more than to give values to names, whatever it calls."""
    if isinstance(node, ast.ClassDef):
        return any(acts(part) for part in node.body) or any(
            isinstance(part, ast.ClassDef) and (part.bases or part.keywords) for part in node.body
        )
    if isinstance(node, ast.Assign):
        return not all(isinstance(part, ast.Name) for target in node.targets for part in _targets(target))
    if isinstance(node, ast.AnnAssign):
        return not isinstance(node.target, ast.Name)
    if isinstance(node, ast.Expr):
        return not isinstance(node.value, ast.Constant)
    # `+=` changes a list in place, and it may be another module's.
    return not isinstance(node, (*_Function, ast.Import, ast.ImportFrom, ast.Pass))


def calls_on_import(node: ast.stmt) -> list[list[Any]]:
    """What importing `node` calls: dotted names or UNNAMED, each with whether it gets arguments."""
    found = {(UNNAMED if name is None else name, given) for name, given in _calls(node, frozenset())}
    return sorted([name, given] for name, given in found)


def class_facts(node: ast.stmt) -> dict[str, Any] | None:
    """Of a class: its bases; whether code runs when it is made, or a subclass, and not with an instance."""
    if not isinstance(node, ast.ClassDef):
        return None
    methods = [part for part in node.body if isinstance(part, _Function)]
    names = {method.name for method in methods}
    marks = {
        dotted_name(mark.func if isinstance(mark, ast.Call) else mark)[-1]
        for method in methods
        for mark in method.decorator_list
    }
    metaclasses = [dotted_name(word.value)[-1] for word in node.keywords if word.arg == "metaclass"]
    return {
        "bases": [".".join(dotted_name(base)) for base in node.bases],
        "metaclass": not _HARMLESS_METACLASSES.issuperset(metaclasses),
        "hook": "__init_subclass__" in names,
        "plain": not (names & _MAKING) and marks <= _METHOD_MARKS and not metaclasses,
    }


def dotted_name(node: ast.expr) -> list[str]:
    """`a.b.c`, or `a.b.c[d]`, by its parts; what comes of no name has an empty first part."""
    parts: list[str] = []
    inner = node.value if isinstance(node, ast.Subscript) else node
    while isinstance(inner, ast.Attribute):
        parts.insert(0, inner.attr)
        inner = inner.value
    return [inner.id if isinstance(inner, ast.Name) else UNNAMED, *parts]


def _calls(node: ast.AST, own: frozenset[str]) -> Iterator[tuple[str | None, bool]]:
    """Calls in all that runs when `node` is imported; `own` are names of the class around it."""
    if isinstance(node, (*_Function, ast.ClassDef)):
        yield from _definition_calls(node, own)
        return
    if isinstance(node, ast.Lambda):
        for default in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
            yield from _calls(default, own)
        return
    if isinstance(node, ast.Call):
        given = bool(node.args or node.keywords)
        if not _is_method_of_a_plain_value(node.func):
            yield _called(node.func, own), given
        for word in node.keywords:
            if word.arg in _CALLED_LATER:
                yield from _later(word.value, own)
    for child in ast.iter_child_nodes(node):
        yield from _calls(child, own)


def _definition_calls(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, own: frozenset[str]
) -> Iterator[tuple[str | None, bool]]:
    for mark in node.decorator_list:
        if isinstance(mark, ast.Call):
            yield from _calls(mark, own)
        else:
            yield _called(mark, own), True
    if isinstance(node, ast.ClassDef):
        names = frozenset(part.name for part in node.body if isinstance(part, _Function))
        for part in [*node.bases, *(word.value for word in node.keywords), *node.body]:
            yield from _calls(part, names)
        return
    for part in ast.walk(node.args):
        if isinstance(part, ast.arg) and part.annotation is not None:
            yield from _calls(part.annotation, own)
    for value in [*node.args.defaults, *filter(None, [*node.args.kw_defaults, node.returns])]:
        yield from _calls(value, own)


def _called(function: ast.expr, own: frozenset[str]) -> str | None:
    parts = dotted_name(function)
    if isinstance(function, ast.Subscript) or parts == [UNNAMED]:
        return None
    if parts[0] in own:
        # `@size.setter`; any other method of the class is this project's code.
        return "property" if parts[1:] in (["setter"], ["getter"], ["deleter"]) else None
    return ".".join(parts)


def _later(function: ast.expr, own: frozenset[str]) -> Iterator[tuple[str | None, bool]]:
    if isinstance(function, ast.Lambda):
        yield from _calls(function.body, own)
    elif not isinstance(function, ast.Constant):
        yield _called(function, own), True


def _is_method_of_a_plain_value(function: ast.expr) -> bool:
    """`"|".join`; `Path(__file__).parent.glob` too, for the call of `Path` is looked at by itself."""
    if not isinstance(function, ast.Attribute) or function.attr not in HARMLESS_METHODS:
        return False
    inner: ast.expr = function.value
    while isinstance(inner, ast.Attribute):
        inner = inner.value
    return isinstance(inner, ast.Constant | ast.JoinedStr | ast.Call)


def _targets(target: ast.expr) -> list[ast.expr]:
    if isinstance(target, ast.Tuple | ast.List):
        return [part for element in target.elts for part in _targets(element)]
    return [target.value if isinstance(target, ast.Starred) else target]
