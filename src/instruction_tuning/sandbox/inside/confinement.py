"""The order in which a freshly forked process gives up what it could do, for good."""

import os
import resource
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from instruction_tuning.sandbox.inside import landlock, seccomp
from instruction_tuning.sandbox.inside.kernel import (
    PR_SET_NO_NEW_PRIVS,
    PR_SET_PDEATHSIG,
    drop_capabilities,
    prctl,
)
from instruction_tuning.sandbox.inside.namespaces import DEVICES

# Threads beyond this fail to start; a program's own processes come on top.
THREADS = 32


@dataclass(frozen=True)
class Means:
    """What this machine offers, found once by the warden. `user` null: the identity stays."""

    namespaces: bool
    landlock: bool
    seccomp: bool
    user: int | None
    no_privileges: bool
    # The process limit counts all of a user's processes; it means something for a user of our own only.
    own_process_count: bool
    readable: tuple[str, ...]
    machine: str


def confine(
    means: Means, limits: Mapping[str, float], scratch: str, *, not_signalled: Sequence[int] = ()
) -> None:
    """Never to be taken back. OSError where a barrier that the warden found does not go up.

    `not_signalled`: processes of ours that a program of several processes could reach, beside its parent.
    """
    os.chdir(scratch)
    os.environ.update(HOME=scratch, TMPDIR=scratch)
    _limit(means, limits)
    if means.user is not None:
        os.setgroups([])
        os.setresgid(means.user, means.user, means.user)
        os.setresuid(means.user, means.user, means.user)
    if means.no_privileges:
        drop_capabilities()
    # After the change of identity, which clears it: a program does not outlive a killed warden.
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    if means.landlock:
        landlock.restrict(readable=[*means.readable, *DEVICES], writable_files=["/dev/null"], scratch=scratch)
    if means.seccomp:
        seccomp.install(means.machine, processes=int(limits["processes"]), not_signalled=not_signalled)


def _limit(means: Means, limits: Mapping[str, float]) -> None:
    memory, cpu = int(limits["memory_bytes"]), max(1, round(limits["cpu_seconds"]))
    wanted = [
        (resource.RLIMIT_AS, memory, memory),
        # Soft and hard alike: the kernel kills, and sends no signal first that could be caught.
        (resource.RLIMIT_CPU, cpu, cpu),
        (resource.RLIMIT_FSIZE, int(limits["file_bytes"]), int(limits["file_bytes"])),
        (resource.RLIMIT_NOFILE, 64, 64),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_MEMLOCK, 0, 0),
    ]
    if means.own_process_count:
        count = THREADS + int(limits["processes"])
        wanted.append((resource.RLIMIT_NPROC, count, count))
    for kind, soft, hard in wanted:
        ceiling = resource.getrlimit(kind)[1]
        if ceiling != resource.RLIM_INFINITY:
            soft, hard = min(soft, ceiling), min(hard, ceiling)
        resource.setrlimit(kind, (soft, hard))
