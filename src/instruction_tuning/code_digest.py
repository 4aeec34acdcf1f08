"""What a Python file tells the interpreter to do, as one digest: it outlives edits that change no behaviour.

Comments, formatting, docstrings, other texts that stand alone, and what only type checkers read are left out.
"""

import ast
import hashlib
from pathlib import Path


def program_digest(file: Path) -> str:
    """16 hex digits that change with what the Python file `file` does."""
    return tree_digest(program(file))


def program(file: Path) -> ast.Module:
    """The syntax tree of `file`, without what is only there to be read."""
    tree = _WithoutTexts().visit(ast.parse(file.read_bytes()))
    assert isinstance(tree, ast.Module)
    return tree


def tree_digest(node: ast.AST) -> str:
    """16 hex digits of a syntax tree, wherever in its file it stands."""
    return hashlib.sha256(ast.dump(node, annotate_fields=False).encode()).hexdigest()[:16]


def is_never_imported(node: ast.AST) -> bool:
    """`if TYPE_CHECKING:` and `if __name__ == "__main__":` without an else: importing skips what is in it."""
    if not isinstance(node, ast.If) or node.orelse:
        return False
    test = node.test
    if isinstance(test, ast.Compare):
        return ast.dump(test) == _IS_MAIN
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return name == "TYPE_CHECKING"


_IS_MAIN = ast.dump(ast.parse('__name__ == "__main__"', mode="eval").body)


class _WithoutTexts(ast.NodeTransformer):
    """Takes out docstrings and other texts that stand alone, and what only type checkers read."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        for field in ("body", "orelse", "finalbody"):
            body = getattr(node, field, None)
            if isinstance(body, list) and body:
                kept = [part for part in body if not (_is_text(part) or is_never_imported(part))]
                setattr(node, field, kept or ([] if isinstance(node, ast.Module) else [ast.Pass()]))
        return node


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
