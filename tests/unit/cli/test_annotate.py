"""`kedro annotate` on a catalog of its own: errors, serving, export and import."""

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from annotation_builders import Client, a_task
from click.testing import CliRunner
from kedro.io import DataCatalog, Version

from instruction_tuning.annotation.sampling import sample_tasks
from instruction_tuning.annotation.store import AnnotationStore
from instruction_tuning.annotation.tasks import KINDS
from instruction_tuning.cli.annotate import EVENTS, TASKS, annotate
from instruction_tuning.datasets.annotation_events import AnnotationEventsDataset
from instruction_tuning.datasets.frame import FrameDataset


def make_tasks(project, *tasks, version="2026-01-01T00.00.00.000Z"):
    stored = FrameDataset(filepath=str(project / "data" / "t.parquet"), version=Version(None, version))
    numbers = dict.fromkeys(KINDS, 9)
    stored.save(sample_tasks(tasks, numbers=numbers, annotators=dict.fromkeys(KINDS, 1), seed=0))


@pytest.fixture
def project(tmp_path, monkeypatch):
    tasks = FrameDataset(filepath=str(tmp_path / "data" / "t.parquet"), version=Version(None, None))
    events = AnnotationEventsDataset(filepath=str(tmp_path / "data" / "a.sqlite"))

    @contextmanager
    def context(_env) -> Iterator[SimpleNamespace]:
        catalog = DataCatalog({TASKS: tasks, EVENTS: events})
        yield SimpleNamespace(project_path=tmp_path, catalog=catalog)

    monkeypatch.setattr("instruction_tuning.cli.annotate.project_context", context)
    return tmp_path


def is_listening(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def called(*words):
    return CliRunner().invoke(annotate, words, catch_exceptions=False)


def test_without_tasks_the_command_that_makes_them_is_named(project):
    done = called()
    assert done.exit_code == 1 and "there are no tasks yet" in done.output
    assert "kedro run --pipeline=annotation" in done.output
    assert not (project / "data" / "a.sqlite").exists()


def test_an_empty_list_is_an_error_that_names_the_setting(project):
    make_tasks(project)
    done = called()
    assert done.exit_code == 1 and "the list of tasks is empty" in done.output
    assert "annotation.tasks" in done.output


def test_a_port_that_is_taken_is_named_with_the_option(project):
    make_tasks(project, a_task())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = called("--port", str(port))
    assert done.exit_code == 1 and f"port {port} on 127.0.0.1 cannot be used" in done.output
    assert "kedro annotate --port=<port>" in done.output


def test_it_serves_until_ctrl_c_and_says_what_to_run_then(project):
    make_tasks(project, a_task(), a_task("review"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    token = project / "data" / ".work" / "annotation_token"
    told = {}

    def work() -> None:
        deadline = time.monotonic() + 30
        while not (token.exists() and is_listening(port)):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        client = Client(f"http://127.0.0.1:{port}", "Ada", token=token.read_text())
        told["first"] = client.ask("next")
        make_tasks(project, a_task(before="6"), version="2026-01-02T00.00.00.000Z")
        told["then"] = client.save(told["first"]["task"]["task_id"], {"answer": "4"})
        os.kill(os.getpid(), signal.SIGINT)

    person = threading.Thread(target=work)
    person.start()
    done = called("--port", str(port))
    person.join()
    assert done.exit_code == 0, done.output
    assert f"Open http://127.0.0.1:{port}/#{token.read_text()}" in done.output
    assert "Stopped. 1 of 2 annotations of 2 tasks there." in done.output
    assert done.output.endswith("Then: kedro run --pipeline=annotation\n")
    assert told["first"]["tasks_changed"] is False and told["then"]["tasks_changed"] is True
    assert token.stat().st_mode & 0o777 == 0o600


def test_work_goes_out_and_what_comes_in_broken_is_kept_aside(project):
    make_tasks(project, a_task())
    out = project / "out"
    assert called("--export-to", str(out)).exit_code == 0
    row = json.loads((out / "label_studio" / "correct" / "tasks.json").read_text())[0]
    result = [{"from_name": "answer", "type": "textarea", "value": {"text": ["4"]}}]
    known = {"id": 1, "completed_by": 2, "created_at": "2026-01-01T00:00:00Z", "lead_time": 3}
    row["annotations"] = [{**known, "result": result}, {**known, "result": "none"}]
    (project / "in.json").write_text(json.dumps([row]))
    done = called("--import-from", str(project / "in.json"))
    assert done.exit_code == 0, done.output
    assert "1 annotation added, 0 were there already, 1 set aside" in done.output
    assert f"in.json, task {a_task().task_id} (row 0), field result: is no list" in done.output
    aside = (project / "data" / ".work" / "annotation_set_aside" / "in.jsonl").read_text().splitlines()
    assert json.loads(aside[0])["row"]["result"] == "none"
    with AnnotationStore(project / "data" / "a.sqlite") as store:
        assert [event.who for _, event in store.events()] == ["label studio 2"]
