"""Nodes of rounds, which know their number: what a round leaves may hold no row that tells it."""

from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any


def in_round(function: Callable[..., Any], number: int) -> Callable[..., Any]:
    """`function` with its argument `number`; with its name and its types, which Kedro reads."""
    return update_wrapper(partial(function, number=number), function)
