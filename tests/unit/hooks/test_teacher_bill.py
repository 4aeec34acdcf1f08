"""Consecutive runs on one store, with a real server: who paid for what."""

import os
from pathlib import Path
from typing import Any

import pytest
from answer_builders import answer_parameters, selected_queries
from chat_server import MODEL, ChatServer, good_text
from kedro.io import DataCatalog, MemoryDataset, Version
from kedro.pipeline import Node, Pipeline
from mlflow import MlflowClient

from instruction_tuning.datasets.frame import FrameDataset
from instruction_tuning.errors import BudgetExceededError
from instruction_tuning.hooks.answer_source import ServedEndpoint, is_play_money
from instruction_tuning.hooks.mlflow_tracking import MlflowHooks
from instruction_tuning.hooks.teacher_bill import TeacherBillHooks, bill_of_run
from instruction_tuning.incremental.live import run_of
from instruction_tuning.lm.payments import SESSION_VARIABLE
from instruction_tuning.lm.protocol import Endpoint
from instruction_tuning.microworld.teacher_server import MODEL as BUILT_IN
from instruction_tuning.pipelines.answer_generation.pipeline import create_pipeline
from instruction_tuning.runner import InterruptibleRunner

FIRST, SECOND = "2024-05-06T07.08.09.123Z", "2024-05-07T07.08.09.123Z"
# A query has two answers in one request and a rating for each: three requests of 20 tokens, at 1,000 dollars
# a million tokens.
USD_A_QUERY = 0.06
MARKS = {"verified_examples": {"kept": {"paid": ["teacher_completions"], "by": "record_id"}}}
MADE = ("teacher_completions", "rated_responses", "verified_examples", "rejected_answers")


def wrong_sums(body: dict[str, Any], index: int) -> str:
    """Of four queries two are sums, and no record is kept of these."""
    question = body["messages"][-1]["content"]
    return f"The answer is {index}." if question.startswith("What is ") else good_text(body, index)


@pytest.fixture
def server():
    with ChatServer() as started:
        started.text = wrong_sums
        yield started


@pytest.fixture
def run(tmp_path, server, run_pipeline):
    """Answers the first `count` queries in the run `session`; returns what is said at its end."""

    def answer(
        count: int,
        session: str,
        *hooks: object,
        model: str = MODEL,
        kind: type[Endpoint] = Endpoint,
        **changes: Any,
    ) -> list[str]:
        teacher = kind(base_url=server.base_url, model=model, price_per_million_output_tokens=1e3)
        parameters = answer_parameters(tmp_path, **{"num_samples": 2} | changes)
        catalog = DataCatalog(
            {
                "selected_queries": MemoryDataset(selected_queries(count)),
                "params:teacher": MemoryDataset(teacher),
                "earlier_reward_model": MemoryDataset(None),
                "params:answer_generation": MemoryDataset(parameters, copy_mode="assign"),
                **{
                    name: FrameDataset(filepath=str(tmp_path / f"{name}.parquet"), metadata=MARKS.get(name))
                    for name in MADE
                },
            }
        )
        runner = InterruptibleRunner()
        run_pipeline(
            create_pipeline(),
            catalog,
            [*hooks, TeacherBillHooks()],
            tmp_path,
            runner=runner,
            run_id=session,
        )
        found = run_of({"runner": str(runner)})
        assert found is not None
        return found.last_words

    return answer


def test_the_first_run_pays_all_and_a_second_one_nothing(run, server):
    each = f"  Each of the 2 records in verified_examples has cost ${2 * USD_A_QUERY:.5f}."
    assert run(4, FIRST)[1:] == [f"  This run sent 12 requests, for ${4 * USD_A_QUERY:.4f}.", each]
    server.requests.clear()
    assert run(4, SECOND)[1:] == [
        "  This run sent 0 requests, for $0.0000.",
        "  12 more were found in the store, paid by:",
        f"    run {FIRST}: 12 requests, ${4 * USD_A_QUERY:.4f}",
        each,
    ]
    assert server.requests == []


def test_what_a_stopped_run_has_not_made_is_passed_over(tmp_path):
    version = Version(None, FIRST)
    log = FrameDataset(filepath=str(tmp_path / "training_log.parquet"), version=version)
    catalog = DataCatalog({"params:teacher": MemoryDataset(1), "training_log": log})
    pipeline = Pipeline([Node(lambda teacher: teacher, "params:teacher", "training_log", name="train")])
    assert bill_of_run(pipeline, catalog, session=FIRST) is None


