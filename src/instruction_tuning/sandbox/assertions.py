"""Unit tests as a list of assertions, read from Python source; nothing is run here."""

import ast
from dataclasses import dataclass


@dataclass(frozen=True)
class CodeTests:
    """`tests` are assertions, each a text of its own; `setup` is what they need before."""

    tests: tuple[str, ...]
    setup: str = ""

    def text(self) -> str:
        """As one script."""
        return "\n".join(part for part in (self.setup, *self.tests) if part)


def assertions_of(source: str) -> CodeTests | None:
    """The different assertions at the top of `source`, or in functions named test…; null where there is none,
    or `source` is no Python.

    >>> assertions_of("assert f(1) == 2\\nassert f(0) == 1").tests
    ('assert f(1) == 2', 'assert f(0) == 1')
    """
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    tests, setup = [], []
    for node in body:
        if isinstance(node, ast.Assert):
            tests.append(ast.unparse(node))
        elif isinstance(node, ast.FunctionDef) and node.name.startswith("test") and not node.args.args:
            if any(isinstance(inner, ast.Assert) for inner in ast.walk(node)):
                tests.append(f"{ast.unparse(node)}\n{node.name}()")
        elif not isinstance(node, ast.Expr):
            setup.append(ast.unparse(node))
    distinct = tuple(dict.fromkeys(tests))
    return CodeTests(distinct, "\n".join(setup)) if distinct else None
