from typing import Any

import pandas as pd

from instruction_tuning.lm.chat_request import ChatRequest
from instruction_tuning.microworld.benchmark import benchmark_items
from instruction_tuning.microworld.teacher import Teacher, TeacherFaults
from instruction_tuning.microworld.world import build_world
from instruction_tuning.selection.ladders.evolving import (
    evolve_requests,
    good_rungs,
    seed_ladders,
    with_rung,
)

CALL = {"temperature": 0.7, "max_tokens": 64, "seed": 3}
RECORDS = pd.DataFrame(
    {
        "record_id": ["r1", "r2"],
        "messages": [
            [{"role": "user", "content": "Add 1 and 2."}, {"role": "assistant", "content": "3"}],
            [{"role": "user", "content": "Name a colour."}],
        ],
    }
)


def completions(requests: list[ChatRequest], replies: dict[str, str | None]) -> pd.DataFrame:
    rows = [
        {
            "record_id": request.record_id,
            "sample_index": request.sample_index,
            "response": replies.get(request.record_id),
            "status": "failed" if replies.get(request.record_id) is None else "ok",
        }
        for request in requests
    ]
    return pd.DataFrame(rows, columns=["record_id", "sample_index", "response", "status"])


def step(ladders: pd.DataFrame, number: int, replies: dict[str, str | None], aspect: Any = "complexity"):
    requests = evolve_requests(ladders, aspect=aspect, step=number, **CALL)
    return requests, with_rung(ladders, completions(requests, replies), aspect=aspect, step=number, seed=3)


def test_a_step_starts_from_the_last_good_rung() -> None:
    ladders = seed_ladders(RECORDS, aspect="complexity")
    _, ladders = step(ladders, 1, {"r1": "Add 1, 2 and 3.", "r2": "name a colour."})
    _, ladders = step(ladders, 2, {"r1": None, "r2": "Name a colour that is warm."})
    requests, ladders = step(ladders, 3, {"r1": "Add 1, 2 and 4.", "r2": "Name a colour."})
    assert "\nAdd 1, 2 and 3.\n[End of request]" in requests[0].messages[0][1]
    assert "\nName a colour that is warm.\n[End of request]" in requests[1].messages[0][1]
    assert ladders["rung"].tolist() == [0, 1, 2, 3] * 2
    assert ladders["status"].tolist() == [
        *("ok", "ok", "unanswered", "ok"),
        # Another case is another text; the seed again is none.
        *("ok", "ok", "ok", "unchanged"),
    ]
    assert good_rungs(ladders)["rung"].tolist() == [0, 1, 3, 0, 1, 2]


def test_the_method_and_the_seed_of_a_step_follow_from_record_and_step_alone() -> None:
    ladders = seed_ladders(RECORDS, aspect="complexity")
    requests = evolve_requests(ladders, aspect="complexity", step=1, **CALL)
    alone = evolve_requests(
        seed_ladders(RECORDS.iloc[::-1].head(1), aspect="complexity"), aspect="complexity", step=1, **CALL
    )
    assert alone == requests[1:]
    many = pd.DataFrame(
        {"record_id": [f"{n:03d}" for n in range(60)], "messages": [RECORDS["messages"][1]] * 60}
    )
    methods = [
        request.messages[0][1].partition("[Method]\n")[2].partition("\n")[0]
        for request in evolve_requests(
            seed_ladders(many, aspect="complexity"), aspect="complexity", step=1, **CALL
        )
    ]
    assert 20 <= methods.count("deepen") <= 40 and set(methods) == {"deepen", "concretise"}


def test_the_method_is_kept_beside_the_rung() -> None:
    requests, ladders = step(
        seed_ladders(RECORDS, aspect="complexity"), 1, {"r1": "Add 1, 2 and 3.", "r2": "Name two."}
    )
    for request in requests:
        row = ladders[(ladders["record_id"] == request.record_id) & (ladders["rung"] == 1)].iloc[0]
        assert f"[Method]\n{row['method']}\n" in request.messages[0][1]


def test_a_quality_ladder_revises_the_answer_and_keeps_the_request() -> None:
    ladders = seed_ladders(RECORDS, aspect="quality")
    assert ladders["record_id"].tolist() == ["r1"]  # the other has no answer
    requests, ladders = step(ladders, 1, {"r1": "Critique: too short.\nRevised answer: 1 + 2 = 3"}, "quality")
    assert "\nAdd 1 and 2.\n[Answer]\n3\n[End of answer]" in requests[0].messages[0][1]
    _, ladders = step(ladders, 2, {"r1": "I have nothing to add."}, "quality")
    assert ladders["instruction"].tolist() == ["Add 1 and 2."] * 3
    assert ladders["answer"].tolist()[:2] == ["3", "1 + 2 = 3"] and ladders["answer"].isna().tolist()[2]
    assert ladders["status"].tolist() == ["ok", "ok", "unanswered"]


def test_the_requests_of_a_step_differ_from_those_of_the_next() -> None:
    ladders = seed_ladders(RECORDS, aspect="complexity")
    first, failed = step(ladders, 1, {})
    second, _ = step(failed, 2, {})
    assert [request.seed for request in first] != [request.seed for request in second]
    assert [request.sample_index for request in second] == [2, 2]


def test_the_microworlds_teacher_builds_ladders_of_rising_difficulty() -> None:
    world = build_world()
    teacher = Teacher(world, TeacherFaults(), seed=1)
    items = [item for item in benchmark_items(world, 3) if item["split"] == "train" and item["counted"]][::18]
    records = pd.DataFrame(
        {
            "record_id": [item["item_id"] for item in items],
            "messages": [[{"role": "user", "content": item["question"]}] for item in items],
        }
    )
    ladders = seed_ladders(records, aspect="complexity")
    for number in (1, 2, 3):
        requests = evolve_requests(ladders, aspect="complexity", step=number, **CALL)
        replies = {
            request.record_id: teacher.reply(
                [{"role": "user", "content": request.messages[0][1]}], request.seed, 0
            )
            for request in requests
        }
        ladders = with_rung(ladders, completions(requests, replies), aspect="complexity", step=number, seed=3)
    shares = ladders.loc[ladders["rung"] > 0, "status"].value_counts(normalize=True)
    assert 0.02 < shares["leaked_prompt"] < 0.1 and shares["ok"] > 0.25
    difficulties = {0: [], 3: []}
    for _, rungs in good_rungs(ladders).groupby("record_id"):
        for rung, place in ((0, 0), (3, -1)):
            item = teacher._recognise((rungs["instruction"].iloc[place],))
            if item is not None:
                difficulties[rung].append(item[0].difficulty(item[1]))
    assert sum(difficulties[3]) / len(difficulties[3]) > sum(difficulties[0]) / len(difficulties[0]) + 0.4
