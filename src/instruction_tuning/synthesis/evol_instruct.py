"""One round of evolution: every living version is rewritten, compared with its parent and answered, once.

Evol-Instruct (WizardLM, arXiv 2304.12244): three requests an instruction and round, as the paper's 624,000
calls for 52,000 instructions in four rounds come to. What a request brought settles a row, or leaves it open
for the next; what is open at the end is kept.
Departures: the rules that need no model go first, so that what they drop is neither compared nor answered.
O(rows).
"""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from instruction_tuning.lm.chat_request import ChatRequest, text_request
from instruction_tuning.lm.reply_schema import reply_schema
from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.synthesis.elimination import (
    CHECK_SCHEMA,
    NO_REPLY,
    Fault,
    answer_fault,
    check_fault,
    instruction_fault,
)
from instruction_tuning.synthesis.evolution_operations import KINDS, Kind, texts_of_operations
from instruction_tuning.synthesis.evolution_rounds import DROPPED, FAILED, KEPT, SEED, evolved_frame

EVOLUTION, CHECK = "evolution", "evolution_check"
# What did not come is nobody's fault but the server's, and may come in another run.
_NOT_COME = (NO_REPLY, "no_check", "no_answer")


def evolution_requests(
    rows: pd.DataFrame, *, temperature: float, max_tokens: int, seed: int
) -> list[ChatRequest]:
    """One request a row of `rows` (from `drafts`): its parent, by its operation."""
    prompt = read_prompt("evolving")
    texts = {kind: texts_of_operations(sorted(set(of_kind)), kind) for kind, of_kind in _operations(rows)}
    contents = [
        prompt.fill({"method": texts[kind][operation], "instruction": parent})
        for kind, operation, parent in zip(
            rows["kind"], rows["operation"], rows["parent_instruction"], strict=True
        )
    ]
    return _requests(rows, EVOLUTION, contents, temperature=temperature, max_tokens=max_tokens, seed=seed)


def with_replies(
    rows: pd.DataFrame, completions: pd.DataFrame, evolved: pd.DataFrame, *, max_characters: int
) -> pd.DataFrame:
    """`rows` with reply and instruction; settled where the text tells that it is no evolution.

    `evolved` has the rounds before.
    """
    replies = _replies(completions, "response")
    texts = rows["evolution_id"].map(replies).astype("str")
    rows = rows.assign(reply=texts, instruction=texts.str.strip())
    versions = evolved[evolved["status"].isin([SEED, KEPT])].sort_values("round")
    earlier = versions.groupby("root_id")["instruction"].agg(list)
    prompt = read_prompt("evolving")
    faults: dict[str, Fault] = {}
    for row in rows.to_dict("records"):
        text = row["instruction"]
        fault: Fault | None = (NO_REPLY, "no reply came")
        if isinstance(text, str):
            fault = instruction_fault(
                text,
                earlier[row["root_id"]],
                prompt,
                language=str(row["language"]),
                max_characters=max_characters,
            )
        if fault is not None:
            faults[row["evolution_id"]] = fault
    return _settled(rows, faults)


def check_requests(
    rows: pd.DataFrame, *, temperature: float, max_tokens: int, seed: int, structured_output: bool = False
) -> list[ChatRequest]:
    """One request a row that is still open: does it ask for something new, and can it be answered?"""
    asked, prompt = open_rows(rows), read_prompt(check_prompt(structured_output))
    contents = [
        prompt.fill({"parent": parent, "instruction": text})
        for parent, text in zip(asked["parent_instruction"], asked["instruction"], strict=True)
    ]
    requests = _requests(asked, CHECK, contents, temperature=temperature, max_tokens=max_tokens, seed=seed)
    if not structured_output:
        return requests
    return [replace(request, schema=reply_schema(CHECK, CHECK_SCHEMA)) for request in requests]


def check_prompt(structured_output: bool) -> str:
    """The file that comparisons are asked by."""
    return "evolution_check_json" if structured_output else "evolution_check"


def with_checks(rows: pd.DataFrame, completions: pd.DataFrame) -> pd.DataFrame:
    """`rows`, settled where the model that compared has something against them."""
    replies = _replies(completions, "response")
    faults = {name: check_fault(replies.get(name)) for name in open_rows(rows)["evolution_id"]}
    return _settled(rows, {name: fault for name, fault in faults.items() if fault is not None})


def with_answers(rows: pd.DataFrame, completions: pd.DataFrame, *, apology_words: int) -> pd.DataFrame:
    """`rows` with answers; every row is settled now, kept where nothing speaks against it."""
    answers, ends = _replies(completions, "response"), _replies(completions, "finish_reason")
    rows = rows.assign(
        answer=rows["evolution_id"].map(answers).astype("str").str.strip(),
        finish_reason=rows["evolution_id"].map(ends).astype("str"),
    )
    faults: dict[str, Fault] = {}
    for row in open_rows(rows).to_dict("records"):
        before = row["parent_answer"] if isinstance(row["parent_answer"], str) else None
        fault = answer_fault(row, parent_answer=before, apology_words=apology_words)
        if fault is not None:
            faults[row["evolution_id"]] = fault
    rows = _settled(rows, faults)
    return evolved_frame(rows.assign(status=rows["status"].fillna(KEPT)))


def open_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Those that nothing was found against so far."""
    return rows[rows["status"].isna()]


def _operations(rows: pd.DataFrame) -> list[tuple[Kind, list[str]]]:
    return [(kind, rows.loc[rows["kind"] == kind, "operation"].tolist()) for kind in KINDS]


def _requests(
    rows: pd.DataFrame, kind: str, contents: list[str], *, temperature: float, max_tokens: int, seed: int
) -> list[ChatRequest]:
    return [
        text_request(name, kind, content, temperature=temperature, max_tokens=max_tokens, seed=seed)
        for name, content in zip(rows["evolution_id"], contents, strict=True)
    ]


def _replies(completions: pd.DataFrame, column: str) -> dict[str, str]:
    came = completions[completions["status"] == "ok"]
    return dict(zip(came["record_id"].astype("str"), came[column], strict=True))


def _settled(rows: pd.DataFrame, faults: Mapping[str, Fault]) -> pd.DataFrame:
    reasons = rows["evolution_id"].map({name: fault[0] for name, fault in faults.items()}).astype("str")
    details = rows["evolution_id"].map({name: fault[1] for name, fault in faults.items()}).astype("str")
    status = reasons.map(lambda reason: FAILED if reason in _NOT_COME else DROPPED, na_action="ignore")
    return rows.assign(
        status=rows["status"].fillna(status.astype("str")),
        reason=rows["reason"].fillna(reasons),
        detail=rows["detail"].fillna(details),
    )
