"""Small changes to a program, to see whether tests notice: what no change breaks is no test.

Mutation analysis (DeMillo, Lipton and Sayward 1978) for the warning about self-generated tests in Code
Llama's recipe (Rozière et al. 2023, arXiv 2308.12950). Each mutant has one change: another operator or
comparison, a number one off, a negated condition, a call replaced by its argument, a returned value by None.
O(nodes²), bounded by `limit` mutants, spread over the program.
"""

import ast
from collections.abc import Iterator

_LONGEST_PROGRAM = 10_000  # characters
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.Pow: ast.Mult,
}
_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}


def mutants_of(source: str, *, limit: int) -> list[str]:
    """At most `limit` different programs that are `source` with one change; none where it does not parse.

    >>> len(mutants_of("def f(x): return x + 1", limit=9))
    4
    """
    if len(source) > _LONGEST_PROGRAM:
        return []
    try:
        tree = ast.parse(source)
        plain = ast.unparse(tree)
        found = [_with_change(tree, node, change) for node, change in list(_changes_within(tree))]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    distinct = [text for text in dict.fromkeys(found) if text != plain]
    if len(distinct) <= limit:
        return distinct
    return [distinct[place * len(distinct) // limit] for place in range(limit)]


def _with_change(tree: ast.Module, node: ast.AST, change: ast.AST) -> str:
    """The program with `change` in the place of `node`; `tree` is as before then."""
    text = ast.unparse(ast.fix_missing_locations(_Swap(node, change).visit(tree)))
    _Swap(change, node).visit(tree)
    return text


class _Swap(ast.NodeTransformer):
    """Puts a node in the place of another."""

    def __init__(self, node: ast.AST, other: ast.AST) -> None:
        self._node, self._other = node, other

    def visit(self, node: ast.AST) -> ast.AST:
        return self._other if node is self._node else self.generic_visit(node)


def _changes_within(tree: ast.Module) -> Iterator[tuple[ast.AST, ast.AST]]:
    nodes = list(ast.walk(tree))
    # Another docstring is the same program.
    said = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    return ((node, change) for node in nodes if id(node) not in said for change in _changes(node))


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            yield ast.BinOp(left, _OPERATORS[type(op)](), right)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISONS:
            yield ast.Compare(left, [_COMPARISONS[type(op)]()], [right])
        case ast.BoolOp(op=ast.And(), values=values):
            yield ast.BoolOp(ast.Or(), values)
        case ast.BoolOp(op=ast.Or(), values=values):
            yield ast.BoolOp(ast.And(), values)
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield operand
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() as value):
            yield ast.Constant(value + 1)
            yield ast.Constant(value - 1)
        case ast.Constant(value=str() as value) if value:
            yield ast.Constant("")
        case ast.If(test=test, body=body, orelse=orelse):
            yield ast.If(ast.UnaryOp(ast.Not(), test), body, orelse)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yield ast.IfExp(test, orelse, body)
        case ast.Subscript(value=value, slice=ast.Slice()):
            yield value
        case ast.Call(func=ast.Name(), args=[first, *_], keywords=_) if not isinstance(first, ast.Starred):
            yield first
        case ast.Return(value=ast.expr()):
            yield ast.Return(ast.Constant(None))
        case _:
            return
