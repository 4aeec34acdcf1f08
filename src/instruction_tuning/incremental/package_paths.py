"""Paths that a statement writes out from its own file: `Path(__file__).parents[1] / "prompts"`.

What is written so is taken at its word, and an edit of another folder's files runs nothing.
"""

import ast
from collections.abc import Iterator, Mapping
from typing import Any

_STEPS = {"dirname", "pardir", "parent", "parents"}
_SAME_FILE = {"absolute", "resolve"}
_Loops = Mapping[str, list[str]]


class _UnknownError(Exception):
    """A path that cannot be told from the text."""


def written_places(node: ast.stmt) -> list[list[Any]] | None:
    """Of each path the steps up (1: to the file's folder) and what is below; null unless all are plain."""
    try:
        return list(_places(node, {}))
    except _UnknownError:
        return None


def _places(node: ast.AST, loops: _Loops) -> Iterator[list[Any]]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        ups, names = _ups(node.left), _texts(node.right, loops)
        if ups is not None and ups > 1 and names is not None:
            yield from ([ups, name] for name in names)
            return
    if isinstance(node, ast.expr) and (ups := _ups(node)):
        yield [ups, ""]
        return
    name = getattr(node, "id", getattr(node, "attr", None))
    is_up = isinstance(node, ast.Constant) and isinstance(node.value, str) and ".." in node.value
    if name == "__file__" or name in _STEPS or is_up:
        raise _UnknownError
    if isinstance(node, ast.GeneratorExp | ast.ListComp | ast.SetComp):
        given = {_name(part.target): _texts(part.iter, {}) for part in node.generators}
        loops = {**loops, **{key: texts for key, texts in given.items() if texts is not None}}
    for child in ast.iter_child_nodes(node):
        yield from _places(child, loops)


def _ups(node: ast.expr) -> int | None:
    """Steps from `__file__` to `node`; null for anything else."""
    match node:
        case ast.Call(func=ast.Name(id="Path"), args=[ast.Name(id="__file__")], keywords=[]):
            return 0
        case ast.Call(func=ast.Attribute(value=inner, attr=method), args=[]) if method in _SAME_FILE:
            return _ups(inner)
        case ast.Attribute(value=inner, attr="parent"):
            ups = _ups(inner)
            return None if ups is None else ups + 1
        case ast.Subscript(
            value=ast.Attribute(value=inner, attr="parents"), slice=ast.Constant(value=int(step))
        ) if step >= 0:
            ups = _ups(inner)
            return None if ups is None else ups + step + 1
    return None


def _texts(node: ast.expr, loops: _Loops) -> list[str] | None:
    """What `node` may be, for a text, a row of texts and a name that runs through one."""
    match node:
        case ast.Constant(value=str(text)) if ".." not in text and not text.startswith("/"):
            return [text]
        case ast.Name(id=name):
            return loops.get(name)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            found = [_texts(part, {}) for part in parts]
            return [text for texts in found for text in texts or []] if None not in found else None
    return None


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""
