"""Answers to one request rated side by side from 1 to 10, each of them in several places.

A judge that sees K answers at once tells them apart better than one that sees them alone, and favours places:
GPT-4 keeps its verdict in 65% of swapped pairs (MT-Bench, arXiv 2306.05685). So the answers are shown in
several orders, the rows of a Williams square (1949) whose labels (seed, record) draw:

    order j shows label (w_i + j) mod K in place i,  w = 0, 1, K-1, 2, K-2, ...

With all K orders every answer stands in every place once, and for an even K every answer follows every other
once; with fewer it stands in as many places as there are orders. Score: the mean over the orders (balanced
position calibration, arXiv 2305.17926). O(K · orders) texts, `orders` requests a record.
Departures: not all K! orders; texts that are the same are shown once and share their score; an answer that
one order leaves without a readable rating has no score, since the mean of the others is not balanced.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import pandas as pd

from instruction_tuning.lm.chat_request import ChatRequest, text_request
from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.seeds import substream
from instruction_tuning.verification.marks import (
    FAILED,
    READ,
    UNPARSEABLE,
    numbered_mark_pattern,
    numbered_marks,
)
from instruction_tuning.verification.rating import instruction_text
from instruction_tuning.verification.rating_form import HIGHEST_RATING, LOWEST_RATING

KIND = "joint_rating"
JOINT_DTYPES = {
    "record_id": "str",
    "response": "str",
    "order": "int64",
    "place": "int64",
    "places": "int64",
    "rating": "float64",
    "status": "str",
}
_LINE = numbered_mark_pattern("rating|score|评分|得分")


def joint_rating_requests(
    responses: pd.DataFrame, *, orders: int | None, temperature: float, max_tokens: int, seed: int
) -> list[ChatRequest]:
    """One request a record of `responses` (record_id, messages, response; none null) and order.

    `orders` null takes as many as there are different answers; `sample_index` is the order's number.
    """
    prompt = read_prompt(KIND)
    requests = []
    for record_id, rows in responses.groupby("record_id", sort=True):
        instruction = instruction_text(rows["messages"].iloc[0])
        shown = shown_orders(str(record_id), rows["response"].tolist(), orders=orders, seed=seed)
        for number, texts in enumerate(shown):
            versions = "\n".join(f"[Version {n}]\n{text}" for n, text in enumerate(texts, start=1))
            content = prompt.fill({"instruction": instruction, "versions": versions})
            requests.append(
                text_request(
                    str(record_id),
                    KIND,
                    content,
                    temperature=temperature,
                    max_tokens=max_tokens,
                    seed=seed,
                    sample_index=number,
                    drawn_by=(number,),
                )
            )
    return requests


def shown_orders(
    record_id: str, texts: Sequence[str], *, orders: int | None, seed: int
) -> list[tuple[str, ...]]:
    """The different `texts` in each order, whatever their order and number here.

    >>> sorted(shown_orders("a", ["x", "y", "x"], orders=None, seed=0))
    [('x', 'y'), ('y', 'x')]
    """
    labels = sorted(set(texts))
    substream(seed, "joint_rating_order", record_id).shuffle(labels)
    count = len(labels)
    first = [(place + 1) // 2 if place % 2 else (count - place // 2) % count for place in range(count)]
    wanted = count if orders is None else min(orders, count)
    return [tuple(labels[(label + shift) % count] for label in first) for shift in range(wanted)]


def joint_ratings(
    responses: pd.DataFrame, completions: pd.DataFrame, *, orders: int | None, seed: int
) -> pd.DataFrame:
    """A row a different answer and order (`JOINT_DTYPES`) from the `completions` of the requests.

    `responses`, `orders` and `seed` are those of the requests. `place` counts from 1 to `places`.
    """
    texts = {str(record): rows.tolist() for record, rows in responses.groupby("record_id")["response"]}
    shown = {record: shown_orders(record, said, orders=orders, seed=seed) for record, said in texts.items()}
    replies: Sequence[Mapping[Hashable, Any]] = completions.to_dict("records")
    rows = [row for reply in replies for row in _rated(reply, shown[reply["record_id"]])]
    return pd.DataFrame(rows, columns=list(JOINT_DTYPES)).astype(JOINT_DTYPES)


def _rated(reply: Mapping[Hashable, Any], shown: list[tuple[str, ...]]) -> list[dict[str, object]]:
    texts = shown[reply["sample_index"]]
    came = reply["status"] == "ok"
    marks: list[float | None] = [None] * len(texts)
    if came:
        marks = numbered_marks(
            str(reply["response"]), len(texts), _LINE, lowest=LOWEST_RATING, highest=HIGHEST_RATING
        )
    return [
        {
            "record_id": reply["record_id"],
            "response": text,
            "order": reply["sample_index"],
            "place": place,
            "places": len(texts),
            "rating": mark,
            "status": FAILED if not came else UNPARSEABLE if mark is None else READ,
        }
        for place, (text, mark) in enumerate(zip(texts, marks, strict=True), start=1)
    ]
