"""Which barriers hold on this machine, in words for a person, and the refusal where they do not."""

from collections.abc import Mapping
from dataclasses import dataclass

from instruction_tuning.errors import ConfigurationError

_LINUX = (
    "use Linux 5.13 or later on x86-64 or AArch64 with Landlock and seccomp switched on, or a container or "
    "virtual machine of such a Linux"
)


@dataclass(frozen=True)
class Barrier:
    """`prevents` says what a program could do without it; untrusted code needs the required ones."""

    name: str
    holds: bool
    required: bool
    prevents: str
    by: str
    fix: str


@dataclass(frozen=True)
class Barriers:
    """All barriers, held or not."""

    all: tuple[Barrier, ...]

    @property
    def missing(self) -> tuple[Barrier, ...]:
        """The required ones that do not hold."""
        return tuple(barrier for barrier in self.all if barrier.required and not barrier.holds)

    def in_one_line(self) -> str:
        """Names only: what holds, what is missing, and what else is not there."""
        groups = {
            "holds": [barrier for barrier in self.all if barrier.holds],
            "MISSING": self.missing,
            "absent": [barrier for barrier in self.all if not (barrier.holds or barrier.required)],
        }
        return "; ".join(
            f"{word} {', '.join(barrier.name for barrier in group)}"
            for word, group in groups.items()
            if group
        )

    def __str__(self) -> str:
        lines = [
            f"{'holds' if barrier.holds else 'MISSING' if barrier.required else 'absent':8}"
            f"{barrier.name:19}{barrier.prevents} ({barrier.by})"
            for barrier in self.all
        ]
        return "\n".join(lines)


# Name: what it prevents, by what, what to do.
_REQUIRED = {
    "network": ("no TCP, UDP or unix socket", "seccomp", _LINUX),
    "files": ("no file but its scratch folder and Python's library", "Landlock", _LINUX),
    "processes": ("no process is started, or outlives its program", "seccomp", _LINUX),
    "other processes": ("no signal to other processes, no tracing of them", "seccomp", _LINUX),
    "limits": ("time, memory, file size and output are bounded", "rlimits and the warden", _LINUX),
    "privileges": (
        "no privilege, and not the root user",
        "setresuid, capset, no_new_privs",
        "run as an ordinary user, or let other users read the folder of the Python interpreter",
    ),
}
_FURTHER = {
    "namespaces": (
        "a private root, network, process table and scratch in memory",
        "namespaces",
        "allow unprivileged user namespaces (sysctl user.max_user_namespaces), or run as root",
    ),
    "own_process_count": (
        "threads and processes are counted apart from the user's own",
        "RLIMIT_NPROC",
        "as for namespaces",
    ),
}


NOTHING_FOUND: Mapping[str, Mapping[str, bool]] = {"holds": {}, "means": {}}


def as_barriers(found: Mapping[str, Mapping[str, bool]]) -> Barriers:
    """From what a warden found: `holds` by name of a required barrier, `means` by mechanism."""
    required = [
        Barrier(name, bool(found["holds"].get(name, False)), True, *words)
        for name, words in _REQUIRED.items()
    ]
    further = [
        Barrier(name.replace("_", " "), bool(found["means"].get(name, False)), False, *words)
        for name, words in _FURTHER.items()
    ]
    return Barriers((*required, *further))


def refuse_missing(barriers: Barriers, *, allow_missing_barriers: bool) -> None:
    """ConfigurationError where a required barrier does not hold, unless that was allowed."""
    if barriers.missing and not allow_missing_barriers:
        names = "; ".join(f"{barrier.name} ({barrier.prevents})" for barrier in barriers.missing)
        fixes = dict.fromkeys(barrier.fix for barrier in barriers.missing)
        raise ConfigurationError(
            f"generated code is not run here, since these barriers do not hold: {names}",
            fix=f"{'; '.join(fixes)}; or pass allow_missing_barriers=True to run it all the same",
        )


def refuse_processes(barriers: Barriers, processes: int) -> None:
    """ConfigurationError for more than one process where a namespace cannot end them all."""
    held = {barrier.name for barrier in barriers.all if barrier.holds}
    if processes > 1 and not {"namespaces", "own process count"} <= held:
        raise ConfigurationError(
            f"a limit of {processes} processes needs namespaces, which end and count them all",
            fix=_FURTHER["namespaces"][2] + "; or leave the limit at 1",
            field="processes",
        )
