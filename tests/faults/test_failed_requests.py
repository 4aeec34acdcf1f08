"""A server that refuses some requests, over several real runs."""

import json
from pathlib import Path

import pytest
from chat_server import MODEL, ChatServer
from small_run import copy_project
from warm_processes import run_kedro

pytestmark = pytest.mark.slow

SETTINGS = """
globals.yml: {teacher: {base_url: "%s", model: "%s"}}
parameters_answer_generation.yml: {answer_generation: {num_samples: 2, max_failure_rate: 0.5}}
"""
CITIES = ("Lima", "Oslo", "Rome", "Bern", "Cairo", "Delhi")


@pytest.fixture
def project(project_path: Path, empty_mlflow_store: Path, tmp_path: Path) -> tuple[Path, dict[str, str]]:
    target = tmp_path / "project"
    environment = copy_project(project_path, target, empty_mlflow_store)
    questions = [f"In which country is the city {city}, and on which river?" for city in CITIES]
    rows = [{"instruction": question, "input": "", "output": "I do not know."} for question in questions]
    (target / "raw.json").write_text(json.dumps(rows))
    return target, environment | {"PYTHONPATH": str(target / "src")}


def test_failed_requests_are_sent_by_the_next_run_until_the_same_ones_fail_again(project):
    folder, environment = project
    refused = {"Lima", "Oslo"}

    def refuses(body: dict[str, object], _attempt: int) -> dict[str, int] | None:
        return {"status": 400} if any(city in json.dumps(body) for city in refused) else None

    with ChatServer(refuses) as server:
        for line in (SETTINGS % (server.base_url, MODEL)).split("\n")[1:-1]:
            file, _, content = line.partition(": ")
            (folder / "conf" / "test" / file).write_text(content)

        def run() -> tuple[str, int]:
            server.requests.clear()
            words = ("run", "--env=test", "--pipeline=answer_generation", "--params=data=raw.json")
            completed = run_kedro(*words, cwd=folder, env=environment)
            assert completed.returncode == 0, completed.stderr[-4000:]
            return completed.stdout + completed.stderr, len(server.requests)

        first, _ = run()
        assert "4 queries have an answer to train on" in first
        refused.remove("Lima")
        second, sent = run()
        # Both that had failed, and a rating for each of the two answers that came.
        assert sent == 4
        assert "run   answer_generation.rate_answers: 2 requests failed last time in" in second
        assert "5 queries have an answer to train on" in second
        third, sent = run()
        assert sent == 1
        assert "run   answer_generation.generate_answers: 1 request failed last time" in third
        assert "generate_answers: 1 request failed again, as in the run before" in third
        assert "reuse answer_generation.choose_answers: unchanged" in third
        fourth, sent = run()
        assert sent == 0 and "0 nodes ran" in fourth
