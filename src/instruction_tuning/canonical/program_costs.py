"""What the strategies that test programs ask beside answers: tests before them, repairs of those that fail.

Nobody knows before a run which programs are selected and which of them fail. All counts are the most that
there can be: every record that asks for a program is selected, as far as the budget goes, and every program
fails. A reply with tests counts as long as it may be.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from instruction_tuning.canonical.cost_estimates import Calls

CountTokens = Callable[[list[str]], list[int]]


@dataclass(frozen=True, slots=True)
class ProgramPlan:
    """`asks_for_program` tells it of a prompt; the texts are what stands around task, tests and program in a
    request; `num_repairs` is 0 where failures stay as they are."""

    asks_for_program: Callable[[str], bool]
    tests_prompt: str
    solving_prompt: str
    repair_prompt: str
    num_repairs: int


@dataclass(frozen=True, slots=True)
class ProgramCalls:
    """`shown_tokens` are those that tests add to the requests for answers; `repaired` is how many repairs
    there are to rate."""

    tests: Calls
    repairs: Calls
    shown_tokens: int
    repaired: int


def program_calls(
    plan: ProgramPlan,
    *,
    without_tests: int,
    tested: int,
    samples_per_query: int,
    asked_tokens: float,
    answer_tokens: int,
    max_tokens: int,
    count_tokens: CountTokens,
) -> ProgramCalls:
    """For `tested` queries, of which `without_tests` bring none of their own."""
    texts = [plan.tests_prompt, plan.solving_prompt, plan.repair_prompt]
    tests_tokens, solving_tokens, repair_tokens = count_tokens(texts)
    failing = tested * samples_per_query if plan.num_repairs else 0
    repaired = failing * plan.num_repairs
    return ProgramCalls(
        tests=Calls(
            without_tests,
            math.ceil(without_tests * (tests_tokens + asked_tokens)),
            without_tests * max_tokens,
        ),
        repairs=Calls(
            failing,
            math.ceil(failing * (repair_tokens + asked_tokens + answer_tokens)),
            repaired * answer_tokens,
        ),
        shown_tokens=without_tests * (solving_tokens + max_tokens),
        repaired=repaired,
    )
