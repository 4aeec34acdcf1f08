"""All versions of a ladder scored side by side, in one reply.

Deita (arXiv 2312.15685), section 2: a chat model that sees the six versions together tells them apart,
where one by one it gives nearly all of them a high score. Scale 1 to 6.
Departures: the versions are shown in an order that (seed, record) draw, not in the order of their making,
which would give the scores away. A version without a readable score has none. O(versions) requests, one a
ladder.
"""

import pandas as pd

from instruction_tuning.lm.chat_request import ChatRequest, text_request
from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.seeds import substream
from instruction_tuning.selection.ladders.evolving import Aspect, good_rungs
from instruction_tuning.verification.marks import (
    FAILED,
    READ,
    UNPARSEABLE,
    numbered_mark_pattern,
    numbered_marks,
)

LOWEST_SCORE, HIGHEST_SCORE = 1, 6
SCORED, NOT_ASKED = READ, "not_asked"
_LINE = numbered_mark_pattern("score|评分|得分")


def joint_score_requests(
    ladders: pd.DataFrame,
    *,
    aspect: Aspect,
    temperature: float,
    max_tokens: int,
    seed: int,
) -> list[ChatRequest]:
    """One request a ladder that has two good rungs or more: one alone stands beside none."""
    prompt = read_prompt(f"joint_{aspect}")
    requests = []
    for record_id, rungs in good_rungs(ladders).groupby("record_id"):
        if len(rungs) < 2:
            continue
        order = _shown_order(str(record_id), rungs["rung"].tolist(), aspect=aspect, seed=seed)
        texts = rungs.set_index("rung")["instruction" if aspect == "complexity" else "answer"]
        versions = "\n".join(f"[Version {n}]\n{texts[rung]}" for n, rung in enumerate(order, start=1))
        values = {"versions": versions}
        if aspect == "quality":
            values["instruction"] = str(rungs["instruction"].iloc[0])
        requests.append(
            text_request(
                str(record_id),
                f"joint_{aspect}",
                prompt.fill(values),
                temperature=temperature,
                max_tokens=max_tokens,
                seed=seed,
            )
        )
    return requests


def parse_joint_scores(reply: str, versions: int) -> list[float | None]:
    """The score of each of `versions` versions, null where the reply has none, or two that differ.

    >>> parse_joint_scores("[1] Score: 2\\n[3] Score: 7\\n**[2] Score:** 5/6", 3)
    [2.0, 5.0, None]
    """
    return numbered_marks(reply, versions, _LINE, lowest=LOWEST_SCORE, highest=HIGHEST_SCORE)


def with_joint_scores(
    ladders: pd.DataFrame, completions: pd.DataFrame, *, aspect: Aspect, seed: int
) -> pd.DataFrame:
    """`ladders` with `score` (1 to 6 or null) and `score_status`, from the `completions` of the requests.

    `seed` is that of the requests. `not_asked`: a rung that is not good, or of a ladder too short;
    `failed`: no reply came; `unparseable`: the reply has no readable score for it.
    """
    scores: dict[tuple[str, int], float | None] = {}
    status: dict[tuple[str, int], str] = {}
    good = dict(iter(good_rungs(ladders).groupby("record_id")["rung"]))
    for record_id, came, reply in zip(
        completions["record_id"], completions["status"] == "ok", completions["response"], strict=True
    ):
        order = _shown_order(str(record_id), good[record_id].tolist(), aspect=aspect, seed=seed)
        found = parse_joint_scores(str(reply), len(order)) if came else [None] * len(order)
        for rung, score in zip(order, found, strict=True):
            scores[record_id, rung] = score
            status[record_id, rung] = FAILED if not came else UNPARSEABLE if score is None else SCORED
    keys = list(zip(ladders["record_id"], ladders["rung"], strict=True))
    return ladders.assign(
        score=pd.Series([scores.get(key) for key in keys], index=ladders.index, dtype="float64"),
        score_status=pd.Series(
            [status.get(key, NOT_ASKED) for key in keys], index=ladders.index, dtype="str"
        ),
    )


def _shown_order(record_id: str, rungs: list[int], *, aspect: Aspect, seed: int) -> list[int]:
    """The rungs in the order in which the request shows them, whatever their order here."""
    order = sorted(rungs)
    substream(seed, f"joint_{aspect}_order", record_id).shuffle(order)
    return order
