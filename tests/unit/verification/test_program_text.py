import pytest

from instruction_tuning.verification.program_text import holds_code


@pytest.mark.parametrize(
    "program",
    [
        "def f(x): return x + 3",
        "```\nx = 1\n```",
        "import math\nx = math.pi",
        "from math import pi",
        "class A(B):\n  x = 1",
        "class Program {\n}",
        "function f() { return 3 }",
        "f = lambda x: x + 3",
    ],
)
def test_a_program_is_code(program: str) -> None:
    assert holds_code(program)


@pytest.mark.parametrize(
    "prose",
    ["In return she gets 3.", "from the start\nto the end", "class of 20 children", "import taxes rose"],
)
def test_words_that_programs_use_too_are_prose(prose: str) -> None:
    assert not holds_code(prose)
