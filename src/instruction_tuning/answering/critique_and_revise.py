"""Critique and revise: an answer is criticised and written again, and kept only if it is not worse.

Constitutional AI (arXiv 2212.08073), section 3.1, and Self-Refine (arXiv 2303.17651): critique and revision
by a model, one after the other, n rounds. Here both come in one reply (`prompts/critique.txt`).

    kept  if check(revision) is better than check(answer), or the same and rating(revision) >= rating(answer)

To decline is a fault that the check finds, but for an adversarial request: there it is an answer, which gives
way only to a higher rating. A revision that was cut off, or is at fault by `fault_of`, is never kept.

Departures: in both papers every revision replaces what was there, though critics find faults that are none;
here the verifier decides first, and the judge's rating where it has no opinion. An answer that the critic
leaves as it is takes no further round; after any other revision that is not kept the next round starts from
the best version with another seed. O(answers · rounds) critiques and as many ratings.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from instruction_tuning.answering.answer_versions import (
    FAILED,
    FAULTY,
    KEPT,
    ORIGINAL,
    REASONS,
    UNPARSEABLE,
    VERSION_DTYPES,
    Row,
    check_version,
    key_of,
    not_worse,
    version_id,
)
from instruction_tuning.answering.sampling import Ask
from instruction_tuning.lm.chat_request import ChatRequest, text_request
from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.selection.ladders.failed_evolutions import (
    OK,
    UNCHANGED,
    critique,
    evolution_status,
    revision,
)
from instruction_tuning.verification.rating import instruction_text, rating_requests, with_marks

# What is wrong with a text in the place of the answer in a row, or null.
FaultOf = Callable[[Row, str], str | None]


@dataclass(frozen=True)
class RevisionSettings:
    """How often, and how critic and judge are asked."""

    rounds: int
    temperature: float
    max_tokens: int
    rating_temperature: float
    rating_max_tokens: int
    seed: int


def critique_and_revise(
    answers: pd.DataFrame,
    ask_critic: Ask,
    ask_judge: Ask,
    settings: RevisionSettings,
    fault_of: FaultOf = lambda row, text: None,
) -> pd.DataFrame:
    """Every version of every answer (`VERSION_DTYPES`), by answer and round; round 0 is the answer itself.

    `answers`: record_id, sample_index, prompt, messages (without the answer), response, adversarial; none is
    null, record and sample are unique. `ask_critic` and `ask_judge` send requests and give completions.
    """
    versions = _rated(_originals(answers), ask_judge, settings)
    best = {key_of(row): row for row in versions.to_dict("records")}
    every, open_answers = [versions], list(best)
    for number in range(1, settings.rounds + 1):
        if not open_answers:
            break
        current = [best[key] for key in open_answers]
        replies = _by_sample(ask_critic(_critiques(current, number, settings)), number, settings)
        revised = pd.DataFrame([_revised(row, replies.get(key_of(row)), number, fault_of) for row in current])
        revised = _rated(revised.astype(VERSION_DTYPES), ask_judge, settings)
        revised = _judged(revised, best)
        every.append(revised)
        kept = revised[revised["status"] == KEPT]
        best |= {key_of(row): row for row in kept.to_dict("records")}
        open_answers = [key_of(row) for row in revised.to_dict("records") if row["status"] != UNCHANGED]
    together = pd.concat(every, ignore_index=True)
    return together.sort_values(["record_id", "sample_index", "round"], ignore_index=True)


def _originals(answers: pd.DataFrame) -> pd.DataFrame:
    columns = ("record_id", "sample_index", "prompt", "messages", "adversarial", "response")
    rows = [
        {
            **{name: row[name] for name in columns},
            "version_id": version_id(row, 0),
            "round": 0,
            "check": check_version(row, str(row["response"])),
            "status": ORIGINAL,
        }
        for row in answers.to_dict("records")
    ]
    return pd.DataFrame(rows, columns=list(VERSION_DTYPES)).astype(VERSION_DTYPES)


def _critiques(current: Sequence[Row], number: int, settings: RevisionSettings) -> list[ChatRequest]:
    prompt = read_prompt("critique")
    return [
        text_request(
            str(row["record_id"]),
            "critique",
            prompt.fill({"instruction": instruction_text(row["messages"]), "response": str(row["response"])}),
            temperature=settings.temperature,
            max_tokens=settings.max_tokens,
            seed=settings.seed,
            sample_index=_place(row["sample_index"], number, settings),
            drawn_by=(row["sample_index"], number),
        )
        for row in current
    ]


def _revised(row: Row, reply: Row | None, number: int, fault_of: FaultOf) -> dict[str, Any]:
    said = None if reply is None else str(reply["response"])
    text = None if said is None else revision(said)
    status, reason = _status(row, reply, text, fault_of)
    return {
        **{name: row[name] for name in ("record_id", "sample_index", "prompt", "messages", "adversarial")},
        "version_id": version_id(row, number),
        "parent_id": row["version_id"],
        "round": number,
        "response": text,
        "critique": None if said is None else critique(said),
        "rating": None,
        "check": check_version(row, str(text)) if status == OK else "none",
        "status": status,
        "reason": reason,
    }


def _status(row: Row, reply: Row | None, text: str | None, fault_of: FaultOf) -> tuple[str, str | None]:
    """`OK`, or why `text` is no version of the answer in `row`, and the reason."""
    if reply is None or text is None:
        status = FAILED if reply is None else UNPARSEABLE
        return status, REASONS[status]
    before, adversarial = [str(row["response"])], bool(row["adversarial"])
    prompt = read_prompt("critique")
    status = evolution_status(text, before, prompt, is_request=False, may_decline=adversarial)
    fault = "cut_off" if reply["finish_reason"] == "length" else fault_of(row, text)
    return (FAULTY, fault) if status == OK and fault is not None else (status, REASONS.get(status))


def _rated(versions: pd.DataFrame, ask_judge: Ask, settings: RevisionSettings) -> pd.DataFrame:
    """With the judge's rating of what is a version; those that are none cost nothing."""
    good = versions[versions["status"].isin([ORIGINAL, OK])]
    places = [
        _place(sample, number, settings)
        for sample, number in zip(good["sample_index"], good["round"], strict=True)
    ]
    requests = rating_requests(
        good.assign(sample_index=pd.Series(places, index=good.index, dtype="int64")),
        temperature=settings.rating_temperature,
        max_tokens=settings.rating_max_tokens,
        seed=settings.seed,
    )
    marked = with_marks(ask_judge(requests))
    marks = dict(
        zip(zip(marked["record_id"], marked["sample_index"], strict=True), marked["mark"], strict=True)
    )
    found = [marks.get(key) for key in zip(good["record_id"], places, strict=True)]
    return versions.assign(rating=pd.Series(found, index=good.index, dtype="float64"))


def _judged(revised: pd.DataFrame, best: Mapping[tuple[str, int], Row]) -> pd.DataFrame:
    verdicts = [
        not_worse(best[key_of(row)], row) if row["status"] == OK else (row["status"], row["reason"])
        for row in revised.to_dict("records")
    ]
    return revised.assign(
        status=pd.Series([status for status, _ in verdicts], index=revised.index, dtype="str"),
        reason=pd.Series([reason for _, reason in verdicts], index=revised.index, dtype="str"),
    )


def _by_sample(
    completions: pd.DataFrame, number: int, settings: RevisionSettings
) -> dict[tuple[str, int], Row]:
    came = completions[completions["status"] == "ok"]
    samples = (came["sample_index"] - number) // (settings.rounds + 1)
    return dict(zip(zip(came["record_id"], samples, strict=True), came.to_dict("records"), strict=True))


def _place(sample_index: int, number: int, settings: RevisionSettings) -> int:
    """The index of a request among all of its record: of samples and rounds none shares one."""
    return int(sample_index) * (settings.rounds + 1) + number
