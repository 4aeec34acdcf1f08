"""Ladders: versions of a request that grow more complex, or of an answer that grow better.

Evol-Instruct (WizardLM, arXiv 2304.12244) evolves requests; Deita (arXiv 2312.15685) evolves 2,000 seeds in
five steps each, and has the six versions scored side by side, where one by one they nearly all score high.

    rung_0 = the seed;  rung_s = evolved(the last good rung before s)

What fails (failed_evolutions.py) stays in the frame with its status, and the next step starts from the rung
before it again, with another method and seed. One request a ladder and step.
Departures: of WizardLM's operations only those that make a request harder, deepen and concretise, are drawn
from, as in Deita. Answers are improved by a critique with a revision (`prompts/critique.txt`), one
operation in place of Deita's five.
"""

from typing import Literal

import pandas as pd

from instruction_tuning.lm.chat_request import ChatRequest, text_request
from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.seeds import substream
from instruction_tuning.selection.exchanges import exchanges
from instruction_tuning.selection.ladders.failed_evolutions import OK, UNANSWERED, evolution_status, revision

Aspect = Literal["complexity", "quality"]
ASPECTS: tuple[Aspect, ...] = ("complexity", "quality")
IN_DEPTH = ("deepen", "concretise")
REVISION = "revise"
LADDER_DTYPES = {
    "record_id": "str",
    "rung": "int64",
    "instruction": "str",
    "answer": "str",
    "method": "str",
    "status": "str",
}


def seed_ladders(records: pd.DataFrame, *, aspect: Aspect) -> pd.DataFrame:
    """The lowest rungs: the first exchange of each of the `records` (record_id, messages).

    Of quality only those with an answer. Columns record_id, rung, instruction, answer, method (null for a
    seed), status.
    """
    found = exchanges(records)
    found = found[found["turn"] == 0]
    if aspect == "quality":
        found = found[found["answer"].notna()]
    ladders = found.assign(rung=0, method=None, status=OK)[list(LADDER_DTYPES)]
    return ladders.astype(LADDER_DTYPES).reset_index(drop=True)


def evolve_requests(
    ladders: pd.DataFrame,
    *,
    aspect: Aspect,
    step: int,
    temperature: float,
    max_tokens: int,
    seed: int,
) -> list[ChatRequest]:
    """One request a ladder for rung `step`, from 1; `sample_index` is the step.

    Complexity: the last good request by one of `IN_DEPTH`, which (seed, record, step) draw. Quality: a
    critique of the last good answer, with a revision.
    """
    prompt = read_prompt("evolving" if aspect == "complexity" else "critique")
    requests = []
    for row in good_rungs(ladders, before=step).groupby("record_id").tail(1).to_dict("records"):
        record_id, instruction = str(row["record_id"]), str(row["instruction"])
        if aspect == "complexity":
            method = _method(record_id, step, aspect=aspect, seed=seed)
            content = prompt.fill({"method": method, "instruction": instruction})
        else:
            content = prompt.fill({"instruction": instruction, "response": str(row["answer"])})
        requests.append(
            text_request(
                record_id,
                f"{aspect}_evolution",
                content,
                temperature=temperature,
                max_tokens=max_tokens,
                seed=seed,
                sample_index=step,
                drawn_by=(step,),
            )
        )
    return requests


def with_rung(
    ladders: pd.DataFrame,
    completions: pd.DataFrame,
    *,
    aspect: Aspect,
    step: int,
    seed: int,
) -> pd.DataFrame:
    """`ladders` with rung `step` from the `completions` of that step's requests; settings as there.

    A row a ladder that was asked for, good or not; text that is not good stays beside its status.
    """
    replies = _replies(completions, step)
    prompt = read_prompt("evolving" if aspect == "complexity" else "critique")
    rows: list[tuple[object, ...]] = []
    for record_id, rungs in good_rungs(ladders, before=step).groupby("record_id"):
        instruction = rungs["instruction"].iloc[-1]
        reply = replies.get(str(record_id))
        text = revision(reply) if aspect == "quality" and reply is not None else reply
        earlier = [str(said) for said in rungs["answer" if aspect == "quality" else "instruction"]]
        status = UNANSWERED
        if text is not None:
            status = evolution_status(text, earlier, prompt, is_request=aspect == "complexity")
        if aspect == "complexity":
            method = _method(str(record_id), step, aspect=aspect, seed=seed)
            # The seed's answer answers the seed.
            rows.append((record_id, step, text, None, method, status))
        else:
            rows.append((record_id, step, instruction, text, REVISION, status))
    new = pd.DataFrame(rows, columns=list(LADDER_DTYPES)).astype(LADDER_DTYPES)
    together = pd.concat([ladders, new], ignore_index=True)
    return together.sort_values(["record_id", "rung"], ignore_index=True)


def good_rungs(ladders: pd.DataFrame, *, before: int | None = None) -> pd.DataFrame:
    """The rows that are versions of their seed, by record and rung; below rung `before` if that is given."""
    good = ladders[ladders["status"] == OK]
    if before is not None:
        good = good[good["rung"] < before]
    return good.sort_values(["record_id", "rung"])


def _method(record_id: str, step: int, *, aspect: Aspect, seed: int) -> str:
    return substream(seed, f"{aspect}_method", record_id, step).choice(IN_DEPTH)


def _replies(completions: pd.DataFrame, step: int) -> dict[str, str]:
    came = completions[(completions["status"] == "ok") & (completions["sample_index"] == step)]
    return {str(record): str(text) for record, text in zip(came["record_id"], came["response"], strict=True)}
