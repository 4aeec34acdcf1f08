"""Processes of their own that find the libraries imported already.

Most of the time of a short command goes into importing pandas, MLflow and torch. Here one process imports
them and forks for each command. The child gets its folder, environment, output and random state, imports
kedro and the project from where it stands, takes signals and ends as any other. But all of them share the
order in which their sets are hashed and what the libraries read of the environment when they were imported,
and one cannot see what a command imports: claims about these are for a fresh `python -m kedro`.
"""

import atexit
import gc
import inspect
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

# Of kedro only what reads no file of a project when it is imported, and of the project nothing.
LIBRARIES = (
    *("pandera.pandas", "dynaconf", "pathspec", "chardet", "omegaconf", "sqlalchemy", "mlflow"),
    *("kedro.io", "kedro_datasets.pandas", "kedro_datasets.plotly"),
    *("torch", "transformers.models.llama.modeling_llama", "lm_eval.evaluator"),
    *("trl.trainer.sft_trainer", "trl.trainer.reward_trainer"),
    *("sklearn.feature_extraction.text", "sklearn.decomposition"),
)
# As the project's settings set them, before the libraries that read them are imported.
SETTINGS = {"MLFLOW_LOGGING_LEVEL": "WARNING", "TQDM_DISABLE": "1"}
TIMEOUT_SECONDS = 480  # on an idle machine seconds; a loaded one is no failure


def run_kedro(
    *words: str, cwd: Path, env: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """What `kedro` with these words comes to, as `subprocess.run` tells it; `env` as there."""
    with tempfile.TemporaryDirectory() as folder:
        output, errors = Path(folder, "stdout"), Path(folder, "stderr")
        process = start_python("-m", "kedro", *words, cwd=cwd, env=env, output=output, errors=errors)
        try:
            code = process.wait(TIMEOUT_SECONDS)
        finally:
            process.kill()
        return subprocess.CompletedProcess(words, code, output.read_text("utf-8"), errors.read_text("utf-8"))


def start_python(
    *arguments: str, cwd: Path, env: Mapping[str, str] | None = None, output: Path, errors: Path
) -> "ColdProcess | WarmProcess":
    """`python -m module ...` or `python -c code ...` in a session of its own; both files may be the same.

    One runs at a time: the next start kills it.
    """
    environment = {**(os.environ if env is None else env)}
    if sys.platform == "linux":
        return _server().start(arguments, cwd, environment, output, errors)
    # Elsewhere forking is not safe with every library.
    with output.open("a") as out, errors.open("a") as err:
        return ColdProcess(
            [sys.executable, *arguments],
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            text=True,
            start_new_session=True,
        )


class ColdProcess(subprocess.Popen[str]):
    """A process of its own imports, of which nothing runs any more once it is killed."""

    def kill(self) -> None:
        super().kill()
        self.wait()


class WarmProcess:
    """The same for a process that the server has forked, with the part of `Popen` that tests need."""

    def __init__(self, server: "_Server") -> None:
        self._server = server
        self.pid = server.told()
        self.returncode: int | None = None

    def poll(self) -> int | None:
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        if self._ended(timeout) is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it has ended, and the server is about to say so
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)
        self.wait()

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is None and self._server.tells(timeout):
            self.returncode = self._server.told()
        return self.returncode


class _Server:
    """The process that has imported the libraries; one of its children runs at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-P", __file__],
            env=os.environ | SETTINGS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,  # ctrl-C is for the tests, which then close it
        )
        self._child: WarmProcess | None = None
        atexit.register(self.close)

    def start(
        self, arguments: tuple[str, ...], cwd: Path, env: dict[str, str], output: Path, errors: Path
    ) -> WarmProcess:
        if self._child is not None:
            self._child.kill()  # a test has failed before its end
        request = {"arguments": arguments, "cwd": str(cwd), "env": env, "files": [str(output), str(errors)]}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._child = WarmProcess(self)
        return self._child

    def told(self) -> int:
        assert self._process.stdout is not None
        return int(self._process.stdout.readline())

    def tells(self, timeout: float | None) -> bool:
        return bool(select.select([self._process.stdout], [], [], timeout)[0])

    def close(self) -> None:
        if self._child is not None:
            self._child.kill()
        assert self._process.stdin is not None
        self._process.stdin.close()  # at which it ends
        self._process.wait()


@cache
def _server() -> _Server:
    return _Server()


def _serve() -> None:
    """For every line of the standard input: a process, and in the output its id and then its exit status."""
    for name in LIBRARIES:
        import_module(name)
    inspect.stack()  # looks once at the file of every module, as kedro's settings ask for later
    gc.freeze()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _become(**json.loads(line))
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


def _become(arguments: list[str], cwd: str, env: dict[str, str], files: list[str]) -> NoReturn:
    """Go on as `python` with `arguments` would."""
    import numpy as np
    import torch

    os.setsid()
    for number, file in enumerate((os.devnull, *files)):
        os.dup2(os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND), number)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    np.random.seed()
    torch.seed()
    sys.path[:0] = [cwd, *filter(None, env.get("PYTHONPATH", "").split(os.pathsep))]
    code: Any = 1
    try:
        _run(arguments)
        code = 0
    except SystemExit as ended:
        code = ended.code
        if isinstance(code, str):
            print(code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    # All that ends a process, but for taking thousands of modules apart, which lasts half a second.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def _run(arguments: list[str]) -> None:
    option, program, *rest = arguments
    sys.argv = [program if option == "-m" else option, *rest]
    if option == "-m":
        runpy.run_module(program, run_name="__main__", alter_sys=True)
    else:
        sys.modules["__main__"] = ModuleType("__main__")
        exec(compile(program, "<string>", "exec"), sys.modules["__main__"].__dict__)


if __name__ == "__main__":
    _serve()
