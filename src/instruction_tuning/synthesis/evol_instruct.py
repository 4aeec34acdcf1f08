"""Rounds of evolution: each living version of an instruction is rewritten, checked and answered once.

Evol-Instruct (WizardLM, arXiv 2304.12244): D(t+1) = evolved D(t), an evolution that is eliminated leaves its
parent in D(t+1), and what is trained on are the kept of all rounds with the seeds. Three requests an
instruction and round (rewrite, compare, answer), as the paper's 624,000 calls for 52,000 instructions in four
rounds come to. All rows are kept: kept + dropped + failed + stopped = branches alive before the round.
Departures: cheap rules go first, so that what they drop is neither compared nor answered; a branch may be
stopped (`mastery.py`). A conversation of several turns, or with a system turn, is no seed. O(rows).
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from instruction_tuning.lm.chat_request import ChatRequest, chat_request, without_answer
from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.seeds import substream_seed
from instruction_tuning.synthesis.elimination import (
    NO_REPLY,
    Fault,
    answer_fault,
    check_fault,
    instruction_fault,
)
from instruction_tuning.synthesis.evolution_operations import (
    KINDS,
    Kind,
    drawn_operation,
    kinds_of,
    texts_of_operations,
)

SEED, KEPT, DROPPED, FAILED, STOPPED = "seed", "kept", "dropped", "failed", "stopped"
STATUSES = (SEED, KEPT, DROPPED, FAILED, STOPPED)
EVOLUTION, CHECK = "evolution", "evolution_check"
# What did not come is nobody's fault but the server's, and may come in another run.
_NOT_COME = (NO_REPLY, "no_check", "no_answer")

EVOLVED_DTYPES = {
    "evolution_id": "str",
    "root_id": "str",
    "parent_ids": "object",
    "round": "int64",
    "kind": "str",
    "operation": "str",
    "source": "str",
    "language": "str",
    "category": "str",
    "licence": "str",
    "prompt_digest": "str",
    "reply": "str",
    "instruction": "str",
    "answer": "str",
    "finish_reason": "str",
    "status": "str",
    "reason": "str",
    "detail": "str",
    "mastery_rate": "float64",
    "mastery_by": "str",
}
_OF_ROOT = ["root_id", "kind", "source", "language", "category", "licence"]


def seed_rows(pool: pd.DataFrame, *, most: int, seed: int) -> pd.DataFrame:
    """Round 0: at most `most` records of `pool` that are one question, drawn by (seed, record).

    Columns of `EVOLVED_DTYPES`; a seed's `evolution_id` is its record id.
    """
    turns = {
        str(name): without_answer(said)
        for name, said in zip(pool["record_id"], pool["messages"], strict=True)
    }
    single = [name for name, said in turns.items() if [turn["role"] for turn in said] == ["user"]]
    drawn = set(sorted(single, key=lambda name: (substream_seed(seed, "evolution_seed", name), name))[:most])
    records = pool[pool["record_id"].isin(drawn)].sort_values("record_id", ignore_index=True)
    names = records["record_id"].astype("str")
    rows = records.reindex(columns=["source", "language", "category", "licence", "answer"]).assign(
        evolution_id=names,
        root_id=names,
        round=0,
        status=SEED,
        instruction=[turns[name][0]["content"] for name in names],
    )
    rows = rows.assign(
        kind=kinds_of(rows), parent_ids=pd.Series([[] for _ in range(len(rows))], dtype="object")
    )
    return _frame(rows)


def living_branches(evolved: pd.DataFrame) -> pd.DataFrame:
    """The last version of each root that was not stopped: its seed, or what was kept last."""
    stopped = evolved.loc[evolved["status"] == STOPPED, "root_id"]
    versions = evolved[evolved["status"].isin([SEED, KEPT]) & ~evolved["root_id"].isin(stopped)]
    last = versions.sort_values(["root_id", "round"]).groupby("root_id").tail(1)
    return last.reset_index(drop=True)


def stopped_rows(branches: pd.DataFrame, round_number: int) -> pd.DataFrame:
    """A row a branch that goes no further; `branches` has mastery_rate, mastery_by, reason and detail."""
    return _frame(_children(branches, round_number).assign(status=STOPPED))


def drafts(
    branches: pd.DataFrame, round_number: int, operations: Mapping[Kind, Sequence[str]], *, seed: int
) -> pd.DataFrame:
    """A row a branch with its operation and nothing else yet; beside it parent_instruction, parent_answer."""
    rows = _children(branches, round_number)
    drawn = [
        drawn_operation(operations[kind], root_id=root, round_number=round_number, seed=seed)
        for root, kind in zip(rows["root_id"], rows["kind"], strict=True)
    ]
    return _frame(rows.assign(operation=drawn, prompt_digest=read_prompt("evolving").digest)).assign(
        parent_instruction=branches["instruction"].to_numpy(), parent_answer=branches["answer"].to_numpy()
    )


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
    rows: pd.DataFrame, *, temperature: float, max_tokens: int, seed: int
) -> list[ChatRequest]:
    """One request a row that is still open: does it ask for something new, and can it be answered?"""
    asked, prompt = open_rows(rows), read_prompt("evolution_check")
    contents = [
        prompt.fill({"parent": parent, "instruction": text})
        for parent, text in zip(asked["parent_instruction"], asked["instruction"], strict=True)
    ]
    return _requests(asked, CHECK, contents, temperature=temperature, max_tokens=max_tokens, seed=seed)


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
    return _frame(rows.assign(status=rows["status"].fillna(KEPT)))


def open_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Those that nothing was found against so far."""
    return rows[rows["status"].isna()]


