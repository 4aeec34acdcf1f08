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
from instruction_tuning.incremental.file_digests import combined
from instruction_tuning.incremental.import_time import acts, calls_on_import, class_facts, dotted_name
from instruction_tuning.incremental.package_paths import written_places

# Names after which nobody can tell from the text what is used, called or handed on.
_DYNAMIC_NAMES = {
    "__import__", "__init_subclass__", "__subclasses__", "exec_module", "import_module", "import_string",
    "load_module", "load_obj", "locate", "resolve_name", "run_module", "run_path",
}  # fmt: skip
# The same, but with other things before the dot they are something else: `model.eval()`, `model.modules()`.
_DYNAMIC_CHAINS = {"eval", "exec", "builtins.eval", "builtins.exec", "sys.modules"}
_MODULE_NAMES = {
    "__dict__", "__doc__", "getcomments", "getdoc", "getmembers", "getsource", "getsourcelines", "globals",
    "locals", "vars",
}  # fmt: skip
_DOTTED = re.compile(r"\w+(?:[.:]\w+)+")
FILE_NAMES = {"__file__", "__path__", "__spec__"}
# What reads files of any package by its name, or tells where somebody else's lie.
_PACKAGE_FILE_NAMES = {
    "PackageLoader",
    "get_data",
    "getfile",
    "getsourcefile",
    "importlib_resources",
    "resources",
}
_UPWARDS = {"parent": 1, "dirname": 1, "pardir": 1, "parents": 2}


def read_module(file: Path, module: str, is_package: bool) -> dict[str, Any]:
    """`file` as JSON: its statements, each with the names bound, its digest, and what it refers to.

    `module` is its dotted name; `is_package` for an `__init__.py`, from where relative imports count.
    """
    tree = program(file)
    package = module if is_package else module.rpartition(".")[0]
    told = (_statement(node, package) for node in tree.body if not is_never_imported(node))
    statements = [statement for statement in told if statement is not None]
    return {
        "statements": statements,
        "whole": combined([statement["digest"] for statement in statements]),
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
        "package_files": walk.reads_package_files,
        "ups": walk.ups,
        "places": written_places(node) if walk.reads_files else None,
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
        self.reads_package_files = False
        self.ups = 0  # steps out of a folder, in all paths together

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if alias.asname:
                self.imports.append([alias.asname, alias.name, ""])
                self.dynamic |= alias.name in ("builtins", "sys")
                self.reads_package_files |= alias.name == "importlib.resources"
            else:
                # Binds the first part only; the rest is imported all the same.
                self.imports.append([alias.name.split(".")[0], alias.name.split(".")[0], ""])
                self.imports.append(["", alias.name, ""])

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = self._absolute(node.module or "", node.level, self._package)
        self.reads_package_files |= base == "importlib.resources"
        for alias in node.names:
            is_dynamic = self.dynamic
            self._flag(alias.name)
            if alias.asname in (None, alias.name):
                # Under its own name it is known again wherever it is used.
                self.dynamic = is_dynamic
            self.dynamic |= (base, alias.name) == ("sys", "modules")
            if alias.name == "*":
                self.stars.append(base)
            else:
                self.imports.append([alias.asname or alias.name, base, alias.name])

    def visit_Call(self, node: ast.Call) -> None:
        is_dynamic, is_told = self.dynamic, self._is_told(node)
        self.visit(node.func)
        if is_told:
            self.dynamic = is_dynamic
        for part in [*node.args, *node.keywords]:
            self.visit(part)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        is_dynamic, key = self.dynamic, node.slice
        self.generic_visit(node)
        if dotted_name(node.value) == ["sys", "modules"]:
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                self.texts.add(key.value)
                self.dynamic = is_dynamic
            elif isinstance(key, ast.Name) and key.id == "__name__":
                self.whole_module = True
                self.dynamic = is_dynamic

    def visit_Attribute(self, node: ast.Attribute) -> None:
        parts: list[str] = []
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute):
            parts.insert(0, inner.attr)
            self._flag(inner.attr)
            inner = inner.value
        if isinstance(inner, ast.Name):
            self._flag(inner.id)
            self._add_chain([inner.id, *parts])
        else:
            self.reads_package_files |= not FILE_NAMES.isdisjoint(parts)
            self.visit(inner)

    def visit_Constant(self, node: ast.Constant) -> None:
        """A dotted name in a text is a name too: lm-eval, for one, imports what its task files name."""
        own = self._package.split(".")[0]
        if isinstance(node.value, str):
            if node.value.startswith(f"{own}.") and _DOTTED.fullmatch(node.value):
                self.texts.add(node.value)
            self.ups += node.value.split("/").count("..")

    def visit_Name(self, node: ast.Name) -> None:
        self._flag(node.id)
        self._add_chain([node.id])

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._flag(node.name)
        self.generic_visit(node)

    def _add_chain(self, parts: list[str]) -> None:
        self.chains.add(".".join(parts))
        self.dynamic |= ".".join(parts[:2]) in _DYNAMIC_CHAINS or parts[0] in _DYNAMIC_CHAINS

    def _flag(self, name: str) -> None:
        self.dynamic |= name in _DYNAMIC_NAMES
        self.whole_module |= name in _MODULE_NAMES
        self.reads_files |= name in FILE_NAMES
        self.reads_package_files |= name in _PACKAGE_FILE_NAMES
        self.ups += _UPWARDS.get(name, 0)

    def _is_told(self, node: ast.Call) -> bool:
        """Whether `node` says in a text what it imports; then that is noted."""
        name, first = dotted_name(node.func)[-1], node.args[0] if node.args else None
        if (
            name not in _DYNAMIC_NAMES
            or not isinstance(first, ast.Constant)
            or not isinstance(first.value, str)
        ):
            return False
        if name != "import_module":
            self.texts.add(first.value)
            return True
        target = first.value.lstrip(".")
        level = len(first.value) - len(target)
        package: str | None = self._package
        if level:
            package = self._package_given([*node.args[1:], *(word.value for word in node.keywords)])
        if package is None:
            return False
        self.imports.append(["", self._absolute(target, level, package), "*"])
        return True

    def _package_given(self, arguments: list[ast.expr]) -> str | None:
        match arguments:
            case [ast.Name(id="__package__")]:
                return self._package
            case [ast.Constant(value=str(package))]:
                return package
        return None

    @staticmethod
    def _absolute(name: str, level: int, package: str) -> str:
        """What `name` after `level` dots means inside of `package`."""
        if not level:
            return name
        parts = package.split(".")
        parent = ".".join(parts[: len(parts) - level + 1])
        return f"{parent}.{name}" if name else parent
