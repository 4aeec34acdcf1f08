"""Each strategy from queries to examples, with the microworld's teacher over HTTP."""

import re
import sys

import pandas as pd
import pytest
from answer_builders import answer_parameters, selected_queries
from answer_builders import run_answer_generation as run
from chat_server import MODEL, ChatServer
from raw_file_builders import write

from instruction_tuning.canonical.dry_run import dry_run
from instruction_tuning.cli.check import teacher_plan
from instruction_tuning.errors import ConfigurationError, FailureRateError, InputError
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.microworld.benchmark import benchmark_items
from instruction_tuning.microworld.teacher import Teacher, TeacherFaults
from instruction_tuning.microworld.world import build_world
from instruction_tuning.mixture.replay import build_mixture
from instruction_tuning.sandbox.pool import Sandbox
from instruction_tuning.verification.answer_score import answer_score, item_rubric
from instruction_tuning.verification.program_text import program_text

WORLD = build_world()
ITEMS = [item for item in benchmark_items(WORLD, 3) if item["split"] == "train" and not item["turns"]]
CODE = [item for item in ITEMS if item["answer_kind"] == "program"]
STORIES = [item for item in ITEMS if item["answer_kind"] == "number" and item["ability"] == "cot"]
REPLIES = {"[Task to test]": "assert f(1) == 4", "[Instruction]": "Rating: 2"}
linux = pytest.mark.skipif(sys.platform != "linux", reason="the barriers are Linux's")


def queries(items: list[dict]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "record_id": [f"{number:016x}" for number in range(len(items))],
            "source": "pool",
            "language": [item["language"] for item in items],
            "messages": [[{"role": "user", "content": item["question"]}] for item in items],
            "prompt": [item["question"] for item in items],
            "answer": [item["target"] for item in items],
            "parent_ids": [[] for _ in items],
            "rank": range(len(items)),
        }
    )


@pytest.fixture
def server():
    teacher = Teacher(WORLD, TeacherFaults(error_rate=0.2), seed=1)
    with ChatServer() as started:
        started.text = lambda body, index: teacher.reply(body["messages"], body["seed"], index)
        yield started


def share_right(examples: pd.DataFrame, items: list[dict]) -> float:
    right = []
    for row in examples.to_dict("records"):
        item = items[int(row["record_id"], 16)]
        rubric = item_rubric(item["answer_kind"], item["target"], item["rubric"])
        text = program_text(row["answer"]) if item["answer_kind"] == "program" else row["answer"]
        right.append(answer_score(text, rubric) == 1)
    return sum(right) / len(right)


def in_two_ways(body, index):
    """What is 3 plus 4? Right by two paths, right by a wrong equation, wrong."""
    first, second = re.findall(r"\d+", body["messages"][-1]["content"])
    total = int(first) + int(second)
    return (
        f"{first} + {second} = {total}",
        f"{second} + {first} = {total}. So {total}.",
        f"{second} + {first} = {total}, that is {total}.",
        f"{first} + {first} = {total}",
        str(total + 1),
    )[index % 5]


def test_rejection_sampling_keeps_right_answers_by_different_ways(tmp_path, server):
    server.text = in_two_ways
    settings = {"rejection_sampling": {"unverified": "drop"}, "strategy": "rejection_sampling"}
    sums = selected_queries(8).iloc[1::2]
    frames = run(tmp_path, sums, server, max_answers_per_query=3, num_samples=5, **settings)
    examples, responses = frames["verified_examples"], frames["rated_responses"]
    assert set(frames["teacher_completions"]["kind"]) == {"answer"}, "nothing is rated"
    assert set(responses["rating_status"]) == {"not_asked"}
    assert responses["check"].value_counts().to_dict() == {"passed": 12, "failed": 8}
    assert examples["record_id"].value_counts().tolist() == [2] * 4
    assert examples["response_id"].str[-1].tolist() == ["2", "0"] * 4, (
        "the path that more samples took is first"
    )
    pairs = zip(examples["record_id"], examples["response_id"], strict=True)
    assert [tuple(ids) for ids in examples["parent_ids"]] == list(pairs)


def test_several_answers_to_a_record_are_on_one_side_of_the_mixture(tmp_path, server):
    server.text = in_two_ways
    settings = {"rejection_sampling": {"unverified": "drop"}, "strategy": "rejection_sampling"}
    sums = selected_queries(8).iloc[1::2]
    frames = run(tmp_path, sums, server, max_answers_per_query=3, num_samples=5, **settings)
    training, validation = build_mixture(
        frames["verified_examples"],
        pd.DataFrame({"document_id": [], "text": []}),
        documents_per_example=0.0,
        validation_share=0.3,
        validation_minimum=1,
        seed=1,
    )
    assert pd.concat([training, validation])["example_id"].is_unique
    sides = [{ids[0] for ids in side["parent_ids"]} for side in (training, validation)]
    assert all(sides) and not sides[0] & sides[1]


def test_what_passes_a_records_own_answer_is_right_in_the_world(tmp_path, server):
    settings = {"rejection_sampling": {"unverified": "drop"}, "verifiers": ("math",)}
    frames = run(tmp_path, queries(STORIES[:8]), server, strategy="rejection_sampling", **settings)
    assert share_right(frames["verified_examples"], STORIES) == 1
    assert (frames["rated_responses"]["check"] == "failed").any()


def test_what_nothing_verifies_is_dropped_and_says_so(tmp_path, server):
    facts = [item for item in ITEMS if item["ability"] == "open_qa"][:3]
    settings = {"rejection_sampling": {"unverified": "drop"}, "strategy": "rejection_sampling"}
    frames = run(tmp_path, queries(facts), server, **settings)
    assert set(frames["rejected_answers"]["reason"]) == {"unverified"}
    assert set(frames["rejected_answers"]["stage"]) == {"check"}