def known_mastery(evolved: pd.DataFrame) -> pd.DataFrame:
    """`mastery_rate` and `mastery_by` of the versions that an earlier round measured, by evolution id."""
    measured = evolved[evolved["mastery_by"].notna()]
    parents = pd.Index([parent for (parent,) in measured["parent_ids"]], name="evolution_id", dtype="str")
    known = measured[["mastery_rate", "mastery_by"]].set_index(parents)
    return known[~known.index.duplicated()]


def raw_source(evolved: pd.DataFrame) -> pd.DataFrame:
    """What was kept in all rounds, as rows of chat messages that ingestion reads.

    Without the category: it is the seed's, and a version in breadth may be of another.
    """
    kept = evolved[evolved["status"] == KEPT]
    turns = [
        [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]
        for asked, answer in zip(kept["instruction"], kept["answer"], strict=True)
    ]
    labels = kept[["language", "licence"]].astype("object")
    rows = pd.DataFrame({"id": kept["evolution_id"].to_numpy(), "messages": turns})
    return rows.assign(**labels.where(labels.notna(), None).reset_index(drop=True))


def _operations(rows: pd.DataFrame) -> list[tuple[Kind, list[str]]]:
    return [(kind, rows.loc[rows["kind"] == kind, "operation"].tolist()) for kind in KINDS]


def _children(branches: pd.DataFrame, round_number: int) -> pd.DataFrame:
    """Rows of the next version of each branch: what is its root's, its parent, what was measured of that."""
    kept = [
        name for name in (*_OF_ROOT, "mastery_rate", "mastery_by", "reason", "detail") if name in branches
    ]
    return branches[kept].assign(
        evolution_id=[f"{root}-evolution-{round_number}" for root in branches["root_id"]],
        parent_ids=pd.Series(
            [[name] for name in branches["evolution_id"]], index=branches.index, dtype="object"
        ),
        round=round_number,
    )


def _requests(
    rows: pd.DataFrame, kind: str, contents: list[str], *, temperature: float, max_tokens: int, seed: int
) -> list[ChatRequest]:
    return [
        chat_request(
            name,
            kind,
            [{"role": "user", "content": content}],
            num_samples=1,
            temperature=temperature,
            max_tokens=max_tokens,
            seed=substream_seed(seed, kind, name),
        )
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


def _frame(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.reindex(columns=list(EVOLVED_DTYPES)).astype(EVOLVED_DTYPES).reset_index(drop=True)
