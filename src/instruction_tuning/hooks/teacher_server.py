"""Starts the microworld's teacher beside a run that needs it, and stops it with the run."""

import atexit
import logging
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline

from instruction_tuning.errors import WorkspaceError
from instruction_tuning.hooks.answer_source import (
    MICROWORLD,
    TEACHER,
    ServedEndpoint,
    built_in_endpoints,
    needs_teacher,
)
from instruction_tuning.hooks.global_settings import read_globals
from instruction_tuning.hooks.loopback import require_free_port
from instruction_tuning.lm.protocol import Endpoint

logger = logging.getLogger(__name__)

START_TIMEOUT_SECONDS = 30.0
STOP_TIMEOUT_SECONDS = 5.0
_PORT_FIX = "set teacher.port to 0 in conf/base/globals.yml (any free port), or stop what uses it"
_LISTENING = re.compile(r"^listening on (?P<url>http://\S+) as (?P<model>\S+)$", re.MULTILINE)


class TeacherServerHooks:
    """Only for a teacher or judge whose base_url is the word `microworld`; other addresses are a user's."""

    def __init__(self) -> None:
        self._server: TeacherServer | None = None
        self._port = 0
        self._pending: tuple[Any, CatalogProtocol[Any, Any], Path] | None = None

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        settings = read_globals(context.config_loader)
        self._port = 0 if settings is None else settings.teacher.port

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: CatalogProtocol[Any, Any]
    ) -> None:
        from instruction_tuning.hooks.incremental_plan import nodes_that_may_run

        self._pending = None
        if not needs_teacher(nodes_that_may_run(run_params, pipeline), catalog):
            return
        endpoint = catalog.load(TEACHER)
        if not built_in_endpoints(endpoint):
            return
        require_free_port(self._port, setting="teacher.port", fix=_PORT_FIX)
        log = Path(run_params["project_path"]) / "data" / ".work" / "teacher_server.log"
        self._pending = (endpoint, catalog, log)

    @hook_impl
    def before_dataset_loaded(self, dataset_name: str) -> None:
        """Started by the first node that takes it: a node that might have to run may turn out not to."""
        if dataset_name != TEACHER or self._pending is None:
            return
        (endpoint, catalog, log), self._pending = self._pending, None
        self._server = TeacherServer.start(self._port, log)
        catalog[TEACHER] = _served(endpoint, self._server)
        logger.info("%s listens on %s", self._server.model, self._server.base_url)

    @hook_impl
    def after_pipeline_run(self) -> None:
        self._stop()

    @hook_impl
    def on_pipeline_error(self) -> None:
        self._stop()

    def _stop(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None


@dataclass
class TeacherServer:
    """A running server process in a process group of its own."""

    process: subprocess.Popen[bytes]
    base_url: str = ""
    model: str = ""

    @classmethod
    def start(cls, port: int, log: Path, *options: str) -> "TeacherServer":
        """Start it and wait until it listens; port 0: any free one. `options` go to its command line."""
        require_free_port(port, setting="teacher.port", fix=_PORT_FIX)
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "instruction_tuning.microworld.teacher_server"]
        command += ["--port", str(port), "--parent-pid", str(os.getpid()), *options]
        with log.open("wb") as output:
            # A group of its own, so that ctrl-C reaches the run alone and the run decides when to stop it.
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        server = cls(process)
        atexit.register(server.stop)
        try:
            server.base_url, server.model = _wait_until_listening(process, log)
        except BaseException:
            server.stop()
            raise
        return server

    def stop(self) -> None:
        """Stop the server and whatever it started; a second call does nothing."""
        atexit.unregister(self.stop)
        if self.process.poll() is not None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(STOP_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


def _served(endpoint: Endpoint, server: TeacherServer) -> Endpoint:
    """`endpoint` with the server's address in the place of the word, for its judge and others too."""
    judge = None if endpoint.judge is None else _served(endpoint.judge, server)
    others = tuple(_served(other, server) for other in endpoint.others)
    if endpoint.base_url != MICROWORLD:
        return endpoint.model_copy(update={"judge": judge, "others": others})
    # The server's own name for its model tells teachers with other faults or seeds apart.
    served = {"base_url": server.base_url, "model": server.model, "judge": judge, "others": others}
    return ServedEndpoint.model_validate(dict(endpoint) | served)


def _wait_until_listening(process: "subprocess.Popen[bytes]", log: Path) -> tuple[str, str]:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        found = _LISTENING.search(log.read_text(encoding="utf-8", errors="replace"))
        if found:
            return found["url"], found["model"]
        if process.poll() is not None:
            break
        time.sleep(0.05)
    last_lines = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-3:])
    raise WorkspaceError(
        f"the microworld's teacher did not start: {last_lines or 'it said nothing'}",
        file=log,
        fix=f"read the file; for a port problem, {_PORT_FIX}",
    )
