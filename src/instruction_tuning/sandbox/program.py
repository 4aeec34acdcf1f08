"""What is run."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Program:
    """Source code, and the tests that judge it.

    The tests run in another process than the program: a name that they use and do not define is a function of
    the program, called over a pipe, and plain values come back. `functions` are further such names: of a task
    that asks for a function with the name of a builtin. Without tests the program is run as a script,
    and nothing but its own word says that it ran to its end.
    """

    source: str
    tests: str | None = None
    functions: tuple[str, ...] = ()
