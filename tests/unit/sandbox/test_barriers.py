"""Which barriers hold is said, and code is refused where they do not."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.sandbox.barriers import as_barriers, refuse_missing, refuse_processes
from instruction_tuning.sandbox.limits import Limits
from instruction_tuning.sandbox.pool import Sandbox, barriers
from instruction_tuning.sandbox.program import Program

SOURCE = Path(__file__).parents[3] / "src"
REQUIRED = ["network", "files", "processes", "other processes", "limits", "privileges"]
MEANS = ["namespaces", "landlock", "seccomp", "own_process_count"]
linux = pytest.mark.skipif(sys.platform != "linux", reason="the barriers are Linux's")


def found(*missing: str) -> dict[str, dict[str, bool]]:
    return {
        "holds": {name: name not in missing for name in REQUIRED},
        "means": {name: name not in missing for name in MEANS},
    }


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_barrier_is_named_and_refused_unless_told(name):
    lacking = as_barriers(found(name))
    with pytest.raises(ConfigurationError, match=f"do not hold: {name} ") as refusal:
        refuse_missing(lacking, allow_missing_barriers=False)
    assert "allow_missing_barriers" in refusal.value.fix
    refuse_missing(lacking, allow_missing_barriers=True)
    assert f"MISSING {name}" in str(lacking)


def test_a_machine_that_says_nothing_has_no_barriers():
    assert [barrier.name for barrier in as_barriers({"holds": {}, "means": {}}).missing] == REQUIRED


def test_namespaces_are_not_required_but_for_processes():
    without = as_barriers(found("namespaces", "own_process_count"))
    refuse_missing(without, allow_missing_barriers=False)
    refuse_processes(without, 1)
    with pytest.raises(ConfigurationError, match="8 processes needs namespaces"):
        refuse_processes(without, 8)


@linux
@pytest.mark.parametrize(
    ("mechanism", "lost"), [("seccomp", "network"), ("seccomp", "other processes"), ("landlock", "files")]
)
def test_the_self_test_sees_a_mechanism_that_is_gone(mechanism, lost):
    without = frozenset({"namespaces", mechanism})
    with pytest.raises(ConfigurationError, match=lost):
        Sandbox(without=without)
    with Sandbox(without=without, allow_missing_barriers=True) as sandbox:
        assert lost in {barrier.name for barrier in sandbox.barriers.missing}


@linux
def test_a_sandbox_says_at_start_what_holds_and_warns_of_what_is_missing(caplog):
    caplog.set_level("INFO", "instruction_tuning.sandbox")
    with Sandbox(without=frozenset({"namespaces", "landlock"}), allow_missing_barriers=True):
        pass
    with Sandbox() as sandbox:
        everything = not sandbox.barriers.missing
    lacking, whole = caplog.records
    assert lacking.levelname == "WARNING"
    assert "MISSING files" in lacking.message and "absent namespaces" in lacking.message
    assert everything and whole.levelname == "INFO"
    assert whole.message.startswith("sandbox: holds network, files, processes")


@linux
def test_barriers_are_printed():
    command = [sys.executable, "-m", "instruction_tuning.sandbox"]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    told = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert told.stdout.strip() == str(barriers())
    assert told.returncode == int(bool(barriers().missing))


AS_ANOTHER_USER = """
import json, sys
sys.path.insert(0, sys.argv[1])
from instruction_tuning.sandbox.pool import Sandbox
from instruction_tuning.sandbox.program import Program
told = []
for without in (frozenset(), frozenset({"namespaces"})):
    with Sandbox(without=without) as sandbox:
        statuses = [sandbox.run(Program(source)).status for source in sys.argv[2:]]
        told.append([[barrier.name for barrier in sandbox.barriers.missing], statuses])
