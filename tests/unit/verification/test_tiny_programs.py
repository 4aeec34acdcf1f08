"""One-line programs are worked out by a closed list of forms, and nothing else ever runs."""

import pytest

from instruction_tuning.verification.tiny_programs import UnsupportedProgramError, run_program


@pytest.mark.parametrize(
    ("program", "argument", "value"),
    [
        ("def f(x): return x + 3", 4, 7),
        ("def triple(n): return 3 * n", 4, 12),
        ("lambda y: y - 1", 4, 3),
        ("x // 2 + x % 2", 7, 4),
        ("-x", 2, -2),
        ("x[::-1]", "RKTO", "OTKR"),
        ("x[-2:]", [1, 2, 3], [2, 3]),
        ("x[1]", [1, 2, 3], 2),
        ("sorted(x)[:2]", [3, 1, 2], [1, 2]),
        ("list(reversed(x))", [1, 2], [2, 1]),
        ("max(x) + len(x)", [3, 1], 5),
        ("[x, x + 1]", 1, [1, 2]),
        ("x if x > 3 else 3", 1, 3),
        ("str(x)", 12, "12"),
        ("Code: def f(x): return sum(x)", [1, 2], 3),
    ],
)
def test_allowed_forms_have_their_value(program, argument, value):
    assert run_program(program, argument) == value


@pytest.mark.parametrize(
    "program",
    [
        "",
        "x +",
        "1 is x",
        "'a'(x)",
        "'\\d'.y",
        "y",
        "x.__class__",
        "open('secret')",
        "__import__('os').system('true')",
        "eval('1')",
        "[x for x in (1, 2)]",
        "(lambda: 1)()",
        "x ** x",
        "1 / 0",
        "x // 0",
        "x[99]",
        "x + 'a'",
        "'a' * 10000000",
        "[1] * 2000",
        "999999999999 * 999999999999",
        "sorted(x, key=x)",
        "def f(x): return f(x)",
        "(" * 150 + "x" + ")" * 150,
        "x" * 300,
    ],
)
def test_everything_else_is_refused(program):
    with pytest.raises(UnsupportedProgramError):
        run_program(program, 5)
