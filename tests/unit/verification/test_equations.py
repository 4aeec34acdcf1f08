"""Equations are found where they are written and computed exactly; nothing is evaluated."""

import pytest

from instruction_tuning.verification.equations import (
    equation_holds,
    equations_hold,
    equations_of,
    path_key,
)


def test_marked_equations_count_before_written_ones() -> None:
    assert equations_of("3 * 4 = <<3*4=12>>12, and 5 + 5 = 10") == ["3*4=12"]
    assert equations_of("First 20 ÷ 4 = 5, then (5 + 1) × 2 = 12.") == ["20/4=5", "(5+1)*2=12"]


@pytest.mark.parametrize(
    ("equation", "holds"),
    [
        ("3*4=12", True),
        ("10/3=3.333", True),
        ("10/3=3.3", False),
        ("50%*8=4", True),
        ("3*4=13", False),
        ("x+1=2", None),
        ("1/0=1", None),
        ("9**9**9=1", None),
        ("__import__('os')=1", None),
        ("(" * 90 + "1" + ")" * 90 + "=1", True),
    ],
)
def test_an_equation_holds_within_a_thousandth(equation: str, holds: bool | None) -> None:
    assert equation_holds(equation) is holds


def test_one_wrong_equation_damns_a_solution_and_right_ones_prove_nothing() -> None:
    wrong, right = equations_hold({}, "2+2=5, so 5"), equations_hold({}, "2+3=5, so 5")
    assert wrong is not None and not wrong.passed and "2+2=5" in wrong.reason
    assert right is not None and right.passed and not right.vouches
    assert equations_hold({}, "Balit") is None


def test_solutions_without_equations_do_not_share_a_path() -> None:
    assert path_key("It is Balit.") == path_key("it is  BALIT")
    assert path_key("It is Balit.") != path_key("It is Miran.")
    assert path_key("2+3=5") != path_key("3+2=5")
