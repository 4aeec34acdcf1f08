"""Attacks on the machine: processes, memory, output, time, disk."""

import os
import time

import psutil
import pytest

from instruction_tuning.errors import ConfigurationError
from instruction_tuning.sandbox.limits import Limits
from instruction_tuning.sandbox.pool import Sandbox
from instruction_tuning.sandbox.program import Program

MIB = 1 << 20
FORKS = """
import os, time
count = 0
for _ in range(3):
    if os.fork() == 0:
        time.sleep(0.5)
        os._exit(0)
    count += 1
print("forks", count)
"""
BOMB = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass\n"
# A child that leaves its parent, its session and its name behind.
DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for d in range(5): os.close(d)
        time.sleep(3 if {short} else 60)
    os._exit(0)
os.wait()
"""


def descendants() -> list[psutil.Process]:
    """Processes that the wardens of this test have started, and those that nobody's warden holds any more.

    A fork keeps its command line. Tests beside this one have sandboxes of their own, which are left out.
    """
    mine = {process.pid for process in psutil.Process().children(recursive=True)}
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = " ".join(process.info["cmdline"] or [])
        if "sandbox.inside.warden" not in line or process.info["status"] == psutil.STATUS_ZOMBIE:
            continue
        if process.pid in mine or is_orphan(process):
            found.append(process)
    return found


def is_orphan(process: psutil.Process) -> bool:
    """Whether the parent has gone and init, or what stands for it, has taken the process over."""
    try:
        parent = process.parent()
        return parent is None or "python" not in parent.name()
    except psutil.NoSuchProcess:
        return False


def require_namespaces(sandbox: Sandbox, reason: str) -> None:
    """Skip where they are not there; fail where REQUIRE_SANDBOX_BARRIERS=1 says that they should be."""
    if not all(barrier.holds for barrier in sandbox.barriers.all):
        (pytest.fail if os.environ.get("REQUIRE_SANDBOX_BARRIERS") == "1" else pytest.skip)(reason)


@pytest.fixture
def with_processes(sandbox):
    require_namespaces(sandbox, "several processes need namespaces")
    with Sandbox(limits=Limits(wall_seconds=1, processes=8)) as roomy:
        yield roomy


def test_no_process_is_started(guarded, unguarded):
    assert unguarded(FORKS).stdout == "forks 3\n"
    outcome = guarded(FORKS)
    assert outcome.status == "failed" and "PermissionError" in outcome.reason


def test_a_fork_bomb_is_bounded_and_leaves_nothing(with_processes):
    assert with_processes.run(Program(FORKS)).stdout == "forks 3\n"
    before = len(descendants())
    outcome = with_processes.run(Program(BOMB))
    assert outcome.status == "timeout"
    assert outcome.seconds < 5
    assert len(descendants()) <= before


def test_the_count_of_processes_is_bounded(with_processes):
    count = (
        "import os, time\nn = 0\ntry:\n    while True:\n"
        "        if os.fork() == 0: time.sleep(9); os._exit(0)\n        n += 1\n"
        "except OSError: pass\nprint(n)"
    )
    assert 8 <= int(with_processes.run(Program(count)).stdout) <= 48


def test_a_daemon_is_killed_with_its_program(with_processes, unguarded):
    before = {process.pid for process in descendants()}
    unguarded(DAEMON.format(short=True))
    left = {process.pid for process in descendants()} - before
    assert left, "the control did not work: the daemon is not left over"
    time.sleep(3)
    assert with_processes.run(Program(DAEMON.format(short=False))).status == "passed"
    assert {process.pid for process in descendants()} <= before


def test_processes_end_when_their_sandbox_is_closed():
    before = {process.pid for process in descendants()}
    with Sandbox(limits=Limits()) as sandbox:
        sandbox.run(Program("pass"))
        assert {process.pid for process in descendants()} - before
    assert {process.pid for process in descendants()} <= before


def test_threads_are_bounded(sandbox):
    bomb = (
        "import threading, time\nthreading.stack_size(65536)\nn = 0\ntry:\n    while True:\n"
        "        threading.Thread(target=time.sleep, args=(9,), daemon=True).start()\n        n += 1\n"
        "except RuntimeError: pass\nprint(n)"
    )
    require_namespaces(sandbox, "threads are counted apart in namespaces only; else memory bounds them")
    assert int(sandbox.run(Program(bomb)).stdout) <= 48


@pytest.mark.parametrize(
    "bomb", ["x = bytearray(200 << 20)", "x = []\nwhile len(x) < 25: x.append([0] * (1 << 20))"]
)
def test_a_memory_bomb_is_refused_its_memory(bomb):
    outcomes = []
    for memory in (150 * MIB, 600 * MIB):
        with Sandbox(limits=Limits(memory_bytes=memory)) as sandbox:
            outcomes.append(sandbox.run(Program(bomb)).status)
    assert outcomes == ["memory", "passed"]


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_endless_output_is_cut(sandbox, stream):
    outcome = sandbox.run(Program(f"import sys\nwhile True: sys.{stream}.write('x' * 1000)"))
    assert outcome.status == "output"
    assert len(outcome.stdout + outcome.stderr) <= sandbox.limits.output_bytes
    assert sandbox.run(Program(f"import sys; sys.{stream}.write('x' * 1000)")).status == "passed"


def test_output_of_the_last_moment_counts_too(sandbox):
    outcome = sandbox.run(Program("import os; os.write(1, b'x' * 60000); os._exit(0)"))
    assert len(outcome.stdout) == 60000


@pytest.mark.parametrize(
    "sleep",
    [
        "import time; time.sleep(60)",
        "while True: pass",
        "import signal\nfor s in range(1, 32):\n  try: signal.signal(s, signal.SIG_IGN)\n"
        "  except OSError: pass\n"
        "while True: pass",
        "import threading; threading.Event().wait()",
        "import os; r, w = os.pipe(); os.read(r, 1)",
    ],
)
def test_time_ends(sleep):
    with Sandbox(limits=Limits(wall_seconds=0.5)) as sandbox:
        outcome = sandbox.run(Program(sleep))
    assert outcome.status == "timeout"
    assert 0.5 <= outcome.seconds < 2


def test_processor_time_ends_though_its_signal_is_ignored():
    with Sandbox(limits=Limits(wall_seconds=30, cpu_seconds=1)) as sandbox:
        busy = "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass"
        outcome = sandbox.run(Program(busy))
    assert outcome.status == "timeout"
    assert "processor" in outcome.reason


def test_time_ends_in_a_tested_function_too():
    with Sandbox(limits=Limits(wall_seconds=0.5)) as sandbox:
        assert sandbox.run(Program("def f():\n while True: pass", "f()")).status == "timeout"
        assert sandbox.run(Program("def f(): return 1", "assert f() == 1")).status == "passed"


def test_a_file_has_a_largest_size(guarded, unguarded):
    assert "File too large" in guarded("open('x', 'wb').write(bytes(17 << 20))").reason.replace(
        "No space left on device", "File too large"
    )
    assert guarded("open('x', 'wb').write(bytes(1 << 20))").status == "passed"


def test_all_files_together_are_bounded(sandbox):
    require_namespaces(sandbox, "the scratch folder has a size in namespaces only")
    many = "for i in range(10): open(str(i), 'wb').write(bytes(2 << 20))"
    assert "No space left" in sandbox.run(Program(many)).reason
    empty = "for i in range(5000): open(str(i), 'w').close()"
    assert "No space left" in sandbox.run(Program(empty)).reason


def test_the_answer_does_not_wait_for_the_removal_of_many_files():
    """Without namespaces a scratch folder is emptied file by file, for which the next program waits."""
    many = "i = 0\nwhile True: open(str(i), 'w').close(); i += 1"
    limits, seconds = Limits(wall_seconds=2), []
    with Sandbox(
        limits=limits, without=frozenset({"namespaces"}), allow_missing_barriers=os.geteuid() == 0
    ) as sandbox:
        for source in (many, "pass"):
            started = time.monotonic()
            status = sandbox.run(Program(source)).status
            seconds.append(time.monotonic() - started)
            assert status == ("timeout" if source == many else "passed")
    assert seconds[0] - limits.wall_seconds < seconds[1], seconds


def test_limits_are_not_raised(guarded):
    raised = "import resource as r; r.setrlimit(r.RLIMIT_AS, (r.RLIM_INFINITY, r.RLIM_INFINITY))"
    assert guarded(raised).status == "failed"
    assert guarded("import resource as r; print(r.getrlimit(r.RLIMIT_CORE))").stdout == "(0, 0)\n"


def test_a_crash_is_told(guarded):
    outcome = guarded("import ctypes; ctypes.string_at(0)")
    assert (outcome.status, outcome.signal) == ("crashed", 11)


@pytest.mark.parametrize("name", ["wall_seconds", "memory_bytes", "processes"])
def test_a_limit_of_nothing_is_refused(name):
    with pytest.raises(ConfigurationError, match=name):
        Limits(**{name: 0})
