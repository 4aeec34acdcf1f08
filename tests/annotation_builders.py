"""Tasks, stores and servers of annotation as tests want them."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from instruction_tuning.annotation.tasks import Task, task_id

TOKEN = "token-of-a-test"
# What `kedro annotate` does, without Kedro: a process that can be killed, started in a fraction of a second.
SERVE = """
import sys
from instruction_tuning.annotation.desk import Desk
from instruction_tuning.annotation.server import AnnotationServer
from instruction_tuning.annotation.store import AnnotationStore
store = AnnotationStore(sys.argv[1])
server = AnnotationServer(Desk(store), port=int(sys.argv[2]), token=sys.argv[3])
print(server.url, flush=True)
server.serve_forever()
"""


def a_task(kind: Any = "correct", *, asked: str = "What is 2 + 2?", before: str = "5", **fields: Any) -> Task:
    messages = [{"role": "user", "content": asked}]
    other = fields.pop("other", "4" if kind == "compare" else None)
    known = {"record_id": "r1", "before_id": "p1", "other_id": "p2" if other else None, "origin": "teacher"}
    rest = known | {"annotators": 1, "position": 0} | fields
    name = task_id(kind, messages, before, other)
    return Task(name, kind, messages=messages, before=before, other=other, **rest)


class Client:
    """What the page sends, by name of the person."""

    def __init__(self, url: str, who: str, token: str = TOKEN) -> None:
        self.base, self.who, self.token = url.partition("#")[0].rstrip("/"), who, token

    def ask(self, action: str, **fields: Any) -> dict[str, Any]:
        status, answer = self.send(action, {"who": self.who, **fields})
        assert status == 200, answer
        return answer

    def save(self, task_id: str, value: dict[str, Any], **fields: Any) -> dict[str, Any]:
        given = {"event_key": uuid.uuid4().hex, "seconds": 3.25} | fields
        return self.ask("save", task_id=task_id, value=value, **given)

    def send(self, action: str, fields: Any, **headers: str) -> tuple[int, dict[str, Any]]:
        body = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
        given = {"Content-Type": "application/json", "X-Annotation-Token": self.token} | headers
        request = urllib.request.Request(f"{self.base}/api/{action}", body, given)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)


@contextmanager
def serving_process(store: Path, port: int = 0) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """The server in a process of its own, killed at the end."""
    command = [sys.executable, "-c", SERVE, str(store), str(port), TOKEN]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()
