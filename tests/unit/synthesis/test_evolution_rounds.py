"""Lineage by round, with replies written down here."""

from typing import Any

import pandas as pd

from instruction_tuning.lm.chat_request import ChatRequest
from instruction_tuning.synthesis import evol_instruct, evolution_rounds

CALL: dict[str, Any] = {"temperature": 0.7, "max_tokens": 64, "seed": 3}
OPERATIONS: Any = {"text": ("deepen", "breadth"), "code": ("misdirect",)}


def record(record_id: str, *turns: str, **fields: Any) -> dict[str, Any]:
    roles = ("user", "assistant") * len(turns)
    said = [{"role": role, "content": text} for role, text in zip(roles, turns, strict=False)]
    answer = turns[-1] if len(turns) % 2 == 0 else None
    labels = {"source": "mine", "language": "en", "category": None, "licence": "cc0"}
    return {"record_id": record_id, "messages": said, "answer": answer, **labels, **fields}


POOL = pd.DataFrame(
    [
        record("r1", "Add 1 and 2.", "3"),
        record("r2", "Name a colour.", "red"),
        record("r3", "Hi.", "Hello.", "Name a bird.", "owl"),
        record("r4", "Write code to add 3 to x.", "def f(x): return x + 3"),
    ]
)


def seeds() -> pd.DataFrame:
    return evolution_rounds.seed_rows(POOL, most=10, seed=1)


def completions(requests: list[ChatRequest], replies: dict[str, str | None]) -> pd.DataFrame:
    said = {request.record_id: replies.get(request.record_id.partition("-")[0]) for request in requests}
    rows = [
        {
            "record_id": name,
            "response": reply,
            "finish_reason": None if reply is None else "stop",
            "status": "failed" if reply is None else "ok",
        }
        for name, reply in said.items()
    ]
    return pd.DataFrame(rows, columns=["record_id", "response", "finish_reason", "status"])


def evolve(
    evolved: pd.DataFrame, number: int, replies: dict[str, str | None], answers: dict[str, str | None]
):
    branches = evolution_rounds.living_branches(evolved)
    rows = evolution_rounds.drafts(branches, number, OPERATIONS, seed=3)
    requests = evol_instruct.evolution_requests(rows, **CALL)
    rows = evol_instruct.with_replies(rows, completions(requests, replies), evolved, max_characters=500)
    checks = evol_instruct.check_requests(rows, **CALL)
    said = completions(checks, dict.fromkeys(("r1", "r2", "r4"), "Equal: no\nAnswerable: yes"))
    rows = evol_instruct.with_checks(rows, said)
    still_open = set(evol_instruct.open_rows(rows)["root_id"])
    given = completions(checks, {name: answers.get(name) for name in still_open})
    new = evol_instruct.with_answers(rows, given, apology_words=80)
    return requests, pd.concat([evolved, new], ignore_index=True)


def test_seeds_are_single_questions_drawn_whatever_the_order_of_the_rows() -> None:
    assert seeds()["evolution_id"].tolist() == ["r1", "r2", "r4"]
    assert seeds()["kind"].tolist() == ["text", "text", "code"] and set(seeds()["status"]) == {"seed"}
    few = evolution_rounds.seed_rows(POOL, most=2, seed=1)
    pd.testing.assert_frame_equal(few, evolution_rounds.seed_rows(POOL.iloc[::-1], most=2, seed=1))


def test_what_fails_leaves_its_parent_in_the_pool_for_the_next_round() -> None:
    replies = {"r1": "Add 1, 2 and 3.", "r2": "name a colour", "r4": None}
    _, evolved = evolve(seeds(), 1, replies, {"r1": "6"})
    first = evolved[evolved["round"] == 1].set_index("root_id")
    assert first["status"].to_dict() == {"r1": "kept", "r2": "dropped", "r4": "failed"}
    assert first["reason"].dropna().to_dict() == {"r2": "no_information_gain", "r4": "no_reply"}
    requests, evolved = evolve(evolved, 2, {"r1": "Add 1, 2, 3 and 4."}, {"r1": "10"})
    parents = {request.record_id: request.messages[0][1] for request in requests}
    assert "\nAdd 1, 2 and 3.\n[End of request]" in parents["r1-evolution-2"]
    assert "\nName a colour.\n[End of request]" in parents["r2-evolution-2"]
    last = evolved[evolved["evolution_id"] == "r1-evolution-2"].iloc[0]
    assert last["parent_ids"] == ["r1-evolution-1"] and last["root_id"] == "r1"


def test_a_version_that_is_an_older_one_again_gains_nothing() -> None:
    _, evolved = evolve(seeds(), 1, {"r1": "Add 1, 2 and 3."}, {"r1": "6"})
    _, evolved = evolve(evolved, 2, {"r1": "Add 1 and 2."}, {})
    assert evolved.iloc[-3]["reason"] == "no_information_gain"


def test_every_branch_has_one_row_a_round_and_what_is_settled_is_asked_no_more_about() -> None:
    requests, evolved = evolve(seeds(), 1, {"r1": "Add 1, 2 and 3.", "r4": "#Given Prompt# x"}, {})
    assert len(requests) == 3 and len(evolved) == 6
    checked = evolved.set_index("evolution_id")["reason"]
    assert checked["r1-evolution-1"] == "no_answer" and checked["r4-evolution-1"] == "leaked_prompt"


def test_a_stopped_branch_is_dead_and_says_why() -> None:
    branches = evolution_rounds.living_branches(seeds())
    measured = branches.assign(
        mastery_rate=0.25, mastery_by="reference", reason="not_mastered", detail="0.25"
    )
    evolved = pd.concat([seeds(), evolution_rounds.stopped_rows(measured.head(1), 1)], ignore_index=True)
    assert evolution_rounds.living_branches(evolved)["root_id"].tolist() == ["r2", "r4"]
    stopped = evolved.iloc[-1]
    assert (stopped["status"], stopped["mastery_rate"], stopped["parent_ids"]) == ("stopped", 0.25, ["r1"])
    assert evolution_rounds.known_mastery(evolved)["mastery_rate"].to_dict() == {"r1": 0.25}


def test_the_operation_asks_by_its_line_and_code_by_those_for_code() -> None:
    requests, evolved = evolve(seeds(), 1, {}, {})
    rows = evolved[evolved["round"] == 1].set_index("evolution_id")
    for request in requests:
        assert f"[Method]\n{rows.loc[request.record_id, 'operation']}: " in request.messages[0][1]
    assert rows.loc["r4-evolution-1", "operation"] == "misdirect"
    assert len(set(rows["prompt_digest"])) == 2


def test_only_what_was_kept_is_written_as_a_raw_source() -> None:
    _, evolved = evolve(seeds(), 1, {"r1": "Add 1, 2 and 3.", "r2": "Name a bird."}, {"r1": "6", "r2": None})
    (row,) = evolution_rounds.raw_source(evolved).to_dict("records")
    assert row["id"] == "r1-evolution-1" and [turn["content"] for turn in row["messages"]] == [
        "Add 1, 2 and 3.",
        "6",
    ]
    assert evolution_rounds.raw_source(seeds()).empty