print(json.dumps(told))
"""


def as_an_ordinary_user(
    open_folder: Path, script: str, *arguments: str
) -> "subprocess.CompletedProcess[str]":
    """Run `script`, given the source folder; as root as another user, by an interpreter that all may run."""
    if os.geteuid() != 0:
        return subprocess.run(
            [sys.executable, "-c", script, str(SOURCE), *arguments], capture_output=True, text=True
        )
    python = shutil.which("python3", path="/usr/local/bin:/usr/bin")
    if python is None:
        pytest.skip("no interpreter that another user may run")
    copied = open_folder / "src" / "instruction_tuning"
    copied.mkdir(parents=True)
    for name in ("__init__.py", "errors.py"):
        shutil.copy(SOURCE / "instruction_tuning" / name, copied)
    shutil.copytree(SOURCE / "instruction_tuning" / "sandbox", copied / "sandbox")
    version = [python, "-c", "import sys; print(sys.version_info >= (3, 11))"]
    if subprocess.run(version, capture_output=True, text=True).stdout.strip() != "True":
        pytest.skip(f"{python} is older than 3.11")
    return subprocess.run(
        [python, "-c", script, str(open_folder / "src"), *arguments],
        capture_output=True, text=True, user=54321, group=54321, extra_groups=[], env={}, cwd="/",
    )  # fmt: skip


@linux
def test_an_ordinary_user_has_every_required_barrier(open_folder):
    attacks = ["import os; os.fork()", "open('/etc/passwd')", "import socket; socket.socket()", "pass"]
    told = as_an_ordinary_user(open_folder, AS_ANOTHER_USER, *attacks)
    assert told.stderr == ""
    assert json.loads(told.stdout) == [[[], ["failed", "failed", "failed", "passed"]]] * 2


SIGNALS = """
import sys
sys.path.insert(0, sys.argv[1])
from instruction_tuning.sandbox.limits import Limits
from instruction_tuning.sandbox.pool import Sandbox
from instruction_tuning.sandbox.program import Program
without = frozenset({"landlock"})  # as on Linux before 6.12, whose Landlock knows no signals
with Sandbox(without=without, limits=Limits(processes=4), allow_missing_barriers=True) as sandbox:
    assert not {"seccomp", "other processes"} & {barrier.name for barrier in sandbox.barriers.missing}
    for _ in range(2):
        print(sandbox.run(Program(*sys.argv[2:4])).status)
"""
# Warden and checker are of the same user; numbers below one's own are theirs.
SIGNALLING = """
import os, signal
def reached():
    done = []
    for process in [-1, *range(1, os.getpid()), -os.getppid()]:
        for number in (0, signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            try: os.kill(process, number)
            except (PermissionError, ProcessLookupError): continue
            done.append((process, number))
    return done
def a_child_ends():
    child = os.fork()
    if child == 0:
        while True: signal.pause()
    os.kill(child, signal.SIGTERM)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
"""


@linux
def test_a_program_of_several_processes_signals_its_own_only(open_folder):
    tests = "assert reached() == []\nassert a_child_ends() == -15"
    told = as_an_ordinary_user(open_folder, SIGNALS, SIGNALLING, tests)
    if "needs namespaces" in told.stderr:
        pytest.skip("several processes need namespaces")
    assert (told.stdout, told.stderr) == ("passed\npassed\n", "")


@linux
def test_a_signal_to_the_terminals_processes_does_not_end_a_warden():
    """Ctrl-C reaches a whole process group; what handles it can go on, and so must its sandbox."""
    with Sandbox() as sandbox:
        below = psutil.Process(sandbox._workers[0]._process.pid)
        for process in (below, *below.children(recursive=True)):
            process.send_signal(signal.SIGINT)
            process.send_signal(signal.SIGTERM)
        assert sandbox.run(Program("pass")).status == "passed"


@linux
def test_programs_of_root_run_as_a_user_of_their_own():
    with Sandbox(limits=Limits()) as sandbox:
        user, group = sandbox.run(Program("import os; print(os.getuid(), os.getgid())")).stdout.split()
    assert user == group if os.geteuid() == 0 else int(user) == os.geteuid()
    assert int(user) > 0


@linux
def test_a_warden_that_was_killed_is_reported():
    from instruction_tuning.errors import WorkspaceError

    sandbox = Sandbox()
    sandbox._workers[0]._process.kill()
    sandbox._workers[0]._process.wait()
    with pytest.raises(WorkspaceError, match="warden does not work"):
        sandbox.run(Program("pass"))


@linux
def test_a_program_ends_with_the_process_that_asked_for_it():
    """Killed without a word, that process leaves no warden and no program behind."""
    import time

    run = (
        "from instruction_tuning.sandbox.pool import Sandbox\n"
        "from instruction_tuning.sandbox.program import Program\n"
        "with Sandbox() as sandbox:\n"
        "    print('started', flush=True)\n"
        "    sandbox.run(Program('import time; time.sleep(60)'))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    with subprocess.Popen(
        [sys.executable, "-c", run], stdout=subprocess.PIPE, env=environment, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        time.sleep(0.3)
        below = psutil.Process(process.pid).children(recursive=True)
        assert below
        process.kill()
    assert psutil.wait_procs(below, timeout=10)[1] == []