def test_the_built_in_teachers_price_is_called_play_money(run):
    assert "Nobody was charged" in run(1, FIRST, kind=ServedEndpoint)[-1]


def test_a_teacher_of_the_users_is_paid_whatever_its_model_is_called(run):
    said = run(1, FIRST, model=f"{BUILT_IN}-0123abcd")
    assert len(said) == 3 and not any("Nobody was charged" in line for line in said)


def test_a_judge_of_the_users_is_paid_beside_the_built_in_teacher():
    judge = Endpoint(base_url="http://127.0.0.1:2/v1", model="j")
    built_in = Endpoint(base_url="microworld", model=BUILT_IN)
    assert is_play_money(built_in)
    assert is_play_money(built_in.model_copy(update={"judge": built_in}))
    assert not is_play_money(built_in.model_copy(update={"judge": judge}))
    assert not is_play_money(judge.model_copy(update={"judge": built_in}))


def test_a_run_with_twice_as_many_queries_pays_half(run, server):
    run(4, FIRST)
    server.requests.clear()
    assert run(8, SECOND)[1:4] == [
        f"  This run sent 12 requests, for ${4 * USD_A_QUERY:.4f}.",
        "  12 more were found in the store, paid by:",
        f"    run {FIRST}: 12 requests, ${4 * USD_A_QUERY:.4f}",
    ]
    assert len(server.requests) == 12


def test_what_nodes_make_does_not_say_who_paid(run, tmp_path):
    run(4, FIRST)
    first = {name: (tmp_path / f"{name}.parquet").read_bytes() for name in MADE}
    run(4, SECOND)
    assert {name: (tmp_path / f"{name}.parquet").read_bytes() for name in MADE} == first


def test_frames_of_requests_are_known_by_their_column_and_not_by_their_name(run, tmp_path):
    run(1, FIRST)
    made = Pipeline([Node(lambda: None, None, ["anything", "other_completions"], name="made")])
    frames = {"anything": "teacher_completions", "other_completions": "rated_responses"}
    parameters = answer_parameters(tmp_path)
    catalog = DataCatalog(
        {
            "params:teacher": MemoryDataset(Endpoint(base_url="http://127.0.0.1:2/v1", model=MODEL)),
            "params:answer_generation": MemoryDataset(parameters, copy_mode="assign"),
            **{
                name: FrameDataset(filepath=str(tmp_path / f"{file}.parquet"))
                for name, file in frames.items()
            },
        }
    )
    bill = bill_of_run(made, catalog, session=FIRST)
    assert bill is not None and (bill.sent, bill.found) == (3, 0)


def test_the_session_is_forgotten_with_the_run(run):
    run(1, FIRST)
    assert SESSION_VARIABLE not in os.environ


def test_nothing_is_said_where_nothing_was_asked(run, tmp_path):
    assert run(4, FIRST, strategy="source") == []
    assert not (tmp_path / "completions.sqlite").exists()


@pytest.mark.usefixtures("mlflow_store")
def test_mlflow_has_the_bill_and_what_a_failed_run_paid(run, tmp_path):
    asked = {"max_concurrency": 1, "max_tokens": 40, "rating_max_tokens": 100}
    with pytest.raises(BudgetExceededError):
        run(4, FIRST, MlflowHooks(), budget_usd=0.3, **asked)
    run(4, SECOND, MlflowHooks(), **asked)
    client = MlflowClient()
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    runs = {run.data.tags["kedro.session"]: run for run in client.search_runs(experiments)}
    failed, finished = (runs[session].data.metrics for session in (FIRST, SECOND))
    assert 0 < failed["teacher/requests_sent"] < 12
    assert failed["teacher/requests_sent"] + finished["teacher/requests_sent"] == 12
    assert failed["teacher/paid_usd"] + finished["teacher/paid_usd"] == pytest.approx(4 * USD_A_QUERY)
    assert finished["teacher/usd_per_kept_record/verified_examples"] == pytest.approx(2 * USD_A_QUERY)
    assert not any("kept" in name for name in failed)
    where = client.download_artifacts(runs[SECOND].info.run_id, "reports/teacher_bill.txt", str(tmp_path))
    assert f"run {FIRST}: {failed['teacher/requests_sent']:.0f} requests" in Path(where).read_text()
