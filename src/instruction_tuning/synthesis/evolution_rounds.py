"""The state of an evolution: one frame of all versions of all rounds, and what lives on in it.

Evol-Instruct (WizardLM, arXiv 2304.12244): D(t+1) = evolved D(t), an evolution that is eliminated leaves its
parent in D(t+1), and what is trained on are the kept of all rounds with the seeds. Rows are never dropped:
kept + dropped + failed + stopped = branches alive before the round.
Departures: a branch may be stopped (mastery.py); a conversation of several turns, or with a system turn, is
no seed. O(rows).
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from instruction_tuning.canonical.raw_rows import chat_rows
from instruction_tuning.lm.chat_request import without_answer
from instruction_tuning.prompts.files import read_prompt
from instruction_tuning.seeds import substream_seed
from instruction_tuning.synthesis.evolution_operations import PROMPTS, Kind, drawn_operation, kinds_of

SEED, KEPT, DROPPED, FAILED, STOPPED = "seed", "kept", "dropped", "failed", "stopped"

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
    return evolved_frame(rows)


def living_branches(evolved: pd.DataFrame) -> pd.DataFrame:
    """The last version of each root that was not stopped: its seed, or what was kept last."""
    stopped = evolved.loc[evolved["status"] == STOPPED, "root_id"]
    versions = evolved[evolved["status"].isin([SEED, KEPT]) & ~evolved["root_id"].isin(stopped)]
    last = versions.sort_values(["root_id", "round"]).groupby("root_id").tail(1)
    return last.reset_index(drop=True)


def stopped_rows(branches: pd.DataFrame, round_number: int) -> pd.DataFrame:
    """A row a branch that goes no further; `branches` has mastery_rate, mastery_by, reason and detail."""
    return evolved_frame(_children(branches, round_number).assign(status=STOPPED))


def drafts(
    branches: pd.DataFrame, round_number: int, operations: Mapping[Kind, Sequence[str]], *, seed: int
) -> pd.DataFrame:
    """A row a branch with its operation and nothing else yet; beside it parent_instruction, parent_answer."""
    rows = _children(branches, round_number)
    drawn = [
        drawn_operation(operations[kind], root_id=root, round_number=round_number, seed=seed)
        for root, kind in zip(rows["root_id"], rows["kind"], strict=True)
    ]
    prompts = [
        f"{read_prompt('evolving').digest}+{read_prompt(PROMPTS[kind]).digest}" for kind in rows["kind"]
    ]
    return evolved_frame(rows.assign(operation=drawn, prompt_digest=prompts)).assign(
        parent_instruction=branches["instruction"].to_numpy(), parent_answer=branches["answer"].to_numpy()
    )


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
    labels = kept[["language", "licence"]].astype("object")
    rows = chat_rows(kept["evolution_id"], kept["instruction"], kept["answer"])
    return rows.assign(**labels.where(labels.notna(), None).reset_index(drop=True))


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


def evolved_frame(rows: pd.DataFrame) -> pd.DataFrame:
    """`rows` with the columns of `EVOLVED_DTYPES` and no others."""
    return rows.reindex(columns=list(EVOLVED_DTYPES)).astype(EVOLVED_DTYPES).reset_index(drop=True)
