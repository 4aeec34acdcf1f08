"""What the model that is to be trained can do already: which instructions are worth making harder for it.

Blind evolution makes every instruction harder. Here one goes on only from what the model masters, and a
branch stops where it does not: what lies behind it would be harder still. The measure is the one of a
prompt's difficulty in Kimi k1.5 (arXiv 2501.12599), the pass rate of sampled answers,

    mastery_rate = answers that pass / answers sampled

by the record's own check: an arithmetic value that follows from the prompt, else, where the known answer is
short, the answer itself. Where neither is, the model's likelihood of the known answer, exp(-answer_loss), the
geometric mean of its tokens' probabilities. O(samples · tokens · parameters). Departures: the known answer is
a record's or a teacher's, and as right as those are; the likelihood is compared with a bound of its own and
not with percentiles of a pool (selection/scores/capability.py), which would always call some part of it
mastered.
"""

import math
from collections.abc import Callable

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from instruction_tuning.lm.model_folder import ModelFolder
from instruction_tuning.synthesis.elimination import NOT_MASTERED, NOT_MEASURED
from instruction_tuning.verification.arithmetic import asked_value
from instruction_tuning.verification.check import check_answer
from instruction_tuning.verification.extraction import extract_answer

ARITHMETIC, REFERENCE, LIKELIHOOD = "arithmetic", "reference", "likelihood"
MEASURES = (ARITHMETIC, REFERENCE, LIKELIHOOD)

Passes = Callable[[str], bool]


class MasteryParameters(BaseModel):
    """How it is measured and from where on something is mastered.

    `max_reference_characters`: a known answer longer than that, once read (verification/extraction.py), is no
    check. `min_answer_likelihood` holds where there is no check at all. Lengths in tokens.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    samples: int = Field(ge=1, le=64)
    temperature: float = Field(ge=0, le=2)
    max_new_tokens: int = Field(gt=0)
    min_pass_rate: float = Field(gt=0, le=1)
    max_reference_characters: int = Field(ge=0)
    min_answer_likelihood: float = Field(gt=0, le=1)
    max_length_tokens: int = Field(gt=1)


def own_check(
    instruction: str, answer: str | None, *, max_reference_characters: int
) -> tuple[str, Passes] | None:
    """By which check an answer to `instruction` passes, or null where there is none.

    >>> by, passes = own_check("What is 3 + 4?", None, max_reference_characters=40)
    >>> by, passes("3 + 4 = 7")
    ('arithmetic', True)
    """
    if asked_value(instruction) is not None:
        return ARITHMETIC, lambda response: check_answer(instruction, response).check == "passed"
    known = extract_answer(answer, "span") if answer and "\n" not in answer.strip() else None
    if known is None or len(known) > max_reference_characters:
        return None
    return REFERENCE, lambda response: extract_answer(response, "span") == known


def measure_mastery(
    branches: pd.DataFrame, model: ModelFolder, parameters: MasteryParameters, *, seed: int
) -> pd.DataFrame:
    """`branches` (evolution_id, instruction, answer) with `mastery_rate` in [0, 1] and `mastery_by`.

    Both null where there is neither a check nor a known answer.
    """
    if branches.empty:
        return branches.assign(mastery_rate=pd.Series(dtype="float64"), mastery_by=pd.Series(dtype="str"))
    checks: dict[str, tuple[str, Passes]] = {}
    for row in branches.to_dict("records"):
        answer = row["answer"] if isinstance(row["answer"], str) else None
        limit = parameters.max_reference_characters
        if (check := own_check(row["instruction"], answer, max_reference_characters=limit)) is not None:
            checks[row["evolution_id"]] = check
    rates = _pass_rates(branches, checks, model, parameters, seed)
    others = branches[~branches["evolution_id"].isin(checks) & branches["answer"].notna()]
    likelihoods = _likelihoods(others, model, parameters)
    names = branches["evolution_id"]
    by = {name: by for name, (by, _) in checks.items()} | dict.fromkeys(likelihoods, LIKELIHOOD)
    return branches.assign(
        mastery_rate=names.map({**rates, **likelihoods}).astype("float64"),
        mastery_by=names.map(by).astype("str"),
    )


def with_verdicts(measured: pd.DataFrame, parameters: MasteryParameters) -> pd.DataFrame:
    """`measured` with `is_mastered`, and `reason` and `detail` where it is not."""
    bounds = measured["mastery_by"].map(
        {name: parameters.min_pass_rate for name in (ARITHMETIC, REFERENCE)}
        | {LIKELIHOOD: parameters.min_answer_likelihood}
    )
    is_mastered = measured["mastery_rate"] >= bounds.astype("float64")
    known = measured["mastery_rate"].notna()
    details = [
        f"{rate:.2f} by {by}, {bound:g} wanted" if by_is_known else "there is no check and no known answer"
        for rate, by, bound, by_is_known in zip(
            measured["mastery_rate"], measured["mastery_by"], bounds, known, strict=True
        )
    ]
    reasons = known.map({True: NOT_MASTERED, False: NOT_MEASURED})
    return measured.assign(
        is_mastered=is_mastered,
        reason=reasons.where(~is_mastered, None).astype("str"),
        detail=pd.Series(details, index=measured.index).where(~is_mastered, None).astype("str"),
    )


def _pass_rates(
    branches: pd.DataFrame,
    checks: dict[str, tuple[str, Passes]],
    model: ModelFolder,
    parameters: MasteryParameters,
    seed: int,
) -> dict[str, float]:
    asked = branches[branches["evolution_id"].isin(checks)].sort_values("evolution_id")
    if asked.empty:
        return {}
    from instruction_tuning.lm.local import sample_completions

    texts = sample_completions(
        model,
        {
            name: [{"role": "user", "content": instruction}]
            for name, instruction in zip(asked["evolution_id"], asked["instruction"], strict=True)
        },
        samples=parameters.samples,
        temperature=parameters.temperature,
        max_new_tokens=parameters.max_new_tokens,
        seed=seed,
    )
    return {name: sum(map(checks[name][1], said)) / len(said) for name, said in texts.items()}


def _likelihoods(
    records: pd.DataFrame, model: ModelFolder, parameters: MasteryParameters
) -> dict[str, float]:
    if records.empty:
        return {}
    from instruction_tuning.lm.answer_likelihood import answer_likelihoods

    asked = pd.DataFrame(
        {
            "record_id": records["evolution_id"].to_numpy(),
            "messages": [[{"role": "user", "content": text}] for text in records["instruction"]],
            "answer": records["answer"].to_numpy(),
        }
    )
    losses = answer_likelihoods(
        model,
        asked,
        prompt_form="chat",
        max_length_tokens=parameters.max_length_tokens,
        with_prompt_loss=False,
    )["answer_loss"]
    return {str(name): math.exp(-loss) for name, loss in losses.dropna().items()}
