"""Which barriers hold, found by trying: a confined child attempts what it must not be able to do."""

import json
import os
import resource
import select
import signal
import socket
from collections.abc import Callable

from instruction_tuning.sandbox.inside import seccomp
from instruction_tuning.sandbox.inside.confinement import Means, confine
from instruction_tuning.sandbox.inside.kernel import PR_SET_NO_NEW_PRIVS, prctl, syscall

_PTRACE = {"x86_64": 101, "aarch64": 117}
_MEMORY_BYTES = 256 << 20
_PATIENCE_SECONDS = 20.0
_LIMITS = {"memory_bytes": _MEMORY_BYTES, "cpu_seconds": 5, "file_bytes": 1 << 20}


def can_filter(machine: str) -> bool:
    """Whether the kernel takes our system call filter."""

    def attempt() -> None:
        prctl(PR_SET_NO_NEW_PRIVS, 1)
        seccomp.install(machine, processes=1)

    return _succeeds(attempt)


def can_become(user: int, must_read: str | None) -> bool:
    """Whether we may take on `user`, who can still read `must_read`."""

    def attempt() -> None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
        if must_read is not None:
            os.listdir(must_read)

    return _succeeds(attempt)


def found_barriers(
    means: Means, scratch: Callable[[], str], remove: Callable[[str], None]
) -> dict[str, dict[str, bool]]:
    """`means` as found, and `holds` by barrier name."""
    # More processes than one have another filter, and are allowed under these means only (barriers.py).
    several = means.namespaces and means.own_process_count
    found = [_told_by_a_child(means, processes, scratch, remove) for processes in (1, 2)[: 1 + several]]
    offered = {
        "namespaces": means.namespaces,
        "landlock": means.landlock,
        "seccomp": means.seccomp,
        "own_process_count": means.own_process_count,
    }
    return {"means": offered, "holds": {name: all(one.get(name) for one in found) for name in found[0]}}


def _told_by_a_child(
    means: Means, processes: int, scratch: Callable[[], str], remove: Callable[[str], None]
) -> dict[str, bool]:
    reading, writing = os.pipe()
    folder = scratch()
    child = os.fork()
    if child == 0:
        try:
            os.close(0)
            confine(means, {**_LIMITS, "processes": processes}, folder)
            os.write(writing, json.dumps(_attempts(means)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    answered, _, _ = select.select([reading], [], [], _PATIENCE_SECONDS)
    told = os.read(reading, 1 << 16) if answered else b""  # shorter than a pipe's atomic write
    os.close(reading)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    remove(folder)
    held: dict[str, bool] = json.loads(told) if told else {}
    return held


def _attempts(means: Means) -> dict[str, bool]:
    def start_process() -> None:
        started = os.fork()
        if started == 0:
            os._exit(0)
        # Its signal comes now: a traced process, which we may be next, would stop at it for ever.
        os.waitpid(started, 0)

    def trace() -> None:
        syscall(_PTRACE[means.machine], 0, 0, 0, 0)

    no_process = _refused(start_process)
    return {
        "network": all(
            _refused(lambda family=family, kind=kind: socket.socket(family, kind).close())  # type: ignore[misc]
            for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX)
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)
        ),
        "files": _refused(lambda: open("/etc/passwd").close()) and _refused(lambda: os.mkdir("/tmp/outside")),
        "processes": no_process or means.namespaces,
        "other processes": _refused(lambda: os.kill(os.getppid(), 0)) and _refused(trace),
        "limits": resource.getrlimit(resource.RLIMIT_AS)[1] == _MEMORY_BYTES,
        "privileges": os.geteuid() != 0,
    }


def _refused(attempt: Callable[[], None]) -> bool:
    try:
        attempt()
    except (OSError, KeyError):
        return True
    return False


def _succeeds(attempt: Callable[[], None]) -> bool:
    child = os.fork()
    if child == 0:
        try:
            attempt()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0
