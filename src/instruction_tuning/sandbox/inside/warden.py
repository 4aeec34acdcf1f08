"""The warden: a bare Python process that forks, confines, watches and kills, one program after the other.

Started by worker.py with a folder to build on and a JSON configuration; jobs come in on standard input,
outcomes go out on standard output. It is the first process of its process namespace where there is one. It
imports what generated programs import most, once, so that a program costs a fork and not a start of Python.

A forked process inherits all memory, freed or not. So the warden never holds a program, a test or an outcome:
those who need them read them, and what comes out passes from pipe to file to pipe within the kernel.
"""

import bisect  # noqa: F401
import collections  # noqa: F401
import copy  # noqa: F401
import datetime  # noqa: F401
import fractions  # noqa: F401
import functools  # noqa: F401
import gc
import heapq  # noqa: F401
import itertools  # noqa: F401
import json
import math  # noqa: F401
import operator  # noqa: F401
import os
import re
import signal
import statistics  # noqa: F401
import string  # noqa: F401
import sys
import tempfile
import typing  # noqa: F401
from contextlib import suppress
from typing import Any

from instruction_tuning.sandbox.inside import landlock, namespaces
from instruction_tuning.sandbox.inside.confinement import Means
from instruction_tuning.sandbox.inside.frames import receive, send
from instruction_tuning.sandbox.inside.kernel import PR_SET_PDEATHSIG, prctl, unmount
from instruction_tuning.sandbox.inside.removal import remove_tree
from instruction_tuning.sandbox.inside.self_test import can_become, can_filter, found_barriers
from instruction_tuning.sandbox.inside.supervision import supervise
from instruction_tuning.sandbox.inside.syscalls import ARCHITECTURES

# systemd's table of user numbers (systemd.io/UIDS-GIDS) leaves these unused; the process number makes one of
# them a warden's own, so that the kernel counts the processes of its programs and of nobody else.
_FIRST_USER = 1_879_048_192
_LONGEST_JOB_BYTES = 1 << 16


def main() -> None:
    """Build the barriers, say which hold, then work until the input ends."""
    base, configuration = sys.argv[1], json.loads(sys.argv[2])
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # it ends with its input
    means = _means(base, configuration["readable"], set(configuration["without"]))
    if means.namespaces:
        _enter(base, means)
    gc.freeze()  # the children leave these objects' memory pages shared
    send(
        1,
        found_barriers(means, lambda: _scratch(base, means, 1 << 20), lambda folder: _remove(folder, means)),
    )
    while True:
        try:
            job = receive(0, _LONGEST_JOB_BYTES)
        except EOFError:
            return
        _do(job, means, base)


def _do(job: dict[str, Any], means: Means, base: str) -> None:
    try:
        scratch = _scratch(base, means, int(job["limits"]["file_bytes"]))
        ended, texts = supervise(job["tested"], job["limits"], means, scratch)
    except OSError as fault:
        sys.exit(str(fault))  # the worker reads it, and sees the end
    send(1, ended)
    for text in texts:
        text.pass_on(1)
    # After the answer: it can take as long as a program that did nothing but make files.
    _remove(scratch, means)


def _means(base: str, readable: list[str], without: set[str]) -> Means:
    machine = os.uname().machine
    is_root = os.geteuid() == 0
    visible = [path for path in readable if os.path.exists(path)]
    inside = "namespaces" not in without and namespaces.can_enter(base, visible)
    user = _FIRST_USER + os.getpid() if is_root and "privileges" not in without else None
    if user is not None and not can_become(user, None if inside else visible[0]):
        user = None
    return Means(
        namespaces=inside,
        landlock="landlock" not in without and landlock.version() > 0,
        seccomp="seccomp" not in without and machine in ARCHITECTURES and can_filter(machine),
        user=user,
        no_privileges="privileges" not in without,
        # Counted for each user namespace since Linux 5.14.
        own_process_count=user is not None or (inside and not is_root and _kernel() >= (5, 14)),
        readable=tuple(visible),
        machine=machine,
    )


def _kernel() -> tuple[int, int]:
    major, minor = re.findall(r"\d+", os.uname().release)[:2]
    return int(major), int(minor)


def _enter(base: str, means: Means) -> None:
    """Go on as the first process of new namespaces; the process that was started only waits for it."""
    namespaces.enter()
    first = os.fork()
    if first:
        os.close(0)
        os.close(1)
        os.waitpid(first, 0)
        os._exit(0)
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    namespaces.private_root(base, list(means.readable))


def _scratch(base: str, means: Means, size_bytes: int) -> str:
    owner = means.user if means.user is not None else os.geteuid()
    if means.namespaces:
        return namespaces.fresh_scratch(size_bytes, owner)
    # A new name each time, so that what cannot be removed is no program's.
    folder = tempfile.mkdtemp(dir=base)
    if means.user is not None:
        os.chown(folder, owner, owner)
    return folder


def _remove(folder: str, means: Means) -> None:
    if means.namespaces:
        unmount(folder)
        return
    with suppress(OSError):  # what is left goes with the worker
        remove_tree(folder)


if __name__ == "__main__":
    main()
