"""The microworld's teacher: started for a run that needs it, gone after it, whatever happens."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import psutil
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline

from instruction_tuning.errors import WorkspaceError
from instruction_tuning.hooks.answer_source import TEACHER, is_play_money
from instruction_tuning.hooks.teacher_server import TeacherServer, TeacherServerHooks
from instruction_tuning.lm.protocol import Endpoint


def teacher_catalog() -> DataCatalog:
    return DataCatalog(
        {
            TEACHER: MemoryDataset(Endpoint(base_url="microworld", model="microworld-teacher")),
            "answer": MemoryDataset(),
        }
    )


def asking(work: Any) -> Pipeline:
    return Pipeline([Node(work, TEACHER, "answer", name="ask_teacher")])


def is_listening(base_url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{base_url}/models", timeout=5) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


@pytest.mark.parametrize("failure", [None, ValueError, KeyboardInterrupt])
def test_the_teacher_answers_during_the_run_and_is_gone_after_it(run_pipeline, tmp_path, failure):
    seen: list[str] = []

    def work(teacher: Endpoint) -> bool:
        seen.append(teacher.base_url)
        assert is_listening(teacher.base_url)
        assert is_play_money(teacher)
        if failure is not None:
            raise failure("stop")
        return True

    hooks = [TeacherServerHooks()]
    if failure is None:
        run_pipeline(asking(work), teacher_catalog(), hooks, tmp_path)
    else:
        with pytest.raises(Exception, match="stop"):
            run_pipeline(asking(work), teacher_catalog(), hooks, tmp_path)
    assert len(seen) == 1
    assert not is_listening(seen[0])


def test_the_built_in_teacher_may_rate_what_another_one_answers(run_pipeline, tmp_path):
    seen: list[Endpoint] = []
    catalog = teacher_catalog()
    judge = Endpoint(base_url="microworld", model="any")
    catalog[TEACHER] = Endpoint(base_url="http://127.0.0.1:1/v1", model="mine", judge=judge)
    run_pipeline(
        asking(lambda teacher: seen.append(teacher) or True), catalog, [TeacherServerHooks()], tmp_path
    )
    assert (seen[0].base_url, seen[0].model) == ("http://127.0.0.1:1/v1", "mine")
    assert seen[0].rated_by.base_url.startswith("http://127.0.0.1:")
    assert seen[0].rated_by.model.startswith("microworld")
    assert not is_play_money(seen[0])


def test_a_run_that_asks_no_teacher_starts_none(run_pipeline, tmp_path):
    pipeline = Pipeline([Node(lambda: True, None, "answer", name="do_nothing")])
    run_pipeline(pipeline, teacher_catalog(), [TeacherServerHooks()], tmp_path)
    assert not (tmp_path / "data/.work/teacher_server.log").exists()


def test_a_taken_port_is_named_with_the_way_out(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(WorkspaceError, match=rf"port {port} (.|\n)*set teacher.port to 0"):
            TeacherServer.start(port, tmp_path / "log")


def test_the_teacher_dies_with_a_run_that_was_killed(tmp_path: Path):
    script = (
        "import time; from pathlib import Path\n"
        "from instruction_tuning.hooks.teacher_server import TeacherServer\n"
        f"server = TeacherServer.start(0, Path({str(tmp_path / 'log')!r}))\n"
        "print(server.process.pid, flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        server = int(run.stdout.readline())
        assert psutil.pid_exists(server)
        run.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while _is_running(server) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _is_running(server)


def _is_running(process_id: int) -> bool:
    # Nobody may be left to reap it: a zombie is dead.
    try:
        return psutil.Process(process_id).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_this_process_is_not_the_servers_group(tmp_path):
    server = TeacherServer.start(0, tmp_path / "log")
    try:
        assert os.getpgid(server.process.pid) != os.getpgid(0)
    finally:
        server.stop()
        server.stop()
