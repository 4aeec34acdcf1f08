"""Every verifier by its name, all with the signature of verdict.py.

Those that need to know more than a record and a response are made from it: the other answers to the same
question, a reward model's scores, a judge's marks. Unit tests are in answering/tested_programs.py.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

from instruction_tuning.text.languages import language_of
from instruction_tuning.verification.answer_format import format_fault, names_a_language
from instruction_tuning.verification.check import check_arithmetic
from instruction_tuning.verification.constraints import keeps_constraints
from instruction_tuning.verification.equations import equations_hold
from instruction_tuning.verification.final_answer import final_answer
from instruction_tuning.verification.math_answer import matches_reference
from instruction_tuning.verification.program_text import holds_code
from instruction_tuning.verification.verdict import Query, Verdict, Verifier, fault, no_fault

VerifierName = Literal["math", "equations", "constraints", "language"]


def has_form(query: Query, response: str) -> Verdict | None:
    """No empty, refusing or echoing answer, and none in a clearly other language (answer_format.py)."""
    found = format_fault(str(query["prompt"]), response)
    return no_fault("no fault of form") if found is None else fault(found)


def is_in_language(query: Query, response: str) -> Verdict | None:
    """Chinese or English like the record; null where the prompt names a language, and for text in neither."""
    wanted, said = str(query.get("language") or ""), language_of(response)
    if wanted not in ("en", "zh") or said == "other" or names_a_language(str(query["prompt"])):
        return None
    return no_fault(f"in {said}") if said == wanted else fault(f"language: {said}, the record is {wanted}")


def is_right_sum(query: Query, response: str) -> Verdict | None:
    """The value that the prompt asks for, where that can be computed (arithmetic.py)."""
    checked = check_arithmetic(str(query["prompt"]), response)
    if checked.check == "none":
        return None
    return Verdict(float(checked.check == "passed"), checked.check == "passed", str(checked.detail))


def self_consistency(samples: Mapping[str, Sequence[str]], *, min_share: float) -> Verifier:
    """Wang et al. 2022 (arXiv 2203.11171): the share of a record's `samples` that come to the same final
    answer.

    Passes where it is the most frequent one, alone, and its share of all samples is at least `min_share`;
    null where a record has fewer than two samples, an answer comes to nothing clear (final_answer.py), or so
    many samples do that they could have agreed with it.
    """
    votes = {name: Counter(map(final_answer, texts)) for name, texts in samples.items() if len(texts) > 1}

    def verify(query: Query, response: str) -> Verdict | None:
        counted = votes.get(str(query["record_id"]))
        said = final_answer(response)
        if counted is None or said is None or holds_code(response):
            return None
        number, unclear, of = counted[said], counted[None], counted.total()
        others = max((votes for answer, votes in counted.items() if answer not in (said, None)), default=0)
        passed = number > others and number / of >= min_share
        if not passed and unclear and number + unclear >= max(others + 1, min_share * of):
            return None
        return Verdict(number / of, passed, f"{number} of {of} samples say {said[:60]!r}")

    return verify


def reward_score(rewards: Mapping[tuple[str, str], float], *, min_reward: float) -> Verifier:
    """The reward of a registered earlier version, by (record id, response); the score is its logistic.

    Null where it was not measured, as for answers that are too long for the model.
    """

    def verify(query: Query, response: str) -> Verdict | None:
        reward = rewards.get((str(query["record_id"]), response), math.nan)
        if math.isnan(reward):
            return None
        score = 1 / (1 + math.exp(-max(-700.0, min(700.0, reward))))
        return Verdict(
            score, reward >= min_reward, f"reward {reward:.3g}, {min_reward:g} is needed", vouches=False
        )

    return verify


def judge_rating(ratings: Mapping[tuple[str, str], float], *, min_rating: float) -> Verifier:
    """A judge's mark from 1 to 10 by (record id, response); null where there is none."""

    def verify(query: Query, response: str) -> Verdict | None:
        rating = ratings.get((str(query["record_id"]), response), math.nan)
        if math.isnan(rating):
            return None
        return Verdict((rating - 1) / 9, rating >= min_rating, f"rated {rating:g}", vouches=False)

    return verify


BY_NAME: dict[VerifierName, Verifier] = {
    "math": matches_reference,
    "equations": equations_hold,
    "constraints": keeps_constraints,
    "language": is_in_language,
}
