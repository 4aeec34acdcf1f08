"""Rounds of Self-Instruct against a real server: what is asked, what is read, what is dropped and why."""

import re
from collections import Counter

import pandas as pd
import pytest
from chat_server import ChatServer
from synthesis_builders import seed_tasks, seeds, writer_to

from instruction_tuning.errors import FailureRateError, InputError
from instruction_tuning.schemas.synthesised_instructions import SynthesisedInstructions
from instruction_tuning.synthesis.demonstrations import check_seeds
from instruction_tuning.synthesis.instruction_filters import InstructionFilters
from instruction_tuning.synthesis.self_instruct import SelfInstructParameters, write_round
from instruction_tuning.synthesis.written_rows import joined, rows_frame

SETTINGS = SelfInstructParameters(
    target=6,
    shots=4,
    machine_shots=2,
    tasks_per_request=4,
    requests_per_round=2,
    max_tokens=400,
    max_instances=2,
    instance_max_tokens=100,
)
NEW = (
    "Name four trees of the north",
    "Is 91 a prime number, yes or no?",
    "Draw a map of the moon",
    "Too short",
)


def chat_reply(body, index: int) -> str:
    asked = body["messages"][-1]["content"]
    if "[Examples]" in asked:
        number = len(re.findall(r"^\d+\. ", asked, re.MULTILINE))
        return "\n".join(f"{number + 1 + n}. {text}" for n, text in enumerate(NEW))
    if "[Task to place]" in asked:
        return "Yes." if "prime" in asked else "No"
    if "[Task with labels]" in asked:
        return "Class label: no\n\nClass label: no"
    return "Example 1\nOutput: oak, birch, pine, larch"


def rounds(server: ChatServer, folder, known: pd.DataFrame, number: int, **changes):
    writer = writer_to(server.base_url, folder, max_unreadable_rate=changes.pop("max_unreadable_rate", 0.3))
    settings = SETTINGS.model_copy(update=changes)
    return rows_frame(
        write_round(
            known, writer, settings, InstructionFilters(), number=number, languages=("en",), kind="chat"
        )
    )


def test_everything_that_was_written_is_a_row_and_says_what_became_of_it(tmp_path) -> None:
    with ChatServer() as server:
        server.text = chat_reply
        rows = rounds(server, tmp_path, seeds(), 1)
    SynthesisedInstructions.validate(rows)
    kept = rows[rows["status"] == "kept"]
    assert kept[["instruction", "output", "is_classification"]].values.tolist() == [
        [NEW[0], "oak, birch, pine, larch", False],
        [NEW[1], "no", True],
    ]
    reasons = Counter(rows["drop_reason"].dropna())
    assert reasons == {"too_similar": 2, "other_media": 2, "too_short": 2, "copied_example": 1}
    copies = rows[rows["drop_reason"] == "too_similar"]
    assert set(copies["nearest_task_id"]) == set(kept["task_id"]) and copies["nearest_rouge_l"].eq(1).all()
    assert all(len(parents) == 4 for parents in rows["parent_ids"])
    assert {parent[:3] for parents in rows["parent_ids"] for parent in parents} == {"en_"}


def test_the_next_round_shows_what_the_model_wrote_and_asks_for_what_is_left(tmp_path) -> None:
    with ChatServer() as server:
        server.text = chat_reply
        first = rounds(server, tmp_path, seeds(), 1)
        known = joined([seeds(), first])
        second = rounds(server, tmp_path, known, 2)
        assert (second["drop_reason"] != "copied_example").all() and (second["status"] == "dropped").all()
        written = set(first.loc[first["status"] == "kept", "record_id"])
        assert all(len(written & set(parents)) == 2 for parents in second["parent_ids"])
        asked = len(server.requests)
        assert rounds(server, tmp_path, known, 3, target=2).empty and len(server.requests) == asked
        few = rounds(server, tmp_path / "few", seeds(), 1, target=1)
    assert few["drop_reason"].value_counts()["over_target"] >= 1
    assert few.loc[few["status"] == "kept", "task_id"].nunique() == 1


def test_a_round_is_the_same_whoever_stands_where(tmp_path) -> None:
    with ChatServer() as server:
        server.text = chat_reply
        rows = rounds(server, tmp_path, seeds(), 1)
        asked = len(server.requests)
        again = rounds(server, tmp_path, seeds().sample(frac=1, random_state=1), 1)
        assert len(server.requests) == asked, "no request is paid for twice"
    pd.testing.assert_frame_equal(rows, again)


def test_replies_without_a_list_are_rows_and_too_many_stop_the_run(tmp_path) -> None:
    with ChatServer() as server:
        server.text = lambda body, index: "I have no idea."
        with pytest.raises(FailureRateError, match="numbered list of tasks"):
            rounds(server, tmp_path, seeds(), 1)
        rows = rounds(server, tmp_path, seeds(), 1, max_unreadable_rate=1.0)
    assert set(rows["drop_reason"]) == {"unreadable"} and set(rows["raw"]) == {"I have no idea."}


def test_a_plain_model_goes_on_with_texts_that_show_seeds(tmp_path) -> None:
    def continued(body, index: int) -> str:
        (message,) = body["messages"]
        text = message["content"]
        if text.endswith("5."):
            return " Name four trees of the north\n6. Is 91 a prime number, yes or no?\n\nAnd then it rained."
        if text.endswith("Classification:"):
            return " Yes\n\nTask: more" if "prime" in text else " No\n\nTask: more"
        if text.endswith("Class label:"):
            return " no\n\nTask: Is it late?\nClass label: yes"
        assert text.endswith("Task: Name four trees of the north\nExample 1") and "Output: " in text
        return "\nOutput: oak, birch, pine, larch\n\nTask: Tell me"

    with ChatServer() as server:
        server.text = continued
        writer = writer_to(server.base_url, tmp_path)
        written = write_round(
            seeds(), writer, SETTINGS, InstructionFilters(), number=1, languages=("en",), kind="plain"
        )
    kept = [(row.instruction, row.output, row.is_classification) for row in written if row.is_open]
    assert kept == [
        ("Name four trees of the north", "oak, birch, pine, larch", False),
        ("Is 91 a prime number, yes or no?", "no", True),
    ]


def test_too_few_seeds_of_a_language_are_told_before_anything_is_asked() -> None:
    tasks = seed_tasks()
    check_seeds(tasks, ("en", "zh"), shots=10)
    with pytest.raises(InputError, match="10 seed tasks are in language zh"):
        check_seeds(tasks, ("zh",), shots=11)
    with pytest.raises(InputError, match="all of one kind"):
        check_seeds(tasks[tasks["is_classification"]], ("en",), shots=2)