@linux
def test_self_repair_tests_programs_repairs_them_and_books_every_request(tmp_path, server):
    asked = queries([*CODE[:5], *STORIES[:1]])
    frames = run(tmp_path, asked, server, price=1.0, strategy="self_repair", num_samples=2)
    completions, responses = frames["teacher_completions"], frames["rated_responses"]
    kinds = completions["kind"].value_counts()
    assert kinds["tests"] == 5 and kinds["answer"] == 12 and kinds["repair"] > 0
    assert responses["response_id"].nunique() == kinds["answer"] + kinds["repair"]
    assert responses["price_usd"].sum() == pytest.approx(completions["price_usd"].sum())
    examples = frames["verified_examples"]
    programs = examples[examples["record_id"] < f"{5:016x}"]
    assert len(programs) and share_right(programs, CODE) == 1
    details = responses.loc[responses["check"] == "passed", "check_detail"]
    assert details.str.contains("mutants").any()
    # A second run, of the order without repairs, pays for nothing that the first has paid for.
    sent = len(server.requests)
    run(tmp_path, asked, server, price=1.0, strategy="tests_first", num_samples=2)
    assert len(server.requests) == sent


@linux
def test_a_dry_run_and_the_first_line_foretell_the_most_that_self_repair_asks(tmp_path, server, caplog):
    """Every program fails here, so that the most is what comes."""
    items, settings = [*CODE[:2], *STORIES[:1]], {"strategy": "self_repair", "num_samples": 2}
    rows = [{"instruction": item["question"], "input": "", "output": item["target"]} for item in items]
    data = write(tmp_path / "data.jsonl", rows)
    plan = teacher_plan(
        answer_parameters(tmp_path, **settings), 99, Endpoint(base_url=server.base_url, model=MODEL)
    )
    told = dry_run(
        data, lambda texts: [len(text) for text in texts], max_length_tokens=99, teacher=plan
    ).teacher
    server.text = lambda body, index: next(
        (reply for mark, reply in REPLIES.items() if mark in body["messages"][-1]["content"]),
        f"def f(x):\n    return '{body['seed']} {index}'",
    )
    asked = run(tmp_path, queries(items), server, **settings)["teacher_completions"]
    sent = asked.groupby("kind")["request_id"].nunique().to_dict()
    foretold = {"tests": told.tests, "answer": told.answers, "repair": told.repairs, "rating": told.ratings}
    assert sent == {kind: calls.requests for kind, calls in foretold.items()}
    assert sent == {"tests": 2, "answer": 3, "repair": 4, "rating": 10}
    assert [one.getMessage() for one in caplog.records if one.name.endswith("answering.asking")] == [
        "to ask, or to take from the store: 2 requests for tests, then 3 requests for 2 answers each, up to "
        "4 requests for 1 repair each, were every program to fail its tests"
    ]


@linux
def test_a_records_own_tests_decide_and_nobody_is_asked_for_any_or_shown_them(tmp_path, server):
    item, teacher = CODE[0], server.text
    answers = (item["target"], "def f(x):\n    return None")
    server.text = lambda body, index: (
        answers[index] if body["messages"][-1]["content"] == item["question"] else teacher(body, index)
    )
    asserts = [
        f"assert f({argument!r}) == {value!r}"
        for argument, value in item_rubric(item["answer_kind"], item["target"], item["rubric"])["tests"]
    ]
    asked = queries([item, STORIES[0]]).assign(tests=[asserts, None])
    frames = run(tmp_path, asked, server, strategy="tests_first", num_samples=2)
    assert set(frames["teacher_completions"]["kind"]) == {"answer", "rating"}
    assert not any("assert" in str(body["messages"]) for body in server.requests)
    assert frames["rated_responses"]["check"].tolist()[:2] == ["passed", "failed"]
    assert frames["verified_examples"]["response_id"].iloc[0] == "0000000000000000-00"


@linux
def test_own_tests_without_an_assertion_are_named_with_their_record(tmp_path, server):
    asked = queries(CODE[:1]).assign(tests="f(1) gives 4")
    with pytest.raises(InputError, match="no assertion") as caught:
        run(tmp_path, asked, server, strategy="tests_first")
    assert caught.value.record == asked["record_id"].iloc[0] and not server.requests


@linux
def test_each_program_is_run_against_its_tests_once(tmp_path, server, monkeypatch):
    ran, run_all = [], Sandbox.run_all
    monkeypatch.setattr(
        Sandbox, "run_all", lambda self, programs: ran.extend(programs) or run_all(self, programs)
    )
    frames = run(tmp_path, queries(CODE[:3]), server, strategy="self_repair", num_samples=2)
    tested = [program for program in ran if "_tests_that_failed" not in str(program.tests)]
    responses = frames["rated_responses"].drop_duplicates(["record_id", "response"])
    assert (frames["teacher_completions"]["kind"] == "repair").any()
    assert sorted(program.source for program in tested) == sorted(map(program_text, responses["response"]))


@linux
def test_tests_that_cannot_be_read_stop_the_run_before_a_program_is_paid_for(tmp_path, server):
    server.text = lambda body, index: "There is nothing to test."
    with pytest.raises(FailureRateError, match="8 of 8 replies hold no test"):
        run(tmp_path, queries(CODE[:8]), server, strategy="tests_first")
    assert len(server.requests) == 8


def test_an_earlier_reward_model_that_is_not_there_is_missed_before_anything_is_asked(tmp_path, server):
    with pytest.raises(ConfigurationError, match="alias `verifier`"):
        run(tmp_path, queries(CODE[:1]), server, earlier_reward_model={"min_reward": 0.0, "max_length": 64})
    assert not server.requests
