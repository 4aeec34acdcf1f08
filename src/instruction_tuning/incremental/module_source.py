"""What one Python file defines, and which names each definition uses: read from its syntax tree.

The digest of a definition leaves out comments, formatting, docstrings and what only type checkers read. The
result is plain JSON, so that it can be remembered for as long as the file does not change.
"""

import ast
import hashlib
import re
from pathlib import Path
from typing import Any

from instruction_tuning.code_digest import is_never_imported, program, tree_digest
from instruction_tuning.incremental.import_time import acts, calls_on_import, class_facts, dotted_name

# Names after which nobody can tell from the text what is used.
_DYNAMIC_CALLS = {"eval", "exec", "__import__", "import_module", "run_module", "exec_module"}
_DYNAMIC_NAMES = {"__subclasses__", "__init_subclass__"}
_MODULE_NAMES = {"globals", "locals", "vars", "__dict__", "__doc__", "getsource", "getmembers"}
_DOTTED = re.compile(r"\w+(?:[.:]\w+)+")
_FILE_NAMES = {"__file__", "__path__", "__spec__", "resources", "get_data"}


def read_module(file: Path, module: str, is_package: bool) -> dict[str, Any]:
    """`file` as JSON: its statements, each with the names bound, its digest, and what it refers to.

    `module` is its dotted name; `is_package` for an `__init__.py`, from where relative imports count.
    """
    tree = program(file)
    package = module if is_package else module.rpartition(".")[0]
    statements = [_statement(node, package) for node in tree.body if not is_never_imported(node)]
    return {
        "statements": [statement for statement in statements if statement is not None],
        "whole": tree_digest(tree),
        "text": hashlib.sha256(file.read_bytes()).hexdigest(),
    }


def _statement(node: ast.stmt, package: str) -> dict[str, Any] | None:
    if isinstance(node, ast.Pass):
        return None
    walk = _Names(package)
    walk.visit(node)
    return {
        "binds": _bound(node),
        "digest": tree_digest(node),
        "import": isinstance(node, ast.Import | ast.ImportFrom),
        "always": acts(node),
        "calls": calls_on_import(node),
        "class": class_facts(node),
        "imports": walk.imports,
        "stars": walk.stars,
        "chains": sorted(walk.chains),
        "dynamic": walk.dynamic,
        "whole": walk.whole_module,
        "files": walk.reads_files,
        "texts": sorted(walk.texts),
    }


def _bound(node: ast.stmt) -> list[str]:
    """The names of the module that `node` gives a value."""
    names: set[str] = set()
    for part in _outside_functions(node):
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(part.name)
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store | ast.Del):
            names.add(part.id)
        elif isinstance(part, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name.split(".")[0] for alias in part.names if alias.name != "*"}
        elif isinstance(part, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and part.name:
            names.add(part.name)
    return sorted(names)


def _outside_functions(node: ast.AST) -> Any:
    """`node` and all below it that runs in the module's own scope."""
    yield node
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
        return
    for child in ast.iter_child_nodes(node):
        yield from _outside_functions(child)


class _Names(ast.NodeVisitor):
    """Collects dotted names, imports, and what makes it impossible to tell."""

    def __init__(self, package: str) -> None:
        self._package = package
        self.chains: set[str] = set()
        self.imports: list[list[str]] = []  # alias, module, attribute or ""
        self.stars: list[str] = []
        self.texts: set[str] = set()
        self.dynamic = False
        self.whole_module = False
        self.reads_files = False

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.asname:
                self.imports.append([alias.asname, alias.name, ""])
            else:
                # Binds the first part only; the rest is imported all the same.
                self.imports.append([alias.name.split(".")[0], alias.name.split(".")[0], ""])
                self.imports.append(["", alias.name, ""])

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = node.module or ""
        if node.level:
            parts = self._package.split(".")
            parent = ".".join(parts[: len(parts) - node.level + 1])
            base = f"{parent}.{base}" if base else parent
        for alias in node.names:
            self._flag(alias.name)
            if alias.name == "*":
                self.stars.append(base)
            else:
                self.imports.append([alias.asname or alias.name, base, alias.name])

    def visit_Call(self, node: ast.Call) -> None:
        name = dotted_name(node.func)[-1]
        bare = isinstance(node.func, ast.Name)
        if name in _DYNAMIC_CALLS and (bare or name not in ("eval", "exec")):
            first = node.args[0] if node.args else None
            if name == "import_module" and isinstance(first, ast.Constant) and isinstance(first.value, str):
                self.imports.append(["", first.value, "*"])
            else:
                self.dynamic = True
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        parts: list[str] = []
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute):
            parts.append(inner.attr)
            self._flag(inner.attr)
            inner = inner.value
        if isinstance(inner, ast.Name):
            self._flag(inner.id)
            self.chains.add(".".join([inner.id, *reversed(parts)]))
        else:
            self.visit(inner)

    def visit_Constant(self, node: ast.Constant) -> None:
        """A dotted name in a text is a name too: lm-eval, for one, imports what its task files name."""
        own = self._package.split(".")[0]
        if isinstance(node.value, str) and node.value.startswith(f"{own}.") and _DOTTED.fullmatch(node.value):
            self.texts.add(node.value)

    def visit_Name(self, node: ast.Name) -> None:
        self._flag(node.id)
        self.chains.add(node.id)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._flag(node.name)
        self.generic_visit(node)

    def _flag(self, name: str) -> None:
        self.dynamic |= name in _DYNAMIC_NAMES
        self.whole_module |= name in _MODULE_NAMES
        self.reads_files |= name in _FILE_NAMES
