"""The checking process: it runs the tests, and asks the untrusted process for each value.

Forked from the warden beside the program and confined like it, since a teacher's tests are no more to be
trusted than its programs. The program cannot reach it: what comes back is data. A name that the tests use
and do not define stands for a function of the program, with two exceptions: a builtin is always Python's
own (a program's `abs` does not judge a program), and `math.isclose` without an import means the module.
"""

import ast
import builtins
import importlib
import sys
from typing import Any

from instruction_tuning.sandbox.inside.frames import receive, send
from instruction_tuning.sandbox.inside.plain_values import decode, encode

VERDICTS = ("passed", "failed", "exited", "memory")
# For incremental runs: tests that a model wrote were written without this package.
RUNS_STRANGERS_CODE_ONLY = True
# These end a loop of the tests as if all were well: `all(map(holds, cases))`.
_ENDING_LOOPS = (StopIteration, StopAsyncIteration)


class ProgramEnded(BaseException):
    """The program is gone, or speaks nonsense. Not an Exception: a test that catches those does not pass."""


class ProgramFault(Exception):
    """The program raised an exception of a class of its own."""


class ProgramFunction:
    """A function of the program, called by name over the pipe."""

    def __init__(self, name: str, pipes: tuple[int, int], limit_bytes: int) -> None:
        self._name = name
        self._pipes = pipes
        self._limit_bytes = limit_bytes

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        requests, answers = self._pipes
        given = [encode(value) for value in arguments]
        named = {key: encode(value) for key, value in keywords.items()}
        try:
            send(requests, [self._name, given, named])
            kind, *content = receive(answers, self._limit_bytes)
            if kind == "value":
                return decode(content[0])
            name, text = str(content[0]), str(content[1])
        except Exception as fault:
            raise ProgramEnded(type(fault).__name__) from fault
        if name == "SystemExit":
            raise ProgramEnded("SystemExit")
        known = getattr(builtins, name, None)
        if isinstance(known, type) and issubclass(known, Exception) and not issubclass(known, _ENDING_LOOPS):
            raise _exception(known, text)
        raise ProgramFault(f"{name}: {text}")


def run_tests(
    tests: str, functions: list[str], *, requests: int, answers: int, limit_bytes: int
) -> dict[str, str]:
    """`status` and `reason` of the tests: passed if they run to their end, and in no other case."""
    try:
        loaded = receive(answers, limit_bytes)
    except (EOFError, OSError, ValueError):
        return {"status": "exited", "reason": "the program ended itself before its tests"}
    if loaded != "ok":
        return _not_loaded(loaded)
    try:
        tree = ast.parse(tests, "<tests>")
        namespace = _namespace(tree, set(functions), (requests, answers), limit_bytes)
        exec(compile(tree, "<tests>", "exec"), namespace)
    except ProgramEnded as fault:
        return {"status": "exited", "reason": f"the program ended itself during its tests ({fault})"}
    except MemoryError:
        return {"status": "memory", "reason": "the program ran out of memory during its tests"}
    except BaseException as fault:
        return {"status": "failed", "reason": _told(fault, tests)}
    return {"status": "passed", "reason": "all tests passed"}


def _not_loaded(loaded: Any) -> dict[str, str]:
    kind, text = (str(part) for part in (*loaded, "", "", "")[1:3]) if isinstance(loaded, list) else ("", "")
    if kind == "SystemExit":
        return {"status": "exited", "reason": "the program ended itself before its tests"}
    if kind == "MemoryError":
        return {"status": "memory", "reason": "the program ran out of memory"}
    return {"status": "failed", "reason": f"the program does not load: {kind}: {text}"[:500]}


def _namespace(
    tree: ast.Module, functions: set[str], pipes: tuple[int, int], limit_bytes: int
) -> dict[str, Any]:
    nodes = list(ast.walk(tree))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    defined = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    defined |= set(dir(builtins)) - functions
    defined |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            defined.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            defined |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    modules = {
        node.value.id
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    } & sys.stdlib_module_names - functions
    namespace: dict[str, Any] = {"__name__": "tests", "__builtins__": builtins}
    for name in sorted({node.id for node in names} - defined):
        if name in modules:
            namespace[name] = importlib.import_module(name)
        else:
            namespace[name] = ProgramFunction(name, pipes, limit_bytes)
    return namespace


def _exception(kind: type[Exception], text: str) -> Exception:
    try:
        return kind(text)
    except TypeError:  # some, like UnicodeDecodeError, want more than a text
        return ProgramFault(f"{kind.__name__}: {text}")


def _told(fault: BaseException, tests: str) -> str:
    line, place = "", fault.__traceback__
    while place is not None:
        if place.tb_frame.f_code.co_filename == "<tests>":
            line = tests.splitlines()[place.tb_lineno - 1].strip()
        place = place.tb_next
    text = f"{type(fault).__name__}: {fault}" if str(fault) else type(fault).__name__
    return f"{text} at `{line}`"[:500] if line else text[:500]
