"""Programs repaired by their author, told what went wrong: trees of first programs and repairs.

Olausson et al. 2023 (arXiv 2306.09896): n_p programs of a task; each that fails gets n_fr samples of feedback
and repair together, given the task, the program and the error; the task is solved if any program passes. It
has to be held against pass@k of as many plain samples, k = n_p + n_p · n_fr, or of as many tokens as the tree
takes.

One large tree a task (N_p programs, N_fr repairs each) gives all smaller trees. The paper draws 1,000 of
them; here the share of subtrees without success is counted exactly. With c_i of the N_fr repairs of program i
passing,

    q_i = C(N_fr - c_i, n_fr) / C(N_fr, n_fr), and 0 where program i passes itself
    P(no success) = e_{n_p}(q_1, …, q_N) / C(N_p, n_p)

with e_n the elementary symmetric polynomial: O(N_p · n_p). pass@k is Chen et al. 2021 (arXiv 2107.03374).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb, floor
from typing import Any

from instruction_tuning.lm.chat_request import ChatRequest, text_request
from instruction_tuning.prompts.files import read_prompt

LONGEST_ERROR = 1_000  # characters


@dataclass(frozen=True)
class Attempt:
    """A first program: whether it passes, its tokens; of its repairs whether each passes, and their
    tokens."""

    passed: bool
    tokens: int
    repairs: tuple[bool, ...] = ()
    repair_tokens: tuple[int, ...] = ()


@dataclass(frozen=True)
class RepairRates:
    """Pass rates of self-repair, of as many plain samples (`samples`), and of as many tokens
    (`token_samples`).

    A rate is null where there are not so many samples.
    """

    repaired: float
    samples: int
    plain: float | None
    token_samples: int
    plain_by_tokens: float | None


def repair_requests(
    failures: Sequence[Mapping[Any, Any]],
    *,
    num_repairs: int,
    first_index: int,
    temperature: float,
    max_tokens: int,
    seed: int,
) -> list[ChatRequest]:
    """One request a failed program (record_id, sample_index, task, program, error), for `num_repairs`
    samples.

    Repairs of program i stand behind the `first_index` plain samples: from first_index + i · num_repairs on.
    """
    prompt = read_prompt("repairing")
    return [
        text_request(
            str(row["record_id"]),
            "repair",
            prompt.fill(
                {
                    "instruction": str(row["task"]),
                    "program": str(row["program"]).strip(),
                    "error": str(row["error"])[:LONGEST_ERROR],
                }
            ),
            num_samples=num_repairs,
            temperature=temperature,
            max_tokens=max_tokens,
            seed=seed,
            drawn_by=(row["sample_index"],),
            sample_index=first_index + int(row["sample_index"]) * num_repairs,
        )
        for row in failures
    ]


def pass_at_k(samples: int, passed: int, k: int) -> float | None:
    """The probability that k of the samples, drawn without putting back, hold one that passed; null if too
    few.

    >>> pass_at_k(4, 1, 2)
    0.5
    """
    if k > samples:
        return None
    return float(1 - Fraction(comb(samples - passed, k), comb(samples, k)))


def tree_pass_rate(attempts: Sequence[Attempt], *, num_programs: int, num_repairs: int) -> float:
    """The share of subtrees of that size with a program that passes.

    Raises `ValueError` where there are not so many programs, or a failed one has not so many repairs.
    """
    _require(attempts, num_programs, num_repairs)
    failing = [
        Fraction(0)
        if attempt.passed
        else Fraction(
            comb(len(attempt.repairs) - sum(attempt.repairs), num_repairs),
            comb(len(attempt.repairs), num_repairs),
        )
        for attempt in attempts
    ]
    symmetric = [Fraction(1)] + [Fraction(0)] * num_programs
    for share in failing:
        for size in range(num_programs, 0, -1):
            symmetric[size] += symmetric[size - 1] * share
    return float(1 - symmetric[num_programs] / comb(len(attempts), num_programs))


def compare_with_plain(
    attempts: Sequence[Attempt],
    plain: Sequence[tuple[bool, int]],
    *,
    num_programs: int,
    num_repairs: int,
) -> RepairRates:
    """Self-repair beside plain samples (passed, tokens) of the same task: as many of them, as many tokens."""
    samples = num_programs + num_programs * num_repairs
    passed = sum(ok for ok, _ in plain)
    mean_tokens = sum(tokens for _, tokens in plain) / len(plain)
    spent = tree_tokens(attempts, num_programs=num_programs, num_repairs=num_repairs)
    by_tokens = max(1, floor(spent / mean_tokens)) if mean_tokens else samples
    return RepairRates(
        tree_pass_rate(attempts, num_programs=num_programs, num_repairs=num_repairs),
        samples,
        pass_at_k(len(plain), passed, samples),
        by_tokens,
        pass_at_k(len(plain), passed, by_tokens),
    )


def tree_tokens(attempts: Sequence[Attempt], *, num_programs: int, num_repairs: int) -> float:
    """The expected tokens of a subtree: programs, and repairs of those that fail."""
    per_program = [
        attempt.tokens
        + (
            0.0
            if attempt.passed or not attempt.repair_tokens
            else num_repairs * sum(attempt.repair_tokens) / len(attempt.repair_tokens)
        )
        for attempt in attempts
    ]
    return num_programs * sum(per_program) / len(per_program)


def _require(attempts: Sequence[Attempt], num_programs: int, num_repairs: int) -> None:
    if not 1 <= num_programs <= len(attempts):
        raise ValueError(f"{num_programs} programs are asked of a tree of {len(attempts)}")
    short = [a for a in attempts if not a.passed and not 0 <= num_repairs <= len(a.repairs)]
    if short:
        raise ValueError(f"{num_repairs} repairs are asked of a program that has {len(short[0].repairs)}")
